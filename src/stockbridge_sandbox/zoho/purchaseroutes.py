"""The routes of what the organisation buys: purchase orders, receives and bills."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stockbridge_sandbox.zoho import bills, purchaseorders, purchasereceives
from stockbridge_sandbox.zoho.world import Call, Reply

_ISSUED = "The purchase order has been marked as issued."
_CANCELLED = "The purchase order has been cancelled."

PURCHASE_ROUTES: Mapping[str, Callable[[Call], Reply]] = {
    "GET /purchaseorders": purchaseorders.list_purchases,
    "POST /purchaseorders": purchaseorders.create_purchase,
    "GET /purchaseorders/{id}": purchaseorders.get_purchase,
    "PUT /purchaseorders/{id}": purchaseorders.update_purchase,
    "DELETE /purchaseorders/{id}": purchaseorders.delete_purchase,
    "POST /purchaseorders/{id}/status/issued": purchaseorders.mark_purchase("issued", _ISSUED),
    "POST /purchaseorders/{id}/status/cancelled": purchaseorders.mark_purchase("cancelled", _CANCELLED),
    "POST /purchaseorders/{id}/submit": purchaseorders.mark_purchase("pending_approval", "success"),
    "POST /purchaseorders/{id}/approve": purchaseorders.mark_purchase("approved", "success"),
    "POST /purchaseorders/{id}/approve/final": purchaseorders.mark_purchase("approved", "success"),
    "POST /purchaseorders/{id}/reject": purchaseorders.mark_purchase("rejected", "success"),
    "POST /purchaseorders/submit": purchaseorders.mark_purchases("pending_approval"),
    "POST /purchaseorders/approve": purchaseorders.mark_purchases("approved"),
    "GET /purchasereceives": purchasereceives.list_receives,
    "POST /purchasereceives": purchasereceives.create_receive,
    "GET /purchasereceives/{id}": purchasereceives.get_receive,
    "PUT /purchasereceives/{id}": purchasereceives.update_receive,
    "DELETE /purchasereceives/{id}": purchasereceives.delete_receive,
    "GET /bills": bills.list_bills,
    "POST /bills": bills.create_bill,
    "GET /bills/{id}": bills.get_bill,
    "PUT /bills/{id}": bills.update_bill,
    "DELETE /bills/{id}": bills.delete_bill,
    "POST /bills/{id}/status/open": bills.mark_bill("open"),
    "POST /bills/{id}/status/void": bills.mark_bill("void"),
}
