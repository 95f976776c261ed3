"""The Google application: login, routes, and the back door of a person who works in Google Contacts by hand."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import msgspec

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.http import Request, Response, json_response, text_response
from stockbridge_sandbox.people import handwork
from stockbridge_sandbox.people.book import Book, Contact, Group, Switches
from stockbridge_sandbox.people.call import Call
from stockbridge_sandbox.people.fields import READ_MASK
from stockbridge_sandbox.people.grants import Grants
from stockbridge_sandbox.people.limits import Limits
from stockbridge_sandbox.people.login import PATHS, serve_login, short_scopes
from stockbridge_sandbox.people.made_up import MadeUp
from stockbridge_sandbox.people.operations import LEFT_OUT, OPERATIONS, STANDARD, Operation
from stockbridge_sandbox.people.refusal import (
    Refusal,
    bad_field,
    injected,
    insufficient_scope,
    unauthenticated,
)
from stockbridge_sandbox.people.showing import show

_ROUTES = tuple((operation, operation.pattern) for operation in OPERATIONS)
_LEFT_OUT = tuple(
    (name, method, re.compile("/" + re.sub(r"\{\w+\}", "[^/:]+", path))) for name, method, path in LEFT_OUT
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The whole state, as it is saved."""

    email: str
    name: str
    switches: Switches
    contacts: list[Contact]
    others: list[Contact]
    groups: list[Group]
    n: int
    given: int
    grants: Grants


