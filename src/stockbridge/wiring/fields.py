"""Which fields a mapping may name, by flow: derived from the streams, so that nothing is declared twice."""

from __future__ import annotations

from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.streams import STREAMS as ZOHO
from stockbridge.core.record import CUSTOM, Kind, Stream

# The streams of each flow: Zoho's, Optiply's.
STREAMS_OF_FLOW = {
    "products": ("items", "products"),
    "product_compositions": ("composite_parts", "productCompositions"),
    "suppliers": ("vendors", "suppliers"),
    "supplier_products": ("item_vendors", "supplierProducts"),
    "sell_orders": ("salesorders", "sellOrders"),
    "buy_orders": ("purchaseorders", "buyOrders"),
    "buy_order_lines": ("purchaseorder_lines", "buyOrderLines"),
    "receipt_lines": ("purchase_receipts", "receiptLines"),
    "assembly_orders": ("bundles", "assemblyOrders"),
}
_PLAIN = (Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.FLAG, Kind.DAY, Kind.MOMENT)
_WRITABLE = (*_PLAIN, Kind.TEXTS)  # a text fills a list of one


def targets() -> dict[str, list[str]]:
    """The fields that can be written to Optiply. Those that say what belongs together, and the mark by which a record is
    found again, are not for mapping."""
    return {
        flow: [
            field.name
            for field in OPTIPLY[b].fields
            if field.writable and field.refers_to is None and field.kind in _WRITABLE
            if field.name != OPTIPLY[b].mark
        ]
        for flow, (_, b) in STREAMS_OF_FLOW.items()
    }


def sources() -> dict[str, list[str]]:
    """The fields that can be read from Zoho; "custom" where records carry custom fields (`cf_…`)."""
    return {flow: _readable(ZOHO[a]) for flow, (a, _) in STREAMS_OF_FLOW.items()}


def _readable(stream: Stream) -> list[str]:
    plain = [field.name for field in stream.fields if field.kind in _PLAIN]
    return ["id", *plain, *(CUSTOM for field in stream.fields if field.kind is Kind.CUSTOM)]
