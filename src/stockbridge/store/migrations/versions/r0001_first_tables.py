"""The tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary()),
        sa.Column("quota", sa.LargeBinary()),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "alarm",
        sa.Column("sync", Number, autoincrement=False, nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sync", name=op.f("pk_alarm")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("sync", Number, nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("sweep", sa.BigInteger(), nullable=False),
        sa.Column("sweep_cursor", sa.Text()),
        sa.Column("swept_at", sa.Text()),
        sa.Column("read_at", sa.Text()),
        sa.PrimaryKeyConstraint("sync", "side", "stream", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "exclusion",
        sa.Column("sync", Number, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sync", "flow", "side", "id", name=op.f("pk_exclusion")),
    )
    op.create_table(
        "flow_state",
        sa.Column("sync", Number, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("settled_a", sa.BigInteger(), nullable=False),
        sa.Column("settled_b", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("in_step_at", sa.Text()),
        sa.PrimaryKeyConstraint("sync", "flow", name=op.f("pk_flow_state")),
    )
    op.create_table(
        "hint",
        sa.Column("sync", Number, nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sync", "side", "stream", "id", name=op.f("pk_hint")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", Number, nullable=False),
        sa.Column("sync", Number, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("a_id", sa.Text(), nullable=False),
        sa.Column("b_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("a_value", sa.LargeBinary(), nullable=False),
        sa.Column("b_value", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("answered_at", sa.Text()),
        sa.Column("closed_at", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
    )
    op.create_index(
        "ix_inbox_match",
        "inbox",
        ["sync", "flow", "a_id"],
        unique=False,
        sqlite_where=sa.text("kind = 'match' AND closed_at IS NOT NULL"),
        postgresql_where=sa.text("kind = 'match' AND closed_at IS NOT NULL"),
    )
    op.create_index(
        "uq_inbox_open",
        "inbox",
        ["sync", "flow", "a_id", "b_id", "field"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "journal",
        sa.Column("id", Number, nullable=False),
        sa.Column("sync", Number, nullable=False),
        sa.Column("run", Number, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("a_id", sa.Text()),
        sa.Column("b_id", sa.Text()),
        sa.Column("mark", sa.Text()),
        sa.Column("written", sa.LargeBinary(), nullable=False),
        sa.Column("before", sa.LargeBinary()),
        sa.Column("saw", sa.LargeBinary()),
        sa.Column("applied", sa.LargeBinary()),
        sa.Column("intended_at", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("settled_at", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index(
        "ix_journal_open",
        "journal",
        ["sync", "id"],
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index("ix_journal_record", "journal", ["sync", "flow", "a_id"])
    op.create_table(
        "link",
        sa.Column("sync", Number, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("a_id", sa.Text(), nullable=False),
        sa.Column("b_id", sa.Text(), nullable=False),
        sa.Column("a_snapshot", sa.LargeBinary()),
        sa.Column("b_snapshot", sa.LargeBinary()),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.Column("applied", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("sync", "flow", "a_id", name=op.f("pk_link")),
        sa.UniqueConstraint("sync", "flow", "b_id", name=op.f("uq_link_sync_flow_b_id")),
    )
    op.create_table(
        "match_key",
        sa.Column("sync", Number, nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sync", "side", "stream", "field", "value", "id", name=op.f("pk_match_key")),
    )
    op.create_index("ix_match_key_id", "match_key", ["sync", "side", "stream", "id"])
    op.create_table(
        "mirror",
        sa.Column("sync", Number, nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text()),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("modified", sa.Text()),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sweep", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sync", "side", "stream", "id", name=op.f("pk_mirror")),
    )
    op.create_index(
        "ix_mirror_parent",
        "mirror",
        ["sync", "side", "stream", "parent"],
        sqlite_where=sa.text("parent IS NOT NULL"),
        postgresql_where=sa.text("parent IS NOT NULL"),
    )
    op.create_index("ix_mirror_seq", "mirror", ["sync", "side", "stream", "seq"])
    op.create_table(
        "notice",
        sa.Column("id", Number, nullable=False),
        sa.Column("sync", Number, nullable=False),
        sa.Column("recipient", Number, nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("taken_until", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_table(
        "recipient",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient")),
        sa.UniqueConstraint("name", name=op.f("uq_recipient_name")),
    )
    op.create_table(
        "run",
        sa.Column("id", Number, nullable=False),
        sa.Column("sync", Number, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text()),
        sa.Column("outcome", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("report", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_sync", "run", ["sync", "id"])
    op.create_table(
        "schedule",
        sa.Column("sync", Number, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("every", sa.Text(), nullable=False),
        sa.Column("next_due", sa.Text(), nullable=False),
        sa.Column("last_started", sa.Text()),
        sa.Column("last_outcome", sa.Text()),
        sa.Column("last_success", sa.Text()),
        sa.Column("paused_by", sa.Text()),
        sa.PrimaryKeyConstraint("sync", "kind", "flow", name=op.f("pk_schedule")),
    )
    op.create_table(
        "sync",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_a", Number, nullable=False),
        sa.Column("account_b", Number, nullable=False),
        sa.Column("config", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("previewed", sa.Text()),
        sa.Column("approved", sa.LargeBinary()),
        sa.Column("hook_secret", sa.LargeBinary()),
        sa.Column("paused_at", sa.Text()),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync")),
        sa.UniqueConstraint("name", name=op.f("uq_sync_name")),
    )
    op.create_table(
        "waiting",
        sa.Column("sync", Number, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("field", sa.Text()),
        sa.Column("code", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sync", "flow", "side", "id", name=op.f("pk_waiting")),
    )
    op.create_index("ix_waiting_needs", "waiting", ["sync", "needs"])
    op.create_index("ix_waiting_state", "waiting", ["sync", "flow", "state"])


def downgrade() -> None:
    for table in (
        "account",
        "alarm",
        "checkpoint",
        "exclusion",
        "flow_state",
        "hint",
        "inbox",
        "journal",
        "link",
        "match_key",
        "mirror",
        "notice",
        "recipient",
        "run",
        "schedule",
        "sync",
        "waiting",
    ):
        op.drop_table(table)
