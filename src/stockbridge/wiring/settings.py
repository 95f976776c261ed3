"""What a person may set of a sync: flags, mappings, exclusions. Parsed whole, so that all mistakes are told at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from stockbridge.wiring.flags import BY_SPELLING, FLAGS, default_flags, plain_value
from stockbridge.wiring.flow_names import FLOWS, entity_name
from stockbridge.wiring.rules import parse_rules
from stockbridge.wiring.schedule import parse_schedule
from stockbridge.wiring.spelling import nearest

# HotGlue's names for the exclusions of a flow (facts: Optiply 5).
_EXCLUSION_FLAGS = {
    "not_sync_suppliers_attributes": "suppliers",
    "not_sync_supProds_attributes": "supplier_products",
}
_TABLES = ("flags", "mappings", "exclude", "rules", "schedule")
_KNOWN = (*_TABLES, "custom_mappings", *_EXCLUSION_FLAGS, *BY_SPELLING)


class SettingsError(ValueError):
    """What is wrong with the settings: every problem, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`flags` holds every flag under its own name; `mappings` the source field of a target field, by flow;
    `exclude` the target fields that are never written, by flow; `rules` what narrows the scope, by flow;
    `schedule` when what runs by itself, where it is not the default."""

    flags: dict[str, Any] = msgspec.field(default_factory=default_flags)
    mappings: dict[str, dict[str, str]] = {}
    exclude: dict[str, list[str]] = {}
    rules: dict[str, list[dict[str, Any]]] = {}
    schedule: dict[str, Any] = {}


def parse_settings(
    data: Mapping[str, Any],
    targets: Mapping[str, Collection[str]],
    sources: Mapping[str, Collection[str]],
    *,
    also_known: tuple[str, ...] = (),
) -> Settings:
    """Settings out of a parsed file: our own tables (flags, mappings, exclude) or HotGlue's flat configuration.

    `targets` and `sources` name, by flow, the fields that can be written and those that can be read; a source field
    `cf_…` is taken where the flow's sources name "custom". `also_known` are names that belong beside them and are only
    suggested for a mistyped one. Raises `SettingsError` with every problem found.
    """
    problems: list[str] = []
    flags = _flags(data, problems)
    mappings: dict[str, dict[str, str]] = {}
    for flow, pairs in _tables(data, ("mappings", "custom_mappings"), problems):
        _add_mappings(mappings, flow, pairs, targets, sources, problems)
    exclude: dict[str, list[str]] = {}
    for flow, fields in _exclusions(data, problems):
        _add_exclusions(exclude, flow, fields, targets, problems)
    rules = parse_rules(data.get("rules") or {}, sources, problems)
    schedule = parse_schedule(data.get("schedule"), problems)
    for flow, pairs in mappings.items():
        for field in sorted(set(pairs) & set(exclude.get(flow, ()))):
            problems.append(f"{flow}: {field} is both mapped and excluded; keep one of the two.")
    problems.extend(
        f'"{name}" is not a setting{nearest(name, (*_KNOWN, *also_known)) or "."}'
        for name in data
        if name not in _KNOWN
    )
    if problems:
        raise SettingsError(problems)
    return Settings(flags=flags, mappings=mappings, exclude=exclude, rules=rules, schedule=schedule)


def parse_flags(data: Mapping[str, Any]) -> dict[str, Any]:
    """Just the flags, defaults filled in. Raises `SettingsError`."""
    return parse_settings({"flags": data}, {}, {}).flags


def encode_settings(settings: Settings) -> bytes:
    """As the store keeps them."""
    return msgspec.json.encode(plain_settings(settings))


def decode_settings(data: bytes) -> Settings:
    """Back from the store; flags that came with a later version get their defaults. Raises `SettingsError`."""
    found = msgspec.json.decode(data)
    return Settings(
        flags=parse_flags(found["flags"]),
        mappings=found["mappings"],
        exclude=found["exclude"],
        rules=found.get("rules", {}),
        schedule=found.get("schedule", {}),
    )


def plain_settings(settings: Settings) -> dict[str, Any]:
    """Settings as plain JSON values."""
    return {
        "flags": {flag.name: plain_value(settings.flags[flag.name]) for flag in FLAGS},
        "mappings": settings.mappings,
        "exclude": settings.exclude,
        "rules": settings.rules,
        "schedule": settings.schedule,
    }


def _flags(data: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in data.items() if name in BY_SPELLING}
    table = data.get("flags") or {}
    if not isinstance(table, Mapping):
        problems.append("flags is not a table of names and values.")
        table = {}
    seen: dict[str, tuple[str, Any]] = {}
    flags = default_flags()
    for name, value in (*given.items(), *table.items()):
        flag = BY_SPELLING.get(name)
        if flag is None:
            problems.append(f'"{name}" is not a flag{nearest(name, BY_SPELLING) or "."}')
            continue
        if value is None:
            continue  # HotGlue writes null for "not set" (facts: Optiply 5)
        try:
            parsed = flag.parse(value)
        except ValueError as trouble:
            problems.append(f"{name} is {_shown(value)}, but must be {trouble}.")
            continue
        spelling, other = seen.setdefault(flag.name, (name, parsed))
        if other != parsed:
            problems.append(
                f"{spelling} and {name} are the same flag with different values "
                f"({_shown(other)} and {_shown(parsed)}); keep one of them."
            )
        flags[flag.name] = parsed
    return flags


def _tables(
    data: Mapping[str, Any], names: tuple[str, ...], problems: list[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in names:
        tables = _maybe_json(data.get(name))
        if tables is None:
            continue
        if not isinstance(tables, Mapping):
            problems.append(f"{name} is not a table by flow ({', '.join(FLOWS)}).")
            continue
        for spelled, content in tables.items():
            flow = _flow(spelled, name, problems)
            if flow is None:
                continue
            if not isinstance(content, Mapping):
                problems.append(f"{name}.{spelled} is {_shown(content)}, but must be a table of field names.")
                continue
            yield flow, content


def _flow(spelled: str, where: str, problems: list[str]) -> str | None:
    flow = entity_name(spelled)
    if flow in FLOWS:
        return flow
    problems.append(f'"{spelled}" in {where} is not a flow{nearest(flow, FLOWS) or "."}')
    return None


def _add_mappings(
    mappings: dict[str, dict[str, str]],
    flow: str,
    pairs: Mapping[str, Any],
    targets: Mapping[str, Collection[str]],
    sources: Mapping[str, Collection[str]],
    problems: list[str],
) -> None:
    readable = sources.get(flow, ())
    for target, source in pairs.items():
        good = _check_target(flow, target, targets, problems)
        if not isinstance(source, str) or not source:
            problems.append(f"{flow}: {target} is mapped to {_shown(source)}, but must name a field of Zoho.")
        elif source not in readable and not (source.startswith("cf_") and "custom" in readable):
            problems.append(
                f'{flow}: "{source}" (mapped to {target}) is not a field of Zoho{nearest(source, readable) or "."}'
            )
        elif mappings.get(flow, {}).get(target, source) != source:
            problems.append(f"{flow}: {target} is mapped twice, to {mappings[flow][target]} and to {source}.")
        elif good:
            mappings.setdefault(flow, {})[target] = source


def _exclusions(data: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, object]]:
    table = data.get("exclude")
    if table is not None and not isinstance(table, Mapping):
        problems.append(f"exclude is not a table by flow ({', '.join(FLOWS)}).")
        table = None
    for spelled, fields in (table or {}).items():
        flow = _flow(spelled, "exclude", problems)
        if flow is not None:
            yield flow, fields
    for name, flow in _EXCLUSION_FLAGS.items():
        if data.get(name) is not None:
            yield flow, _maybe_json(data[name])


def _add_exclusions(
    exclude: dict[str, list[str]],
    flow: str,
    fields: object,
    targets: Mapping[str, Collection[str]],
    problems: list[str],
) -> None:
    names = [part.strip() for part in fields.split(",")] if isinstance(fields, str) else fields
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        problems.append(
            f"The exclusions of {flow} are {_shown(fields)}, but must be a list of Optiply fields."
        )
        return
    for name in filter(None, names):
        if _check_target(flow, name, targets, problems) and name not in exclude.get(flow, ()):
            exclude.setdefault(flow, []).append(name)


def _check_target(flow: str, name: str, targets: Mapping[str, Collection[str]], problems: list[str]) -> bool:
    known = targets.get(flow, ())
    if name in known:
        return True
    problems.append(
        f'{flow}: "{name}" is not a field that is written to Optiply{nearest(name, known) or "."}'
    )
    return False


def _maybe_json(value: Any) -> Any:
    """HotGlue keeps some tables as JSON texts."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return None if value == "" else value


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        value = list(value)
    return (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
