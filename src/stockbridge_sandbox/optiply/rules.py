"""What creating, changing and removing Optiply rows checks and brings about (facts: Optiply 1.5 to 1.8).

A write either happens completely or raises `Refusal` and leaves everything as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.optiply.refusal import clash, forbidden, invalid, malformed, not_found
from stockbridge_sandbox.optiply.resources import (
    CASCADES,
    GENERAL,
    HELD_BY,
    REMOTE_ID,
    RESOURCES,
    Attribute,
    Resource,
)
from stockbridge_sandbox.optiply.table import Row, Table
from stockbridge_sandbox.optiply.values import moment_text, parse_moment, read_value

# The coupling under which a remoteId is kept when the caller names none (facts: Optiply 8.2 (4)).
NO_COUPLING = "0"
_AMOUNT = Attribute(name="amount", kind="money", digits=17)
# Resources that are lines of an order -> the order's resource and the reference to it.
_ORDER_OF = {
    child: (order.name, reference)
    for order in RESOURCES.values()
    for _, child, reference in order.relations
    if child == order.lines
}
_READ_ONLY = {attribute.name for attribute in GENERAL} | {"id", "remoteIdMap", "productCount"}


@dataclass(slots=True, kw_only=True)
class Settings:
    """Switches for what the facts leave open. Each default is the faithful or the stricter choice.

    `line_moves_order_time`: adding, changing or removing a line of an order moves the order's `updatedAt`. Nobody knows;
    a reader that must not rely on it is the stricter case.
    """

    check_content_type: bool = True
    strict_integers: bool = True
    remote_id_needs_coupling: bool = False
    refuse_unknown_attributes: bool = True
    line_moves_order_time: bool = False
    token_seconds: int = 86_399


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All tables of one Optiply account. The caller holds the lock while it uses them."""

    clock: Clock
    settings: Settings
    account_id: int
    tables: dict[str, Table] = field(
        default_factory=lambda: {name: Table(each.first_id) for name, each in RESOURCES.items()}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who writes: through the public API under a coupling, or the Optiply user by hand."""

    coupling: str = ""
    from_api: bool = True


def money(given: Any) -> Decimal:
    """A stored or given amount as a number. Raises `Refusal` (400)."""
    return Decimal(str(read_value(_AMOUNT, given, strict_integers=False)))


def live_row(books: Books, name: str, key: int) -> Row:
    """The row under an id. Raises `Refusal` (404) when there is none or it was removed."""
    row = books.tables[name].live.get(key)
    if row is None:
        raise not_found(name, key)
    return row


def create(books: Books, name: str, given: Mapping[str, Any], writer: Writer) -> Row:
    """Add a row, with its nested lines where the resource has them; gives the stored row."""
    resource = RESOURCES[name]
    values = _read_new(books, resource, given)
    lines = [_read_line(books, resource, line) for line in _given_lines(resource, given)]
    remote = _remote_ids(books, given, writer, {})
    line_remotes = [_remote_ids(books, line, writer, {}) for line in _given_lines(resource, given)]
    _check_parents(books, resource, values)
    for line in lines:
        _check_parents(books, RESOURCES[resource.lines], line)
    _check_pair(books, resource, values)
    if name == "productCompositions":
        _check_circle(books, values["composedProductId"], values["partProductId"])
    if name == "buyOrders" and values["expectedDeliveryDate"] is None:
        supplier = books.tables["suppliers"].live[values["supplierId"]]
        values["expectedDeliveryDate"] = _days_after(values["placed"], supplier["deliveryTime"])
    if name == "buyOrderLines":
        _complete_buy_line(books, values, books.tables["buyOrders"].live[values["buyOrderId"]])
    row = insert(books, name, values, remote, writer)
    for line, line_remote in zip(lines, line_remotes, strict=True):
        line[_parent_of_lines(resource)] = row["id"]
        if resource.lines == "buyOrderLines":
            _complete_buy_line(books, line, row)
        insert(books, resource.lines, line, line_remote, writer)
    _line_written(books, name, row)
    _keep_one_preferred(books, name, row)
    return row


def change(books: Books, name: str, key: int, given: Mapping[str, Any], writer: Writer) -> Row:
    """Change the named attributes of a row; gives the stored row. `updatedAt` moves in any case."""
    resource = RESOURCES[name]
    row = live_row(books, name, key)
    _check_names(books, resource, given)
    if "orderLines" in given:
        raise invalid("orderLines can only be sent when an order is created", "orderLines")
    changes: Row = {}
    for attribute in resource.attributes:
        if attribute.name in given and attribute.written:
            value = read_value(
                attribute, given[attribute.name], strict_integers=books.settings.strict_integers
            )
            if attribute.kind == "reference" and value != row[attribute.name]:
                raise invalid(f"{attribute.name} cannot be changed", attribute.name)
            changes[attribute.name] = value
    changes["remoteIdMap"] = _remote_ids(books, given, writer, row["remoteIdMap"])
    changes["updatedAt"] = moment_text(books.clock.now())
    changed = books.tables[name].change(key, changes)
    _line_written(books, name, changed)
    _keep_one_preferred(books, name, changed)
    return changed


def remove(books: Books, name: str, key: int) -> None:
    """Remove a row softly, and with it what cannot be without it.

    Raises `Refusal`: 404 when it is not there, 409 when order lines or orders hold on to it.
    """
    row = live_row(books, name, key)
    for holder, reference in HELD_BY.get(name, ()):
        if books.tables[holder].lookup(reference, key):
            raise clash(f"{name} with id {key} is still used by {holder}")
    _remove_with_children(books, name, key, moment_text(books.clock.now()))
    _line_written(books, name, row)


def _remove_with_children(books: Books, name: str, key: int, when: str) -> None:
    for child, reference in CASCADES.get(name, ()):
        for child_key in sorted(books.tables[child].lookup(reference, key)):
            _remove_with_children(books, child, child_key, when)
    table = books.tables[name]
    if key in table.live:
        table.remove(key, {"deletedAt": when})


def _line_written(books: Books, name: str, line: Row) -> None:
    parent, reference = _ORDER_OF.get(name, ("", ""))
    if parent and books.settings.line_moves_order_time:
        books.tables[parent].change(line[reference], {"updatedAt": moment_text(books.clock.now())})


def insert(books: Books, name: str, values: Row, remote: dict[str, str], writer: Writer) -> Row:
    """Store a row of values that were checked before."""
    table = books.tables[name]
    key, now = table.next_id, moment_text(books.clock.now())
    row = {
        "id": key,
        "uuid": str(uuid5(NAMESPACE_URL, f"sandbox:{books.account_id}/{name}/{key}")),
        "accountId": books.account_id,
        **values,
        "remoteIdMap": remote,
        "createdAt": now,
        "updatedAt": now,
        "createdFromPublicApi": writer.from_api,
        "deletedAt": None,
    }
    table.add(row)
    return row


def _read_new(books: Books, resource: Resource, given: Mapping[str, Any], without: str = "") -> Row:
    _check_names(books, resource, given)
    strict = books.settings.strict_integers
    values: Row = {}
    for attribute in resource.attributes:
        if attribute.name == without:
            continue
        if attribute.written and attribute.name in given:
            values[attribute.name] = read_value(attribute, given[attribute.name], strict_integers=strict)
        elif attribute.required:
            raise invalid(f"{attribute.name} may not be null", attribute.name)
        else:
            values[attribute.name] = attribute.default
    return values


def _given_lines(resource: Resource, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lines = given.get("orderLines") if resource.lines else None
    if lines is None:
        return []
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise invalid("orderLines must be a list of objects", "orderLines")
    return lines


def _parent_of_lines(resource: Resource) -> str:
    return next(reference for _, child, reference in resource.relations if child == resource.lines)


def _read_line(books: Books, resource: Resource, line: Mapping[str, Any]) -> Row:
    if "attributes" in line or "data" in line:
        raise invalid("orderLines are flat objects with quantity, subtotalValue and productId", "orderLines")
    return _read_new(books, RESOURCES[resource.lines], line, without=_parent_of_lines(resource))


def _check_names(books: Books, resource: Resource, given: Mapping[str, Any]) -> None:
    account = given.get("accountId")
    if account is not None and str(account) != str(books.account_id):
        raise forbidden(f"no access to account {account}")
    if not books.settings.refuse_unknown_attributes:
        return
    known = {attribute.name for attribute in resource.attributes} | _READ_ONLY | {"remoteId", "accountId"}
    if resource.lines:
        known.add("orderLines")
    for name in given:
        if name not in known:
            raise malformed(f"attribute '{name}' not found on resource '{resource.name}'")


def _remote_ids(
    books: Books, given: Mapping[str, Any], writer: Writer, before: Mapping[str, str]
) -> dict[str, str]:
    if "remoteId" not in given:
        return dict(before)
    coupling = writer.coupling or NO_COUPLING
    if not writer.coupling and books.settings.remote_id_needs_coupling:
        raise invalid("remoteId needs a couplingId", "remoteId")
    value = read_value(REMOTE_ID, given["remoteId"], strict_integers=False)
    after = {key: remote for key, remote in before.items() if key != coupling}
    if value:
        after[coupling] = value
    return after


def _check_parents(books: Books, resource: Resource, values: Row) -> None:
    for attribute in resource.attributes:
        if attribute.kind == "reference" and attribute.name in values:
            key = values[attribute.name]
            if key not in books.tables[attribute.of].live:
                raise not_found(attribute.of, key)


def _check_pair(books: Books, resource: Resource, values: Row) -> None:
    if resource.pair is None:
        return
    table = books.tables[resource.name]
    first, second = resource.pair
    if not table.lookup(first, values[first]).isdisjoint(table.lookup(second, values[second])):
        raise clash(
            f"{resource.name} with {first} {values[first]} and {second} {values[second]} already exists"
        )


def _check_circle(books: Books, composed: int, part: int) -> None:
    table = books.tables["productCompositions"]
    seen: set[int] = set()
    ahead = [part]
    while ahead:
        product = ahead.pop()
        if product == composed:
            raise clash(f"product {composed} would become a part of itself")
        if product not in seen:
            seen.add(product)
            ahead.extend(
                table.live[key]["partProductId"] for key in table.lookup("composedProductId", product)
            )


def _days_after(placed: str, days: int | None) -> str | None:
    return None if days is None else moment_text(parse_moment(placed) + timedelta(days=days))


def _complete_buy_line(books: Books, line: Row, order: Row) -> None:
    """The defaults of a buy order line (facts: Optiply 1.5): the order's date, else the supplier's time for the product."""
    line["productUuid"] = books.tables["products"].live[line["productId"]]["uuid"]
    if line["expectedDeliveryDate"] is not None:
        return
    line["expectedDeliveryDate"] = order["expectedDeliveryDate"]
    if order["expectedDeliveryDate"] is None:
        offers = books.tables["supplierProducts"]
        pair = offers.lookup("productId", line["productId"]) & offers.lookup(
            "supplierId", order["supplierId"]
        )
        for key in pair:
            line["expectedDeliveryDate"] = _days_after(order["placed"], offers.live[key]["deliveryTime"])


def _keep_one_preferred(books: Books, name: str, row: Row) -> None:
    """A product has one preferred supplier product: a new one takes the mark from the others."""
    if name != "supplierProducts" or not row["preferred"]:
        return
    table = books.tables[name]
    for key in sorted(table.lookup("productId", row["productId"]) - {row["id"]}):
        if table.live[key]["preferred"]:
            table.change(key, {"preferred": False, "updatedAt": row["updatedAt"]})
