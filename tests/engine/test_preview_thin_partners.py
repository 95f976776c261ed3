"""What a preview says of records whose details are not read yet: who has a partner already is not one to be made."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Owner, Pair
from stockbridge.core.record import Field, Kind
from stockbridge.engine.preview import preview

NOTES = Field(name="notes", kind=Kind.TEXT, detail=True)
A = A_STREAMS | {
    "items": replace(A_STREAMS["items"], fields=(*A_STREAMS["items"].fields, NOTES), detail_size=1)
}
B = B_STREAMS | {
    "products": replace(
        B_STREAMS["products"], fields=(*B_STREAMS["products"].fields, Field(name="notes", kind=Kind.TEXT))
    )
}
PEOPLE = replace(
    TWO_WAY, pairs=(*TWO_WAY.pairs, Pair(a="notes", b="notes", owner=Owner.BOTH)), keyed="no code"
)


def test_who_finds_a_partner_by_the_list_row_is_recognised(store: Engine) -> None:
    a = Memory("Left", A, prefix="a", tombstones=True)
    b = Memory("Right", B, prefix="b", tombstones=True)
    people = World(store, a, b, (PEOPLE,))
    for name, code in (("Anna", "anna"), ("Bram", "bram"), ("Cees", None)):
        a.put("items", {"name": name, "sku": code, "notes": name})
    for title, code in (("Anna", "anna"), ("Dirk", "dirk")):
        b.put("products", {"title": title, "code": code})
    (shown,) = preview(people.open()).flows
    assert shown.unread == 3
    assert shown.adopt == 1  # Anna
    assert (shown.create, shown.export) == (2, 1)  # Bram, and Dirk at the left
    assert shown.left_out == {"no code": 1}
    (done,) = people.run().flows
    assert (done.created, done.exported) == (shown.create, shown.export)
    assert len(a.rows("items")) == 4
    assert len(b.rows("products")) == 3
