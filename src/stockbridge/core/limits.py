"""Safety limits, checked on what a run is about to do, before any call."""

from __future__ import annotations

MOST_DELETIONS = 10
MOST_SHARE = 0.05


def too_many_deletions(gone: int, linked: int) -> str:
    """In words, the limit that this many deletions touch; "" where they may go. A single one always may."""
    if gone <= 1:
        return ""
    if gone > MOST_DELETIONS:
        return f"the limit is {MOST_DELETIONS}"
    if linked and gone / linked > MOST_SHARE:
        return f"the limit is {MOST_SHARE:.0%}"
    return ""


FEWEST = 20  # records below which "every one of them" means nothing


def everything_changes(updates: int, standing: int) -> bool:
    """Whether so many updates touch every record that stands, in a flow large enough for that to be strange."""
    return standing >= FEWEST and updates >= standing
