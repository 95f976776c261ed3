"""The one readable file of a sync, for `sync export` and `sync import`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, Table

from stockbridge.wiring.flags import FLAGS, plain_value
from stockbridge.wiring.rules import TESTS
from stockbridge.wiring.schedule import DEFAULTS
from stockbridge.wiring.settings import Settings, SettingsError, parse_settings

_HEAD = {
    "name": "The name of the sync.",
    "kind": 'What it does; "optiply-board".',
    "zoho": "The name of the Zoho account (stockbridge accounts list).",
    "optiply": "The name of the Optiply account.",
}
KINDS = ("optiply-board",)


class SyncFile(msgspec.Struct, frozen=True, kw_only=True):
    """A sync as a person writes it: its name, its two accounts by name, its settings."""

    name: str
    zoho: str
    optiply: str
    kind: str = "optiply-board"
    settings: Settings = Settings()


def write_sync_file(sync: SyncFile) -> str:
    """The file as text (TOML), every flag with its help."""
    document = tomlkit.document()
    document.add(tomlkit.comment("A sync of Stockbridge. Edit it, then: stockbridge sync import FILE"))
    for name, help in _HEAD.items():
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(help))
        document.add(name, tomlkit.item(getattr(sync, name)))
    document.add(tomlkit.nl())
    document.add("flags", _flags_table(sync.settings.flags))
    document.add(tomlkit.nl())
    for line in (
        "Mappings: a field of Optiply takes its value from another field of Zoho, for example",
        "[mappings.products]",
        'articleCode = "cf_supplier_code"',
    ):
        document.add(tomlkit.comment(line))
    if sync.settings.mappings:
        mappings = tomlkit.table(is_super_table=True)
        for flow, pairs in sorted(sync.settings.mappings.items()):
            mappings.add(flow, _table(pairs))
        document.add("mappings", mappings)
    document.add(tomlkit.nl())
    for line in (
        "Fields of Optiply that are never written, for example",
        "[exclude]",
        'suppliers = ["emails"]',
    ):
        document.add(tomlkit.comment(line))
    if sync.settings.exclude:
        document.add("exclude", _table(dict(sorted(sync.settings.exclude.items()))))
    document.add(tomlkit.nl())
    for line in (
        "Rules: only records that meet one of these are synced, for example",
        "[[rules.products]]",
        'if = [{ field = "brand", test = "is one of", value = ["Zwaluw", "Reiger"] }]',
        f"Tests: {', '.join(TESTS)}.",
    ):
        document.add(tomlkit.comment(line))
    if sync.settings.rules:
        document.add("rules", _rules_table(sync.settings.rules))
    document.add(tomlkit.nl())
    for line in (
        "When `stockbridge serve` runs it by itself, where it differs from",
        "[schedule]",
        *(f'{name} = "{text}"' for name, text in DEFAULTS.items()),
        "[schedule.flows]  # a flow with a time of its own; cron goes by the clock of the Zoho organisation",
        'sell_orders = "0 */4 * * *"',
    ):
        document.add(tomlkit.comment(line))
    if sync.settings.schedule:
        document.add("schedule", _schedule_table(sync.settings.schedule))
    return tomlkit.dumps(document)


def read_sync_file(
    text: str, targets: Mapping[str, Collection[str]], sources: Mapping[str, Collection[str]]
) -> SyncFile:
    """The sync that this text describes. Raises `SettingsError` with every problem found."""
    try:
        data: dict[str, Any] = tomlkit.parse(text).unwrap()
    except TOMLKitError as trouble:
        raise SettingsError([f"This is not a file of a sync (TOML): {trouble}."]) from None
    problems: list[str] = []
    head = {name: data.pop(name) for name in _HEAD if name in data}
    head.setdefault("kind", KINDS[0])
    for name in _HEAD:
        value = head.get(name)
        if value is None:
            problems.append(f"{name} is missing. {_HEAD[name]}")
        elif not isinstance(value, str) or not value.strip():
            problems.append(f"{name} is {value!r}, but must be a text. {_HEAD[name]}")
    if isinstance(head["kind"], str) and head["kind"].strip() and head["kind"] not in KINDS:
        problems.append(f'kind is "{head["kind"]}", but must be {" or ".join(KINDS)}.')
    settings = Settings()
    try:
        settings = parse_settings(data, targets, sources, also_known=tuple(_HEAD))
    except SettingsError as trouble:
        problems.extend(trouble.problems)
    if problems:
        raise SettingsError(problems)
    return SyncFile(settings=settings, **head)


def _flags_table(flags: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for index, flag in enumerate(FLAGS):
        if index:
            table.add(tomlkit.nl())
        table.add(tomlkit.comment(f"{flag.help} ({flag.takes})"))
        value = flags[flag.name]
        # TOML has no word for "nothing", so texts say it.
        if value is None:
            table.add(flag.name, "none")
        elif flag.name == "warehouse_ids" and not value:
            table.add(flag.name, "all")
        else:
            table.add(flag.name, value if isinstance(value, date) else plain_value(value))
    return table


def _rules_table(rules: Mapping[str, list[dict[str, Any]]]) -> Table:
    table = tomlkit.table(is_super_table=True)
    for flow, own in sorted(rules.items()):
        several = tomlkit.aot()
        for rule in own:
            one = tomlkit.table()
            conditions = tomlkit.array()
            for condition in rule["if"]:
                conditions.append(_inline(condition))
            one.add("if", conditions)
            several.append(one)
        table.add(flow, several)
    return table


def _schedule_table(schedule: Mapping[str, Any]) -> Table:
    table = _table({name: text for name, text in schedule.items() if name != "flows"})
    if schedule.get("flows"):
        table.add("flows", _table(dict(sorted(schedule["flows"].items()))))
    return table


def _inline(condition: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(condition)
    return table


def _table(values: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for name, value in values.items():
        table.add(name, value)
    return table
