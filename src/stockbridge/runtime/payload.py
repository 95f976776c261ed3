"""What a webhook of Zoho's says, as far as it is believed: whether Zoho signed it, and which record to read anew.

Facts: Zoho 12. The record in it is not taken: it may be old, come twice or out of order.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

SIGNATURE = "X-Zoho-Webhook-Signature"
_FORM = "application/x-www-form-urlencoded"
_MOST_RECORDS = 50
_LONGEST_ID = 40
_MOST_PARAMETERS = 500

# The entity of a payload, without its underscores -> (stream, the key of the id) of what is to be read.
_READ: Mapping[str, tuple[tuple[str, str], ...]] = {
    "item": (("items", "item_id"),),
    "compositeitem": (("composites", "composite_item_id"), ("items", "composite_item_id")),
    "contact": (("vendors", "contact_id"),),
    "vendor": (("vendors", "contact_id"), ("vendors", "vendor_id")),
    "salesorder": (("salesorders", "salesorder_id"),),
    "purchaseorder": (("purchaseorders", "purchaseorder_id"),),
    # Of a receive and a bill it is the order that tells what was received and whether it is closed.
    "purchasereceive": (("purchaseorders", "purchaseorder_id"),),
    "receive": (("purchaseorders", "purchaseorder_id"),),
    "bill": (("purchaseorders", "purchaseorder_id"), ("purchaseorders", "purchaseorder_ids")),
    "bundle": (("bundles", "bundle_id"),),
}

# The same for a sync of contacts, which knows customers and vendors alike.
_READ_CONTACTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "contact": (("contacts", "contact_id"),),
    "customer": (("contacts", "contact_id"), ("contacts", "customer_id")),
    "vendor": (("contacts", "contact_id"), ("contacts", "vendor_id")),
}


def is_signed(secret: str, given: str | None, *, query: str, content_type: str, body: bytes) -> bool:
    """Whether the signature is the hex HMAC-SHA256 of the parameters (of address and form, sorted by name, name and
    value joined) followed by the raw body.

    Two readings of that sentence differ only where there are parameters, so each of them counts: whether a form is a
    body as well, and (one client of Zoho's) the raw body alone.
    """
    if not given:
        return False
    try:
        of_query = _parameters(query)
        of_form = _parameters(body.decode("utf-8", "replace")) if _is_form(content_type) else []
    except ValueError:
        return False  # more parameters than anybody sends
    signed = [_joined(of_query) + body, body]
    if of_form:
        of_both = _joined([*of_query, *of_form])
        signed += [of_both, of_both + body]
    told = given.strip().lower().encode()
    good = False
    for text in signed:  # every one is compared, so that the time taken tells nothing
        expected = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        good |= hmac.compare_digest(expected.encode(), told)
    return good


def records_of(content_type: str, body: bytes, *, contacts: bool = False) -> list[tuple[str, str]] | None:
    """(stream, id) of the records to be read anew; None where the body is no JSON. What is not known is left out.
    `contacts` is true for a sync of contacts, which wants nothing else."""
    text: bytes | str = body
    if _is_form(content_type):
        text = dict(_parameters(body.decode("utf-8", "replace"))).get("JSONString", "")
    try:
        payload = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(payload, dict):
        return None
    found: dict[tuple[str, str], None] = {}
    for entity, content in payload.items():
        if not isinstance(entity, str) or not isinstance(content, dict):
            continue
        if content.get("contact_type") == "customer" and not contacts:
            continue
        for stream, key in (_READ_CONTACTS if contacts else _READ).get(entity.replace("_", "").lower(), ()):
            found.update(dict.fromkeys((stream, id) for id in _ids(content.get(key))))
    return list(found)[:_MOST_RECORDS]


def _ids(value: Any) -> list[str]:
    """Ids are texts of digits; now and then they come as numbers."""
    many = value if isinstance(value, list) else [value]
    numbers = [str(one) for one in many if type(one) is int and 0 <= one < 10**_LONGEST_ID]
    texts = [one for one in many if isinstance(one, str) and one.isascii() and one.isdigit()]
    return [text for text in (*texts, *numbers) if len(text) <= _LONGEST_ID]


def _is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == _FORM


def _parameters(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)


def _joined(parameters: Sequence[tuple[str, str]]) -> bytes:
    return "".join(name + value for name, value in sorted(parameters)).encode()
