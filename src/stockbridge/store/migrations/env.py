"""Alembic's entry: uses the connection that `upgrade.py` hands over, within its transaction."""

from __future__ import annotations

from alembic import context

from stockbridge.store.schema import metadata

connection = context.config.attributes["connection"]
# Batch mode, because SQLite alters a table only by making it anew.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
