"""Logs go to standard error, at debug level when asked, and never hold a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = re.compile(
    r"token|secret|password|authori[sz]ation|cookie|^code$|^key$|^form$|^body$", re.IGNORECASE
)
_SECRET_TEXTS = re.compile(
    r"(?P<before>(?:Zoho-oauthtoken|Bearer|Basic)\s+"
    r"|(?:access_token|refresh_token|client_secret|password|code)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+"
    r"|\b1000\.[0-9a-f]{16,}\.[0-9a-f]{16,}\b",
    re.IGNORECASE,
)


def set_up_logs(*, debug: bool) -> None:
    """Warnings, or everything with `debug`, one line each."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if debug else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: what is secret by its name or its looks becomes `***`, at any depth."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_KEYS.search(name) and not isinstance(value, int | float | bool | None):
        return "***"
    if isinstance(value, str):
        return _SECRET_TEXTS.sub(lambda found: (found["before"] or "") + "***", value)
    if isinstance(value, dict):
        return {key: _redacted(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", inner) for inner in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, BaseException):
        return _redacted("", f"{type(value).__name__}: {value}")
    return value
