"""The trouble of a command that was not understood."""

from __future__ import annotations

from stockbridge.core.errors import Trouble


class Usage(Trouble):
    """The command cannot be carried out as it was given."""
