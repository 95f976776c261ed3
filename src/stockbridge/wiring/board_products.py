"""Products, what they are made of, and who supplies them: Zoho's items and vendors to Optiply.

Source: facts, Optiply 3 (fields), 2 (rules per entity), 5 and 8 (flags and decisions).
"""

from __future__ import annotations

from typing import Any

from stockbridge.core.flow import Condition, Flow, GonePolicy, Match, Op, Pair, Rule, Then, Total

STOCK = "actual_available_for_sale_stock"  # physical stock less what confirmed orders hold (facts: Zoho 7)
CREATE_UPDATE = frozenset({Op.CREATE, Op.UPDATE})


def products(flags: dict[str, Any]) -> Flow:
    stocked = Condition(field="item_type", test="is", value="inventory")
    rules = [
        Rule(
            when=(
                Condition(field="product_type", test="is", value="goods"),
                stocked,
                Condition(field="status", test="is", value="active"),
            ),
            then=Then.SET,
            values={"status": "enabled"},
        )
    ]
    pairs = [
        Pair(a="id", b="remoteId"),
        Pair(a="name", b="name"),
        Pair(a="sku", b="skuCode"),
        Pair(a="ean", b="eanCode"),
        Pair(a="purchase_description", b="articleCode", cut=True),
        Pair(a="rate", b="price", empty="leave"),
        Pair(b="status", constant="disabled"),
        Pair(b="unlimitedStock", constant=False, once=True),
        Pair(a="created_time", b="createdAtRemote", empty="leave"),
    ]
    if not flags[
        "sync_stock"
    ]:  # D2: never written, and 0 when a product is made, since Optiply demands a value
        pairs.append(Pair(b="stockLevel", constant=0, once=True))
    else:
        total = Total(measure=STOCK, keys=flags["warehouse_ids"]) if flags["warehouse_ids"] else None
        source = "locations" if total else STOCK
        pairs.append(Pair(a=source, b="stockLevel", total=total, rounding="down"))
        untracked = Condition(field="item_type", test="is not", value="inventory")
        rules.append(Rule(when=(untracked,), then=Then.SET, values={"stockLevel": 0}))
    match = [Match(a="id", b="remoteId")]
    if flags["match_products_by"] == "sku":
        match.append(Match(a="sku", b="skuCode"))
    gone = GonePolicy(do="mark", values={"status": "disabled"})
    writes = CREATE_UPDATE
    if flags["hard_delete_products"]:
        gone, writes = GonePolicy(do="remove"), frozenset(Op)
    return Flow(
        name="products",
        a="items",
        b="products",
        pairs=tuple(pairs),
        rules_a=tuple(rules),
        writes_b=writes,
        match=tuple(match),
        gone_a=gone,
    )


def product_compositions() -> Flow:
    """A whole number of each part; a fraction is refused and listed, since a rounded recipe would be a wrong one."""
    return Flow(
        name="product_compositions",
        a="composite_parts",
        b="productCompositions",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="composite_id", b="composedProductId"),
            Pair(a="part_id", b="partProductId"),
            Pair(
                a="quantity",
                b="partQuantity",
                words="Count the part in a smaller unit in Zoho, so that the recipe takes a whole number of it.",
            ),
        ),
        writes_b=frozenset(Op),
        match=(Match(a=("composite_id", "part_id"), b=("composedProductId", "partProductId")),),
        gone_a=GonePolicy(do="remove"),
        acyclic=("composite_id", "part_id"),
    )


def assembled_products() -> Flow:
    """`assembled` is set on a product once all its parts stand in Optiply (facts: Optiply 2)."""
    return Flow(
        name="assembled_products",
        a="composites",
        b="products",
        pairs=(Pair(b="assembled", constant=True, needs="part_ids"),),
        rules_a=(
            Rule(
                when=(Condition(field="part_ids", test="is filled"),),
                then=Then.SYNC,
                otherwise="composites without parts that are stock",
            ),
        ),
        writes_b=frozenset({Op.UPDATE}),
        along="products",
    )


def suppliers() -> Flow:
    return Flow(
        name="suppliers",
        a="vendors",
        b="suppliers",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="contact_name", b="name"),
            Pair(a="email", b="emails", only="email"),
        ),
        rules_a=(
            Rule(
                when=(Condition(field="contact_type", test="is", value="vendor"),),
                then=Then.SYNC,
                otherwise="contacts that are not vendors",
            ),
        ),
        writes_b=CREATE_UPDATE,
        match=(Match(a="id", b="remoteId"),),
        gone_a=GonePolicy(do="mark", values={"ignored": True}, undo={"ignored": False}),
    )


def supplier_products() -> Flow:
    return Flow(
        name="supplier_products",
        a="item_vendors",
        b="supplierProducts",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="name", b="name"),
            Pair(a="sku", b="skuCode"),
            Pair(a="purchase_rate", b="price", empty="leave"),
            Pair(a="item_id", b="productId"),
            Pair(a="vendor_id", b="supplierId"),
        ),
        writes_b=CREATE_UPDATE,
        match=(Match(a="id", b="remoteId"),),
        gone_a=GonePolicy(do="mark", values={"status": "disabled"}, undo={"status": "enabled"}),
    )
