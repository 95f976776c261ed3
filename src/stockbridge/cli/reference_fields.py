"""The reference page of the mapping: every flow field by field, and what each flag changes, read from the flows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.streams import STREAMS as ZOHO
from stockbridge.core.flow import Condition, Flow, Op, Owner, Pair
from stockbridge.core.record import CUSTOM, Field, Kind, Stream
from stockbridge.wiring.fields import sources, targets
from stockbridge.wiring.flags import default_flags
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.settings import Settings

# One value other than the default for every flag that changes a flow.
OTHER_VALUES: dict[str, tuple[Any, str]] = {
    "sync_stock": (False, "false"),
    "warehouse_ids": (("460000000038080",), "one location"),
    "pull_all_sell_orders": (False, "false"),
    "sync_assembled": (True, "true"),
    "sell_order_edits": ("recreate", "recreate"),
    "match_products_by": ("sku", "sku"),
    "round_quantities": (True, "true"),
    "hard_delete_products": (True, "true"),
    "start_date": (date(2026, 1, 31), "2026-01-31"),
}
NO_FIELD = {
    "not_sync_entities": "leaves out the flows it names: nothing of them is read or written.",
    "full_read_hours": "changes how often everything is read in full, no field.",
}
_DONE = {Op.CREATE: "made", Op.UPDATE: "changed", Op.REMOVE: "removed"}


def fields_page() -> str:
    """The whole page."""
    flows = optiply_board(Settings())
    out = [
        "# Fields",
        "",
        "The mapping of the Optiply board, field by field, with every flag at its default. For one record the same table",
        "with its values is printed by `stockbridge explain`; how to change it is in",
        "[choose what to sync](../how-to/choose-what-to-sync.md).",
        "",
        "| flow | from Zoho | to Optiply |",
        "|---|---|---|",
        *(f"| [{flow.name}](#{flow.name}) | {flow.a} | {flow.b} |" for flow in flows),
        "",
        "An empty value clears the field in Optiply, unless the table says otherwise. Amounts are rounded to cents. Any",
        "other value that does not fit (a text where a number belongs, a price too large, a name too long) is never bent:",
        "the record is refused, with the field and the reason, and the others go on.",
    ]
    for flow in flows:
        out += ["", *_flow(flow)]
    out += ["", "## What the flags change", ""]
    out += [
        "Each flag by itself, against the tables above. What they take and their defaults are in [flags](flags.md)."
    ]
    for name, (value, words) in OTHER_VALUES.items():
        out += ["", f"**`{name}` = {words}**", "", *_differences(name, value)]
    for name, text in NO_FIELD.items():
        out += ["", f"**`{name}`** {text}"]
    out += ["", "## Fields you may map from", "", *_sources()]
    out += ["", "## Fields you may map to or exclude", "", *_targets()]
    return "\n".join(out)


def _flow(flow: Flow) -> Iterator[str]:
    a, b = ZOHO[flow.a], OPTIPLY[flow.b]
    yield f"## {flow.name}"
    yield ""
    yield f"Zoho's `{flow.a}` to Optiply's `{flow.b}`."
    if a.derived_from:
        yield f"One {a.noun} for each vendor of an item; read out of the details of `{a.derived_from}`."
    yield ""
    yield "| field of Optiply | from Zoho | how |"
    yield "|---|---|---|"
    for pair in flow.pairs:
        if pair.owner is not Owner.A or pair.b is None:
            continue
        yield _row(pair, b)
        if pair.lines is not None:
            for inner in pair.lines.pairs:
                field = next(one for one in (b.field(pair.b) or _none()).children if one.name == inner.b)
                yield f"| `{pair.b}[].{inner.b}` | `{inner.a}` of the line | {_how(inner, field)} |"
    yield ""
    yield from _sentences(flow)


def _none() -> Field:
    return Field(name="", kind=Kind.TEXT)


def _row(pair: Pair, stream: Stream) -> str:
    field = stream.field(pair.b or "") or _none()
    return f"| `{pair.b}` | {_source(pair)} | {_how(pair, field)} |"


def _source(pair: Pair) -> str:
    if pair.a is None:
        return f"always `{str(pair.constant).lower()}`"
    if pair.total is not None:
        return f"`{pair.total.measure}` of the chosen locations, added up"
    return f"`{pair.a}`"


def _how(pair: Pair, field: Field) -> str:
    notes = []
    if field.refers_to:
        notes.append(f"the id of the linked record in `{field.refers_to}`; without one the record waits")
    if pair.once:
        notes.append("only when the record is made")
    if pair.cut:
        notes.append(f"cut to {field.max_length} characters")
    if pair.only == "email":
        notes.append("only valid addresses")
    if pair.rounding == "down":
        notes.append("rounded down to a whole number")
    if pair.rounding == "half":
        notes.append("rounded to a whole number")
    if pair.lines is not None and pair.lines.merge_by:
        added = " and ".join(f"`{name}`" for name in pair.lines.add)
        notes.append(
            f"lines of the same product become one, {added} added up; lines without an item, or of an item that is left out, are not sent"
        )
    if pair.empty == "leave" and pair.a is not None:
        notes.append("an empty value is not sent")
    return "; ".join(notes) or ("must not be empty" if field.required and pair.a not in (None, "id") else "")


def _sentences(flow: Flow) -> Iterator[str]:
    """What is true of a flow beside its fields, one sentence a line of a list."""
    for rule in flow.rules_a:
        words = " and ".join(_condition(one) for one in rule.when)
        if rule.values:
            set_to = ", ".join(f"`{name}` is `{str(value).lower()}`" for name, value in rule.values.items())
            yield f"- If {words}: {set_to}."
        elif rule.otherwise and str(rule.then) == "sync it":
            yield f"- Only if {words}; {rule.otherwise} are left out."
        else:
            yield f"- If {words}: {rule.then}."
    yield f"- In Optiply, records may be {_several([_DONE[op] for op in Op if op in flow.writes_b])}."
    if flow.replace:
        yield "- An edit removes the record in Optiply and makes it anew."
    elif Op.UPDATE not in flow.writes_b:
        yield "- An edit in Zoho after the record was sent is not sent."
    keys = [
        f"`{match.b}` equal to Zoho's {'id' if match.a == 'id' else f'`{match.a}`'}" for match in flow.match
    ]
    yield f"- A record that is in Optiply already is recognised by {', then by '.join(keys)}."
    gone = flow.gone_a
    if gone.do == "mark":
        values = ", ".join(f"`{name}` becomes `{str(value).lower()}`" for name, value in gone.values.items())
        yield f"- Deleted in Zoho: {values} in Optiply."
    elif gone.do == "remove":
        yield "- Deleted in Zoho: removed from Optiply."


def _condition(condition: Condition) -> str:
    value = condition.value
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"`{condition.field}` {condition.test}" + ("" if value is None else f" {shown}")


def _several(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _differences(name: str, value: object) -> Iterator[str]:
    flags: dict[str, Any] = default_flags() | {name: value}
    for before, after in zip(optiply_board(Settings()), optiply_board(Settings(flags=flags)), strict=True):
        old, new = _statements(before), _statements(after)
        for line in new:
            if line not in old:
                yield f"- {after.name}: {line}"
        for line in old:
            if line not in new and not _replaced(line, new):
                yield f"- {after.name}: no longer: {line}"


def _statements(flow: Flow) -> list[str]:
    out = []
    for line in _flow(flow):
        if line.startswith("| `"):
            target, source, how = (cell.strip() for cell in line.strip("|").split("|"))
            out.append(f"{target} from {source}" + (f" ({how})" if how else ""))
        elif line.startswith("- "):
            out.append(line.removeprefix("- "))
    return out


def _replaced(line: str, new: list[str]) -> bool:
    """Whether a statement about the same thing took the place of this one."""
    head = line.split(" from ")[0] if line.startswith("`") else " ".join(line.split()[:3])
    return any(other.startswith(head) for other in new)


def _sources() -> Iterator[str]:
    yield "By flow; with them `id`, and any custom field of the record by its API name (`cf_…`) where the list says so."
    for flow, names in sources().items():
        stream = ZOHO[_stream_of(flow, "a")]
        plain = [name for name in names if name not in ("id", CUSTOM)]
        yield ""
        yield f"**{flow}**" + (" (and custom fields)" if CUSTOM in names else "")
        yield ""
        yield ", ".join(f"`{name}` ({_kind(stream, name)})" for name in plain)


def _targets() -> Iterator[str]:
    yield "Fields that say what belongs together (`remoteId`, `productId`, `supplierId`) are not for mapping. A field that"
    yield "is needed and excluded is still sent when a record is made, since Optiply demands it, and never after that."
    for flow, names in targets().items():
        stream = OPTIPLY[_stream_of(flow, "b")]
        yield ""
        yield f"**{flow}**"
        yield ""
        yield "| field | takes |"
        yield "|---|---|"
        for name in names:
            field = stream.field(name) or _none()
            yield f"| `{name}` | {_takes(field)} |"


def _stream_of(flow: str, side: str) -> str:
    found = next(one for one in optiply_board(Settings()) if one.name == flow)
    return found.a if side == "a" else found.b


def _kind(stream: Stream, name: str) -> str:
    return str((stream.field(name) or _none()).kind)


def _takes(field: Field) -> str:
    parts = [str(field.kind)]
    if field.choices:
        parts = [" or ".join(f"`{choice}`" for choice in field.choices)]
    if field.max_length:
        parts.append(f"at most {field.max_length} characters")
    if field.at_least is not None and field.at_most is not None:
        parts.append(f"{field.at_least:,} to {field.at_most:,}")
    elif field.at_least is not None:
        parts.append(f"at least {field.at_least:,}")
    if field.places is not None:
        parts.append(f"rounded to {field.places} places")
    if field.required:
        parts.append("needed")
    return ", ".join(parts)
