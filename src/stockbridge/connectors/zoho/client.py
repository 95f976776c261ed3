"""One call to Zoho Inventory: budget, login, send, and every error typed by what to do next.

Source: facts, Zoho 1 (envelope), 4 (429 bodies) and 6 (errors).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

import msgspec

from stockbridge.connectors.zoho.account import ZohoAccount, naming
from stockbridge.connectors.zoho.regions import api_domain
from stockbridge.core.errors import Gone, OverBudget, Rejected, Retry, Trouble, Unauthorized, Uncertain
from stockbridge.http.budget import Budget, Purpose
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Token, Tokens
from stockbridge.http.retry import http_date, retry_after, with_retries
from stockbridge.http.transport import NOT_SENT, Answer, Call, Transport


class Envelope(Protocol):
    """Every answer of Zoho's: `code` 0 is success, whatever the HTTP status says."""

    @property
    def code(self) -> Any: ...
    @property
    def message(self) -> Any: ...


class Plain(msgspec.Struct, frozen=True):
    """An answer of which only the envelope matters."""

    code: Any = None
    message: Any = ""


E = TypeVar("E", bound=Envelope)

_plain = msgspec.json.Decoder(Plain)

_RELOGIN = frozenset({14, 57})
_GONE = frozenset({1002, 2006})
_TRANSIENT = frozenset({900001})
_TRANSIENT_WORDS = "could not be completed"  # this refusal has no number that is known (facts: Zoho 6)
_MINUTE, _DAY, _AT_ONCE = 44, 45, 1070
_MINUTE_SECONDS = 60.0
_ACCOUNT: dict[int, tuple[str, str]] = {
    14: ("does not accept the login", "Sign in again: stockbridge accounts add zoho"),
    57: (
        "does not allow the login to do this: the login has ended, a scope is missing, or the role of the user is too "
        "small",
        "Sign in again and agree to every scope that is asked, as a user who may see this module: "
        "stockbridge accounts add zoho",
    ),
    6018: (
        "has disabled the user behind this login",
        "Ask an administrator of the organisation to enable the user, or sign in as another one: "
        "stockbridge accounts add zoho",
    ),
    6041: (
        "does not know the user of this login in that organisation",
        "Choose one of the login's own organisations: stockbridge accounts add zoho",
    ),
}


