"""Zoho as one application: the accounts server and the Inventory API of every data centre (facts: Zoho 1-6)."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, fields
from typing import Any

import msgspec

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.company import Company
from stockbridge_sandbox.http import Request, Response
from stockbridge_sandbox.server import plain_error
from stockbridge_sandbox.zoho.accounts import serve_accounts, throttle_body
from stockbridge_sandbox.zoho.errors import (
    ApiError,
    invalid_url,
    known_error,
    not_authenticated,
    not_authorized,
    not_simulated,
    user_disabled,
    wrong_organization,
)
from stockbridge_sandbox.zoho.grants import LOCATIONS, Grants
from stockbridge_sandbox.zoho.hooksending import HookSender
from stockbridge_sandbox.zoho.limits import Limits
from stockbridge_sandbox.zoho.loading import books_of
from stockbridge_sandbox.zoho.records import Books, Item, SalesOrder, Switches
from stockbridge_sandbox.zoho.routes import NOT_SIMULATED, allows, route
from stockbridge_sandbox.zoho.wire import encode
from stockbridge_sandbox.zoho.world import Call, Reply, World

_BEARER = re.compile(r"(?:Zoho-oauthtoken|Bearer)\s+(\S+)")
_HEADERS = {
    "Server": "ZGS",
    "Content-Type": "application/json;charset=UTF-8",
    "Cache-Control": "no-store, no-cache, must-revalidate, private",
    "Content-Disposition": "attachment;",
    "Allow": "OPTIONS, DELETE, POST, GET, PUT",
}
_SPEC_NAMES = {
    "salesorder": "sales_order",
    "purchaseorder": "purchase_order",
    "purchasereceive": "purchase_receive",
}
# These two are documented so for reading as well.
_SPEC_READS = ("purchaseorder", "purchasereceive")


class Zoho:
    """The simulated Zoho of one organisation in one data centre. Call it with a Request; it takes its own lock."""

    def __init__(self, *, clock: Clock, books: Books, data_centre: str = "eu") -> None:
        if data_centre not in LOCATIONS:
            raise ValueError(f"there is no data centre {data_centre!r}; known are {', '.join(LOCATIONS)}")
        self.lock = threading.RLock()
        self.clock = clock
        self.switches = Switches()
        self.grants = Grants(data_centre=data_centre)
        self.world = World(books, clock, self.switches)
        self.hooks = HookSender(self.lock)
        self.hooks.watch(self.world)
        self.limits = Limits(self.world.zone)

    @classmethod
    def load(cls, company: Company, *, clock: Clock, data_centre: str = "eu") -> Zoho:
        """The organisation of a made-up company. Raises KeyError when a record names one that is not there."""
        return cls(clock=clock, books=books_of(company, clock.now()), data_centre=data_centre)

    def __call__(self, request: Request) -> Response:
        """Answer a request to /dc/{location}/oauth/…, /dc/{location}/inventory/v1/… or /oauth/…"""
        location, path, host = self._place(request)
        with self.lock:
            if path.startswith("/oauth/"):
                organization = self.world.organization.id
                return serve_accounts(self.grants, self.switches, organization, request, location, path, host)
            if path.startswith("/inventory/v1/") and location in LOCATIONS:
                return self._serve_api(request, location, path.removeprefix("/inventory/v1"))
        return _response(_body_of(invalid_url()), 404, {})

    def direct(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:
        """Do what an API call does, without token, limits or request log, and return the decoded answer.

        `path` is what follows /inventory/v1, for example "/items/123". Raises ApiError as the API would answer.
        """
        request = Request(
            method=method,
            path=path,
            query=tuple((query or {}).items()),
            headers={"content-type": "application/json"},
            body=b"" if body is None else encode(body),
            at=self.clock.now(),
            base="",
        )
        with self.lock:
            found, ids = route(method, path)
            if found is None:
                raise invalid_url()
            reply = found.handler(Call(world=self.world, request=request, ids=ids))
            answer: dict[str, Any] = msgspec.json.decode(self._payload(reply, method))
            return answer

    def rows(self, collection: str) -> list[dict[str, Any]]:
        """The raw records of a collection, for an independent comparison. Raises KeyError for an unknown one."""
        with self.lock:
            books = self.world.books()
            known = {f.name for f in fields(Books)} - {"organization", "last_id"}
            name = {"vendors": "contacts", "customers": "contacts"}.get(collection, collection)
            if name not in known:
                raise KeyError(collection)
            rows = [asdict(record) for record in getattr(books, name)]
        if collection in ("vendors", "customers"):
            rows = [row for row in rows if row["contact_type"] == collection[:-1]]
        return rows

    def snapshot(self) -> object:
        """Everything as JSON types, for `restore`."""
        with self.lock:
            return msgspec.to_builtins(
                {
                    "books": self.world.books(),
                    "grants": self.grants,
                    "switches": self.switches,
                    "day": self.limits.day,
                    "used": self.limits.used,
                }
            )

    def restore(self, snapshot: object) -> None:
        """Go back to a snapshot. Raises msgspec.ValidationError when it is none."""
        saved = msgspec.convert(snapshot, _Snapshot)
        with self.lock:
            self.switches = saved.switches
            self.grants = saved.grants
            self.world = World(saved.books, self.clock, self.switches)
            self.hooks.watch(self.world)
            self.limits = Limits(self.world.zone)
            self.limits.restore(saved.day, saved.used)

    def accounts(self) -> dict[str, str]:
        """The made-up logins, with a fresh self-client code for everything."""
        with self.lock:
            return {
                "client_id": self.grants.client_id,
                "client_secret": self.grants.client_secret,
                "organization_id": self.world.organization.id,
                "data_centre": self.grants.data_centre,
                "self_client_code": self.self_client_code("ZohoInventory.FullAccess.all"),
            }

    def self_client_code(self, scope: str) -> str:
        """A grant code as the self-client page of the API console gives it; it lives ten minutes."""
        with self.lock:
            return self.grants.new_code(scope, self.clock.now(), self_client=True)

    def change_switches(self, changes: dict[str, object]) -> Switches:
        """Set some switches. Raises msgspec.ValidationError for a wrong type, ValueError for an unknown name."""
        unknown = set(changes) - {f.name for f in fields(Switches)}
        if unknown:
            raise ValueError(f"there is no switch {', '.join(sorted(unknown))}")
        with self.lock:
            # The same object stays in use everywhere, so it is changed in place.
            checked = msgspec.convert({**asdict(self.switches), **changes}, Switches)
            for field in fields(Switches):
                setattr(self.switches, field.name, getattr(checked, field.name))
            self.world.items.redraw()
            return checked

    def error(self, request: Request, status: int, code: int | None) -> Response:
        """The body of an injected "status" fault; a failing accounts server answers with a page, or with its throttle."""
        if "/oauth/" in request.path:
            return throttle_body(status) if status < 500 else plain_error(request, status, code)
        with self.lock:
            error = known_error(status, code, self.switches.daily)
            headers = self.limits.headers(request.at, self.switches) if error.code != 1000 else {}
            return _response(_body_of(error), error.status, headers)

    def revoke_token(self, request: Request) -> None:
        """Revoke the access token of an API request, or the refresh token that a token request sends."""
        with self.lock:
            match = _BEARER.fullmatch(request.headers.get("authorization", ""))
            token = match.group(1) if match else request.form().get("refresh_token", "")
            self.grants.revoke(token)

    def move_row(self, request: Request) -> None:
        """Edit the first row of the collection a request reads, so that it moves to the end of a scan by time."""
        name = request.path.rstrip("/").rpartition("/")[2]
        with self.lock:
            collection: Any = {
                "items": self.world.items,
                "compositeitems": self.world.items,
                "bundles": self.world.bundles,
                "salesorders": self.world.salesorders,
                "purchaseorders": self.world.purchaseorders,
            }.get(name, self.world.contacts)
            rows = collection.since(None)
            if name == "compositeitems":
                rows = (item for item in rows if item.is_combo_product)
            record: Item | SalesOrder | None = next(rows, None)
            if record is not None:
                record.modified = self.clock.now()
                collection.changed(record)

    def _place(self, request: Request) -> tuple[str, str, str]:
        """The data centre, the path after it, and the address before it."""
        parts = request.path.split("/", 3)
        if len(parts) == 4 and parts[1] == "dc":
            return parts[2], f"/{parts[3]}", request.base
        return self.grants.data_centre, request.path, request.base

    def _serve_api(self, request: Request, location: str, path: str) -> Response:
        limited = False
        try:
            scope = self._authenticate(request, location)
            found, ids = route(request.method, path.rstrip("/"))
            if found is None:
                raise not_simulated(path) if path.split("/")[1] in NOT_SIMULATED else invalid_url()
            if not allows(scope, found.scope):
                raise not_authorized()
            if not found.free:
                self._check_organization(request)
                limited = True
                self.limits.admit(request.at, request.in_flight, self.switches)
            reply = found.handler(Call(world=self.world, request=request, ids=ids))
        except ApiError as error:
            headers = self.limits.headers(request.at, self.switches) if limited else {}
            if error.status == 429 and self.switches.retry_after:
                headers["Retry-After"] = self.limits.retry_after(request.at, error)
            answer = _response(_body_of(error), error.status, headers)
            answer.counted = limited and error.status != 429
            return answer
        headers = self.limits.headers(request.at, self.switches) if limited else {}
        if reply.location:
            headers["Location"] = reply.location
        answer = _response(self._payload(reply, request.method), reply.status, headers)
        answer.counted = limited
        return answer

    def _authenticate(self, request: Request, location: str) -> str:
        """The scope of the token. A token works in its own data centre only."""
        match = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if match is None:
            raise not_authenticated()
        scope = self.grants.scope_of(match.group(1), request.at)
        if scope is None or location != self.grants.data_centre:
            raise not_authorized()
        return scope

    def _check_organization(self, request: Request) -> None:
        wanted = request.get("organization_id")
        if wanted is not None and wanted != self.world.organization.id:
            raise wrong_organization(wanted)
        if self.switches.user_disabled:
            raise user_disabled()

    def _payload(self, reply: Reply, method: str) -> bytes:
        content = reply.content
        if self.switches.spec_envelopes and reply.flat_in_spec:
            content = {name: value for record in content.values() for name, value in dict(record).items()}  # type: ignore[call-overload]
        elif self.switches.spec_envelopes:
            content = {
                _SPEC_NAMES.get(name, name) if method != "GET" or name in _SPEC_READS else name: value
                for name, value in content.items()
            }
        return encode({"code": 0, "message": reply.message, **content})


class _Snapshot(msgspec.Struct, kw_only=True):
    books: Books
    grants: Grants
    switches: Switches
    day: str
    used: int


def _body_of(error: ApiError) -> bytes:
    return encode({"code": error.code, "message": error.message})


def _response(body: bytes, status: int, headers: dict[str, str]) -> Response:
    return Response(status=status, body=body, headers={**_HEADERS, **headers})
