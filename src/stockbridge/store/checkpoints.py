"""Checkpoints: how far each stream has been read; and how far each flow has settled what was read."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, bindparam, select

from stockbridge.store.rows import upsert
from stockbridge.store.schema import checkpoint, flow_state


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stream has been read.

    `sweep_cursor` is None unless a full read is under way: then the place where it goes on ("" is the beginning).
    """

    cursor: str | None = None
    sweep: int = 0
    sweep_cursor: str | None = None
    swept_at: str | None = None
    read_at: str | None = None


class FlowState(msgspec.Struct, frozen=True, kw_only=True):
    """Changes up to these numbers are settled, or stand among the unsettled."""

    settled_a: int = 0
    settled_b: int = 0
    fingerprint: str = ""
    in_step_at: str | None = None


_LOAD = select(*(checkpoint.c[name] for name in Checkpoint.__struct_fields__)).where(
    checkpoint.c.sync == bindparam("at_sync"),
    checkpoint.c.side == bindparam("at_side"),
    checkpoint.c.stream == bindparam("at_stream"),
)

_LOAD_FLOW = select(*(flow_state.c[name] for name in FlowState.__struct_fields__)).where(
    flow_state.c.sync == bindparam("at_sync"), flow_state.c.flow == bindparam("at_flow")
)


def load(connection: Connection, sync_id: int, side: str, stream: str) -> Checkpoint:
    """The checkpoint of a stream; a fresh one where it was never read."""
    row = connection.execute(_LOAD, {"at_sync": sync_id, "at_side": side, "at_stream": stream}).one_or_none()
    return Checkpoint() if row is None else Checkpoint(**row._mapping)


def save(connection: Connection, sync_id: int, side: str, stream: str, state: Checkpoint) -> None:
    """Store a checkpoint; belongs into the transaction of its page."""
    upsert(
        connection,
        checkpoint,
        [{"sync": sync_id, "side": side, "stream": stream, **msgspec.structs.asdict(state)}],
    )


def load_flow(connection: Connection, sync_id: int, flow: str) -> FlowState:
    """How far a flow is; a fresh state where it never ran."""
    row = connection.execute(_LOAD_FLOW, {"at_sync": sync_id, "at_flow": flow}).one_or_none()
    return FlowState() if row is None else FlowState(**row._mapping)


def save_flow(connection: Connection, sync_id: int, flow: str, state: FlowState) -> None:
    """Store how far a flow is."""
    upsert(connection, flow_state, [{"sync": sync_id, "flow": flow, **msgspec.structs.asdict(state)}])
