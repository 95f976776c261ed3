"""Applies the revisions to a store that is behind."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection


def settings(connection: Connection | None = None) -> Config:
    """Alembic's settings, made here so that nobody needs an ini file."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def known_revisions() -> set[str]:
    """Every revision this program knows."""
    return {script.revision for script in ScriptDirectory.from_config(settings()).walk_revisions()}


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date in the transaction that this connection is in."""
    command.upgrade(settings(connection), "head")
