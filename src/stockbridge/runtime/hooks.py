"""Receives Zoho's webhooks. Each is taken for a hint that a record changed; polling stays the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from stockbridge.core.errors import Halt, Trouble
from stockbridge.runtime.door import Asked, Said, door
from stockbridge.runtime.payload import SIGNATURE, is_signed, records_of
from stockbridge.store import hints, syncs
from stockbridge.store.rows import moment_text
from stockbridge.store.sealing import Sealer
from stockbridge.wiring.hook_secret import open_secret
from stockbridge.wiring.sync_kinds import CONTACTS

_log = structlog.get_logger()


@contextmanager
def receiving(
    store: Engine,
    sealer: Sealer,
    *,
    bind: str,
    port: int,
    now: Callable[[], datetime],
    wake: Callable[[], None],
) -> Iterator[str]:
    """Receives at POST /hooks/SYNC until the end of the block; gives the address. Port 0 takes any free one.

    `wake` is called when a hint was stored. Raises `Halt` where the port is taken or the address is none of this machine.
    """

    def receive(asked: Asked) -> Said:
        return Said(status=_receive(store, sealer, asked, now, wake))

    with ExitStack() as stack:
        try:
            address = stack.enter_context(door(bind, port, "POST", receive))
        except OSError as trouble:
            raise Halt(
                f"Webhooks cannot be received at {bind}:{port}: {trouble.strerror or trouble}.",
                remedy="Choose another --hooks-port or --hooks-bind.",
            ) from None
        yield address


def _receive(
    store: Engine, sealer: Sealer, asked: Asked, now: Callable[[], datetime], wake: Callable[[], None]
) -> int:
    address = urlsplit(asked.address)
    content_type = asked.headers.get("Content-Type", "")
    prefix, _, name = address.path.partition("/hooks/")
    try:
        with store.connect() as connection:
            row = None if prefix or "/" in name else syncs.find(connection, unquote(name))
        secret = None if row is None else open_secret(row, sealer)
        if row is None or secret is None:
            return 404
        given = asked.headers.get(SIGNATURE)
        if not is_signed(
            secret.reveal(), given, query=address.query, content_type=content_type, body=asked.body
        ):
            _log.warning("a webhook without a good signature was refused", sync=row.name)
            return 401
        records = records_of(content_type, asked.body, contacts=row.kind == CONTACTS)
        if records is None:
            return 400
        if records:
            with store.begin() as connection:
                hints.note(connection, row.id, "a", records, moment_text(now()))
            wake()
    except (SQLAlchemyError, Trouble) as trouble:
        _log.error("a webhook could not be taken", why=type(trouble).__name__)
        return 503  # Zoho may send it again
    return 200
