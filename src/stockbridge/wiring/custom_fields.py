"""Are the custom fields that settings name really there? One call a kind of record, only when settings name any."""

from __future__ import annotations

from sqlalchemy.engine import Engine

from stockbridge.connectors.zoho.connector import ZohoConnector
from stockbridge.connectors.zoho.streams import STREAMS
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.accounts import open_connector
from stockbridge.wiring.fields import STREAMS_OF_FLOW
from stockbridge.wiring.settings import Settings, SettingsError
from stockbridge.wiring.spelling import nearest


def named_custom_fields(settings: Settings) -> dict[str, set[str]]:
    """The custom fields that mappings and rules read, by flow."""
    out: dict[str, set[str]] = {}
    for flow, pairs in settings.mappings.items():
        out.setdefault(flow, set()).update(source for source in pairs.values() if source.startswith("cf_"))
    for flow, rules in settings.rules.items():
        fields = {condition["field"] for rule in rules for condition in rule["if"]}
        out.setdefault(flow, set()).update(field for field in fields if field.startswith("cf_"))
    return {flow: fields for flow, fields in out.items() if fields}


def check_custom_fields(engine: Engine, row: AccountRow, settings: Settings) -> None:
    """Raises `SettingsError` naming each custom field that Zoho does not have, and the nearest that it has."""
    named = named_custom_fields(settings)
    if not named:
        return
    problems: list[str] = []
    known: dict[str, dict[str, str] | None] = {}
    with open_connector(engine, row, load_sealer()) as (connector, _):
        assert isinstance(connector, ZohoConnector)
        for flow, fields in sorted(named.items()):
            stream = STREAMS[STREAMS_OF_FLOW[flow][0]]
            source = stream.derived_from or stream.name
            if source not in known:
                known[source] = connector.custom_fields(source)
            there = known[source]
            if there is None:
                continue
            problems.extend(
                f'{flow}: Zoho has no custom field "{field}" there{nearest(field, there) or "."}'
                for field in sorted(fields - there.keys())
            )
    if problems:
        raise SettingsError(problems)
