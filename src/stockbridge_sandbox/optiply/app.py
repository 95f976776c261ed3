"""The Optiply application: routes, envelopes, and the back door of a person who works in Optiply by hand."""

import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.http import Request, Response, json_response
from stockbridge_sandbox.optiply import planner, rules
from stockbridge_sandbox.optiply.login import Login, Tokens, answer_token, check_token
from stockbridge_sandbox.optiply.planner import BY_HAND
from stockbridge_sandbox.optiply.query import find, parse_query
from stockbridge_sandbox.optiply.refusal import Refusal, forbidden, malformed, not_found, server_text
from stockbridge_sandbox.optiply.resources import RESOURCES, Resource
from stockbridge_sandbox.optiply.rules import Books, Settings, Writer
from stockbridge_sandbox.optiply.table import Row

MEDIA_TYPE = "application/vnd.api+json"
TOKEN_PATH = "/api/auth/oauth/token"  # noqa: S105 - a path, no secret
_PATH = re.compile(r"/v1/([A-Za-z]+)(?:/(\d{1,18}))?(?:/([A-Za-z]+))?/?")


class Optiply:
    """One Optiply account, callable with a `Request` whose path starts with `/v1` or is the token path.

    Every request and every back-door call holds `lock` while it runs, so threads may share the object.
    """

    def __init__(self, clock: Clock, *, login: Login | None = None, company_name: str = "Sandbox") -> None:
        self.login = login or Login()
        self.settings = Settings()
        self.lock = threading.RLock()
        self._tokens = Tokens()
        self._books = Books(clock=clock, settings=self.settings, account_id=self.login.account_id)
        self._add_account(company_name)

    def __call__(self, request: Request) -> Response:
        """Answer one request; a refusal becomes its HTTP answer."""
        with self.lock:
            try:
                return self._answer(request)
            except Refusal as refusal:
                return _refused(request, refusal)

    # -- the back door -------------------------------------------------------------------------------------------

    def place_order(self, order: Mapping[str, Any]) -> Row:
        """A buy order placed by the Optiply user, as `planner.place_order` says: no quota, no log. Raises `Refusal`."""
        with self.lock:
            return _raw(planner.place_order(self._books, order))

    def add_order_line(self, order: str | int, line: Mapping[str, Any]) -> Row:
        """A line that the user adds to a buy order. Raises `Refusal`."""
        with self.lock:
            return _raw(planner.add_line(self._books, _id(order), line))

    def edit_order_line(self, order: str | int, line: str | int, attributes: Mapping[str, Any]) -> Row:
        """A line of a buy order that the user edits; the order's total follows. Raises `Refusal`."""
        with self.lock:
            return _raw(planner.edit_line(self._books, _id(order), _id(line), attributes))

    def remove_order_line(self, order: str | int, line: str | int) -> None:
        """A line of a buy order that the user removes; the order's total follows. Raises `Refusal`."""
        with self.lock:
            planner.remove_line(self._books, _id(order), _id(line))

    def add(self, collection: str, attributes: Mapping[str, Any]) -> Row:
        """A row added by hand (for example a supplier product kept by the Optiply user). Raises `Refusal`."""
        with self.lock:
            return _raw(rules.create(self._books, _known(collection).name, attributes, BY_HAND))

    def edit(self, collection: str, key: str | int, attributes: Mapping[str, Any]) -> Row:
        """Attributes changed by hand, such as minimumPurchaseQuantity or lotSize. Raises `Refusal`."""
        with self.lock:
            return _raw(rules.change(self._books, _known(collection).name, _id(key), attributes, BY_HAND))

    def remove(self, collection: str, key: str | int) -> None:
        """A row removed by hand: the API answers 404 for it from now on. Raises `Refusal`."""
        with self.lock:
            rules.remove(self._books, _known(collection).name, _id(key))

    def rows(self, collection: str, *, removed: bool = False) -> list[Row]:
        """The stored rows, by id, as flat dicts with `id` as text and `remoteIdMap`; the removed ones when asked for.

        Raises `Refusal` (404) for an unknown collection.
        """
        with self.lock:
            table = self._books.tables[_known(collection).name]
            rows = table.removed if removed else table.live
            return [_raw(rows[key]) for key in sorted(rows)]

    def configure(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Set switches of `Settings` by name; gives all of them. Raises ValueError for an unknown name or wrong type."""
        with self.lock:
            known = {each.name: type(getattr(self.settings, each.name)) for each in fields(self.settings)}
            for name, value in changes.items():
                if name not in known:
                    raise ValueError(f"Optiply has no setting '{name}'; there are {', '.join(known)}")
                if type(value) is not known[name]:
                    raise ValueError(f"the setting '{name}' takes a value of type {known[name].__name__}")
            for name, value in changes.items():
                setattr(self.settings, name, value)
            return asdict(self.settings)

    # -- what the server's faults call ---------------------------------------------------------------------------

    def revoke_token(self, request: Request) -> None:
        """Make the access token of a request invalid."""
        with self.lock:
            token = request.headers.get("authorization", "").partition(" ")[2].strip()
            self._tokens.access.pop(token, None)

    def move_row(self, request: Request) -> None:
        """Edit the first row of the collection a list request read, so that it moves in lists by `updatedAt` or none."""
        with self.lock:
            match = _PATH.fullmatch(request.path)
            if match and match[1] in RESOURCES and self._books.tables[match[1]].ids:
                rules.change(self._books, match[1], self._books.tables[match[1]].ids[0], {}, BY_HAND)

    def error(self, request: Request, status: int, _code: int | None) -> Response:
        """The answer of an injected failure, in the shape the status has here."""
        if status == 401:
            body: dict[str, Any] = {"error": "invalid_token", "error_description": "Invalid access token"}
        else:
            body = {"status": status, "message": f"injected {status}", "path": request.path}
        return json_response(body, status)

    # -- keeping ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The whole state as JSON-able data."""
        with self.lock:
            return {
                "login": asdict(self.login),
                "settings": asdict(self.settings),
                "tokens": self._tokens.dump(),
                "tables": {name: table.dump() for name, table in self._books.tables.items()},
            }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Become what `snapshot` gave."""
        with self.lock:
            self.login = Login(**data["login"])
            for name, value in data["settings"].items():
                setattr(self.settings, name, value)
            self._tokens.load(data["tokens"])
            self._books = Books(
                clock=self._books.clock, settings=self.settings, account_id=self.login.account_id
            )
            for name, table in data["tables"].items():
                self._books.tables[name].load(table)

    # -- requests ----------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Response:
        if request.path == TOKEN_PATH:
            if request.method != "POST":
                raise _wrong_method(request)
            return answer_token(request, self.login, self._tokens, self.settings)
        check_token(request, self._tokens)
        match = _PATH.fullmatch(request.path)
        if match is None or match[1] not in RESOURCES:
            raise server_text(404, "Not Found", "No message available", request.path)
        self._check_content_type(request)
        resource, key, relation = RESOURCES[match[1]], match[2], match[3]
        if key is None and relation is not None:
            raise server_text(404, "Not Found", "No message available", request.path)
        if relation is not None:
            return self._related(request, resource, int(key), relation)
        if request.method == "GET":
            return self._list(request, resource) if key is None else self._one(request, resource, int(key))
        if resource.read_only or request.method not in ("POST", "PATCH", "DELETE"):
            raise _wrong_method(request)
        if (request.method == "POST") != (key is None):
            raise _wrong_method(request)
        return self._write(request, resource, key)

    def _check_content_type(self, request: Request) -> None:
        given = request.headers.get("content-type", "")
        if self.settings.check_content_type and given.partition(";")[0].strip().lower() != MEDIA_TYPE:
            message = f"Content type '{given}' not supported"
            raise server_text(415, "Unsupported Media Type", message, request.path)

    def _write(self, request: Request, resource: Resource, key: str | None) -> Response:
        writer = self._writer(request)
        if key is not None and request.method == "DELETE":
            rules.remove(self._books, resource.name, int(key))
            return Response(status=204)
        attributes = _attributes(request, resource, key)
        if key is None:
            row = rules.create(self._books, resource.name, attributes, writer)
        else:
            row = rules.change(self._books, resource.name, int(key), attributes, writer)
        return _answer_json({"data": self._document(request, resource, row)}, 201 if key is None else 200)

    def _writer(self, request: Request) -> Writer:
        account = request.get("accountId")
        if account not in (None, str(self.login.account_id)):
            raise forbidden(f"no access to account {account}")
        coupling = request.get("couplingId") or ""
        if coupling and not coupling.isdecimal():
            raise malformed(f"couplingId must be a number, not '{coupling}'")
        return Writer(coupling=coupling)

    def _one(self, request: Request, resource: Resource, key: int) -> Response:
        row = rules.live_row(self._books, resource.name, key)
        return _answer_json({"data": self._document(request, resource, row)})

    def _list(
        self, request: Request, resource: Resource, scope: tuple[tuple[str, str], ...] = ()
    ) -> Response:
        query = parse_query(resource.name, (*scope, *request.query))
        table = self._books.tables[resource.name]
        found = find(table, query)
        page = found[query.offset : query.offset + query.limit]
        links = {"self": _address(request, request.query)}
        if query.offset + query.limit < len(found):
            kept = [pair for pair in request.query if not pair[0].startswith("page[")]
            following = str(query.offset + query.limit)
            paging = (("page[limit]", str(query.limit)), ("page[offset]", following))
            links["next"] = _address(request, (*kept, *paging))
        data = [self._document(request, resource, table.live[key]) for key in page]
        return _answer_json({"data": data, "links": links, "meta": {"totalResourceCount": len(found)}})

    def _related(self, request: Request, resource: Resource, key: int, relation: str) -> Response:
        row = rules.live_row(self._books, resource.name, key)
        if request.method != "GET":
            raise _wrong_method(request)
        for name, child, reference in resource.relations:
            if name == relation:
                return self._list(request, RESOURCES[child], ((f"filter[{reference}]", str(key)),))
        for attribute in resource.attributes:
            if attribute.kind == "reference" and attribute.name == f"{relation}Id":
                return self._one(request, RESOURCES[attribute.of], row[attribute.name])
        raise not_found(resource.name, f"{key}/{relation}")

    def _document(self, request: Request, resource: Resource, row: Row) -> dict[str, Any]:
        attributes: dict[str, Any] = {"uuid": row["uuid"]}
        if resource.account:
            attributes["accountId"] = row["accountId"]
        for attribute in resource.attributes:
            attributes[attribute.name] = row[attribute.name]
        if resource.remote_ids_shown:
            attributes["remoteIdMap"] = row["remoteIdMap"]
        if resource.name == "promotions":
            products = self._books.tables["promotionProducts"]
            attributes["productCount"] = len(products.lookup("promotionId", row["id"]))
        attributes["createdFromPublicApi"] = row["createdFromPublicApi"]
        attributes["createdAt"] = row["createdAt"]
        attributes["updatedAt"] = row["updatedAt"]
        here = f"{request.base}/v1/{resource.name}/{row['id']}"
        return {
            "id": str(row["id"]),
            "type": resource.name,
            "attributes": attributes,
            "relationships": {
                name: {"links": {"self": f"{here}/relationships/{name}", "related": f"{here}/{name}"}}
                for name in _relation_names(resource)
            },
            "links": {"self": here},
        }

    def _add_account(self, name: str) -> None:
        table = self._books.tables["accounts"]
        table.next_id = self.login.account_id
        values = {"name": name, "webshopHandle": self.login.client_id}
        rules.insert(self._books, "accounts", values, {}, Writer(from_api=False))


def _relation_names(resource: Resource) -> list[str]:
    one = [each.name.removesuffix("Id") for each in resource.attributes if each.kind == "reference"]
    return one + [name for name, _, _ in resource.relations]


def _attributes(request: Request, resource: Resource, key: str | None) -> Mapping[str, Any]:
    try:
        body = request.json()
    except msgspec.DecodeError as error:
        raise malformed(f"the body is not JSON: {error}") from error
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise malformed("the body needs an object 'data'")
    if data.get("type") != resource.name:
        raise malformed(f"data.type must be '{resource.name}', not '{data.get('type')}'")
    if key is not None and str(data.get("id", key)) != key:
        raise malformed(f"data.id '{data['id']}' is not the id of the address")
    attributes = data.get("attributes", {})
    if not isinstance(attributes, dict):
        raise malformed("data.attributes must be an object")
    return attributes


def _address(request: Request, query: tuple[tuple[str, str], ...]) -> str:
    text = f"?{urlencode(query, quote_via=quote)}" if query else ""
    return f"{request.base}{request.path}{text}"


def _answer_json(value: object, status: int = 200) -> Response:
    return json_response(value, status, content_type=f"{MEDIA_TYPE};charset=UTF-8")


def _refused(request: Request, refusal: Refusal) -> Response:
    body = refusal.body
    if "errors" in body:
        return _answer_json(body, refusal.status)
    if body.get("path") == "":
        body = {**body, "path": request.path}
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {}
    return json_response(body, refusal.status, headers=headers)


def _wrong_method(request: Request) -> Refusal:
    return server_text(
        405, "Method Not Allowed", f"Request method '{request.method}' not supported", request.path
    )


def _known(collection: str) -> Resource:
    if collection not in RESOURCES:
        raise not_found("collection", collection)
    return RESOURCES[collection]


def _id(key: str | int) -> int:
    if isinstance(key, str) and not key.isdecimal():
        raise not_found("row", key)
    return int(key)


def _raw(row: Row) -> Row:
    return {**row, "id": str(row["id"])}