class ZohoClient:
    """Calls for one account. Safe to use from several threads."""

    def __init__(
        self, account: ZohoAccount, *, clock: Clock, transport: Transport, budget: Budget, tokens: Tokens
    ) -> None:
        self._account = account
        self._clock = clock
        self._transport = transport
        self._budget = budget
        self._tokens = tokens

    def call(
        self,
        method: str,
        path: str,
        *,
        decode: Callable[[bytes], E],
        about: str,
        params: tuple[tuple[str, str], ...] = (),
        body: bytes | None = None,
        purpose: Purpose = "import",
        counted: bool = True,
    ) -> tuple[E, datetime]:
        """What Zoho answered, and the moment it did by its own clock.

        `about` names what the call is for in messages ("items", "item 123"); `decode` raises msgspec.DecodeError where
        the body has another shape. Raises Retry (after the tries of `with_retries`), Unauthorized, OverBudget, Gone
        for an id that is not there, Rejected for any other refusal, and Uncertain for a write with no clear answer.
        """
        query = urlencode((("organization_id", self._account.organization_id), *params))
        safe = method == "GET"

        def once() -> tuple[E, datetime]:
            # Only what Zoho certainly did not do comes back as Retry, so a write goes again after no other error.
            answer = self._tokens.authorised(
                lambda token: self._send(method, path, query, body, token, purpose, counted),
                refused=_token_refused,
            )
            if answer.status in (200, 201):
                try:
                    value = decode(answer.body)
                except msgspec.DecodeError as error:
                    raise _unreadable(about, safe) from error
                if _number(value) == 0:
                    return value, self.moment(answer)
                if _number(value) is None:
                    raise _unreadable(about, safe)
                raise self._trouble(answer, value, about, safe)
            if answer.status < 400:
                raise _unreadable(about, safe)
            raise self._trouble(answer, _envelope(answer), about, safe)

        return with_retries(once, clock=self._clock)

    def write(
        self,
        method: str,
        path: str,
        *,
        decode: Callable[[bytes], E],
        about: str,
        params: tuple[tuple[str, str], ...] = (),
        body: bytes | None = None,
    ) -> tuple[E, datetime]:
        """A write, out of the reserve that is kept for exports. Sent once, again only where it was certainly not done.

        Raises Retry for that, Uncertain where it may have taken effect (no answer, a broken one, 408 or 5xx), Gone and
        Rejected where Zoho refused it, and Unauthorized or OverBudget.
        """
        return self.call(method, path, decode=decode, about=about, params=params, body=body, purpose="export")

    def moment(self, answer: Answer) -> datetime:
        """When Zoho answered, by its own clock (its `Date` header), else by ours."""
        return http_date(answer.headers.get("date", "")) or self._clock.now()

    def _send(
        self,
        method: str,
        path: str,
        query: str,
        body: bytes | None,
        token: Token,
        purpose: Purpose,
        counted: bool,
    ) -> Answer:
        base = api_domain(self._account.accounts_server, token.api_domain or self._account.api_domain)
        headers = {"Authorization": f"Zoho-oauthtoken {token.access.reveal()}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json;charset=UTF-8"
        call = Call(method=method, url=f"{base}/inventory/v1{path}?{query}", headers=headers, body=body)
        self._budget.acquire(purpose)
        answer = None
        sent = True
        try:
            answer = self._transport.send(call)
        except Retry as error:
            sent = error.code != NOT_SENT
            raise
        finally:
            self._budget.release(
                sent=sent, counted=counted, headers=None if answer is None else answer.headers
            )
        return answer

    def _trouble(self, answer: Answer, body: Envelope, about: str, safe: bool) -> Trouble:
        """The error for an answer that is no success, by the table of codes first and the HTTP status second."""
        code = _number(body)
        text = None if code is None else str(code)
        said = str(body.message or "").strip()
        status = answer.status
        if code in _ACCOUNT or status == 401:
            why, remedy = _ACCOUNT.get(code or 0, _ACCOUNT[14])
            return Unauthorized(
                f"Zoho {why}: {self._account.who}, asked for {about}. Nothing was changed.",
                remedy=naming(remedy, self._account.name),
                code=text,
            )
        if status == 429 or code in (_MINUTE, _DAY, _AT_ONCE):
            return self._too_many(answer, code, about)
        if code in _TRANSIENT or _TRANSIENT_WORDS in said:
            return Retry(f"Zoho could not handle {about} just now: {said}", code=text)
        if status >= 500 or status == 408:
            what = f"Zoho answered {about} with {status} ({said or 'no reason given'})."
            if safe:
                return Retry(
                    what, remedy="This is on Zoho's side; the next run goes on from here.", code=text
                )
            return Uncertain(what, remedy="The next run looks whether it took effect.", code=text)
        if code in _GONE or (status == 404 and code != 5):
            return Gone(f"Zoho has no {about} any more: {said}", code=text)
        return Rejected(
            f"Zoho refused {about}: {said or f'HTTP {status} without a reason'}",
            remedy="Correct what it names in Zoho or in the mapping.",
            code=text,
        )

    def _too_many(self, answer: Answer, code: int | None, about: str) -> Retry | OverBudget:
        told = retry_after(answer.headers, self._clock.now())
        if code == _DAY:
            return self._budget.day_used_up()
        if code == _AT_ONCE:
            wait = self._budget.narrow()
            return Retry(
                f"Zoho has too many calls under way to answer {about}.", after=told or wait, code="1070"
            )
        self._budget.be_quiet(_MINUTE_SECONDS if told is None else told)
        return Retry(
            f"Zoho counts more than 100 calls a minute for {self._account.who}.",
            after=0.0,  # the budget itself lets nothing go before the minute has passed
            remedy="Another program may be using the same organisation.",
            code=None if code is None else str(code),
        )


def decode_plain(body: bytes) -> Plain:
    """The envelope alone, for a write that answers nothing else. Raises msgspec.DecodeError."""
    return _plain.decode(body)


def _envelope(answer: Answer) -> Plain:
    """The code and message of an answer, both empty where it holds none."""
    try:
        return _plain.decode(answer.body)
    except msgspec.DecodeError:
        return Plain()


def _number(body: Envelope) -> int | None:
    code = body.code
    return code if type(code) is int else None


def _token_refused(answer: Answer) -> bool:
    return answer.status == 401 and _number(_envelope(answer)) in (*_RELOGIN, None)


def _unreadable(about: str, safe: bool) -> Retry | Uncertain:
    what = f"Zoho's answer to {about} is not the JSON that was expected."
    if safe:
        return Retry(what, remedy="Zoho may be down for maintenance; the next run goes on from here.")
    return Uncertain(what, remedy="The next run looks whether it took effect.")
