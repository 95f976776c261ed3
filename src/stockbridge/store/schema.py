"""The tables, for SQLite and PostgreSQL alike. Migrations in `store/migrations` make them; a test compares the two.

Values and snapshots are JSON bytes; moments are ISO 8601 texts in UTC; ids of other systems are texts.
Every row that belongs to a sync carries its number, so that one store holds many merchants.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import Index

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A counter that every dialect fills by itself (SQLite does so only for plain INTEGER keys).
Number = BigInteger().with_variant(Integer(), "sqlite")

account = Table(
    "account",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("settings", LargeBinary, nullable=False),  # JSON, nothing secret: region, organisation, addresses
    Column("sealed", LargeBinary, nullable=False),  # the secrets, sealed
    Column("token", LargeBinary),  # a short-lived access token with its expiry, sealed
    Column("quota", LargeBinary),  # JSON: limit, remaining, resets_at as last told
    Column("added_at", Text, nullable=False),
    UniqueConstraint("name"),
)

sync = Table(
    "sync",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),  # "optiply-board"
    Column("account_a", Number, nullable=False),
    Column("account_b", Number, nullable=False),
    Column("config", LargeBinary, nullable=False),  # JSON: flags, mappings, exclusions
    Column(
        "epoch", BigInteger, nullable=False
    ),  # one more for each holder of the lease; guards every batch write
    Column("holder", Text),  # who holds the lease, in words
    Column("seq", BigInteger, nullable=False),  # the newest change number given out in the mirror
    Column("previewed", Text),  # fingerprint of the settings that were last previewed
    Column("approved", LargeBinary),  # JSON: what a person allowed the next run to do
    Column("hook_secret", LargeBinary),  # with which Zoho signs its webhooks, sealed
    Column("paused_at", Text),  # since when a person lets nothing run
    Column("created_at", Text, nullable=False),
    UniqueConstraint("name"),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("cursor", Text),  # where an incremental read goes on
    Column("sweep", BigInteger, nullable=False),  # number of the newest full read, finished or not
    Column("sweep_cursor", Text),  # where an unfinished full read goes on
    Column("swept_at", Text),  # when a full read last finished
    Column("read_at", Text),
)

flow_state = Table(
    "flow_state",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("flow", Text, primary_key=True),
    Column(
        "settled_a", BigInteger, nullable=False
    ),  # changes up to this number are settled or listed in `waiting`
    Column("settled_b", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),  # of the flow's mapping and rules when it last ran
    Column("in_step_at", Text),
)

mirror = Table(
    "mirror",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("parent", Text),
    Column("version", Text, nullable=False),
    Column("modified", Text),
    Column("values", LargeBinary, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False),  # number of its newest change
    Column("sweep", BigInteger, nullable=False),  # the newest full read that saw it
    Index("ix_mirror_seq", "sync", "side", "stream", "seq"),
)
Index(
    "ix_mirror_parent",
    mirror.c.sync,
    mirror.c.side,
    mirror.c.stream,
    mirror.c.parent,
    sqlite_where=mirror.c.parent.is_not(None),
    postgresql_where=mirror.c.parent.is_not(None),
)

match_key = Table(
    "match_key",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Index("ix_match_key_id", "sync", "side", "stream", "id"),
)

link = Table(
    "link",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("a_id", Text, primary_key=True),
    Column("b_id", Text, nullable=False),
    Column("a_snapshot", LargeBinary),  # what each side held when they last agreed, as that side stores it
    Column("b_snapshot", LargeBinary),  # null: no base yet
    Column("marked", Boolean, nullable=False),  # the record at b carries a deletion mark that we set
    Column("applied", LargeBinary),  # JSON: the actions of rules that are in force, by key; null: none
    UniqueConstraint("sync", "flow", "b_id"),
)

waiting = Table(
    "waiting",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),  # waiting | refused | uncertain | woken
    Column("needs", Text),  # "flow:id" of the record at the same side whose link is missing
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("field", Text),
    Column("code", Text),
    Column("version", Text),
    Column("since", Text, nullable=False),
    Index("ix_waiting_needs", "sync", "needs"),
    Index("ix_waiting_state", "sync", "flow", "state"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Number, primary_key=True),
    Column("sync", Number, nullable=False),
    Column("run", Number, nullable=False),
    Column("flow", Text, nullable=False),
    Column("side", Text, nullable=False),  # the side written
    Column("op", Text, nullable=False),  # create | update | remove
    Column("a_id", Text),
    Column("b_id", Text),
    Column("mark", Text),  # what the written record carries, so that it can be found again
    Column("written", LargeBinary, nullable=False),  # the values sent, JSON
    Column("before", LargeBinary),  # the values they replace, JSON
    Column("saw", LargeBinary),  # what the decision saw at the other side, JSON
    Column(
        "applied", LargeBinary
    ),  # JSON: the actions of rules in force after it, by key; null: as they were
    Column("intended_at", Text, nullable=False),
    Column("outcome", Text),  # null: open | done | adopted | refused | not written
    Column("detail", Text),
    Column("settled_at", Text),
    Index("ix_journal_record", "sync", "flow", "a_id"),
)
Index(
    "ix_journal_open",
    journal.c.sync,
    journal.c.id,
    sqlite_where=journal.c.outcome.is_(None),
    postgresql_where=journal.c.outcome.is_(None),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Number, primary_key=True),
    Column("sync", Number, nullable=False),
    Column("flow", Text, nullable=False),
    Column("a_id", Text, nullable=False),
    Column("b_id", Text, nullable=False),
    Column("kind", Text, nullable=False),  # value: which value counts | match: are these two the same
    Column("field", Text, nullable=False),  # "" of a match
    Column("a_value", LargeBinary, nullable=False),  # JSON
    Column("b_value", LargeBinary, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("answer", LargeBinary),  # JSON: "a", "b", or {"value": …} that a person typed; null: open
    Column("answered_at", Text),
    Column(
        "closed_at", Text
    ),  # carried out, or both sides agreed by themselves; its number is never given again
)
Index(
    "uq_inbox_open",
    inbox.c.sync,
    inbox.c.flow,
    inbox.c.a_id,
    inbox.c.b_id,
    inbox.c.field,
    unique=True,
    sqlite_where=inbox.c.closed_at.is_(None),
    postgresql_where=inbox.c.closed_at.is_(None),
)

Index(
    "ix_inbox_match",
    inbox.c.sync,
    inbox.c.flow,
    inbox.c.a_id,
    sqlite_where=text("kind = 'match' AND closed_at IS NOT NULL"),
    postgresql_where=text("kind = 'match' AND closed_at IS NOT NULL"),
)

exclusion = Table(
    "exclusion",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("reason", Text, nullable=False),  # why a person took it out, in words
    Column("since", Text, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Number, primary_key=True),
    Column("sync", Number, nullable=False),
    Column("mode", Text, nullable=False),  # run | full | preview
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("outcome", Text),  # null: under way or cut short | in step | left over | stopped | failed
    Column("detail", Text),
    Column("report", LargeBinary),  # JSON: counts by flow, calls, least calls
    Index("ix_run_sync", "sync", "id"),
)

schedule = Table(
    "schedule",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("kind", Text, primary_key=True),  # import | export
    Column("flow", Text, primary_key=True),  # the flow with a time of its own; "" for all others
    Column("every", Text, nullable=False),  # "every 60 minutes", or cron
    Column("next_due", Text, nullable=False),
    Column("last_started", Text),
    Column("last_outcome", Text),  # under way | in step | left over | stopped | failed
    Column("last_success", Text),  # when a run last ended in step, or with records left over
    Column("paused_by", Text),  # account | quota: nothing is tried before next_due
)

hint = Table(
    "hint",
    metadata,
    Column("sync", Number, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", Text, nullable=False),  # when it was last told
)

recipient = Table(
    "recipient",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", Text, nullable=False),
    Column("way", Text, nullable=False),  # webhook | mail
    Column("settings", LargeBinary, nullable=False),  # JSON, nothing secret: addresses and servers of mail
    Column("sealed", LargeBinary, nullable=False),  # the address of a webhook, the password of a mail server
    Column("added_at", Text, nullable=False),
    UniqueConstraint("name"),
)

alarm = Table(
    "alarm",
    metadata,
    Column("sync", Number, primary_key=True, autoincrement=False),
    Column("newest", BigInteger, nullable=False),  # the newest run that was looked at
    Column("state", LargeBinary, nullable=False),  # JSON: the troubles that stand, since when, told when
)

notice = Table(
    "notice",
    metadata,
    Column("id", Number, primary_key=True),
    Column("sync", Number, nullable=False),
    Column("recipient", Number, nullable=False),
    Column("message", LargeBinary, nullable=False),  # JSON: what is to be sent
    Column("made_at", Text, nullable=False),
    Column("taken_until", Text),  # a process sends it now; after that moment it has died
)