class People:
    """One Google account, callable with a `Request` whose path starts with `/v1` or is one of the login's.

    Every request and every back-door call holds `lock` while it runs, so threads may share the object.
    """

    def __init__(self, clock: Clock, made_up: MadeUp | None = None) -> None:
        start = made_up or MadeUp(email="owner@sandbox.example", name="Sandbox Owner")
        self.lock = threading.RLock()
        self.grants = Grants()
        self.book = Book(clock, email=start.email, name=start.name)
        self._limits = Limits()
        handwork.fill(self.book, start)

    def __call__(self, request: Request) -> Response:
        """Answer one request; a refusal becomes its HTTP answer."""
        with self.lock:
            if request.path in PATHS:
                testing = self.book.switches.testing_app
                return serve_login(self.grants, request, email=self.book.email, testing=testing)
            try:
                return self._answer(request)
            except Refusal as refusal:
                return _refused(refusal)

    # -- the back door ---------------------------------------------------------------------------------------------

    def accounts(self) -> dict[str, str]:
        """The made-up client and the account it may ask for."""
        return {
            "client_id": self.grants.client_id,
            "client_secret": self.grants.client_secret,
            "email": self.book.email,
        }

    def refresh_token(self, scope: str = "contacts") -> str:
        """A refresh token as the page of consent would have given it, for scopes in short or in full."""
        with self.lock:
            scopes = short_scopes(scope)
            self.grants.consented = sorted({*self.grants.consented, *scopes})
            return self.grants.new_refresh(scopes, self.book.clock.now())

    def add(self, person: Mapping[str, Any], *, other: bool = False) -> Json:
        """A contact that the user adds, or an "Other contact" that Google makes. Raises Refusal."""
        with self.lock:
            return self._raw(handwork.add(self.book, dict(person), other=other))

    def edit(self, name: str, person: Mapping[str, Any]) -> Json:
        """Whole fields of a contact that the user changes. Raises Refusal."""
        with self.lock:
            return self._raw(handwork.edit(self.book, name, dict(person)))

    def remove(self, name: str) -> None:
        """A contact that the user deletes. Raises Refusal."""
        with self.lock:
            self.book.remove(
                self.book.one(name, "others" if name.startswith("otherContacts/") else "contacts")
            )

    def restore(self, name: str) -> Json:
        """A contact that the user takes out of the bin. Raises Refusal when it was not deleted a while ago."""
        with self.lock:
            return self._raw(handwork.restore(self.book, name))

    def merge(self, name: str, others: Sequence[str]) -> Json:
        """Duplicates that the user merges into the first contact: the others are gone. Raises Refusal."""
        with self.lock:
            return self._raw(handwork.merge(self.book, name, others))

    def link_profile(self, name: str, person: Mapping[str, Any], *, rename: bool = False) -> Json:
        """Link a contact with a Google profile that shows its own name and e-mail. Raises Refusal."""
        with self.lock:
            return self._raw(handwork.link_profile(self.book, name, dict(person), rename=rename))

    def label(self, name: str, label: str, *, on: bool = True) -> Json:
        """Put a label on a contact or take it off; a new label is made. Raises Refusal."""
        with self.lock:
            return self._raw(handwork.label(self.book, name, label, on=on))

    def remove_label(self, label: str, *, contacts: bool = False) -> None:
        """A label that the user deletes, with its contacts where that is asked for. Raises Refusal."""
        with self.lock:
            handwork.remove_label(self.book, label, contacts=contacts)

    def rows(self, collection: str) -> list[Json]:
        """Everything there is of "contacts", "others", "groups" or "removed". Raises KeyError for another word."""
        with self.lock:
            match collection:
                case "contacts" | "others":
                    return [self._raw(contact) for contact in self.book.living(collection)]
                case "removed":
                    gone = (each for each in self.book.contacts.values() if each.now.fields is None)
                    return [self._raw(contact) for contact in gone]
                case "groups":
                    return [handwork.group_row(self.book, each) for each in self.book.groups.values()]
            raise KeyError(collection)

    def configure(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Set switches by name; gives all of them. Raises ValueError for an unknown name or a wrong type."""
        with self.lock:
            switches = self.book.switches
            known = {each.name: type(getattr(switches, each.name)) for each in fields(switches)}
            for name, value in changes.items():
                if name not in known:
                    raise ValueError(f"Google has no setting '{name}'; there are {', '.join(known)}")
                whole = known[name] is float and type(value) is int
                if type(value) is not known[name] and not whole:
                    raise ValueError(f"the setting '{name}' takes a value of type {known[name].__name__}")
            for name, value in changes.items():
                setattr(switches, name, known[name](value))
            return asdict(switches)

    # -- what the server's faults call -----------------------------------------------------------------------------

    def revoke_token(self, request: Request) -> None:
        """End the access token of a request; at the login the refresh token that it brings."""
        with self.lock:
            if request.path in PATHS:
                self.grants.revoke(request.form().get("refresh_token", ""))
            else:
                self.grants.accesses.pop(_bearer(request), None)

    def move_row(self, _request: Request) -> None:
        """Edit the contact that was changed longest ago, so that it goes to the end of the list."""
        with self.lock:
            first = next(self.book.living(), None)
            if first is not None:
                self.book.change(first, {})

    def error(self, request: Request, status: int, _code: int | None) -> Response:
        """The answer of an injected failure, in the shape it has here."""
        if request.path in PATHS:
            word = (
                "internal_failure"
                if status >= 500
                else "rate_limit_exceeded"
                if status == 429
                else "invalid_grant"
            )
            return json_response({"error": word, "error_description": "Bad Request"}, status)
        return _refused(injected(status))

    # -- keeping ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        """The whole state as JSON-able data."""
        with self.lock:
            book = self.book
            kept = _Kept(
                email=book.email,
                name=book.name,
                switches=book.switches,
                contacts=list(book.contacts.values()),
                others=list(book.others.values()),
                groups=list(book.groups.values()),
                n=book.n,
                given=book.given,
                grants=self.grants,
            )
            return msgspec.to_builtins(kept)

    def restore_state(self, data: Any) -> None:
        """Become what `snapshot` gave."""
        with self.lock:
            kept = msgspec.convert(data, _Kept)
            book = Book(self.book.clock, email=kept.email, name=kept.name)
            book.switches = kept.switches
            book.contacts = {contact.id: contact for contact in kept.contacts}
            book.others = {contact.id: contact for contact in kept.others}
            book.groups = {group.id: group for group in kept.groups}
            book.aliases = {alias: each.id for each in kept.contacts for alias in each.aliases}
            book.n, book.given, book.alive = kept.n, kept.given, sum(1 for _ in book.living())
            self.book, self.grants = book, kept.grants

    # -- requests --------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Response:
        found = _route(request)
        if found is None:
            return _nothing(request)
        operation, path = found
        scopes = self._scopes(request)
        fits = operation.scopes <= scopes if operation.every else operation.scopes & scopes
        if not fits:
            raise insufficient_scope(operation.name.rpartition(".")[2])
        self._limits.take(operation.takes, request.at, self.book.switches)
        try:
            _check_query(operation, request)
            call = Call(request=request, path=path, scopes=scopes)
            return _json(operation.run(self.book, call, self._limits), counted=True)
        except Refusal as refusal:
            answer = _refused(refusal)
            answer.counted = True
            return answer

    def _scopes(self, request: Request) -> frozenset[str]:
        token = _bearer(request) or request.get("access_token") or ""
        if not token:
            raise unauthenticated("CREDENTIALS_MISSING")
        scopes = self.grants.scopes_of(token, request.at)
        if scopes is None:
            raise unauthenticated("ACCESS_TOKEN_EXPIRED")
        return scopes

    def _raw(self, contact: Contact) -> Json:
        return show(self.book, contact, contact.now, READ_MASK, synced=True)


def _route(request: Request) -> tuple[Operation, Mapping[str, str]] | None:
    for operation, pattern in _ROUTES:
        if operation.method == request.method and (match := pattern.fullmatch(request.path)):
            return operation, match.groupdict()
    for name, method, pattern in _LEFT_OUT:
        if method == request.method and pattern.fullmatch(request.path):
            raise Refusal(501, "UNIMPLEMENTED", f"The sandbox does not simulate {name} ({request.path}).")
    return None


def _check_query(operation: Operation, request: Request) -> None:
    for name, _ in request.query:
        if name not in operation.query | STANDARD:
            raise bad_field(
                "",
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                f"Field '{name}' could not be found in request message.",
            )


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _nothing(request: Request) -> Response:
    page = (
        "<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title><p><b>404.</b> That’s an error.</p>"
        f"<p>The requested URL {request.path} was not found on this server. That’s all we know.</p></html>"
    )
    return text_response(page, 404)


def _refused(refusal: Refusal) -> Response:
    headers = {}
    if refusal.http == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return _json(refusal.body, refusal.http, headers=headers)


def _json(
    value: object, status: int = 200, *, headers: Mapping[str, str] | None = None, counted: bool = False
) -> Response:
    kind = "application/json; charset=UTF-8"
    return json_response(value, status, content_type=kind, headers=headers, counted=counted)
