"""Keep two folders of cards in step, both ways: the engine with a connector of one's own, and nothing else.

    python -m examples.two_folders LEFT RIGHT [--full]

What it knows stands in LEFT/.cards.db. A card that was deleted is noticed with --full, and once a day.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sqlalchemy.engine import Engine

from examples.card_folder import CARDS, CardFolder
from stockbridge.core.flow import Flow, GonePolicy, Match, Op, Owner, Pair
from stockbridge.core.report import RunReport
from stockbridge.engine.run import run
from stockbridge.engine.session import open_session
from stockbridge.store import accounts, syncs
from stockbridge.store.database import open_store, sync_lock

CARDS_BOTH_WAYS = Flow(
    name="cards",
    a=CARDS.name,
    b=CARDS.name,
    pairs=tuple(Pair(a=name, b=name, owner=Owner.BOTH) for name in ("name", "email", "labels")),
    writes_a=frozenset(Op),
    writes_b=frozenset(Op),
    match=(Match(a="email", b="email"),),
    gone_a=GonePolicy(do="remove"),
    gone_b=GonePolicy(do="remove"),
)


def keep_in_step(left: Path, right: Path, *, full: bool = False) -> RunReport:
    """One run between these two folders. Raises `Halt` where another process is at it."""
    store = open_store(f"sqlite:///{left / '.cards.db'}")
    try:
        number = _the_sync(store)
        with sync_lock(store, number) as epoch:
            session = open_session(
                store,
                sync_id=number,
                name="cards",
                epoch=epoch,
                a=CardFolder(left),
                b=CardFolder(right),
                flows=[CARDS_BOTH_WAYS],
            )
            return run(session, full=full)
    finally:
        store.dispose()


def _the_sync(store: Engine) -> int:
    """Its number in this store; a folder needs no login, so its account holds nothing."""
    with store.begin() as connection:
        known = syncs.find(connection, "cards")
        if known is not None:
            return known.id
        a, b = (
            accounts.add(connection, name=name, connector="cards", settings={}, sealed=b"")
            for name in ("left", "right")
        )
        return syncs.add(connection, name="cards", kind="cards", account_a=a, account_b=b, config=b"{}")


def main() -> int:
    """The command line; 0 where everything is in step."""
    parser = argparse.ArgumentParser(description="Keep two folders of cards in step.")
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("--full", action="store_true", help="Read everything, so that deletions are found.")
    given = parser.parse_args()
    report = keep_in_step(given.left, given.right, full=given.full)
    (flow,) = report.flows
    print(f"{report.outcome}: {flow.created} created, {flow.updated} updated, {flow.removed} removed")
    for line in (report.message, report.remedy):
        if line:
            print(line)
    return 0 if report.outcome == "in step" else 3


if __name__ == "__main__":
    raise SystemExit(main())
