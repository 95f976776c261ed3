"""How much chance the state machines get: `dev` for a look, `ci` on every run, `deep` on demand.

HYPOTHESIS_PROFILE=deep pytest tests/machine
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from machine import fate
from stockbridge.engine import execute, fetch

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "dev",
    max_examples=150,
    stateful_step_count=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    suppress_health_check=_QUIET,
)
settings.register_profile(
    "ci",
    max_examples=30,
    stateful_step_count=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a failure is told at once; `deep` finds its shortest form
    derandomize=True,  # the same histories every time: what fails here fails at home
    database=None,
    suppress_health_check=_QUIET,
)
settings.register_profile(
    "deep",
    max_examples=10_000,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=_QUIET,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[fate.Ground]:
    """The store under all histories of a test; everything runs in one thread."""
    monkeypatch.setattr(execute, "ThreadPoolExecutor", fate.Inline)
    monkeypatch.setattr(fetch, "ThreadPoolExecutor", fate.Inline)
    with fate.ground() as made:
        yield made
