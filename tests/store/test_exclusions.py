"""Exclusions: by side and flow, with the reason, let in again one by one."""

from __future__ import annotations

from sqlalchemy.engine import Engine

from stockbridge.store import exclusions

NOON, ONE = "2026-11-22T12:00:00.000000Z", "2026-11-22T13:00:00.000000Z"


def test_a_record_is_out_with_its_reason_until_it_is_let_in(store: Engine) -> None:
    with store.begin() as connection:
        exclusions.put(connection, 1, "contacts", "a", ["1", "2", "1"], "private", NOON)
        exclusions.put(connection, 1, "contacts", "b", ["1"], "unlinked by hand", NOON)
        exclusions.put(connection, 2, "contacts", "a", ["3"], "private", NOON)
        assert exclusions.of(connection, 1, "contacts", "a", ["1", "3"]) == {"1": "private"}
        assert exclusions.of(connection, 1, "contacts", "b", ["1", "2"]) == {"1": "unlinked by hand"}
        assert exclusions.of(connection, 1, "contacts", "a", []) == {}
        assert exclusions.of(connection, 1, "products", "a", ["1"]) == {}
        assert exclusions.count(connection, 1, "contacts") == 3
        assert exclusions.drop(connection, 1, "contacts", "a", ["1", "7"]) == 1
        assert exclusions.drop(connection, 1, "contacts", "a", []) == 0
        assert [(one.side, one.id) for one in exclusions.all_of(connection, 1)] == [("a", "2"), ("b", "1")]


def test_taken_out_again_keeps_its_moment_and_gets_the_new_reason(store: Engine) -> None:
    with store.begin() as connection:
        exclusions.put(connection, 1, "contacts", "a", ["1"], "private", NOON)
        exclusions.put(connection, 1, "contacts", "a", ["1"], "left the company", ONE)
        [one] = exclusions.all_of(connection, 1, "contacts")
    assert (one.reason, one.since) == ("left the company", NOON)
