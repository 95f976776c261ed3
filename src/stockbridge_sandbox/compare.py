"""An independent comparison of the two systems: what Optiply should hold by the facts, against what it does hold.

It reads the raw rows of both simulators (`/_sandbox/state/…`) and knows nothing of how Stockbridge maps or stores them.
Source: facts, Optiply 3 (fields), 1.8 (remote ids), 4 (exports), decisions D1 to D8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stockbridge_sandbox.compare_assemblies import (
    assembled_products,
    assembly_orders,
    assembly_receipts,
    product_compositions,
)
from stockbridge_sandbox.compare_exports import Exports, exports
from stockbridge_sandbox.compare_parts import Board, Known, Row, State, Stream, Value, remote_ids
from stockbridge_sandbox.compare_purchases import buy_order_lines, buy_orders, purchases_of, receipt_lines
from stockbridge_sandbox.compare_streams import products, sell_orders, supplier_products, suppliers

_SHOWN = 60  # letters of a long text


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many records of a stream are in scope on each side; Optiply's include doubles, and not what D7 marks as gone."""

    zoho: int
    optiply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`differences` are sentences, in a stable order. `kept` are sell orders that were edited in Zoho after they had been
    imported, which Optiply keeps as they were (facts: Optiply 2). `apart` are sentences on records of Zoho that Optiply
    cannot hold, such as parts by the half, and orders of Optiply's user that Zoho cannot. `values` is how many values
    were compared."""

    counts: dict[str, Count]
    differences: tuple[str, ...]
    kept: tuple[str, ...]
    values: int
    apart: tuple[str, ...]
    exports: Exports

    @property
    def in_step(self) -> bool:
        """Whether both sides say the same."""
        return not self.differences


def compare(
    zoho: State,
    optiply: State,
    *,
    coupling_id: str,
    imported: Sequence[Row] = (),
    board: Board | None = None,
) -> Comparison:
    """Compare the streams of a board; without one only those of the main job: products, suppliers, their products, sell
    orders, with the flags' defaults. The states hold the rows of `ZOHO_COLLECTIONS` and `OPTIPLY_COLLECTIONS`.

    `imported` are Zoho's sales orders as they were at an earlier run: an order that was imported then may stay as it was.
    """
    known = Known(
        product=remote_ids(optiply["products"], coupling_id),
        supplier=remote_ids(optiply["suppliers"], coupling_id),
    )
    settings = board or Board()
    streams = {
        "products": products(zoho, optiply, coupling_id, settings, assembled_products(zoho, settings)),
        "suppliers": suppliers(zoho, optiply, coupling_id),
        "supplier_products": supplier_products(zoho, optiply, coupling_id, known),
        "sell_orders": sell_orders(zoho, optiply, coupling_id, known, imported, settings),
    }
    exported = Exports()
    if board is not None:
        streams = _whole_board(streams, zoho, optiply, coupling_id, known, board)
        exported = exports(zoho, optiply, coupling_id, known, board)
    differences: list[str] = []
    kept: list[str] = []
    values = 0
    for stream in streams.values():
        values += sum(len(wanted.values) for wanted in stream.wanted.values())
        differences += _differences(stream, kept)
    reasons = (reason for stream in streams.values() for reason in stream.apart.values() if reason)
    return Comparison(
        counts={name: _count(stream) for name, stream in streams.items()},
        differences=(*differences, *exported.differences),
        kept=tuple(kept),
        values=values,
        apart=(*reasons, *exported.apart),
        exports=exported,
    )


def _whole_board(
    main: Mapping[str, Stream],
    zoho: State,
    optiply: State,
    coupling_id: str,
    known: Known,
    board: Board,
) -> dict[str, Stream]:
    """The streams of the main job and all others, in the order in which they depend on each other."""
    purchases = purchases_of(zoho, board)
    assemblies = assembly_orders(zoho, optiply, coupling_id, known, board)
    received = receipt_lines(purchases, optiply, coupling_id)
    built = assembly_receipts(zoho, optiply, coupling_id, assemblies)
    return {
        "products": main["products"],
        "product_compositions": product_compositions(zoho, optiply, coupling_id, known, board),
        "suppliers": main["suppliers"],
        "supplier_products": main["supplier_products"],
        "sell_orders": main["sell_orders"],
        "buy_orders": buy_orders(purchases, optiply, coupling_id, known, board),
        "buy_order_lines": buy_order_lines(purchases, optiply, coupling_id, known, board),
        "receipt_lines": Stream(
            one=received.one,
            wanted={**received.wanted, **built.wanted},
            found={**received.found, **built.found},
            when_gone=received.when_gone,
            out_of_scope={},
            apart={**received.apart, **built.apart},
        ),
        "assembly_orders": assemblies,
    }


def _differences(stream: Stream, kept: list[str]) -> Iterable[str]:
    for remote_id, wanted in stream.wanted.items():
        name = f"{stream.one} {wanted.label}"
        found = stream.found.get(remote_id, [])
        if not found:
            yield f"{name} is missing in Optiply."
        if len(found) > 1:
            ids = ", ".join(one.id for one in found)
            yield f"{name} is in Optiply {len(found)} times (ids {ids})."
        for one in found:
            told = list(_field_differences(name, wanted.values, one.values))
            if told and one.values == wanted.earlier:
                kept.append(wanted.label)
            else:
                yield from told
    for remote_id, found in stream.found.items():
        if remote_id in stream.wanted or remote_id in stream.apart:
            continue
        reason = stream.out_of_scope.get(remote_id, f"{remote_id} is gone from Zoho")
        for one in found:
            if not one.marked_gone:
                yield f"{stream.one} {reason}, but not {stream.when_gone} in Optiply (id {one.id})."


def _field_differences(name: str, wanted: Mapping[str, Value], found: Mapping[str, Value]) -> Iterable[str]:
    for field in dict.fromkeys((*wanted, *found)):
        in_zoho, in_optiply = wanted.get(field), found.get(field)
        if in_zoho != in_optiply:
            yield f"{name}: {field} {_told(in_zoho, in_optiply)}."


def _told(in_zoho: Value, in_optiply: Value) -> str:
    return (
        f"should be {_shown(in_zoho, in_optiply)} as in Zoho, but is {_shown(in_optiply, in_zoho)} in Optiply"
    )


def _count(stream: Stream) -> Count:
    return Count(
        zoho=len(stream.wanted),
        optiply=sum(
            1
            for remote_id, found in stream.found.items()
            for one in found
            if remote_id not in stream.apart and (remote_id in stream.wanted or not one.marked_gone)
        ),
    )


def _shown(value: Value, other: Value) -> str:
    """A value as a sentence holds it; of two long texts the part where they begin to differ."""
    match value:
        case None | "":
            return "empty"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:,f}"
        case _:
            return f'"{_part(value, other if isinstance(other, str) else "")}"'


def _part(text: str, other: str) -> str:
    if len(text) <= _SHOWN:
        return text
    shorter = min(len(text), len(other))
    same = next((place for place in range(shorter) if text[place] != other[place]), shorter)
    begin = max(0, min(same - _SHOWN // 2, len(text) - _SHOWN))
    end = begin + _SHOWN
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
