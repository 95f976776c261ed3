"""The reference page of the mapping: every flow field by field, and what each flag changes, read from the flows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.streams import STREAMS as ZOHO
from stockbridge.core.flow import Condition, Flow, Match, Op, Owner, Pair
from stockbridge.core.record import CUSTOM, Field, Kind, Stream
from stockbridge.wiring.fields import STREAMS_OF_FLOW, sources, targets
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
    "buy_order_complete_when": ("received", "received"),
    "convert_currency": (True, "true"),
    "sync_assembly_orders": (False, "false"),
    "assembly_supplier_id": ("5512", "5512"),
    "export_orders": (False, "false"),
    "export_from": (date(2026, 1, 31), "2026-01-31"),
    "export_orders_of_programs": (True, "true"),
    "issue_exported_orders": (True, "true"),
    "export_delivery_date": (False, "false"),
    "export_line_price": (True, "true"),
    "export_buy_order_warehouse_id": ("460000000038080", "460000000038080"),
    "export_terms": ("Betaling binnen 30 dagen", '"Betaling binnen 30 dagen"'),
    "export_warehouse_id": ("460000000038080", "460000000038080"),
    "complete_exported_assemblies": (True, "true"),
}
NO_FIELD = {
    "not_sync_entities": "leaves out the flows it names: nothing of them is read or written.",
    "read_recipes_every": "changes how often recipes are read anew, no field.",
    "full_read_hours": "changes how often everything is read in full, no field.",
}
_ALL = default_flags() | {"sync_assembled": True}  # with these every flow is there
_DONE = {Op.CREATE: "made", Op.UPDATE: "changed", Op.REMOVE: "removed"}


def fields_page() -> str:
    """The whole page."""
    flows = optiply_board(Settings(flags=_ALL))
    usual = {flow.name for flow in optiply_board(Settings())}
    out = [
        "# Fields",
        "",
        "The mapping of the Optiply board, field by field, with every flag at its default. For one record the same table",
        "with its values is printed by `stockbridge explain`; how to change it is in",
        "[choose what to sync](../how-to/choose-what-to-sync.md).",
        "",
        "| flow | in Zoho | | in Optiply |",
        "|---|---|---|---|",
        *(
            f"| [{flow.name}](#{flow.name}) | {flow.a} | {'both ways' if flow.writes_a else 'to'} | {flow.b} |"
            for flow in flows
        ),
        "",
        "An empty value clears the field in Optiply, unless the table says otherwise. Amounts are rounded to cents. Any",
        "other value that does not fit (a text where a number belongs, a price too large, a name too long) is never bent:",
        "the record is refused, with the field and the reason, and the others go on.",
    ]
    for flow in flows:
        out += ["", *_flow(flow, usual=flow.name in usual)]
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


def _flow(flow: Flow, *, usual: bool = True) -> Iterator[str]:
    a, b = ZOHO[flow.a], OPTIPLY[flow.b]
    yield f"## {flow.name}"
    yield ""
    yield f"Zoho's `{flow.a}` to Optiply's `{flow.b}`{', and back' if flow.writes_a else ''}."
    if not usual:
        yield "Only where the flag [`sync_assembled`](flags.md#sync_assembled) is true."
    if a.derived_from:
        yield f"Each {a.noun} is read out of `{a.derived_from}`, at no call of its own."
    if flow.along:
        yield f"It goes along with [{flow.along}](#{flow.along}): what is linked there is changed here, nothing is made."
    yield ""
    yield "| field of Optiply | from Zoho | how |"
    yield "|---|---|---|"
    for pair in flow.pairs:
        if pair.owner is not Owner.B and pair.b is not None:
            yield from _rows(pair, pair.b, pair.a, a, b)
    back = [pair for pair in flow.pairs if pair.owner is Owner.B and pair.a is not None]
    if back:
        yield ""
        yield "What is made in Zoho out of Optiply gets:"
        yield ""
        yield "| field of Zoho | from Optiply | how |"
        yield "|---|---|---|"
        if a.mark:
            yield f"| `{a.mark}` | `id` | by it the record is found again, whatever happens on the way |"
        for pair in back:
            yield from _rows(pair, pair.a or "", pair.b, b, a)
    yield ""
    yield from _sentences(flow)


def _rows(pair: Pair, target: str, source: str | None, here: Stream, there: Stream) -> Iterator[str]:
    """One field of `there`, and where it comes from at `here`; then the fields of its lines."""
    field = there.field(target) or _none()
    yield f"| `{target}` | {_source(pair, source, here)} | {_how(pair, source, field)} |"
    if pair.lines is not None:
        back = pair.owner is Owner.B
        for inner in pair.lines.pairs:
            name, of = (inner.a, inner.b) if back else (inner.b, inner.a)
            child = next(one for one in field.children if one.name == name)
            yield f"| `{target}[].{name}` | `{of}` of the line | {_how(inner, of, child)} |"


def _none() -> Field:
    return Field(name="", kind=Kind.TEXT)


def _source(pair: Pair, source: str | None, stream: Stream) -> str:
    if source is None:
        value = pair.constant
        return f"always `{str(value).lower() if isinstance(value, bool) else value}`"
    if pair.total is not None:
        return f"`{pair.total.measure}` of the chosen locations, added up"
    field = stream.field(source) or _none()
    if field.via is not None:
        return f"`{field.via[1]}` of the record that `{field.via[0]}` names"
    return f"`{source}`"


def _how(pair: Pair, source: str | None, field: Field) -> str:
    notes = []
    if field.refers_to and source is not None:
        of = f"the flow [{pair.through}](#{pair.through})" if pair.through else f"`{field.refers_to}`"
        notes.append(f"the id of the linked record in {of}; without one the record waits")
        if pair.constant is not None:
            notes.append(f"where it is empty: `{pair.constant}`")
    if pair.needs:
        notes.append(f"once all that `{pair.needs}` names is there")
    if pair.fill:
        notes.append("only where it is empty")
    if pair.remake:
        notes.append("where it changes, the record is removed and made anew")
    if field.step:
        notes.append("by a call of its own, once the record is there")
    if pair.once and pair.owner is Owner.A:
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
    if pair.empty == "leave" and source is not None:
        notes.append("an empty value is not sent")
    return "; ".join(notes) or ("must not be empty" if field.required and source not in (None, "id") else "")


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
    if flow.writes_a:
        when = [_condition(one) for rule in flow.rules_b for one in rule.when]
        if not any(one.field == "placed" for rule in flow.rules_b for one in rule.when):
            when.append("`placed` is on or after the day the sync was made")
        yield f"- Made in Zoho where it stands in Optiply alone, if {' and '.join(when)}."
        yield "- Once it stands in both, Zoho owns it: what is edited or deleted in Optiply is set back by the next full read."
    if flow.acyclic:
        yield "- What would contain itself, directly or through others, is refused, with the whole path."
    if Op.CREATE in flow.writes_b or not flow.along:
        yield f"- In Optiply, records may be {_several([_DONE[op] for op in Op if op in flow.writes_b])}."
    if flow.replace:
        yield "- An edit removes the record in Optiply and makes it anew."
    elif Op.UPDATE not in flow.writes_b:
        yield "- An edit in Zoho after the record was sent is not sent."
    if flow.match:
        keys = [_match(one) for one in flow.match]
        yield f"- A record that is in Optiply already is recognised by {', then by '.join(keys)}."
    gone = flow.gone_a
    if gone.do == "mark":
        values = ", ".join(f"`{name}` becomes `{str(value).lower()}`" for name, value in gone.values.items())
        yield f"- Deleted in Zoho: {values} in Optiply."
    elif gone.do == "remove":
        yield "- Deleted in Zoho: removed from Optiply."


def _match(match: Match) -> str:
    def words(fields: str | tuple[str, ...]) -> str:
        return " and ".join(f"`{one}`" for one in ((fields,) if isinstance(fields, str) else fields))

    theirs = "id" if match.a == "id" else words(match.a)
    alike = ", those alike in the order of their ids" if match.alike else ""
    return f"{words(match.b)} equal to Zoho's {theirs}{alike}"


def _condition(condition: Condition) -> str:
    value = condition.value
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    shown = shown.lower() if isinstance(value, bool) else shown
    return f"`{condition.field}` {condition.test}" + ("" if value is None else f" {shown}")


def _several(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _differences(name: str, value: object) -> Iterator[str]:
    base: dict[str, Any] = default_flags() if name == "sync_assembled" else _ALL
    before = {flow.name: flow for flow in optiply_board(Settings(flags=base))}
    after = {flow.name: flow for flow in optiply_board(Settings(flags=base | {name: value}))}
    for words, these, those in (("also", after, before), ("no longer", before, after)):
        if changed := [f"[{flow}](#{flow})" for flow in these if flow not in those]:
            yield f"- {words}: {_several(changed)}."
    for flow in after:
        if flow not in before:
            continue
        if before[flow].writes_a and not after[flow].writes_a:
            yield f"- {flow}: nothing is made in Zoho."
            continue
        old, new = _statements(before[flow]), _statements(after[flow])
        for line in new:
            if line not in old:
                yield f"- {flow}: {line}"
        for line in old:
            if line not in new and not _replaced(line, new):
                yield f"- {flow}: no longer: {line}"


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
        stream = ZOHO[STREAMS_OF_FLOW[flow][0]]
        plain = [name for name in names if name not in ("id", CUSTOM)]
        yield ""
        yield f"**{flow}**" + (" (and custom fields)" if CUSTOM in names else "")
        yield ""
        yield ", ".join(f"`{name}` ({_kind(stream, name)})" for name in plain)


def _targets() -> Iterator[str]:
    yield "Fields that say what belongs together (`remoteId`, `productId`, `supplierId`) are not for mapping. A field that"
    yield "is needed and excluded is still sent when a record is made, since Optiply demands it, and never after that."
    for flow, names in targets().items():
        stream = OPTIPLY[STREAMS_OF_FLOW[flow][1]]
        yield ""
        yield f"**{flow}**"
        yield ""
        yield "| field | takes |"
        yield "|---|---|"
        for name in names:
            field = stream.field(name) or _none()
            yield f"| `{name}` | {_takes(field)} |"


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
