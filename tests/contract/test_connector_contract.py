"""What every connector promises, tried on each of them: over memory, and over real HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import msgspec
import pytest
from contract_optiply import OPTIPLY_SHOPS
from contract_people import PEOPLE_SHOPS
from contract_shops import SHOPS, Shop
from contract_zoho import ZOHO_SHOPS

from stockbridge.core.errors import Gone, Rejected
from stockbridge.core.record import Ability, Page, Record, Value, values_type
from stockbridge.http.clock import REAL

ALL_SHOPS = SHOPS | ZOHO_SHOPS | OPTIPLY_SHOPS | PEOPLE_SHOPS


@pytest.fixture(params=ALL_SHOPS)
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with ALL_SHOPS[request.param]() as opened:
        yield opened


def pages(shop: Shop, since: str | None = None) -> list[Page]:
    found = list(shop.connector.read(shop.stream, since))
    assert [one for page in found for one in page.refused] == []
    return found


def records(found: list[Page]) -> dict[str, Record]:
    """The last state of each record that was read."""
    return {record.id: record for page in found for record in page.records}


def fetched(shop: Shop, id: str) -> Record:
    (found,) = shop.connector.fetch(shop.stream, [id])
    assert isinstance(found, Record)
    return found


def test_streams_declare_what_they_mean(shop: Shop) -> None:
    streams = shop.connector.streams()
    for name, stream in streams.items():
        assert stream.name == name
        names = [field.name for field in stream.fields]
        assert len(names) == len(set(names))
        assert set(stream.names) <= set(names)
        assert stream.mark is None or stream.mark in names
        assert stream.unique is None or stream.unique in names
        assert (stream.derived_from is None) == (stream.derive is None)
        assert stream.derived_from is None or stream.derived_from in streams
        for field in (*stream.fields, *(child for parent in stream.fields for child in parent.children)):
            assert field.refers_to is None or field.refers_to in streams
        if stream.abilities & {Ability.CREATE}:
            assert (stream.mark or stream.unique or stream.derived_from) is not None


def test_a_full_read_gives_every_record_once_in_pages_with_a_checkpoint_at_the_end(shop: Shop) -> None:
    found = pages(shop)
    given = [record.id for page in found for record in page.records]
    assert sorted(given) == sorted(shop.ids())
    assert found[-1].checkpoint is not None
    assert all(len(page.records) <= shop.declared.page_size for page in found)


def test_values_have_the_declared_types(shop: Shop) -> None:
    found = records(pages(shop))
    some = list(found)[:3]
    known = {field.name for field in shop.declared.fields}
    kind = values_type(shop.declared.fields)
    for record in (*found.values(), *(fetched(shop, id) for id in some)):
        assert set(record.values) <= known
        msgspec.convert(record.values, kind, strict=True)
        for value in record.values.values():
            assert value != ""
            assert not isinstance(value, datetime) or value.utcoffset() == timedelta(0)


def test_a_read_since_a_checkpoint_gives_what_was_changed_and_made_and_not_everything(shop: Shop) -> None:
    before = pages(shop)
    known = records(before)
    edited = sorted(known)[7]
    shop.edit(edited, "Edited by hand")
    made = shop.add("Made by hand")
    after = records(pages(shop, before[-1].checkpoint))
    assert after[edited].values[shop.name_field] == shop.shows("Edited by hand")
    assert after[edited].version != known[edited].version
    assert after[made].values[shop.name_field] == shop.shows("Made by hand")


def test_a_second_read_without_changes_gives_versions_that_are_known(shop: Shop) -> None:
    before = pages(shop)
    known = records(before)
    for record in records(pages(shop, before[-1].checkpoint)).values():
        # A provisional version ("…?") is replaced by the final one as soon as its second has passed.
        assert record.version.rstrip("?") == known[record.id].version.rstrip("?")


def test_a_record_that_was_deleted_is_in_no_full_read_and_fetch_knows_that_it_is_gone(shop: Shop) -> None:
    id = shop.add("Short-lived")
    assert id in records(pages(shop))
    shop.drop(id)
    assert id not in {one.id for one in records(pages(shop)).values() if not one.deleted}
    assert fetched(shop, id).deleted


def test_fetch_gives_full_records_in_order_and_a_tombstone_for_what_never_was(shop: Shop) -> None:
    ids = [*sorted(shop.ids())[:3], "999000000000000001"]
    found = shop.connector.fetch(shop.stream, ids)
    assert [one.id for one in found] == ids
    assert [isinstance(one, Record) and one.deleted for one in found] == [False, False, False, True]
    assert all(isinstance(one, Record) and one.full for one in found)


def test_a_full_record_has_the_version_of_its_row(shop: Shop) -> None:
    row = next(iter(records(pages(shop)).values()))
    assert fetched(shop, row.id).version == row.version


def test_calls_are_metered(shop: Shop) -> None:
    spent = shop.connector.meter.spent
    pages(shop)
    after_read = shop.connector.meter.spent
    assert after_read > spent
    fetched(shop, min(shop.ids()))
    assert shop.connector.meter.spent == after_read + shop.fetch_calls


def test_several_threads_may_call_at_once(shop: Shop) -> None:
    ids = sorted(shop.ids())[:24]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda id: fetched(shop, id), ids))
    assert [one.id for one in found] == ids


def test_a_record_is_made_with_its_mark_found_by_it_changed_and_deleted(shop: Shop) -> None:
    if not shop.can(Ability.CREATE):
        with pytest.raises(Rejected, match="does not write"):
            shop.connector.create(shop.stream, shop.new, "mark-1")
        assert shop.connector.find(shop.stream, ["mark-1"], None) == {}
        return
    connector, mark = shop.connector, shop.declared.mark
    made = connector.create(shop.stream, shop.new, "mark-1")
    assert made.id in shop.ids()
    assert shows(made.values, shop.new)
    assert mark is None or made.values.get(mark, "mark-1") == "mark-1"  # some lists do not show it

    now = REAL.now()
    for since in (None, now):
        found = connector.find(shop.stream, ["mark-1", "mark-2"], since)
        wanted = {"mark-1": [made.id]} if shop.declared.mark_shown else {}
        assert {key: [one.id for one in some] for key, some in found.items()} == wanted

    if not shop.can(Ability.UPDATE):
        with pytest.raises(Rejected, match="does not change"):
            connector.update(shop.stream, made.id, shop.change)
    else:
        changed = connector.update(shop.stream, made.id, shop.change)
        assert shows(changed.values, {**shop.new, **shop.change})
        assert changed.version != made.version or changed.modified == made.modified  # in one second
        full = fetched(shop, made.id).values  # with the details, which an answer to a write may lack
        assert {name: full[name] for name in changed.values} == changed.values

    if not shop.can(Ability.REMOVE):
        with pytest.raises(Rejected, match="does not delete"):
            connector.remove(shop.stream, made.id)
        shop.drop(made.id)
    else:
        connector.remove(shop.stream, made.id)
        assert made.id not in shop.ids()
        connector.remove(shop.stream, made.id)
    if shop.can(Ability.UPDATE):
        with pytest.raises(Gone):
            connector.update(shop.stream, made.id, shop.change)


def shows(stands: Value, sent: Value) -> bool:
    """Whether what stands is what was sent, apart from what the system adds to it."""
    if isinstance(sent, dict):
        return all(name in stands and shows(stands[name], value) for name, value in sent.items())
    if isinstance(sent, list):
        return len(stands) == len(sent) and all(shows(*pair) for pair in zip(stands, sent, strict=True))
    return bool(stands == sent)
