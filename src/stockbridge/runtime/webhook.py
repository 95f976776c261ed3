"""Sends a notice to a webhook, as a JSON document in a POST.

Not by the transport that all other calls take: that one names the path of a call in its log and its errors, and of a
webhook the path is the secret.
"""

from __future__ import annotations

import ssl
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

import msgspec

from stockbridge.core.errors import Retry
from stockbridge.core.notice_words import Message
from stockbridge.core.secret import Secret
from stockbridge.wiring.accounts import is_loopback


class _NoRedirect(HTTPRedirectHandler):
    """A notice goes where it was told to go and nowhere else."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def post(url: Secret, message: Message, seconds: float) -> None:
    """Send it. `seconds` is the longest silence that is borne. Raises `Retry` with the reason where it did not arrive for
    certain; nothing of the address is in it."""
    address = url.reveal()
    # Proxies of the environment are used, but never for this machine itself.
    proxies: list[Any] = [ProxyHandler({})] if is_loopback(address) else []
    opener = build_opener(HTTPSHandler(context=ssl.create_default_context()), _NoRedirect, *proxies)
    headers = {"Content-Type": "application/json", "User-Agent": "stockbridge"}
    request = Request(address, data=msgspec.json.encode(message), headers=headers, method="POST")  # noqa: S310 - the scheme was looked at when it was added
    try:
        with opener.open(request, timeout=seconds):
            return
    except HTTPError as refused:
        refused.close()
        why = f"it answered {refused.code}"
    except URLError as trouble:
        why = _why(trouble.reason, seconds)
    except (OSError, HTTPException, ValueError) as trouble:
        why = _why(trouble, seconds)
    raise Retry(f"The webhook did not take it: {why}.")


def _why(trouble: object, seconds: float) -> str:
    """In words. The text of the error itself is left out, for it may quote the address."""
    match trouble:
        case TimeoutError():
            return f"no answer within {seconds:.0f} seconds"
        case ssl.SSLError():
            return "its certificate is not trusted, or it speaks no TLS"
        case ConnectionRefusedError():
            return "nobody listens there"
        case OSError():
            return "it could not be reached"
        case _:
            return "its answer was none"
