"""Rules of a person's own: only records that meet one of them are synced. Written in the file of a sync as

[[rules.products]]
if = [{ field = "brand", test = "is one of", value = ["Zwaluw", "Reiger"] }]
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from stockbridge.connectors.zoho.streams import STREAMS
from stockbridge.core.flow import Condition, Flow, Rule, Then
from stockbridge.core.record import Kind
from stockbridge.wiring.fields import STREAMS_OF_FLOW
from stockbridge.wiring.flow_names import FLOWS, entity_name
from stockbridge.wiring.spelling import nearest

TESTS: tuple[str, ...] = (
    "is",
    "is not",
    "is one of",
    "is none of",
    "is filled",
    "is empty",
    "is on or after",
)
"""Those of `flow.Test` that a rule of the board may use: for the others nothing here looks at the kind of the field."""
_WITHOUT_VALUE = ("is filled", "is empty")
_WITH_SEVERAL = ("is one of", "is none of")
_KEPT_OUT = "kept out by a rule of your own"
_WORDS = {
    Kind.FLAG: "true or false",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number",
    Kind.DAY: "a day such as 2026-01-31",
    Kind.MOMENT: "a day such as 2026-01-31",
}


def parse_rules(
    table: object, sources: Mapping[str, Collection[str]], problems: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """The rules by flow as plain values, checked; what is wrong is added to `problems`."""
    out: dict[str, list[dict[str, Any]]] = {}
    if not isinstance(table, Mapping):
        problems.append("rules is not a table by flow: write [[rules.products]] and so on.")
        return out
    for spelled, rules in table.items():
        flow = entity_name(str(spelled))
        if flow not in FLOWS:
            problems.append(f'"{spelled}" in rules is not a flow{nearest(flow, FLOWS) or "."}')
            continue
        for number, rule in enumerate(rules if isinstance(rules, list) else [rules], 1):
            where = f"Rule {number} of {flow}"
            if not isinstance(rule, Mapping) or not isinstance(rule.get("if"), list) or not rule["if"]:
                problems.append(f'{where} needs a list "if" of conditions {{ field, test, value }}.')
                continue
            problems.extend(
                f'{where}: "{name}" is not known; a rule has just "if".' for name in rule if name != "if"
            )
            conditions = [_parse(flow, where, condition, sources, problems) for condition in rule["if"]]
            out.setdefault(flow, []).append({"if": [one for one in conditions if one is not None]})
    return out


def _parse(
    flow: str, where: str, condition: object, sources: Mapping[str, Collection[str]], problems: list[str]
) -> dict[str, Any] | None:
    if not isinstance(condition, Mapping):
        problems.append(f"{where}: {condition!r} is not a condition {{ field, test, value }}.")
        return None
    for name in condition:
        if name not in ("field", "test", "value"):
            problems.append(
                f'{where}: "{name}" is not part of a condition{nearest(name, ("field", "test", "value")) or "."}'
            )
    field, test, value = condition.get("field"), condition.get("test"), condition.get("value")
    known = sources.get(flow, ())
    custom = isinstance(field, str) and field.startswith("cf_") and "custom" in known
    if not isinstance(field, str) or (field not in known and not custom):
        problems.append(f'{where}: "{field}" is not a field of Zoho{nearest(str(field), known) or "."}')
        return None
    if test not in TESTS:
        problems.append(
            f'{where}: "{test}" is not a test{nearest(str(test), TESTS) or "; known are " + ", ".join(TESTS) + "."}'
        )
        return None
    try:
        _typed(flow, field, test, value)
    except ValueError as trouble:
        problems.append(f"{where}: {field} {test} {value!r}, but the value must be {trouble}.")
        return None
    plain = [_plain(one) for one in value] if isinstance(value, list) else _plain(value)
    return {"field": field, "test": test, **({} if value is None else {"value": plain})}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _typed(flow: str, field: str, test: str, value: Any) -> Any:
    """The value as the field's type. Raises ValueError saying what it must be."""
    kind = Kind.TEXT
    if field != "id":
        found = STREAMS[STREAMS_OF_FLOW[flow][0]].field(field)
        kind = found.kind if found is not None else Kind.TEXT
    if test in _WITHOUT_VALUE:
        if value is not None:
            raise ValueError("left out")
        return None
    if test in _WITH_SEVERAL:
        if not isinstance(value, list | tuple) or not value:
            raise ValueError("a list")
        return tuple(_of_kind(kind, one) for one in value)
    if test == "is on or after" and kind not in (Kind.DAY, Kind.MOMENT):
        raise ValueError("compared with another test: this field is no date")
    return _of_kind(kind, value)


def _of_kind(kind: Kind, value: Any) -> Any:
    words = _WORDS.get(kind, "a text")
    if kind is Kind.FLAG:
        if isinstance(value, bool):
            return value
    elif kind in (Kind.NUMBER, Kind.INTEGER):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Decimal(str(value))
    elif kind in (Kind.DAY, Kind.MOMENT):
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        if isinstance(value, str):
            try:
                return date.fromisoformat(value[:10])
            except ValueError:
                raise ValueError(words) from None
    elif isinstance(value, str | bool):
        return value
    raise ValueError(words)


def with_own_rules(flow: Flow, rules: list[dict[str, Any]]) -> Flow:
    """The flow, narrowed: a record is synced when it meets the flow's own scope and one of these rules."""
    if not rules:
        return flow
    base = [rule for rule in flow.rules_a if rule.then is Then.SYNC] or [Rule(when=(), then=Then.SYNC)]
    narrowed = [
        Rule(
            when=(*scope.when, *(_condition(flow.name, one) for one in own["if"])),
            then=Then.SYNC,
            otherwise=scope.otherwise,
        )
        for scope in base
        for own in rules
    ]
    others = tuple(rule for rule in flow.rules_a if rule.then is not Then.SYNC)
    return msgspec.structs.replace(flow, rules_a=(*others, *narrowed))


def _condition(flow: str, plain: Mapping[str, Any]) -> Condition:
    return Condition(
        field=plain["field"],
        test=plain["test"],
        value=_typed(flow, plain["field"], plain["test"], plain.get("value")),
        otherwise=_KEPT_OUT,
    )
