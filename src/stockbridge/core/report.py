"""What the engine tells people and machines, as plain data (`--json` prints exactly these)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec


class FlowReport(msgspec.Struct, kw_only=True):
    """What one flow did in a run, in records.

    `in_scope` counts the records of side a that belong at side b as far as is known; `in_step` those whose link stands
    with nothing left to do. `left_out` counts, by reason in words, the records that a rule keeps out. `exported` counts
    those of `created` that were made at side a.
    """

    flow: str
    created: int = 0
    exported: int = 0
    updated: int = 0
    removed: int = 0
    adopted: int = 0
    same: int = 0
    waiting: int = 0
    refused: int = 0
    masked: int = 0
    left_out: dict[str, int] = {}


class RunReport(msgspec.Struct, kw_only=True):
    """One run. `outcome` is "in step", "left over" (records wait or were refused), "stopped" (quota, account or a
    safety limit: see `stopped_by` and `remedy`) or "failed" (a bug)."""

    run: int
    sync: str
    mode: str
    outcome: str
    started_at: str
    ended_at: str
    seconds: float
    flows: list[FlowReport]
    calls: dict[str, int]  # by system: calls spent
    least_calls: int  # the least possible Zoho calls for what was found
    left_today: int | None = None
    stopped_by: str | None = None  # quota | account | safety | connection | person
    stop_code: str | None = None  # the code of what stopped it, for machines
    message: str = ""
    remedy: str = ""
    notes: list[str] = []


class Sample(msgspec.Struct, kw_only=True):
    """One planned write: what it would do to which record, field by field as (field, before, after)."""

    flow: str
    id: str
    label: str
    op: str
    changes: list[tuple[str, object, object]]


class MayBeSame(msgspec.Struct, frozen=True, kw_only=True):
    """Two records about which a person would be asked whether they are the same: their ids, and what they hold by word
    (name, e-mail, phone, company)."""

    a_id: str
    b_id: str
    a: dict[str, object]
    b: dict[str, object]


class FlowPreview(msgspec.Struct, kw_only=True):
    """What a run would do for one flow. `unread` records still need a call for their details before they are certain.
    `export` counts those of `create` that would be made at side a."""

    flow: str
    create: int = 0
    export: int = 0
    update: int = 0
    remove: int = 0
    adopt: int = 0
    same: int = 0
    unread: int = 0
    left_out: dict[str, int] = {}
    waiting: dict[str, int] = {}  # by reason in words
    refused: dict[str, int] = {}
    samples: list[Sample] = []
    halts: list[str] = []  # safety limits that this plan touches
    questions: list[MayBeSame] = []  # what would be asked; the records wait


class Preview(msgspec.Struct, kw_only=True):
    """The plan of a sync before anything is written, and what it costs in Zoho calls."""

    sync: str
    flows: list[FlowPreview]
    calls_to_come: int
    calls_spent: int
    left_today: int | None
    minutes: float  # at the minute limit


class RuleTrace(msgspec.Struct, kw_only=True):
    """One rule in words and whether the record met it; each condition with the value it saw."""

    rule: str
    met: bool
    conditions: list[tuple[str, object, bool]]


class FieldTrace(msgspec.Struct, kw_only=True):
    """One row of the mapping: the target field, where it comes from in words, the source value and the sent value."""

    field: str
    source: str
    value: object
    sent: object
    note: str = ""


class Explanation(msgspec.Struct, kw_only=True):
    """Everything known of one record. `verdict` is one of: in step, to be written, left out, waiting, refused, gone,
    not found. `side` is where the record stands that is told of; `other_id` is its partner's id at the other."""

    flow: str
    id: str
    label: str
    verdict: str
    reason: str
    remedy: str
    side: str = "a"
    other_id: str | None = None
    read_at: str | None = None
    modified: str | None = None
    rules: list[RuleTrace] = []
    fields: list[FieldTrace] = []
    history: list[tuple[str, str, str]] = []  # (when, what, detail), newest first


class FlowStatus(msgspec.Struct, kw_only=True):
    """One line of `status`."""

    flow: str
    records: int
    linked: int
    waiting: int
    refused: int
    in_step_at: str | None


class Progress(msgspec.Struct, kw_only=True):
    """How far a flow is: `phase` is "reading", "fetching" or "writing"; `total` is None while it is not known."""

    flow: str
    phase: str
    done: int
    total: int | None = None


OnProgress: TypeAlias = Callable[[Progress], None]
