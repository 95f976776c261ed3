"""Reports of the engine in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stockbridge.cli.output import (
    bad,
    bold,
    count,
    dim,
    duration,
    flow_name,
    good,
    moment,
    number,
    pairs,
    say,
    table,
)
from stockbridge.core.report import Explanation, FlowPreview, FlowStatus, Preview, RunReport
from stockbridge.store.schedule import SlotRow

_MOST_REASONS, _QUESTIONS = 5, 3


def show_preview(preview: Preview, *, samples: int = 2) -> None:
    """What a run would do, what it leaves out and why, what it costs."""
    show_plan(preview.flows, samples=samples)
    say()
    left = f" of the {number(preview.left_today)} left today" if preview.left_today is not None else ""
    say(f"A run costs about {count(preview.calls_to_come, 'Zoho call')}{left}{_about(preview.minutes)}.")
    spent = count(preview.calls_spent, "call")
    say(f"This look cost {spent}; what it read is kept, so the run does not read it again.")
    if any(flow.halts for flow in preview.flows):
        say(bad("A run would stop before it writes anything:"))
        for flow in preview.flows:
            for halt in flow.halts:
                say(f"  {flow_name(flow.flow)}: {halt}")


def show_plan(flows: Sequence[FlowPreview], *, samples: int) -> None:
    """What would be done by flow, with examples, and what is left over and why."""
    table(
        ("", "create", "update", "remove", "recognised", "in step", "to fetch", "waiting", "refused"),
        [
            (
                flow_name(flow.flow),
                number(flow.create),
                number(flow.update),
                number(flow.remove),
                number(flow.adopt),
                number(flow.same),
                number(flow.unread),
                number(sum(flow.waiting.values())),
                number(sum(flow.refused.values())),
            )
            for flow in flows
        ],
        right=range(1, 9),
    )
    for flow in flows:
        _show_flow(flow, samples)


def _about(minutes: float) -> str:
    return f", about {duration(minutes * 60)} at 100 a minute" if minutes >= 0.1 else ""


def _show_flow(flow: FlowPreview, samples: int) -> None:
    lines: list[str] = []
    if flow.export:
        lines.append(f"{number(flow.export)} of them to be made in Zoho{_as_placed(flow.flow)}")
    lines += [f"left out: {number(many)} {why}" for why, many in _most(flow.left_out)]
    lines += [f"waiting: {number(many)}, {why}" for why, many in _most(flow.waiting)]
    lines += [f"refused: {number(many)}, {why}" for why, many in _most(flow.refused)]
    for one in flow.questions[:_QUESTIONS]:
        lines.append(
            f"to be asked: is {_value(one.a['name'])} ({one.a_id}) also {_value(one.b['name'])} ({one.b_id})"
        )
    if len(flow.questions) > _QUESTIONS:
        lines.append(f"to be asked: {count(len(flow.questions) - _QUESTIONS, 'more pair')}")
    for sample in flow.samples[:samples]:
        lines.append(f"for example {sample.op} {_value(sample.label or sample.id)}")
        for field, before, after in sample.changes[:6]:
            arrow = f"{_value(before)} → {_value(after)}" if sample.op != "create" else _value(after)
            lines.append(f"    {field}: {arrow}")
        if len(sample.changes) > 6:
            lines.append(f"    and {count(len(sample.changes) - 6, 'more field')}")
    if lines:
        say()
        say(bold(flow_name(flow.flow)))
        for line in lines:
            say(f"  {line}")


def _as_placed(flow: str) -> str:
    """Of orders: where they were placed."""
    return "" if flow == "contacts" else ", as placed in Optiply"


def show_run(report: RunReport) -> None:
    """What a run did, what is left over, what it cost."""
    table(
        ("", "created", "updated", "removed", "recognised", "unchanged", "waiting", "refused"),
        [
            (
                flow_name(flow.flow),
                number(flow.created),
                number(flow.updated),
                number(flow.removed),
                number(flow.adopted),
                number(flow.same),
                number(flow.waiting),
                number(flow.refused),
            )
            for flow in report.flows
        ],
        right=range(1, 8),
    )
    for flow in report.flows:
        if flow.exported:
            say(f"  {flow_name(flow.flow)}: {number(flow.exported)} made in Zoho{_as_placed(flow.flow)}")
        for why, many in _most(flow.left_out):
            say(dim(f"  {flow_name(flow.flow)}: {number(many)} left out, {why}"))
    say()
    if report.outcome == "in step" and not any(
        flow.created or flow.updated or flow.removed or flow.adopted for flow in report.flows
    ):
        say("There was nothing to do.")
    for text in report.notes:
        say(text)
    say(f"{_calls(report)}; {duration(report.seconds)}")
    waiting = sum(flow.waiting for flow in report.flows)
    refused = sum(flow.refused for flow in report.flows)
    if report.outcome == "in step":
        say(good("Everything is in step."))
    elif report.outcome == "left over":
        parts = [
            f"{count(waiting, 'record')} waiting" if waiting else "",
            f"{number(refused)} refused" if refused else "",
        ]
        say(bad(f"{' and '.join(part for part in parts if part)}."))
        of_contacts = all(flow.flow == "contacts" for flow in report.flows)
        say(f"  See why: stockbridge {'health' if of_contacts else 'status --waiting'}")
    else:
        say(bad(report.message or f"The run ended: {report.outcome}."))
        if report.remedy:
            say(f"  {report.remedy}")


def _calls(report: RunReport) -> str:
    zoho = report.calls.get("Zoho")
    others = [f"{name} {number(spent)}" for name, spent in sorted(report.calls.items()) if name != "Zoho"]
    least = f" of a least possible {number(report.least_calls)}" if report.outcome != "stopped" else ""
    parts = [] if zoho is None else [f"Zoho {number(zoho)}{least}"]
    left = f"; {number(report.left_today)} left today" if report.left_today is not None else ""
    return f"calls: {', '.join([*parts, *others])}{left}"


def show_runs(reports: Iterable[RunReport], zone: str | None) -> None:
    """One line a run, newest first."""
    table(
        (
            "run",
            "sync",
            "began",
            "took",
            "outcome",
            "created",
            "updated",
            "removed",
            "waiting",
            "refused",
            "calls",
        ),
        [
            (
                str(report.run),
                report.sync,
                moment(report.started_at, zone),
                duration(report.seconds) if report.ended_at else "–",
                f"stopped: {report.stopped_by}" if report.outcome == "stopped" else report.outcome,
                number(sum(flow.created for flow in report.flows)),
                number(sum(flow.updated for flow in report.flows)),
                number(sum(flow.removed for flow in report.flows)),
                number(sum(flow.waiting for flow in report.flows)),
                number(sum(flow.refused for flow in report.flows)),
                number(sum(report.calls.values())),
            )
            for report in reports
        ],
        right=(0, 5, 6, 7, 8, 9, 10),
    )


def show_changes(written: Iterable[Mapping[str, Any]]) -> None:
    """Every write of a run, field by field: what stood there, as far as it was known, and what was sent."""
    for change in written:
        say()
        outcome = "" if change["outcome"] == "done" else f": {change['outcome']} ({change['detail']})"
        say(
            bold(f"{change['op']} {flow_name(change['flow'])} {change['id']} in {change['system']}")
            + outcome
            + dim(f"  (change {change['change']})")
        )
        for name, value in change["after"].items():
            before = change["before"].get(name)
            arrow = "" if change["op"] == "create" else f"{_value(before)} → "
            say(f"  {name}: {arrow}{_value(value)}")
            if isinstance(value, list):
                for line in (one for one in value if isinstance(one, dict)):
                    say(f"    {', '.join(f'{field} {_value(inner)}' for field, inner in line.items())}")


def show_status(
    rows: Iterable[FlowStatus], zone: str | None, slots: Mapping[str, SlotRow | None] | None = None
) -> None:
    """One line a flow; with the last and the next time it runs by itself, where it does."""
    header = ["", "in Zoho", "linked", "waiting", "refused", "last in step"]
    table(
        header if slots is None else [*header, "last success", "next"],
        [
            (
                flow_name(row.flow),
                number(row.records),
                number(row.linked),
                number(row.waiting),
                number(row.refused),
                moment(row.in_step_at, zone),
                *(() if slots is None else _last_and_next(slots.get(row.flow), zone)),
            )
            for row in rows
        ],
        right=(1, 2, 3, 4),
    )


def _last_and_next(slot: SlotRow | None, zone: str | None) -> tuple[str, str]:
    return ("–", "–") if slot is None else (moment(slot.last_success, zone), moment(slot.next_due, zone))


def show_explanation(found: Explanation, zone: str | None, systems: tuple[str, str]) -> None:
    """One record: where it stands and why, its rules, its mapping row by row, what happened to it. `systems` are those of
    sides a and b."""
    label = f"{found.label} ({found.id})" if found.label and found.label != found.id else found.id
    say(bold(f"{flow_name(found.flow)}: {label}"))
    settled = found.verdict in ("in step", "left out", "gone")
    verdict = found.verdict + (f": {found.reason}" if found.reason else "")
    say(good(verdict) if settled else bad(verdict))
    if found.remedy:
        say(f"  {found.remedy}")
    here, there = systems if found.side == "a" else systems[::-1]
    facts = [
        (f"in {there}", found.other_id or "not there yet"),
        (f"changed in {here}", moment(found.modified, zone)),
        ("read", moment(found.read_at, zone)),
    ]
    if found.verdict != "not found":
        say()
        pairs(facts)
    if found.rules:
        say()
        say(bold("rules"))
        for rule in found.rules:
            say(f"  {'yes' if rule.met else 'no '}  {rule.rule}")
            for condition, value, met in rule.conditions:
                say(f"         {'yes' if met else 'no '}  {condition} (it is {_value(value)})")
    if found.fields:
        say()
        table(
            (f"field of {there}", "from", f"value in {here}", "sent", ""),
            [(row.field, row.source, _value(row.value), _value(row.sent), row.note) for row in found.fields],
        )
    if found.history:
        say()
        table(
            ("when", "what", ""),
            [(moment(when, zone), what, _value(detail, 120)) for when, what, detail in found.history],
        )


def _most(reasons: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_REASONS]


def _value(value: object, most: int = 60) -> str:
    if value in (None, "", [], ()):
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        if any(isinstance(one, dict) for one in value):
            return count(len(value), "line")
        value = ", ".join(_value(one) for one in value)
    if isinstance(value, dict):
        value = ", ".join(f"{key} {_value(inner)}" for key, inner in value.items())
    text = str(value).replace("\n", " ")
    return text if len(text) <= most else text[: most - 1] + "…"
