"""`stockbridge serve` as a real process: what it says, and what it tells a monitor."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from process.shop_floor import SECONDS, Floor


@dataclass(slots=True, kw_only=True)
class Server:
    """A process that serves, and what it says."""

    process: subprocess.Popen[str]
    said: list[dict[str, Any]] = field(default_factory=list)
    coming: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)

    def until(self, event: str, **like: Any) -> dict[str, Any]:
        """The next document of that kind and content; what came before it is skipped."""
        deadline = time.monotonic() + SECONDS
        while (one := self.coming.get(timeout=deadline - time.monotonic())) is not None:
            if one["event"] == event and like.items() <= one.items():
                return one
        raise AssertionError(f"it ended before {event} {like}: {self.said}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def began(self, kind: str = "import") -> int:
        return sum(one["event"] == "began" and one["kind"] == kind for one in self.said)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            one: dict[str, Any] = msgspec.json.decode(line)
            self.said.append(one)
            self.coming.put(one)
        self.coming.put(None)


@contextmanager
def serving(one: Floor, *options: str) -> Iterator[Server]:
    """A server, stopped at the end; it must not have said anything but documents."""
    process = one.begin("serve", "--json", *options)
    server = Server(process=process)
    ear = threading.Thread(target=server.listen)
    ear.start()
    try:
        yield server
    finally:
        process.kill()
        process.wait(SECONDS)
        ear.join(SECONDS)
        assert process.stdout is not None
        assert process.stderr is not None
        errors = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
    assert "Traceback" not in errors


def samples(address: str, accept: str = "") -> dict[tuple[Any, ...], float]:
    """What is told there now: (name, values of its labels in the order of their names) -> value."""
    request = urllib.request.Request(address, headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        kind, text = answer.headers["Content-Type"], answer.read().decode()
    assert kind.startswith("application/openmetrics-text" if accept else "text/plain")
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in (open_metrics if accept else plain_text)(text)
        for sample in family.samples
    }
