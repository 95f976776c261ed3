"""Days of business, with everything copied over in the evening: the comparison of the raw records finds no difference.

The copy reads what Zoho's API answers, the comparison the records behind it: they were written apart, and must agree.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from naive_copy import copy_all
from optiply_caller import Caller

from stockbridge_sandbox.business import business
from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.compare import Comparison, compare
from stockbridge_sandbox.compare_parts import OPTIPLY_COLLECTIONS, ZOHO_COLLECTIONS, Board
from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.zoho.api import Zoho

NOW = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
BOARD = Board(sync_assembled=True)


def compared(zoho: Zoho, caller: Caller) -> Comparison:
    """Compare the states as the control endpoint gives them: as JSON."""
    states = [
        msgspec.json.decode(msgspec.json.encode({name: rows(name) for name in names}))
        for rows, names in ((zoho.rows, ZOHO_COLLECTIONS), (caller.optiply.rows, OPTIPLY_COLLECTIONS))
    ]
    return compare(states[0], states[1], coupling_id=str(caller.login.coupling_id), board=BOARD)


def test_every_evening_both_sides_agree_after_a_copy() -> None:
    clock = Clock(speed=0, start=NOW)
    company = generate(items=60, vendors=6, orders=25, seed=11, until=NOW)
    zoho, caller = Zoho.load(company, clock=clock), Caller(clock=clock)
    assert len(compared(zoho, caller).differences) > 60
    for evening in range(8):
        copy_all(zoho, caller)
        told = compared(zoho, caller)
        assert told.differences == (), evening
        assert told.exports.duplicates == 0
        for count in told.counts.values():
            assert count.zoho == count.optiply
        events = business(zoho.world, days=1, seed=11, optiply=caller.optiply)
        assert events
        assert compared(zoho, caller).differences != ()
    assert all(count.zoho > 0 for count in told.counts.values())
    assert told.exports.buy_orders > 0
    assert told.exports.assembly_orders > 0
