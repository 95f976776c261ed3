"""How a sync of the kind "optiply-board" is shown, written as a file, and taken back from one."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Engine

from stockbridge.cli.output import flow_name, say, table
from stockbridge.cli.sync_create import pick_account
from stockbridge.cli.sync_face import Taken
from stockbridge.wiring.custom_fields import check_custom_fields
from stockbridge.wiring.fields import sources, targets
from stockbridge.wiring.flags import FLAGS, FlagValue, plain_value
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.schedule import slots
from stockbridge.wiring.settings import Settings, decode_settings, encode_settings, plain_settings
from stockbridge.wiring.settings_file import SyncFile, read_sync_file, write_sync_file


def take(store: Engine, text: str) -> Taken:
    """The board that this file describes, checked against both accounts. Raises `SettingsError`, `Usage`."""
    described = read_sync_file(text, targets(), sources())
    side_a = pick_account(store, "zoho", described.zoho)
    side_b = pick_account(store, "optiply", described.optiply)
    check_custom_fields(store, side_a, described.settings)
    return Taken(name=described.name, a=side_a, b=side_b, config=encode_settings(described.settings))


def write(name: str, accounts: tuple[str, str], config: bytes) -> str:
    """The file of this board."""
    zoho, optiply = accounts
    return write_sync_file(SyncFile(name=name, zoho=zoho, optiply=optiply, settings=decode_settings(config)))


def plain(config: bytes) -> dict[str, Any]:
    """Its settings as plain JSON values."""
    return plain_settings(decode_settings(config))


def show(config: bytes) -> None:
    """Flags, mappings, exclusions, rules, and when it runs."""
    settings = decode_settings(config)
    table(
        ("flag", "value", "", "meaning"),
        [
            (flag.name, _shown(flag.name, value), "" if value == flag.default else "changed", flag.help)
            for flag in FLAGS
            for value in (settings.flags[flag.name],)
        ],
    )
    if settings.mappings:
        say()
        table(
            ("flow", "field of Optiply", "taken from Zoho's"),
            [
                (flow, target, source)
                for flow, mapped in sorted(settings.mappings.items())
                for target, source in mapped.items()
            ],
        )
    if settings.exclude:
        say()
        table(
            ("flow", "never written"),
            [(flow, ", ".join(fields)) for flow, fields in sorted(settings.exclude.items())],
        )
    if settings.rules:
        say()
        table(
            ("flow", "only what meets one of these"),
            [(flow, _rule_words(rule)) for flow, rules in sorted(settings.rules.items()) for rule in rules],
        )
    say()
    table(
        ("while `stockbridge serve` runs", "when"),
        [
            (flow_name(slot.flow) or f"{slot.kind}s", slot.timing.text)
            for slot in slots(settings.schedule, optiply_board(settings))
        ],
    )


def changes(before: bytes, after: bytes) -> list[tuple[str, str, str]]:
    """(setting, before, after) in words, for everything that differs."""
    return _changes(decode_settings(before), decode_settings(after))


def _changes(before: Settings, after: Settings) -> list[tuple[str, str, str]]:
    """(setting, before, after) in words, for everything that differs."""
    found = [
        (flag.name, _shown(flag.name, before.flags[flag.name]), _shown(flag.name, after.flags[flag.name]))
        for flag in FLAGS
        if before.flags[flag.name] != after.flags[flag.name]
    ]
    old, new = _flat(before), _flat(after)
    found.extend(
        (name, old.get(name, "–"), new.get(name, "–"))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )
    return found


def _flat(settings: Settings) -> dict[str, str]:
    flat = {
        f"{flow}: {target}": f"from {source}"
        for flow, mapped in settings.mappings.items()
        for target, source in mapped.items()
    }
    for flow, fields in settings.exclude.items():
        flat |= {f"{flow}: {field} ": "never written" for field in fields}
    flat |= {f"schedule: {name}": text for name, text in settings.schedule.items() if name != "flows"}
    flat |= {
        f"schedule: {flow_name(flow)}": text for flow, text in settings.schedule.get("flows", {}).items()
    }
    for flow, rules in settings.rules.items():
        flat |= {f"{flow}: rule {number}": _rule_words(rule) for number, rule in enumerate(rules, 1)}
    return flat


def _rule_words(rule: dict[str, Any]) -> str:
    parts = [f"{one['field']} {one['test']} {one.get('value', '')}".strip() for one in rule["if"]]
    return "only if " + " and ".join(parts)


def _shown(name: str, value: FlagValue) -> str:
    if name == "warehouse_ids" and not value:
        return "all"
    plain = plain_value(value)
    if plain is None or plain == []:
        return "none"
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return ", ".join(plain) if isinstance(plain, list) else str(plain)
