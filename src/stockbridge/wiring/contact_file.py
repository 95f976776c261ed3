"""The one readable file of a contact sync, for `sync export` and `sync import`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, Table

from stockbridge.wiring.contact_mapping import DEFAULTS
from stockbridge.wiring.contact_settings import HELP, ContactSettings, parse_contact_settings
from stockbridge.wiring.settings import SettingsError

KIND = "contacts"
_HEAD = {
    "name": "The name of the sync.",
    "kind": 'What it does: "contacts".',
    "zoho": "The name of the Zoho account (stockbridge accounts list).",
    "google": "The name of the Google account.",
}
_DELETIONS = (
    'What a deletion at one side does at the other: "none", "mark" or "delete"; in Zoho also "deactivate".',
    "A mark is a label at Google, and in Zoho a field (field = …). What was deleted never comes back.",
)
_UNSUBSCRIBES = (
    "Who wants no mail any more is marked at the other side, where the one tells it, for example",
    "[unsubscribes]",
    'to_google = "mark"',
)
_MAPPINGS = (
    "Mappings of your own. A field that the default mapping uses must be switched off above first.",
    "[[mappings]]",
    'zoho = "cf_birthday"',
    'google = "user_defined.Birthday"',
    'way = "to google"              # or "both" (where both can), "to zoho"',
    'policy = "ask"                 # where both changed: zoho, google, newest, fill, append, ask',
    'empty = "leave"                # or "clear": what an emptied value does',
    'to_google = ["date: %d-%m-%Y"] # changes on the way; also to_zoho',
    'values = { Gold = "gold" }     # options of Zoho and of Google',
)
_RULES = (
    "Rules: once there are any, only contacts that meet one of them are brought in.",
    "[[rules]]",
    'name = "Business customers"',
    'in = "zoho"                    # whose contacts it looks at',
    'if = [{ field = "customer_sub_type", is = "business" }]',
    'then = [{ add_label = "Customers", undo = true }]',
)


class ContactFile(msgspec.Struct, frozen=True, kw_only=True):
    """A contact sync as a person writes it; a part of the head that the file leaves out is None."""

    name: str | None = None
    zoho: str | None = None
    google: str | None = None
    settings: ContactSettings = ContactSettings()


def read_contact_file(
    text: str, problems: list[str], *, whole: bool = True, over: Mapping[str, Any] | None = None
) -> ContactFile:
    """The sync that this text describes. What is wrong is added to `problems`; with `whole` also what its head lacks.
    `over` are settings that count instead of the file's. Raises `SettingsError` where it is no TOML at all."""
    try:
        data: dict[str, Any] = tomlkit.parse(text).unwrap()
    except TOMLKitError as trouble:
        raise SettingsError([f"This is not a file of a sync (TOML): {trouble}."]) from None
    head = {name: data.pop(name) for name in _HEAD if name in data}
    kind = head.pop("kind", KIND)
    if kind != KIND:
        problems.append(f'kind is {kind!r}, but must be "{KIND}" here.')
    for name in ("name", "zoho", "google"):
        value = head.get(name)
        if value is None and whole:
            problems.append(f"{name} is missing. {_HEAD[name]}")
        elif value is not None and (not isinstance(value, str) or not value.strip()):
            problems.append(f"{name} is {value!r}, but must be a text. {_HEAD[name]}")
            head.pop(name)
    settings = parse_contact_settings({**data, **(over or {})}, problems, also_known=tuple(_HEAD))
    return ContactFile(settings=settings, **head)


def write_contact_file(file: ContactFile) -> str:
    """The file as text (TOML), every setting with its help."""
    settings = file.settings
    document = tomlkit.document()
    document.add(tomlkit.comment("A sync of Stockbridge. Edit it, then: stockbridge sync import FILE"))
    for name, help in _HEAD.items():
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(help))
        document.add(name, tomlkit.item(KIND if name == "kind" else getattr(file, name) or ""))
    for name, help in HELP.items():
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(help))
        value = getattr(settings, name)
        if value is None:
            document.add(tomlkit.comment(f'{name} = "NL"'))
        else:
            document.add(name, tomlkit.item(value))
    _comments(document, _DELETIONS)
    document.add("deletions", _filled(settings.deletions))
    _comments(document, _UNSUBSCRIBES)
    if (settings.unsubscribes.to_zoho, settings.unsubscribes.to_google) != ("none", "none"):
        document.add("unsubscribes", _filled(settings.unsubscribes))
    _comments(document, ("The default mapping, each row of which can be switched off (or on).",))
    switches = tomlkit.table()
    for row in DEFAULTS:
        switch = tomlkit.item(settings.fields.get(row.switch, row.on))
        switch.comment(row.google + (f": {row.note}" if row.note else ""))
        switches.add(row.switch, switch)
    document.add("fields", switches)
    _comments(document, _MAPPINGS)
    if settings.mappings:
        document.add("mappings", _several(msgspec.to_builtins(one) for one in settings.mappings))
    _comments(document, _RULES)
    if settings.rules:
        document.add("rules", _several(settings.rules))
    return tomlkit.dumps(document)


def _comments(document: tomlkit.TOMLDocument, lines: tuple[str, ...]) -> None:
    document.add(tomlkit.nl())
    for line in lines:
        document.add(tomlkit.comment(line))


def _filled(values: msgspec.Struct) -> Table:
    table = tomlkit.table()
    for name, value in msgspec.to_builtins(values).items():
        if value is not None:
            table.add(name, value)
    return table


def _several(tables: Any) -> Any:
    many = tomlkit.aot()
    for one in tables:
        table = tomlkit.table()
        for name, value in one.items():
            table.add(name, _inline(value))
        many.append(table)
    return many


def _inline(value: Any) -> Any:
    """Tables within a row are written on its line."""
    if isinstance(value, Mapping):
        table: AbstractTable = tomlkit.inline_table()
        for name, inner in value.items():
            table.add(name, _inline(inner))
        return table
    if isinstance(value, list):
        several = tomlkit.array()
        for inner in value:
            several.append(_inline(inner))
        return several
    return value
