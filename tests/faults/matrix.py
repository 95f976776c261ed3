"""The faults there are, as data, and the patience of the client while they last."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from stockbridge.http.transport import Transport

COMPANY: dict[str, Any] = {"items": 5, "vendors": 2, "orders": 5, "purchase_orders": 3, "seed": 4}

# Kinds after which the same run still ends in step.
HEALED_AT_ZOHO: dict[str, dict[str, Any]] = {
    "latency": {"kind": "latency", "seconds": 0.05},
    "slow": {"kind": "slow", "seconds": 60.0},
    "429-44": {"kind": "status", "status": 429, "code": 44},
    "429-1070": {"kind": "status", "status": 429, "code": 1070},
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502},
    "drop_before": {"kind": "drop_before"},
    "drop_after": {"kind": "drop_after"},
    "hang": {"kind": "hang", "seconds": 0.5},
    "truncate_page": {"kind": "truncate_page"},
    "revoke_token": {"kind": "revoke_token"},
    "not_json": {"kind": "not_json"},
}
HEALED_AT_OPTIPLY: dict[str, dict[str, Any]] = {
    "latency": {"kind": "latency", "seconds": 0.05},
    "slow": {"kind": "slow", "seconds": 60.0},
    "429": {"kind": "status", "status": 429},
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502},
    "drop_before": {"kind": "drop_before"},
    "drop_after": {"kind": "drop_after"},
    "hang": {"kind": "hang", "seconds": 0.5},
    "truncate_page": {"kind": "truncate_page"},
    "revoke_token": {"kind": "revoke_token"},
    "not_json": {"kind": "not_json"},
}
ZOHO_LISTS = {
    "items": r"/items$",
    "contacts": r"/contacts$",
    "salesorders": r"/salesorders$",
    "purchaseorders": r"/purchaseorders$",
}
ZOHO_PATHS = {
    **ZOHO_LISTS,
    "bundles": r"/bundles$",
    "itemdetails": r"/itemdetails$",
    "salesorder": r"/salesorders/\d+$",
    "purchaseorder": r"/purchaseorders/\d+$",
}
OPTIPLY_STREAMS = (
    "products",
    "suppliers",
    "supplierProducts",
    "sellOrders",
    "buyOrders",
    "buyOrderLines",
    "receiptLines",
)


def impatient(monkeypatch: pytest.MonkeyPatch, what: dict[str, Any]) -> None:
    """Let the client wait for an answer only a little while, where the fault is silence."""
    if what["kind"] == "hang":
        monkeypatch.setattr("stockbridge.wiring.accounts.Transport", partial(Transport, read_seconds=0.3))


def paths_for(what: dict[str, Any]) -> dict[str, str]:
    """The paths of Zoho at which this fault strikes once. Details are asked for side by side, and a call whose token is
    revoked twice, by its own fault and by a neighbour's, rightly takes the login for lost: so only one of them."""
    return {
        name: path
        for name, path in ZOHO_PATHS.items()
        if what["kind"] != "revoke_token" or name not in ("itemdetails", "purchaseorder")
    }
