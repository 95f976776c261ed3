"""What Zoho's refusals of a write mean to the people of the shop: which field, and what mends it.

Only the advice depends on this table; that the write was refused is certain before. Zoho's own words stay in the message.
Some refusals have no number that is known (facts, Zoho 6 and 17), so these are recognised by their words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stockbridge.core.errors import Rejected
from stockbridge.core.record import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`code` is Zoho's number, `words` all occur in what it said (in small letters); both may be left open."""

    field: str | None
    remedy: str
    code: str | None = None
    words: tuple[str, ...] = ()


_TAKEN = "3062"  # the name of a contact is taken: seen at Zoho Books, in no document (facts, Zoho 6)

_ADVICE = (
    Advice(
        code=_TAKEN,
        field="contact_name",
        remedy="Zoho has another contact with this name. Give one of the two another name; it goes with the next run.",
    ),
    Advice(
        words=("transactions", "cannot be deleted"),
        field=None,
        remedy="Zoho keeps a contact that has orders, invoices or bills. Mark it inactive instead of deleting it.",
    ),
    Advice(
        words=("transactions", "type"),
        field="contact_type",
        remedy="Zoho keeps the type of a contact that has orders, invoices or bills. Make a second contact of the other "
        "type in Zoho, or leave its type alone.",
    ),
    Advice(
        code="29032",
        field="lines",
        remedy="An item of this order cannot be bought: open it in Zoho, choose that it is purchased, and fill in its "
        "purchase price and account. Then it goes by itself.",
    ),
    Advice(
        code="4097",
        field="reference_number",
        remedy="Zoho numbers these documents itself. Allow numbers of your own in Zoho's settings for this document "
        "(automatic numbering), then it goes with the next run.",
    ),
    Advice(
        code="2056",
        field="composite_item_id",
        remedy="Zoho makes no assembly out of one single part. Give the composite item a second part or another quantity "
        "in Zoho.",
    ),
    Advice(
        code="2324",
        field="location_id",
        remedy="The parts come from the location of the assembly. Move that batch there in Zoho, or export to another "
        "location (export_warehouse_id).",
    ),
    Advice(
        code="2206",
        field=None,
        remedy="That serial number is in use. Correct it in Zoho.",
    ),
    Advice(
        code="36012",
        field="quantity",
        remedy="More would be received than was ordered. Look at the order's receives in Zoho.",
    ),
    Advice(
        words=("inactive", "vendor"),
        field="vendor_id",
        remedy="Make the vendor active again in Zoho, or choose another supplier in Optiply.",
    ),
    Advice(
        words=("inactive",),
        field=None,
        remedy="Make it active again in Zoho, or take it out of the order in Optiply.",
    ),
    Advice(
        words=("stock", "insufficient"),
        field="quantity_to_bundle",
        remedy="There are not enough parts at that location. Receive or move parts in Zoho, or lower the quantity.",
    ),
    Advice(
        words=("stock", "not enough"),
        field="quantity_to_bundle",
        remedy="There are not enough parts at that location. Receive or move parts in Zoho, or lower the quantity.",
    ),
    Advice(
        words=("is_completed",),
        field="is_completed",
        remedy="Zoho takes only completed assemblies here. Nothing was completed, because that would move stock: make "
        "this assembly in Zoho by hand.",
    ),
    Advice(
        words=("permission", "location"),
        field="location_id",
        remedy="Give the user of this login permission for that location in Zoho.",
    ),
    Advice(
        words=("exchange rate",),
        field="vendor_id",
        remedy="Enter an exchange rate for the vendor's currency in Zoho.",
    ),
)
_INVALID = re.compile(r"invalid (?:value passed for|element) ([\w.]+)", re.IGNORECASE)
_NAMES = {
    "line_items": "lines",
    "item_id": "lines",
    "rate": "lines",
    "quantity": "lines",
    "warehouse_id": "location_id",
    "quantity_consumed": "composite_item_id",
}


def explained(error: Rejected, stream: Stream) -> Rejected:
    """The same refusal with the field it is about, where that is clear, and what a shop owner can do about it."""
    said = error.what.partition(": ")[2]
    small = said.casefold()
    for advice in _ADVICE:
        if advice.code is not None and advice.code != error.code:
            continue
        if all(word in small for word in advice.words):
            return Rejected(error.what, field=advice.field, remedy=advice.remedy, code=error.code)
    named = _INVALID.search(said)
    if named is None:
        return error
    name = named[1].strip(".").casefold()
    field = name if stream.field(name) is not None else _NAMES.get(name)
    return Rejected(error.what, field=field, remedy=error.remedy, code=error.code)


def is_double(error: Rejected) -> bool:
    """Whether a write was refused because a record with that reference is there already."""
    said = error.what.partition(": ")[2].casefold()
    return error.code == "1001" or "already" in said or "duplicate" in said


def is_taken_name(error: Rejected) -> bool:
    """Whether a contact was refused because another one has its name."""
    said = error.what.partition(": ")[2].casefold()
    return error.code == _TAKEN or (error.code == "1001" and "already exists" in said)
