"""One flow of a run: decide what is not settled, write it, and remember how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from stockbridge.core import limits
from stockbridge.core.compiled import Compiled
from stockbridge.core.errors import Trouble
from stockbridge.core.flow import Flow, Side
from stockbridge.core.record import Record, Refusal
from stockbridge.core.report import FlowReport, OnProgress, Progress
from stockbridge.engine.execute import Writer
from stockbridge.engine.fetch import Fetcher, Source
from stockbridge.engine.guard import may_change_everything, stop_where_everything_changes
from stockbridge.engine.intake import bury_derived, refuse, store_records
from stockbridge.engine.rounds import stop_going_round
from stockbridge.engine.session import Session
from stockbridge.engine.work import decide_chunk, lacking_detail
from stockbridge.store import checkpoints, mirror, waiting
from stockbridge.store.checkpoints import FlowState
from stockbridge.store.rows import chunks

CHUNK = 500
_TRIES = 3  # for a record that is woken again and again in one run


def plan_fetches(
    session: Session, flows: Sequence[Compiled], fetcher: Fetcher, *, bulk_only: bool = False
) -> int:
    """Ask for the full records that the changed list rows need, oldest change first, in the order of the flows.

    Returns how many records are left out by `bulk_only` (which fetches only where one call brings many, and where nothing
    tells without it who of side b is new).
    """
    skipped: set[tuple[str, str]] = set()  # several flows may look at the same record
    ended: dict[str, list[str]] = {}
    streams = session.a.streams()
    with session.engine.connect() as connection:
        for compiled in flows:
            stream = compiled.a.stream
            source = streams[stream.derived_from or stream.name]
            if not source.detail_size:
                continue
            state = checkpoints.load_flow(connection, session.sync_id, compiled.flow.name)
            place = (start_of(session, compiled, state, "a"), "")
            shelf = session.at("a", source.name)
            fields = _scope_fields(session, source.name)
            while found := mirror.places(connection, shelf, place, 2000, thin=True):
                place = found[-1]
                numbers = {id: seq for seq, id in found}
                records = mirror.listed(connection, shelf, list(numbers), fields)
                if source is stream:
                    records = lacking_detail(session, connection, compiled, records)
                else:
                    records, gone = _wanted_parents(session, source.name, records)
                    ended.setdefault(source.name, []).extend(gone)
                if bulk_only and source.detail_size == 1 and (source is stream or not compiled.shared):
                    skipped.update((source.name, record.id) for record in records)
                    continue
                fetcher.want(("a", source.name), {record.id: numbers[record.id] for record in records})
    if any(ended.values()):
        with session.begin() as connection:
            for name, ids in ended.items():
                bury_derived(session, connection, "a", streams[name], ids)
    return len(skipped)


def _scope_fields(session: Session, source: str) -> set[str]:
    """What the rules of the flows on this stream look at: all that has to be known of its list rows here."""
    return {name for one in session.flows if one.flow.a == source for name in one.a.scope_fields}


def _wanted_parents(session: Session, source: str, records: list[Record]) -> tuple[list[Record], list[str]]:
    """Of list rows that other records are derived from, those that no rule of their own flow keeps out; and the ids of
    those that a rule treats as deleted: nobody reads their details, which would tell that nothing is derived any more."""
    own = next((one for one in session.flows if one.flow.a == source and one.flow.along is None), None)
    if own is None or own.a.thin_rules:
        return records, []
    verdicts = [(one, own.a.admit(one.values)) for one in records]
    wanted = [one for one, verdict in verdicts if verdict.in_scope and not verdict.gone]
    return wanted, [one.id for one, verdict in verdicts if verdict.gone]


def start_of(session: Session, compiled: Compiled, state: FlowState, side: Side) -> int:
    """The first change number that this flow has not settled; all of them when its mapping or rules changed. Our own
    writes have number 0 and are never looked at again by themselves, only when the mapping or the rules changed."""
    if state.fingerprint != session.fingerprints[compiled.flow.name]:
        return 0 if state.fingerprint else 1
    return (state.settled_a if side == "a" else state.settled_b) + 1


def store_fetched(session: Session, fetcher: Fetcher, timeout: float | None) -> int:
    """Take in what the fetcher brought; returns how many records."""
    arrived = fetcher.take(timeout)
    if not arrived:
        return 0
    count = 0
    by_source: dict[Source, list[Record | Refusal]] = {}
    for source, results in arrived:
        by_source.setdefault(source, []).extend(results)
    with session.begin() as connection:
        for (side, name), results in by_source.items():
            stream = session.connector(side).streams()[name]
            records = [one for one in results if isinstance(one, Record)]
            refusals = [one for one in results if isinstance(one, Refusal)]
            for some in chunks(records, CHUNK):  # a number of its own for what is decided at a time
                store_records(session, connection, side, stream, some)
            refuse(session, connection, side, name, refusals)
            count += len(results)
    for source, results in by_source.items():
        fetcher.stored(source, [one.id for one in results])
    return count


def run_flow(
    session: Session,
    compiled: Compiled,
    number: int,
    fetcher: Fetcher,
    report: FlowReport,
    on_progress: OnProgress,
    *,
    held: Collection[tuple[Side, str]] = (),
    exports: bool = False,
) -> int:
    """Decide and write everything of one flow that is not settled; returns the calls its writes at side a took. Raises
    what stops the run.

    `held` are records whose last create may still turn up: they are left alone. With `exports`, only what is new at
    side b is looked at (and what such a write calls for at side a)."""
    flow = compiled.flow
    stream = compiled.a.stream
    source: Source = ("a", stream.derived_from or stream.name)
    source_b: Source = ("b", flow.b)
    a_shelf, b_shelf = session.at("a", flow.a), session.at("b", flow.b)
    with session.engine.connect() as connection:
        state = checkpoints.load_flow(connection, session.sync_id, flow.name)
    recheck = state.fingerprint not in ("", session.fingerprints[flow.name])
    place_a = (start_of(session, compiled, state, "a"), "")
    place_b = (start_of(session, compiled, state, "b"), "")
    writer = Writer(session, compiled, number, report)
    tries: Counter[tuple[Side, str]] = Counter()
    with session.engine.connect() as connection:
        total = mirror.count(connection, a_shelf, after=place_a[0] - 1)

    def tell(phase: str) -> None:
        on_progress(
            Progress(flow=flow.name, phase=phase, done=writer.written, total=max(total, writer.written))
        )

    try:
        if not exports and total >= limits.FEWEST and may_change_everything(session, compiled, state):
            while fetcher.busy(source):  # only the details tell whether everything does
                store_fetched(session, fetcher, 0.05)
            stop_where_everything_changes(session, compiled, state)
        while True:
            _raise(writer.stop)
            store_fetched(session, fetcher, None)
            with session.engine.connect() as connection:
                found_a = [] if exports else mirror.places(connection, a_shelf, place_a, CHUNK)
                wanted = fetcher.open.get(source, {}) if source[1] == stream.name and compiled.a.thin else {}
                places_a = [one for one in found_a if one[1] not in wanted]  # the others come again in full
                records_a = mirror.at_places(connection, a_shelf, places_a)
                rows_a = [(seq, one) for (seq, _), one in zip(places_a, records_a, strict=True)]
                # Who is who at side a is known only when the keys are there.
                unknown = compiled.shared and compiled.a.thin_keys and bool(fetcher.open.get(source))
                rows_b = [] if unknown else mirror.changed(connection, b_shelf, place_b, CHUNK)
                work: list[tuple[Side, str]] = [("a", record.id) for _, record in rows_a]
                work += [("b", record.id) for _, record in rows_b]
                old_b: list[str] = []
                if not work and not found_a:
                    coming_in = fetcher.busy(source) or fetcher.busy(source_b)
                    if coming_in:
                        writer.wait()  # what comes may go with what is held
                    else:
                        writer.finish()
                    # Whether a circle is still closed is known only once everything has come in.
                    still_closed = coming_in and flow.acyclic is not None
                    work = [] if still_closed else _woken(session, connection, flow, tries)
                    work = [one for one in work if one[0] == "a" or not unknown]
                    old_b = [id for side, id in work if side == "b" and not tries[("b", id)]]
                    tries.update(work)
                thin = _thin(session, connection, compiled, rows_a, work)
            if thin:
                fetcher.want(source, thin)
            a_ids = [id for side, id in work if side == "a" and id not in thin and ("a", id) not in held]
            coming = fetcher.open.get(source_b, {})
            b_ids = [id for side, id in work if side == "b" and ("b", id) not in held and id not in coming]
            if a_ids or b_ids:
                for item in writer.let_go(a_ids, b_ids):
                    a_ids += [item.a_id] if item.a_id is not None and item.a_id not in a_ids else []
                    b_ids += [item.b_id] if item.b_id is not None and item.b_id not in b_ids else []
                waited = writer.wait_for(a_ids, b_ids)
                with session.engine.connect() as connection:
                    items = decide_chunk(
                        session,
                        connection,
                        compiled,
                        a_ids,
                        b_ids,
                        recheck=recheck,
                        touched=writer.taken(),
                        read_a=() if waited else records_a,
                        old_b=old_b,
                    )
                if compiled.shared:
                    with session.engine.connect() as connection:
                        items = stop_going_round(session, connection, flow.name, items)
                writer.settle_without_call(items)
                unread = [item for item in items if item.decision.kind == "unread"]
                fetcher.want(source, {item.a_id: 1 for item in unread if item.a_id is not None})
                fetcher.want(source_b, {item.b_id or "": 1 for item in unread if item.a_id is None})
                writer.submit([item for item in items if item.decision.kind == "write"])
                tell("writing")
            if writer.stop is None:
                place_a = found_a[-1] if found_a else place_a
                place_b = (rows_b[-1][0], rows_b[-1][1].id) if rows_b else place_b
            if work or found_a:
                writer.collect(0)
                continue
            if fetcher.busy(source) or fetcher.busy(source_b):
                writer.collect(0)
                store_fetched(session, fetcher, 0.05)
                tell("fetching")
                continue
            after = (None if exports else place_a, None if unknown else place_b)
            if writer.idle() and not _news(session, flow, *after, tries):
                break
            writer.finish()
        _raise(writer.stop)
        return writer.calls_a
    finally:
        writer.close()
        if writer.stop is None and not writer.cut_short:
            # A place with an id is one that was passed; without, the one to begin at.
            passed_a = place_a[0] if place_a[1] else place_a[0] - 1
            passed_b = place_b[0] if place_b[1] else place_b[0] - 1
            _leave_place(session, compiled, state, fetcher, (source, source_b), (passed_a, passed_b))


def _thin(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    rows: Sequence[tuple[int, Record]],
    work: Sequence[tuple[Side, str]],
) -> dict[str, int]:
    """Of the records to be decided, those whose details must be fetched first: id -> change number."""
    numbers = {record.id: seq for seq, record in rows}
    records = [record for _, record in rows]
    woken = [id for side, id in work if side == "a" and id not in numbers]
    if woken:
        records += mirror.get(connection, session.at("a", compiled.flow.a), woken).values()
    return {
        record.id: numbers.get(record.id, 1)
        for record in lacking_detail(session, connection, compiled, records)
        if compiled.a.stream.detail_size
    }


def _woken(
    session: Session, connection: Connection, flow: Flow, tries: Counter[tuple[Side, str]]
) -> list[tuple[Side, str]]:
    """Records to be decided anew, as (side, id); one that keeps coming back is left to the next run."""
    found = waiting.woken(connection, session.sync_id, flow.name, CHUNK + len(tries))
    sides: dict[str, Side] = {"a": "a", "b": "b"}
    return [(sides[side], id) for side, id in found if tries[(sides[side], id)] < _TRIES][:CHUNK]


def _news(
    session: Session,
    flow: Flow,
    place_a: tuple[int, str] | None,
    place_b: tuple[int, str] | None,
    tries: Counter[tuple[Side, str]],
) -> bool:
    """Whether more came up for a flow while its last writes were under way. A side without a place is not looked at."""
    with session.engine.connect() as connection:
        if place_a is not None and mirror.changed(connection, session.at("a", flow.a), place_a, 1):
            return True
        if place_b is not None and mirror.changed(connection, session.at("b", flow.b), place_b, 1):
            return True
        woken = _woken(session, connection, flow, tries)
        return any(side == "a" or place_b is not None for side, _ in woken)


def _raise(trouble: Trouble | None) -> None:
    if trouble is not None:
        raise trouble


def _leave_place(
    session: Session,
    compiled: Compiled,
    state: FlowState,
    fetcher: Fetcher,
    sources: tuple[Source, Source],
    passed: tuple[int, int],
) -> None:
    """Remember how far the flow is: never beyond a record that was not fetched."""
    name = compiled.flow.name
    open_ones = [fetcher.lowest_open(source) for source in sources]
    settled_a, settled_b = (
        far if lowest is None else min(far, lowest - 1) for far, lowest in zip(passed, open_ones, strict=True)
    )
    lowest = next((one for one in open_ones if one is not None), None)
    fingerprint = session.fingerprints[name]
    if lowest is not None and state.fingerprint not in ("", fingerprint):
        return  # a changed mapping counts as done only when all records have met it
    with session.begin() as connection:
        waits, refused = waiting.counts(connection, session.sync_id, name)
        in_step = session.clock() if lowest is None and not waits and not refused else state.in_step_at
        checkpoints.save_flow(
            connection,
            session.sync_id,
            name,
            FlowState(
                settled_a=max(0, settled_a),
                settled_b=max(0, settled_b),
                fingerprint=fingerprint,
                in_step_at=in_step,
            ),
        )
