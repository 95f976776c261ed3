"""The flows of the Optiply board by the names that people use, in any spelling."""

from __future__ import annotations

FLOWS = (
    "products",
    "product_compositions",
    "suppliers",
    "supplier_products",
    "sell_orders",
    "buy_orders",
    "buy_order_lines",
    "receipt_lines",
    "assembly_orders",
)
"""What a person can name; each stands for the flows that belong to it."""

ENTITY_OF = {
    "assembled_products": "product_compositions",
    "assembly_receipts": "assembly_orders",
    "assembly_completions": "assembly_orders",
}
"""Flows that go with another one, and have no settings of their own."""

_ENTITY_ALIASES = {
    "sup_prods": "supplier_products",
    "compositions": "product_compositions",
    "sell_order_lines": "sell_orders",
    "purchase_orders": "buy_orders",
    "receipts": "receipt_lines",
    "bundles": "assembly_orders",
}


def flows_of(entity: str) -> tuple[str, ...]:
    """The flows that a name stands for."""
    return (entity, *(flow for flow, of in ENTITY_OF.items() if of == entity))


def entity_name(name: str) -> str:
    """A flow's name in our spelling, whatever HotGlue's; a stream after a slash ("products/items") is dropped."""
    return spelled(name.split("/", 1)[0].strip())


def spelled(name: str) -> str:
    """A name in our spelling: "sellOrders" and "purchase_orders" are sell_orders and buy_orders."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    words = words.strip("_").replace("__", "_")
    return _ENTITY_ALIASES.get(words, words)
