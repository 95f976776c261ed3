"""Faults during a first import: nothing lost, nothing doubled, healed, and told by the exit code."""

from __future__ import annotations

from typing import Any

import pytest

from faults.matrix import (
    COMPANY,
    HEALED_AT_OPTIPLY,
    HEALED_AT_ZOHO,
    OPTIPLY_STREAMS,
    ZOHO_LISTS,
    ZOHO_PATHS,
    impatient,
    paths_for,
)
from scenarios.board import board, command

pytestmark = pytest.mark.usefixtures("fresh_store")


@pytest.mark.parametrize("what", HEALED_AT_ZOHO.values(), ids=HEALED_AT_ZOHO)
def test_once_at_every_path_of_zoho(what: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, what)
    paths = paths_for(what)
    with board(monkeypatch, **COMPANY) as shop:
        for name, path in paths.items():
            shop.fault(system="zoho", path=path, nth=2 if name == "salesorder" else 1, **what)
        done = shop.run()
        assert shop.fired() == [1] * len(paths)
        assert done.code == 0, done.out
        assert shop.differences() == []


@pytest.mark.parametrize("what", HEALED_AT_OPTIPLY.values(), ids=HEALED_AT_OPTIPLY)
def test_once_at_every_create(what: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, what)
    with board(monkeypatch, **COMPANY) as shop:
        for at, stream in enumerate(OPTIPLY_STREAMS):
            shop.fault(system="optiply", method="POST", path=rf"/v1/{stream}$", nth=1 + at % 2, **what)
        done = shop.run()
        assert shop.fired() == [1] * len(OPTIPLY_STREAMS)
        assert done.code == 0, done.out
        assert shop.differences() == []


@pytest.mark.parametrize("what", HEALED_AT_OPTIPLY.values(), ids=HEALED_AT_OPTIPLY)
def test_once_at_every_list_of_optiply(what: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, what)
    with board(monkeypatch, **COMPANY) as shop:
        for stream in OPTIPLY_STREAMS:
            shop.fault(system="optiply", method="GET", path=rf"/v1/{stream}$", **what)
        done = shop.run()
        assert shop.fired() == [1] * len(OPTIPLY_STREAMS)
        assert done.code == 0, done.out
        assert shop.differences() == []


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "500"])
def test_half_of_all_answers_are_lost(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        for nth in range(1, 24, 2):
            shop.fault(system="optiply", method="POST", path="/v1/", nth=nth, **HEALED_AT_OPTIPLY[kind])
        codes = [shop.run().code]
        while codes[-1] != 0 and len(codes) < 8:
            codes.append(shop.run().code)
        assert sum(shop.fired()) > 8
        assert codes[-1] == 0
        assert set(codes) <= {0, 3}
        assert shop.differences() == []


@pytest.mark.parametrize("path", ZOHO_PATHS.values(), ids=ZOHO_PATHS)
def test_the_day_is_used_up(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        shop.fault(system="zoho", path=path, kind="status", status=429, code=45)
        done = shop.run()
        assert (done.code, done.report.outcome, done.report.stopped_by) == (4, "stopped", "quota")
        assert "day" in done.report.message
        assert done.report.remedy
        shop.later(24)
        assert shop.run().code == 0
        assert shop.differences() == []


@pytest.mark.parametrize("name", ZOHO_LISTS)
def test_a_row_without_id_at_zoho(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        shop.fault(system="zoho", path=ZOHO_LISTS[name], kind="row_without_id")
        done = shop.run()
        if name == "purchaseorders":  # it may be an order that was made out of one of Optiply's
            assert (done.code, done.report.stop_code, done.writes) == (4, "nameless", [])
        else:
            assert done.code == 3
            assert sum(flow.refused for flow in done.report.flows) == 1
        waiting = command("status", "--waiting").out
        assert "page 1 row 1" in waiting
        assert f"Zoho's {'vendors' if name == 'contacts' else name}" in waiting
        assert shop.run().code == 0
        assert shop.differences() == []


def test_a_detail_without_id_is_asked_for_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        shop.fault(system="zoho", path="/itemdetails$", kind="row_without_id")
        done = shop.run()
        assert done.code == 0
        assert sum(path.startswith("/items/") for path in done.zoho_paths) == 1
        assert shop.differences() == []


@pytest.mark.parametrize("stream", ["products", "sellOrders", "buyOrderLines"])
def test_a_row_without_id_at_optiply_makes_no_double(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        assert shop.run().code == 0
        shop.forget()
        shop.fault(system="optiply", method="GET", path=rf"/v1/{stream}$", kind="row_without_id")
        done = shop.run()
        assert done.code == 4
        assert f"Optiply's list of {stream} has a row without an id" in done.report.message
        assert shop.differences() == []
        done = shop.run()
        assert (done.code, done.news) == (0, [])
        assert shop.differences() == []


@pytest.mark.parametrize("name", ZOHO_LISTS)
def test_a_row_moves_between_two_pages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        shop.fault(system="zoho", path=ZOHO_LISTS[name], kind="move_row")
        assert shop.run().code == 0
        shop.later(0.1)
        assert shop.run().code == 0
        assert shop.differences() == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [("500", "items"), ("drop_before", "itemdetails"), ("not_json", "salesorder"), ("429-44", "salesorder")],
)
def test_zoho_stays_down(kind: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        shop.fault(system="zoho", path=ZOHO_PATHS[name], count=None, **HEALED_AT_ZOHO[kind])
        done = shop.run()
        assert (done.code, done.report.outcome, done.report.stopped_by) == (4, "stopped", "connection")
        assert "Zoho" in done.report.message or "127.0.0.1" in done.report.message
        assert sum(path.startswith(f"/{name}") for path in done.zoho_paths) <= 5 * 8
        shop.sandbox.faults.clear()
        assert shop.run().code == 0
        assert shop.differences() == []


@pytest.mark.parametrize("kind", ["500", "drop_before", "drop_after", "not_json", "429"])
@pytest.mark.parametrize("stream", ["products", "sellOrders"])
def test_optiply_stays_down_for_writes(kind: str, stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        what = HEALED_AT_OPTIPLY[kind]
        shop.fault(system="optiply", method="POST", path=rf"/v1/{stream}$", count=None, **what)
        done = shop.run()
        assert done.code == (0 if kind in ("drop_after", "not_json") else 3 if kind != "429" else done.code)
        assert done.code in (0, 3, 4)
        shop.sandbox.faults.clear()
        assert shop.run().code == 0
        assert shop.differences() == []
