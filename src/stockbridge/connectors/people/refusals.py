"""Google's refusals typed by what to do next. Source: google.rpc.Status and ErrorInfo of the People API v1."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from stockbridge.connectors.people.account import GoogleAccount, naming
from stockbridge.core.errors import Gone, OverBudget, Rejected, Retry, Stale, Trouble, Unauthorized, Uncertain
from stockbridge.http.transport import Answer

_AGAIN = "stockbridge accounts add google"
_TOO_FAST = frozenset({"RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
FULL = "MY_CONTACTS_OVERFLOW_COUNT"
_FULL_READ_WAIT = timedelta(minutes=10)  # how long that fixed quota lasts is documented nowhere

BAD_TOKEN = "bad-sync-token"  # noqa: S105 (the code of a Rejected list call that another start heals)
TAKEN = "ALREADY_EXISTS"


def trouble(
    answer: Answer, about: str, account: GoogleAccount, *, safe: bool, now: datetime, synced: bool = False
) -> Trouble:
    """The error that fits a refusal. `safe` is true for a call that only reads, `synced` for one with a sync token.

    A `Retry` with the code "429" asks for patience with every call.
    """
    status, state, said, reasons = _read(answer)
    again = naming(_AGAIN, account.name)
    code = str(status)
    if status == 401:
        return Unauthorized(
            f"Google refused a fresh login of {account.who}, asked {about}. Nothing was changed.",
            remedy=f"Sign in again: {again}",
            code=code,
        )
    if status == 429 or (status == 403 and reasons & _TOO_FAST):
        return _too_much(said, reasons, about, account, now)
    if status == 403:
        return _forbidden(said, reasons, about, account, again)
    if status == 408 or status >= 500:
        what = f"Google answered {status} when asked {about} ({said or 'no reason given'})."
        if safe:
            return Retry(what, remedy="This is on Google's side; the next run goes on from here.", code=code)
        return Uncertain(what, remedy="The next run looks whether it took effect.", code=code)
    if status == 404:
        return Gone(f"Google has no such record, asked {about}.", code=code)
    if status == 409 and state == "ABORTED":
        return Retry(f"Google was busy with another change, asked {about}.", code=state)
    if status == 409:
        return Rejected(f"Google refused {about}: {said}", code=TAKEN)
    if synced and status in (400, 410):
        # Expired, or made for other parameters than we ask for now: a full read heals either.
        return Rejected(f"Google does not take the sync token any more: {said}", code=BAD_TOKEN)
    if state == "FAILED_PRECONDITION" and "etag" in said:
        return Stale(f"The contact was changed at Google in the meantime, asked {about}.", code=state)
    return Rejected(
        f"Google refused {about}: {said or f'HTTP {status} without a reason'}",
        field=_field(said),
        remedy="Correct the value in the other system or in the mapping.",
        code=code,
    )


def _too_much(
    said: str, reasons: frozenset[str], about: str, account: GoogleAccount, now: datetime
) -> Trouble:
    if FULL in reasons:
        return Rejected(
            f"The address book of {account.who} is full: Google takes no more contacts.",
            remedy="Delete contacts at Google that are not needed any more, or narrow the rules of the sync.",
            code=FULL,
        )
    if "QuotaFailure" in reasons:
        until = now + _FULL_READ_WAIT
        return OverBudget(
            f"Google lets the contacts of {account.who} be read from the beginning only so often: {said}",
            until=until,
            remedy=f"Nothing is lost; it goes on at {until:%Y-%m-%d %H:%M} UTC.",
            code="429",
        )
    return Retry(f"Google asks for patience ({about}).", after=0.0, code="429")


def _forbidden(said: str, reasons: frozenset[str], about: str, account: GoogleAccount, again: str) -> Trouble:
    if "ACCESS_TOKEN_SCOPE_INSUFFICIENT" in reasons:
        return Unauthorized(
            f"The login of {account.who} may not see and change the contacts ({about}). Nothing was changed.",
            remedy=f"Sign in again and tick the box of the contacts on Google's page: {again}",
            code="scope",
        )
    if reasons & {"SERVICE_DISABLED", "accessNotConfigured"}:
        return Unauthorized(
            f"The People API is switched off in the Google Cloud project of {account.who}: {said}",
            remedy='Switch on "Google People API" in the Google Cloud console, and run again.',
            code="SERVICE_DISABLED",
        )
    return Unauthorized(
        f"Google does not allow {account.who} {about}: {said}. Nothing was changed.",
        remedy=f"Sign in again: {again}",
        code="403",
    )


def _field(said: str) -> str | None:
    """The field that a refusal is about, where its text tells."""
    if "email address" in said:
        return "email"
    return None


def _read(answer: Answer) -> tuple[int, str, str, frozenset[str]]:
    """(HTTP status, name of the state, text of at most 500 characters, all reasons and descriptions)."""
    try:
        body: Any = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return answer.status, "", answer.body.decode("utf-8", "replace").strip()[:200], frozenset()
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return answer.status, "", str(error or "")[:500], frozenset()
    reasons: set[str] = set()
    for detail in _dicts(error.get("details")):
        if str(detail.get("@type", "")).endswith("QuotaFailure"):
            reasons.add("QuotaFailure")
        reasons.update(str(one.get("description", "")) for one in _dicts(detail.get("violations")))
        reasons.add(str(detail.get("reason", "")))
    reasons.update(str(one.get("reason", "")) for one in _dicts(error.get("errors")))
    said = str(error.get("message") or "")[:500]
    return answer.status, str(error.get("status") or ""), said, frozenset(reasons)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
