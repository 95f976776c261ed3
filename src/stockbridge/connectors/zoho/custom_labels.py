"""What the custom fields of a kind of record are called."""

from __future__ import annotations

import msgspec

from stockbridge.connectors.zoho.client import ZohoClient
from stockbridge.core.errors import Gone, Rejected, Unauthorized


class _Definition(msgspec.Struct):
    api_name: str
    label: str = ""


class _Definitions(msgspec.Struct):
    code: int = 0
    message: str = ""
    customfields: list[_Definition] = []


_ENTITIES = {
    "items": "item",
    "vendors": "contact",
    "contacts": "contact",
    "people": "contact",
    "salesorders": "salesorder",
    "purchaseorders": "purchaseorder",
    "composites": "composite_item",
    "bundles": "bundle",
}


def custom_labels(client: ZohoClient, stream: str) -> dict[str, str] | None:
    """Label by api name ("cf_colour") of the custom fields of a stream; None where Zoho does not tell.

    Source: facts, Zoho 8; the call is not in the documents, so a refusal only means that nothing can be said.
    """
    decoder = msgspec.json.Decoder(_Definitions)
    try:
        found, _ = client.call(
            "GET",
            "/settings/customfields",
            params=(("entity", _ENTITIES[stream]),),
            decode=decoder.decode,
            about=f"the custom fields of {stream}",
        )
    except (Gone, Rejected, Unauthorized):
        return None
    return {one.api_name: one.label for one in found.customfields}
