"""Settings of a contact sync against what Zoho really has: one call, and only where they name custom fields."""

from __future__ import annotations

from sqlalchemy.engine import Engine

from stockbridge.connectors.zoho.connector import ZohoConnector
from stockbridge.core.record import Field
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.accounts import open_connector
from stockbridge.wiring.contact_settings import ContactSettings
from stockbridge.wiring.contacts import Built, checked, custom_of


def zoho_fields(store: Engine, row: AccountRow) -> list[Field]:
    """The custom fields that this organisation has for contacts. Raises `Trouble` where Zoho cannot be asked."""
    with open_connector(store, row, load_sealer()) as (connector, _):
        assert isinstance(connector, ZohoConnector)
        return connector.contact_fields()


def checked_with(
    store: Engine, zoho: AccountRow, settings: ContactSettings, problems: list[str]
) -> tuple[ContactSettings, Built]:
    """The settings as they are to be stored, and what they make. Raises `SettingsError` with these problems and all
    further ones."""
    there = zoho_fields(store, zoho) if custom_of(settings) else []
    return checked(settings, there, problems)
