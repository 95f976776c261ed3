"""What a measurement gives: lines with a number, its target, and whether it is met."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One number. `target` is in words; `met` is None where there is no target."""

    what: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement with its sizes in words."""

    name: str
    sizes: str
    lines: list[Line]


def table(measured: Sequence[Measured]) -> str:
    """All numbers as lines of text, aligned."""
    out: list[str] = []
    for one in measured:
        out.append(f"\n{one.name} ({one.sizes})")
        wide = max(len(line.what) for line in one.lines)
        for line in one.lines:
            verdict = {None: "", True: "met", False: "MISSED"}[line.met]
            aim = f"  target {line.target}" if line.target else ""
            out.append(
                f"  {line.what:<{wide}}  {line.value:>12,.2f} {line.unit:<12}{aim}  {verdict}".rstrip()
            )
    return "\n".join(out)
