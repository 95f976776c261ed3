"""One call to Optiply: login, pace, send, and every error typed by what to do next.

Source: facts, Optiply 1.3 (headers and query) and 1.6 (errors).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from stockbridge.connectors.optiply.account import MEDIA_TYPE, OptiplyAccount, naming
from stockbridge.core.errors import Gone, Rejected, Retry, Trouble, Unauthorized, Uncertain
from stockbridge.http.budget import Budget
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Token, Tokens
from stockbridge.http.retry import http_date, retry_after, with_retries
from stockbridge.http.transport import NOT_SENT, Answer, Call, Transport

T = TypeVar("T")

_WRITTEN = frozenset({200, 201, 202, 204})
_THROTTLED_SECONDS = 5.0  # no limit is documented; this is how long a 429 without Retry-After is respected


class OptiplyClient:
    """Calls for one account. Safe to use from several threads."""

    def __init__(
        self,
        account: OptiplyAccount,
        *,
        clock: Clock,
        transport: Transport,
        budget: Budget,
        tokens: Tokens,
    ) -> None:
        self._account = account
        self._base = account.api_base.rstrip("/")
        self._clock = clock
        self._transport = transport
        self._budget = budget
        self._tokens = tokens
        self._on_write = urlencode({"accountId": account.account_id, "couplingId": account.coupling_id})

    def get(
        self, path: str, params: tuple[tuple[str, str], ...], about: str, decode: Callable[[bytes], T]
    ) -> tuple[T, datetime]:
        """What a read answered, and when by Optiply's own clock (its `Date` header), else by ours.

        `decode` raises msgspec.DecodeError where the body has another shape. Raises Retry (after the tries of
        `with_retries`), Unauthorized, Gone, and Rejected for any other refusal.
        """
        url = f"{self._base}{path}?{urlencode(params, quote_via=quote)}"

        def once() -> tuple[T, datetime]:
            answer = self._answer("GET", url, None, about)
            try:
                value = decode(answer.body)
            except msgspec.DecodeError as error:
                raise Retry(
                    f"Optiply's answer {about} is not the JSON that was expected.",
                    remedy="Optiply may be down for maintenance; the next run goes on from here.",
                ) from error
            return value, http_date(answer.headers.get("date", "")) or self._clock.now()

        return with_retries(once, clock=self._clock)

    def write(self, method: str, path: str, body: bytes | None, about: str) -> Answer:
        """The answer to a write that took effect.

        Raises as `get` (Rejected with the code "409" for a pair that is there), and Uncertain where it may have taken effect.
        """
        url = f"{self._base}{path}?{self._on_write}"
        return with_retries(lambda: self._answer(method, url, body, about), clock=self._clock)

    def _answer(self, method: str, url: str, body: bytes | None, about: str) -> Answer:
        """One try: a success, or the error that fits."""
        answer = self._tokens.authorised(lambda token: self._send(method, url, body, token))
        if answer.status == 200 or (method != "GET" and answer.status in _WRITTEN):
            return answer
        raise self._trouble(answer, about, method == "GET")

    def _send(self, method: str, url: str, body: bytes | None, token: Token) -> Answer:
        headers = {
            "Authorization": f"Bearer {token.access.reveal()}",
            "Content-Type": MEDIA_TYPE,
            "Accept": MEDIA_TYPE,
        }
        self._budget.acquire("export" if body is not None else "import")
        sent = True
        try:
            return self._transport.send(Call(method=method, url=url, headers=headers, body=body))
        except Retry as error:
            sent = error.code != NOT_SENT
            raise
        finally:
            self._budget.release(sent=sent)

    def _trouble(self, answer: Answer, about: str, safe: bool) -> Trouble:
        status, code = answer.status, str(answer.status)
        said = error_text(answer.body)
        who = self._account.who
        if status == 401:
            return Unauthorized(
                f"{who} refused a fresh login, asked for {about}. Nothing was changed.",
                remedy=naming("Enter the login again: stockbridge accounts add optiply", self._account.name),
                code=code,
            )
        if status == 403:
            return Unauthorized(
                f"{who} does not allow the login {about}. Nothing was changed.",
                remedy=naming(
                    "Ask Optiply (integrations@optiply.nl) for the missing scope, then enter the login again: "
                    "stockbridge accounts add optiply",
                    self._account.name,
                ),
                code=code,
            )
        if status == 429:
            wait = retry_after(answer.headers, self._clock.now())
            self._budget.narrow()
            self._budget.be_quiet(_THROTTLED_SECONDS if wait is None else wait)
            # The budget itself lets nothing go before that.
            return Retry(f"Optiply asks for patience ({about}).", after=0.0, code=code)
        if status == 408 or status >= 500:
            what = f"Optiply answered {about} with {status} ({said or 'no reason given'})."
            if safe:
                return Retry(
                    what, remedy="This is on Optiply's side; the next run goes on from here.", code=code
                )
            return Uncertain(what, remedy="The next run looks whether it took effect.", code=code)
        if status == 404:
            return Gone(f"Optiply has no such record for {about}: {said}", code=code)
        refused = f"Optiply refused {about}: {said or f'HTTP {status} without a reason'}"
        remedy = "Correct the value in Zoho or in the mapping."
        return Rejected(refused, remedy=remedy, code=code)


def error_text(body: bytes) -> str:
    """What Optiply says went wrong, wherever it says it (the order of facts, Optiply 1.6); at most 500 characters."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body.decode("utf-8", "replace").strip()[:500]
    if not isinstance(found, dict):
        return str(found)[:500]
    errors = found.get("errors")
    first: Any = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    meta = first.get("meta")
    for said in (
        meta.get("message") if isinstance(meta, dict) else None,
        first.get("detail"),
        first.get("message"),
        found.get("message"),
        ": ".join(str(part) for part in (found.get("error"), found.get("error_description")) if part),
    ):
        if said:
            return str(said)[:500]
    return body.decode("utf-8", "replace").strip()[:500]
