"""`approve`: which run waits for a person, and what going on would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from stockbridge.core.report import FlowReport, RunReport
from stockbridge.wiring.approval import waiting_run
from stockbridge_sandbox.run import Sandbox

Command: TypeAlias = Callable[..., Any]


def report(
    number: int, *, mode: str = "run", safety: bool = False, flows: str = "products suppliers", **more: Any
) -> RunReport:
    outcome = "stopped" if safety else "in step"
    return RunReport(
        run=number,
        sync="board",
        mode=mode,
        started_at="",
        ended_at="",
        seconds=0,
        flows=[FlowReport(flow=name) for name in flows.split()],
        calls={},
        least_calls=0,
        **{"outcome": outcome, "stopped_by": "safety" if safety else None, **more},
    )


@pytest.mark.parametrize(
    ("since", "waits"),
    [
        ([], True),
        ([report(9)], False),
        ([report(9, mode="full")], False),
        ([report(9, mode="exports")], True),
        ([report(9, mode="hints")], True),
        ([report(9, flows="suppliers")], True),  # a flow with a time of its own
        ([report(9, outcome="left over")], False),
        ([report(9, outcome="stopped", stopped_by="connection")], True),
        ([report(9, outcome="cut short")], True),
    ],
)
def test_a_stopped_run_waits_until_one_like_it_came_to_its_end(since: list[RunReport], waits: bool) -> None:
    found = waiting_run([*reversed(since), report(8, safety=True), report(7)])
    assert (found is not None and found.run == 8) is waits


def test_the_newest_of_several_waits() -> None:
    found = waiting_run([report(9, safety=True), report(8, safety=True)])
    assert found is not None
    assert found.run == 9
    exports = report(9, mode="exports", safety=True, flows="buy_orders")
    found = waiting_run([report(10, mode="exports", flows="buy_orders"), exports, report(8, safety=True)])
    assert found is not None
    assert found.run == 8


@pytest.mark.usefixtures("accounts")
def test_look_first_then_go_on(stockbridge: Command, sandbox: Sandbox) -> None:
    stockbridge("sync", "create", "optiply-board")
    none = stockbridge("approve")
    assert none.code == 2
    assert "waits for anybody" in none.err
    assert stockbridge("run").code == 0
    for item in list(sandbox.zoho.world.items)[:5]:
        sandbox.zoho.world.items.remove(item)
    first = stockbridge("run", "--full", "--json").json
    again = stockbridge("run", "--json").json  # as a schedule would
    assert first["stopped_by"] == again["stopped_by"] == "safety"
    assert first["message"] == again["message"]

    before = len(sandbox.log.rows(None, 0))
    seen = stockbridge("approve", str(first["run"]), "--dry-run")
    assert seen.code == 0
    assert "The next run would be allowed to carry on 5 deletions of products." in seen.out
    assert "for example update" in seen.out
    shown = stockbridge("approve", "--dry-run", "--json").json
    assert (shown["run"], shown["approved"], shown["would_approve"]["products"]) == (again["run"], {}, 5)
    products = next(flow for flow in shown["plan"] if flow["flow"] == "products")
    assert products["update"] == 5
    assert products["halts"]
    assert len(sandbox.log.rows(None, 0)) == before  # no call at all
    assert stockbridge("run", "--json").json["stopped_by"] == "safety"  # nothing was allowed

    done = stockbridge("approve", str(first["run"]))  # the same question, whoever asked it
    assert "The next run may carry on 5 deletions of products." in done.out
    only = stockbridge("run", "--only", "suppliers", "--json").json
    assert only["stopped_by"] is None
    went_on = stockbridge("run", "--json").json
    assert went_on["stopped_by"] is None, went_on["message"]
    assert next(flow for flow in went_on["flows"] if flow["flow"] == "products")["updated"] == 5
    over = stockbridge("approve", str(again["run"]))
    assert over.code == 2
    assert "waits for nobody any more" in over.err


@pytest.mark.usefixtures("accounts")
def test_another_question_needs_another_look(stockbridge: Command, sandbox: Sandbox) -> None:
    stockbridge("sync", "create", "optiply-board")
    assert stockbridge("run").code == 0
    items = sandbox.zoho.world.items
    for item in list(items)[:5]:
        items.remove(item)
    first = stockbridge("run", "--full", "--json").json
    for item in list(items)[:3]:
        items.remove(item)
    second = stockbridge("run", "--full", "--json").json
    refused = stockbridge("approve", str(first["run"]))
    assert refused.code == 2
    assert f"run {second['run']} asks something else" in refused.err
    assert f"stockbridge approve {second['run']} --dry-run" in refused.err
    assert stockbridge("run", "--json").json["stopped_by"] == "safety"
