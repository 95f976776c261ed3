"""Access tokens: one thread fetches, the others wait; fetched before expiry, and after a 401.

How a token is got is a generator that yields calls and is sent answers, so that it is testable without a network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlencode

import msgspec

from stockbridge.core.errors import Retry, Trouble, Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.clock import Clock
from stockbridge.http.transport import Answer, Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token, when it ends, and where the API answers with it (Zoho's `api_domain`; None: not told)."""

    access: Secret
    expires_at: datetime
    api_domain: str | None = None


Grant: TypeAlias = Generator[Call, Answer, Token]
"""Yields the calls of a token request, is sent their answers, returns the token."""

Remember: TypeAlias = Callable[[Secret, datetime, str | None], None]
"""Told each new token, its end and its `api_domain`, so that it can be kept sealed."""

_DEFAULT_LIFE = 3600
_MARGIN = timedelta(seconds=300)
_REFUSED_SECONDS = 60.0  # how long a refused login is not tried again
_RENEWALS = 3  # for one call, of a login that has worked: another call may have lost the new token before this one went


def _unauthorised(answer: Answer) -> bool:
    return answer.status == 401


def token_call(
    url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None, *, repeatable: bool
) -> Call:
    """A request for a token: a form, which is answered in JSON."""
    return Call(
        method="POST",
        url=url,
        headers={
            **(headers or {}),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
        body=urlencode(form).encode(),
        repeatable=repeatable,
    )


def object_in(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; an empty one where it holds none."""
    try:
        body = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def ends_at(body: Mapping[str, Any], now: datetime) -> datetime:
    """When a token ends by what stands beside it: `expires_in` seconds, an hour where that is not told."""
    life = body.get("expires_in")
    return now + timedelta(seconds=life if isinstance(life, int) and life > 0 else _DEFAULT_LIFE)


def drive(asking: Generator[Call, Answer, T], send: Callable[[Call], Answer]) -> T:
    """Send what a generator asks for until it returns. Raises what the generator and `send` raise."""
    call = next(asking)
    while True:
        try:
            call = asking.send(send(call))
        except StopIteration as done:
            value: T = done.value
            return value


class Tokens:
    """The tokens of one account, shared by all its threads.

    `grant` starts a fresh token request. `token` is one from an earlier start, if there is any.
    """

    def __init__(
        self,
        *,
        grant: Callable[[], Grant],
        send: Callable[[Call], Answer],
        clock: Clock,
        token: Token | None = None,
        remember: Remember | None = None,
    ) -> None:
        self._grant = grant
        self._send = send
        self._clock = clock
        self._token = token
        self._remember = remember
        self._guard = threading.Lock()
        self._flight: Future[Token] | None = None
        self._trouble: tuple[float, Trouble] | None = None
        self._worked = False  # has any call been let in?

    def get(self) -> Token:
        """A token that lives at least five minutes more.

        Raises Unauthorized where the login is refused, and Retry where the token server is busy or out of reach.
        """
        with self._guard:
            token = self._token
        if token is not None and token.expires_at - self._clock.now() > _MARGIN:
            return token
        return self._renew(token)

    def authorised(
        self, send: Callable[[Token], Answer], *, refused: Callable[[Answer], bool] = _unauthorised
    ) -> Answer:
        """The answer to a call that `send` makes with a token, made again with another one where the token is `refused`.

        One new token for a login that never worked, up to three for one that did; then the refused answer itself.
        Raises as `get` and as `send`.
        """
        token = self.get()
        answer = send(token)
        for _ in range(_RENEWALS if self._worked else 1):
            if not refused(answer):
                break
            token = self.renew(token)
            answer = send(token)
        self._worked = self._worked or not refused(answer)
        return answer

    def renew(self, refused: Token) -> Token:
        """Another token than the one that a 401 refused. Raises as `get`."""
        with self._guard:
            token = self._token
        if token is not None and token is not refused:
            return token  # another thread has already been there
        return self._renew(refused)

    def _renew(self, old: Token | None) -> Token:
        with self._guard:
            if self._token is not old and self._token is not None:
                return self._token
            if self._trouble is not None:
                until, trouble = self._trouble
                left = until - self._clock.monotonic()
                if left > 0:
                    raise _again(trouble, left)
                self._trouble = None
            flight = self._flight
            if flight is None:
                mine: Future[Token] = Future()
                self._flight = mine
        if flight is not None:
            return flight.result()
        try:
            token = drive(self._grant(), self._send)
        except BaseException as error:
            with self._guard:
                self._flight = None
                if isinstance(error, Unauthorized):
                    self._trouble = (self._clock.monotonic() + _REFUSED_SECONDS, error)
                elif isinstance(error, Retry) and error.after:
                    self._trouble = (self._clock.monotonic() + error.after, error)
            mine.set_exception(error)
            raise
        with self._guard:
            self._token = token
            self._flight = None
        mine.set_result(token)
        if self._remember is not None:
            self._remember(token.access, token.expires_at, token.api_domain)
        return token


def _again(trouble: Trouble, left: float) -> Trouble:
    """The same trouble for a thread that comes later, without asking the token server once more."""
    if isinstance(trouble, Retry):
        return Retry(trouble.what, after=left, remedy=trouble.remedy, code=trouble.code)
    return Unauthorized(trouble.what, remedy=trouble.remedy, code=trouble.code)
