"""One call to Google: login, pace, send, and every error typed by what to do next."""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

import msgspec

from stockbridge.connectors.people.account import GoogleAccount
from stockbridge.connectors.people.quota import Quota
from stockbridge.connectors.people.refusals import trouble
from stockbridge.core.errors import Retry, Uncertain
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Token, Tokens
from stockbridge.http.retry import retry_after, with_retries
from stockbridge.http.transport import NOT_SENT, Answer, Call, Transport

Json: TypeAlias = dict[str, Any]
Params: TypeAlias = tuple[tuple[str, str], ...]

_THROTTLED_SECONDS = 30.0  # half of the minute that is counted


class PeopleClient:
    """Calls for one account. Safe to use from several threads."""

    def __init__(
        self, account: GoogleAccount, *, clock: Clock, transport: Transport, quota: Quota, tokens: Tokens
    ) -> None:
        self._account = account
        self._base = account.api_base.rstrip("/")
        self._clock = clock
        self._transport = transport
        self._quota = quota
        self._tokens = tokens

    def get(self, path: str, params: Params, about: str, *, synced: bool = False) -> Json:
        """What a read answered. `about` completes "Google was asked …" ("to list the contacts").

        Raises Retry (after the tries of `with_retries`), Unauthorized, OverBudget, Gone, and Rejected for any other
        refusal; of a call with a sync token (`synced`) with the code `BAD_TOKEN` where the token is the reason.
        """
        url = f"{self._base}/v1/{path}?{urlencode(params, quote_via=quote, safe='/,')}"

        def once() -> Json:
            answer = self._answer("GET", url, None, about, reads=True, synced=synced)
            body = _decoded(answer)
            if body is None:
                raise Retry(
                    f"Google's answer is not the JSON that was expected ({about}).",
                    remedy="Google may have a disturbance; the next run goes on from here.",
                )
            return body

        return with_retries(once, clock=self._clock)

    def write(
        self, method: str, path: str, params: Params, body: Json | None, about: str, *, reads: bool = False
    ) -> Json:
        """The answer to a write that took effect. `reads` says that Google counts it as a read too.

        Raises as `get`, Stale where the etag is not that of the contact any more, and Uncertain where it may have taken
        effect.
        """
        url = f"{self._base}/v1/{path}"
        if params:
            url += f"?{urlencode(params, quote_via=quote, safe='/,')}"
        raw = None if body is None else msgspec.json.encode(body)
        answer = with_retries(
            lambda: self._answer(method, url, raw, about, reads=reads, writes=True), clock=self._clock
        )
        found = _decoded(answer)
        if found is None:
            raise Uncertain(
                f"Google took the call, but its answer is not the JSON that was expected ({about}).",
                remedy="The next run looks what is there.",
            )
        return found

    def _answer(
        self,
        method: str,
        url: str,
        body: bytes | None,
        about: str,
        *,
        reads: bool,
        writes: bool = False,
        synced: bool = False,
    ) -> Answer:
        """One try: a success, or the error that fits."""
        answer = self._tokens.authorised(lambda token: self._send(method, url, body, token, reads, writes))
        if answer.status == 200:
            return answer
        error = trouble(answer, about, self._account, safe=not writes, now=self._clock.now(), synced=synced)
        if isinstance(error, Retry) and error.code == "429":
            wait = retry_after(answer.headers, self._clock.now())
            # The quota itself lets nothing go before that.
            self._quota.be_quiet(_THROTTLED_SECONDS if wait is None else wait)
        raise error

    def _send(
        self, method: str, url: str, body: bytes | None, token: Token, reads: bool, writes: bool
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token.access.reveal()}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self._quota.acquire(reads=reads, writes=writes)
        sent = True
        try:
            return self._transport.send(Call(method=method, url=url, headers=headers, body=body))
        except Retry as error:
            sent = error.code != NOT_SENT
            raise
        finally:
            self._quota.release(reads=reads, writes=writes, sent=sent)


def _decoded(answer: Answer) -> Json | None:
    try:
        body = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return None
    return body if isinstance(body, dict) else None
