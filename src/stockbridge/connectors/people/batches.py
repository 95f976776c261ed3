"""Writes that arrive from several threads at once go to Google together, and each caller gets an answer of its own."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from stockbridge.connectors.people.refusals import FULL
from stockbridge.core.errors import Gone, Rejected, Stale, Trouble

MOST_WRITTEN = 200
MOST_DELETED = 500
"""How many contacts one call takes (BatchCreateContactsRequest and its kin)."""

_QUIET_SECONDS = 0.03  # of the real clock: how long a batch that is not full waits for one more

Q = TypeVar("Q")
R = TypeVar("R")
Answer: TypeAlias = R | Trouble


class _Place(Generic[Q, R]):
    """One caller: what it asks, and what it is told."""

    __slots__ = ("answer", "error", "leads", "request", "turn")

    def __init__(self, request: Q) -> None:
        self.request = request
        self.leads = False
        self.turn = threading.Event()  # it is to lead, or its answer is there
        self.answer: R | None = None
        self.error: BaseException | None = None


class Gathered(Generic[Q, R]):
    """Calls of one kind. Safe to use from several threads.

    The caller who is first in line leads: it holds `writing`, waits until no other came for a moment or `most` are there,
    and sends for all of them. A caller who is alone sends with `one`. `many` gives an answer or a trouble for each request;
    a trouble that it raises is everybody's.
    """

    def __init__(
        self,
        one: Callable[[Q], R],
        many: Callable[[Sequence[Q]], Sequence[Answer[R]]],
        *,
        writing: threading.Lock,
        most: int,
    ) -> None:
        self._one, self._many = one, many
        self._writing = writing
        self._most = most
        self._line: list[_Place[Q, R]] = []
        self._came = threading.Condition()

    def send(self, request: Q) -> R:
        """What `one` or `many` made of it. Raises the trouble that it met."""
        mine: _Place[Q, R] = _Place(request)
        with self._came:
            self._line.append(mine)
            mine.leads = self._line[0] is mine
            self._came.notify()
        if not mine.leads:
            mine.turn.wait()  # whoever leads sets it in any case
        if mine.leads:
            try:
                self._lead()
            finally:
                self._leave(mine)
        if mine.error is not None:
            raise mine.error
        return mine.answer  # type: ignore[return-value]

    def _lead(self) -> None:
        with self._writing:
            group = self._gather()
            try:
                answers = self._answers([each.request for each in group])
                for each, answer in zip(group, answers, strict=True):
                    if isinstance(answer, Trouble):
                        each.error = answer
                    else:
                        each.answer = answer
            except BaseException as error:
                for each in group:
                    each.error = error
                raise
            finally:
                for each in group:
                    each.leads = False
                    each.turn.set()

    def _gather(self) -> list[_Place[Q, R]]:
        """Take those who go together out of the line; who stands first then leads the next."""
        with self._came:
            while (here := len(self._line)) < self._most:
                # Where many are there, more of them are on their way: longer than a busy machine takes to wake a thread.
                quiet = _QUIET_SECONDS * (1 + here / 20)
                if not self._came.wait_for(lambda n=here: len(self._line) > n, timeout=quiet):  # type: ignore[misc]
                    break
            group, self._line = self._line[: self._most], self._line[self._most :]
            self._call_next()
            return group

    def _leave(self, mine: _Place[Q, R]) -> None:
        """Whoever was interrupted before the batch was gathered leaves the lead to the next."""
        with self._came:
            if mine in self._line:
                self._line.remove(mine)
                self._call_next()

    def _call_next(self) -> None:
        if self._line:
            self._line[0].leads = True
            self._line[0].turn.set()

    def _answers(self, requests: Sequence[Q]) -> Sequence[Answer[R]]:
        if len(requests) == 1:
            return [alone(self._one, requests[0])]
        try:
            return self._many(requests)
        except Trouble as error:
            return [copy.copy(error) for _ in requests]


def alone(one: Callable[[Q], R], request: Q) -> Answer[R]:
    """The answer to one request, or its trouble."""
    try:
        return one(request)
    except Trouble as error:
        return error


def in_halves(
    requests: Sequence[Q], one: Callable[[Q], R], many: Callable[[Sequence[Q]], Sequence[Answer[R]]]
) -> list[Answer[R]]:
    """An answer for each request, sent together.

    Google refuses a batch as a whole because of one bad contact. What it refused it certainly did not take, so the batch
    goes again as two halves, until the bad one stands alone; one that was refused within a batch goes again alone, which
    brings its reason. Where the address book is full, nobody after the first who found no room is tried. Any other trouble (a lost answer above all) is that of every contact in the batch.
    """
    if len(requests) == 1:
        return [alone(one, requests[0])]
    try:
        found = many(requests)
    except (Rejected, Gone, Stale):
        half = len(requests) // 2
        answers = in_halves(requests[:half], one, many)
        last = answers[-1]
        if isinstance(last, Rejected) and last.code == FULL:
            return answers + [copy.copy(last) for _ in requests[half:]]
        return answers + in_halves(requests[half:], one, many)
    except Trouble as error:
        return [copy.copy(error) for _ in requests]
    return [
        alone(one, request) if isinstance(answer, Rejected) else answer
        for request, answer in zip(requests, found, strict=True)
    ]
