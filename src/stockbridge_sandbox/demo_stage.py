"""What frames every demo: where its files go, what it tells, how a command may end, and what Ctrl-C does."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from stockbridge_sandbox.demo_programs import DemoError

_IN_STEP, _LEFT_OVER, _INTERRUPTED = 0, 3, 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a demo plays. `home` is that of its Stockbridge, and not there yet; `written` is for its figures."""

    home: Path
    written: Path
    log: Path
    began: float

    def tell_end(self) -> None:
        """Say how long it took."""
        say(f"It took {time.monotonic() - self.began:.0f} s. The figures are in {self.written}.")


def on_stage(directory: Path, play: Callable[[Stage], int], again: str) -> int:
    """Play a demo in this directory, where nothing of an earlier one is left; gives the exit code. `again` is the command
    that begins it anew."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    began = time.monotonic()
    home, written = directory / "home", directory / "report.json"
    try:
        shutil.rmtree(home, ignore_errors=True)
        directory.mkdir(parents=True, exist_ok=True)
        written.unlink(missing_ok=True)
        return play(Stage(home=home, written=written, log=directory / "sandbox.log", began=began))
    except DemoError as trouble:
        say(f"✗ {trouble}")
        return 1
    except KeyboardInterrupt:
        say()
        say(f"Stopped, and the sandbox is closed. To begin anew: {again}")
        return _INTERRUPTED


def check(code: int, shown: str) -> None:
    """A command of `stockbridge` ended with this code. Raises DemoError where the demo cannot go on after it."""
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (_IN_STEP, _LEFT_OVER):
        raise DemoError(f"stockbridge {shown} ended with exit code {code}; the demo stops here.")


def title(text: str) -> None:
    """The name of the next part."""
    say()
    say()
    say(f"── {text} {'─' * (96 - len(text))}")


def say(text: str = "") -> None:
    """A line for whoever watches."""
    print(text, flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> Any:
    raise KeyboardInterrupt
