"""What is to be done next, in this one process. The seam: many machines put another thing with `submit` here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["import", "export", "hints"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One run to come: of which sync, of which kind, of which slot ("" but for a flow with a time of its own)."""

    sync: int
    kind: Kind
    flow: str = ""


class Submit(Protocol):
    """Have this run soon: once, however often it is submitted before, and never beside another run of that sync."""

    def __call__(self, sync: int, kind: Kind, flow: str = "") -> None: ...


@dataclass(slots=True, kw_only=True)
class Queue:
    """Runs in the order they were submitted, one after the other."""

    pending: list[Work] = field(default_factory=list)

    def submit(self, sync: int, kind: Kind, flow: str = "") -> None:
        work = Work(sync=sync, kind=kind, flow=flow)
        if work not in self.pending:
            self.pending.append(work)

    def take(self) -> Work | None:
        """What has waited longest; None where nothing does."""
        return self.pending.pop(0) if self.pending else None

    def drop(self, sync: int) -> None:
        """Nothing of this sync for now; what is still due is submitted again."""
        self.pending = [work for work in self.pending if work.sync != sync]
