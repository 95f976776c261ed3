"""Whether a login may use its address book, and how many contacts that holds."""

from __future__ import annotations

from collections.abc import Generator

import msgspec

from stockbridge.connectors.people.account import GoogleAccount
from stockbridge.connectors.people.labels import MY_CONTACTS
from stockbridge.connectors.people.refusals import trouble
from stockbridge.core.errors import Retry
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Token
from stockbridge.http.transport import Answer, Call


def contacts_in_book(account: GoogleAccount, token: Token, clock: Clock) -> Generator[Call, Answer, int]:
    """How many contacts are in "My Contacts". Raises Unauthorized where the login may not see them, or where the API is
    switched off in its project, and Retry where Google does not answer properly."""
    answer = yield Call(
        method="GET",
        url=f"{account.api_base.rstrip('/')}/v1/{MY_CONTACTS}?groupFields=memberCount",
        headers={"Authorization": f"Bearer {token.access.reveal()}", "Accept": "application/json"},
    )
    if answer.status != 200:
        raise trouble(answer, "to count the contacts", account, safe=True, now=clock.now())
    try:
        body = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        raise Retry("Google's answer is not the JSON that was expected (to count the contacts).")
    count = body.get("memberCount")
    return count if isinstance(count, int) else 0
