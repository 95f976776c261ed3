"""Creating, changing and removing rows of the simulated Optiply."""

import uuid
from typing import Any

import msgspec
import pytest
from optiply_caller import Caller

PRODUCT: dict[str, Any] = {"name": "Bolt M8", "stockLevel": -3, "unlimitedStock": False}


@pytest.fixture
def optiply() -> Caller:
    return Caller()


def test_a_product_comes_back_as_the_worked_shape_says(optiply: Caller) -> None:
    given = {**PRODUCT, "remoteId": "46000001", "skuCode": "B8", "price": 1.25, "status": "enabled"}
    made = optiply.post("products", given)
    assert made.status == 201
    data = made.body["data"]
    assert data["type"] == "products"
    assert isinstance(data["id"], str)
    attributes = data["attributes"]
    assert attributes["price"] == "1.25"
    assert attributes["stockLevel"] == -3
    assert attributes["accountId"] == optiply.login.account_id
    assert attributes["remoteIdMap"] == {"77": "46000001"}
    assert attributes["createdFromPublicApi"] is True
    assert attributes["createdAt"] == attributes["updatedAt"] == "2026-03-09T08:00:00Z"
    assert "remoteId" not in attributes
    uuid.UUID(attributes["uuid"])
    assert data["links"]["self"] == f"http://optiply.test/v1/products/{data['id']}"
    assert set(data["relationships"]["supplierProducts"]["links"]) == {"self", "related"}
    assert optiply.get(f"products/{data['id']}").attributes == attributes


def test_a_patch_changes_what_it_names_and_moves_updated_at(optiply: Caller) -> None:
    key = optiply.product(skuCode="B8", price=2)
    optiply.clock.advance(60)
    changed = optiply.patch("products", key, {"stockLevel": 9, "skuCode": None})
    assert changed.status == 200
    assert changed.attributes["stockLevel"] == 9
    assert changed.attributes["skuCode"] is None
    assert changed.attributes["price"] == "2.00"
    assert changed.attributes["createdAt"] == "2026-03-09T08:00:00Z"
    assert changed.attributes["updatedAt"] == "2026-03-09T08:01:00Z"


def test_a_patch_may_leave_out_the_id_but_not_name_another(optiply: Caller) -> None:
    key = optiply.product()
    body = {"data": {"type": "products", "attributes": {"stockLevel": 1}}}
    assert optiply.send("PATCH", f"/v1/products/{key}", (), msgspec.json.encode(body)).status == 200
    body["data"]["id"] = "1"
    assert optiply.send("PATCH", f"/v1/products/{key}", (), msgspec.json.encode(body)).status == 400


@pytest.mark.parametrize("missing", ["name", "stockLevel", "unlimitedStock"])
def test_a_product_needs_its_required_attributes(optiply: Caller, missing: str) -> None:
    answer = optiply.post("products", {name: value for name, value in PRODUCT.items() if name != missing})
    assert answer.status == 400
    assert missing in answer.message


@pytest.mark.parametrize(
    ("attribute", "good", "bad"),
    [
        ("name", "x" * 255, "x" * 256),
        ("name", "é", "  "),
        ("skuCode", "x" * 255, "x" * 256),
        ("stockMeasurementUnit", "x" * 10, "x" * 11),
        ("stockLevel", 9_999_999, 10_000_000),
        ("price", 999_999_999.99, 1_000_000_000),
        ("price", "1.50", "1,50"),
        ("price", 0, -0.01),
        ("price", 1.25, 1.255),
        ("status", "DISABLED", "deleted"),
        ("assembled", True, "yes"),
        ("createdAtRemote", "2026-03-09T09:00:00+01:00", "yesterday"),
    ],
)
def test_products_keep_their_limits(optiply: Caller, attribute: str, good: object, bad: object) -> None:
    assert optiply.post("products", {**PRODUCT, attribute: good}).status == 201
    refused = optiply.post("products", {**PRODUCT, attribute: bad})
    assert refused.status == 400
    assert attribute in refused.message


@pytest.mark.parametrize(
    ("attribute", "good", "bad"),
    [
        ("deliveryTime", 1, 0),
        ("deliveryTime", 365, 366),
        ("deliveryTime", None, -1),
        ("userReplenishmentPeriod", 365, 366),
        ("globalLocationNumber", "8712345678906", "871234567890"),
        ("type", "producer", "customer"),
        ("lostSalesReaction", 1, 2),
        ("emails", ["inkoop@bakker.example"], "inkoop@bakker.example"),
    ],
)
def test_suppliers_keep_their_limits(optiply: Caller, attribute: str, good: object, bad: object) -> None:
    assert optiply.post("suppliers", {"name": "Bakker", attribute: good}).status == 201
    assert optiply.post("suppliers", {"name": "Bakker", attribute: bad}).status == 400


@pytest.mark.parametrize("address", ["x@@y", "x", "x@y", "a b@c.example", "", "@c.example", "a@.example"])
def test_a_bad_address_refuses_the_whole_supplier_by_its_text(optiply: Caller, address: str) -> None:
    answer = optiply.post("suppliers", {"name": "Bakker", "emails": ["goed@bakker.example", address]})
    assert answer.status == 400
    assert answer.body["errors"][0]["meta"]["message"] == f"'{address}' is not a valid address"
    assert optiply.optiply.rows("suppliers") == []


@pytest.mark.parametrize("value", [12.0, "nan", "12.0", True, 2**63, {}])
def test_a_whole_number_that_is_none_breaks_the_server_as_the_real_one(
    optiply: Caller, value: object
) -> None:
    assert optiply.post("products", {**PRODUCT, "stockLevel": value}).status == 500
    optiply.optiply.configure({"strict_integers": False})
    assert optiply.post("products", {**PRODUCT, "stockLevel": value}).status == 400


def test_unknown_attributes_are_refused_and_read_only_ones_ignored(optiply: Caller) -> None:
    assert optiply.post("products", {**PRODUCT, "colour": "red"}).status == 400
    made = optiply.post(
        "products", {**PRODUCT, "uuid": "mine", "createdAt": "2001-01-01T00:00:00Z", "novel": True}
    )
    assert made.status == 201
    assert made.attributes["uuid"] != "mine"
    assert made.attributes["createdAt"].startswith("2026")
    assert made.attributes["novel"] is False
    optiply.optiply.configure({"refuse_unknown_attributes": False})
    assert optiply.post("products", {**PRODUCT, "colour": "red"}).status == 201


def test_a_remote_id_belongs_to_its_coupling(optiply: Caller) -> None:
    key = optiply.product(remoteId="one")
    other = optiply.patch("products", key, {"remoteId": "two"}, coupling="78")
    assert other.attributes["remoteIdMap"] == {"77": "one", "78": "two"}
    without = optiply.patch("products", key, {"remoteId": "three"}, coupling=None)
    assert without.attributes["remoteIdMap"] == {"77": "one", "78": "two", "0": "three"}
    again = optiply.patch("products", key, {"remoteId": "four"})
    assert again.attributes["remoteIdMap"]["77"] == "four"
    untouched = optiply.patch("products", key, {"stockLevel": 1})
    assert untouched.attributes["remoteIdMap"]["77"] == "four"
    assert "77" not in optiply.patch("products", key, {"remoteId": None}).attributes["remoteIdMap"]
    # Nothing refuses the same remoteId on a second row (facts: Optiply 1.8).
    optiply.product(remoteId="two")
    optiply.product(remoteId="two")


def test_strict_mode_wants_a_coupling_for_a_remote_id(optiply: Caller) -> None:
    optiply.optiply.configure({"remote_id_needs_coupling": True})
    assert optiply.post("products", {**PRODUCT, "remoteId": "1"}, coupling=None).status == 400
    assert optiply.post("products", {**PRODUCT, "remoteId": "1"}).status == 201


def test_another_account_is_forbidden(optiply: Caller) -> None:
    body = {"data": {"type": "products", "attributes": PRODUCT}}
    encoded = msgspec.json.encode(body)
    assert optiply.send("POST", "/v1/products", [("accountId", "9")], encoded).status == 403
    assert optiply.post("products", {**PRODUCT, "accountId": 9}).status == 403
    assert optiply.post("products", {**PRODUCT, "accountId": optiply.login.account_id}).status == 201
    assert optiply.send("POST", "/v1/products", [("couplingId", "x")], encoded).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"data":[]}',
        b'{"data":{"type":"suppliers","attributes":{"name":"x"}}}',
        b'{"data":{"attributes":{}}}',
    ],
)
def test_a_body_that_is_no_document_is_refused(optiply: Caller, body: bytes) -> None:
    assert optiply.send("POST", "/v1/products", (), body).status == 400


def test_a_supplier_product_pair_occurs_once_until_it_is_removed(optiply: Caller) -> None:
    product, supplier = optiply.product(), optiply.supplier()
    first = optiply.offer(product, supplier)
    given = {"name": "Bolt", "productId": int(product), "supplierId": int(supplier)}
    again = optiply.post("supplierProducts", given)
    assert again.status == 409
    assert "already exists" in again.body["errors"][0]["meta"]["message"]
    found = optiply.get("supplierProducts", ("filter[supplierId]", supplier), ("filter[productId]", product))
    assert found.ids == [first]
    assert optiply.delete("supplierProducts", first).status == 204
    assert optiply.post("supplierProducts", given).status == 201


def test_a_product_has_one_preferred_supplier_product(optiply: Caller) -> None:
    product = optiply.product()
    first = optiply.offer(product, optiply.supplier("A"), preferred=True)
    optiply.clock.advance(5)
    second = optiply.offer(product, optiply.supplier("B"), preferred=True)
    assert optiply.get(f"supplierProducts/{first}").attributes["preferred"] is False
    assert optiply.get(f"supplierProducts/{first}").attributes["updatedAt"] == "2026-03-09T08:00:05Z"
    optiply.patch("supplierProducts", first, {"preferred": True})
    assert optiply.get(f"supplierProducts/{second}").attributes["preferred"] is False


def test_parents_must_be_there_and_cannot_be_changed(optiply: Caller) -> None:
    product, supplier = optiply.product(), optiply.supplier()
    unknown = optiply.post("supplierProducts", {"name": "x", "productId": 5, "supplierId": int(supplier)})
    assert unknown.status == 404
    assert (
        optiply.post(
            "receiptLines", {"occurred": "2026-03-09T08:00:00Z", "quantity": 1, "buyOrderLineId": 5}
        ).status
        == 404
    )
    offer = optiply.offer(product, supplier)
    other = optiply.supplier("Other")
    assert optiply.patch("supplierProducts", offer, {"supplierId": int(other)}).status == 400
    assert optiply.patch("supplierProducts", offer, {"supplierId": int(supplier), "lotSize": 6}).status == 200


def test_compositions_are_whole_unique_and_without_circles(optiply: Caller) -> None:
    a, b, c = (int(optiply.product(name)) for name in "abc")

    def compose(composed: int, part: int, quantity: object = 2) -> int:
        given = {"composedProductId": composed, "partProductId": part, "partQuantity": quantity}
        return optiply.post("productCompositions", given).status

    assert compose(a, b) == 201
    assert compose(a, b) == 409
    assert compose(b, a) == 409
    assert compose(b, c) == 201
    assert compose(c, a) == 409
    assert compose(a, a) == 409
    assert compose(a, c, 0) == 400
    assert compose(a, c, 1.5) == 500
    assert compose(a, c, 1) == 201


def test_sell_orders_take_their_lines_flat(optiply: Caller) -> None:
    product = int(optiply.product())
    line = {"quantity": 2, "subtotalValue": 10.0, "productId": product}
    given: dict[str, Any] = {"placed": "2026-03-01T00:00:00Z", "totalValue": 10, "remoteId": "SO1"}
    made = optiply.post("sellOrders", {**given, "orderLines": [line]})
    assert made.status == 201
    assert made.attributes["totalValue"] == "10.00"
    lines = optiply.get("sellOrderLines", ("filter[sellOrderId]", made.id))
    assert [row["attributes"]["subtotalValue"] for row in lines.body["data"]] == ["10.00"]
    assert lines.body["data"][0]["attributes"]["productId"] == product
    wrapped = {"type": "sellOrderLines", "attributes": line}
    assert optiply.post("sellOrders", {**given, "orderLines": [wrapped]}).status == 400
    assert optiply.post("sellOrders", {**given, "orderLines": []}).status == 201
    assert optiply.post("sellOrderLines", {**line, "sellOrderId": int(made.id)}).status == 201
    assert optiply.patch("sellOrders", made.id, {"orderLines": [line]}).status == 400


@pytest.mark.parametrize(
    "line",
    [
        {"quantity": 2, "subtotalValue": 10.0},
        {"quantity": 2, "subtotalValue": 10.0, "productId": 1},
        {"quantity": 2.0, "subtotalValue": 10.0, "productId": 0},
    ],
)
def test_an_order_with_one_bad_line_leaves_nothing_behind(optiply: Caller, line: dict[str, Any]) -> None:
    good = {"quantity": 2, "subtotalValue": 10.0, "productId": int(optiply.product())}
    bad = {**line, **({"productId": good["productId"]} if line.get("productId") == 0 else {})}
    given = {"placed": "2026-03-01T00:00:00Z", "totalValue": 10, "orderLines": [good, bad]}
    assert optiply.post("sellOrders", given).status in (400, 404, 500)
    assert optiply.optiply.rows("sellOrders") == []
    assert optiply.optiply.rows("sellOrderLines") == []


def test_the_delivery_date_follows_from_supplier_order_or_offer(optiply: Caller) -> None:
    product, slow, unknown = optiply.product(), optiply.supplier(deliveryTime=14), optiply.supplier("no time")
    optiply.offer(product, unknown, deliveryTime=3)

    def dates(**attributes: object) -> tuple[str | None, list[str | None]]:
        line = {"quantity": 5, "subtotalValue": 1, "productId": int(product)}
        given = {"placed": "2026-03-09T08:00:00Z", "totalValue": 1, "orderLines": [line], **attributes}
        made = optiply.post("buyOrders", given)
        lines = optiply.get("buyOrderLines", ("filter[buyOrderId]", made.id)).body["data"]
        return made.attributes["expectedDeliveryDate"], [
            each["attributes"]["expectedDeliveryDate"] for each in lines
        ]

    assert dates(supplierId=int(slow)) == ("2026-03-23T08:00:00Z", ["2026-03-23T08:00:00Z"])
    given = "2026-04-01T00:00:00Z"
    assert dates(supplierId=int(slow), expectedDeliveryDate=given) == (given, [given])
    assert dates(supplierId=int(unknown)) == (None, ["2026-03-12T08:00:00Z"])


def test_deletes_cascade_and_what_is_gone_answers_404(optiply: Caller) -> None:
    product, supplier = optiply.product(), optiply.supplier()
    line = {"quantity": 5, "subtotalValue": 1, "productId": int(product)}
    order = optiply.post(
        "buyOrders",
        {
            "placed": "2026-03-09T08:00:00Z",
            "totalValue": 1,
            "supplierId": int(supplier),
            "orderLines": [line],
        },
    )
    order_line = optiply.get("buyOrderLines").ids[0]
    uuid_of_product = optiply.get(f"products/{product}").attributes["uuid"]
    assert optiply.get(f"buyOrderLines/{order_line}").attributes["productUuid"] == uuid_of_product
    receipt = optiply.post(
        "receiptLines",
        {"occurred": "2026-03-14T10:00:00Z", "quantity": -1, "buyOrderLineId": int(order_line)},
    )
    assert optiply.delete("products", product).status == 409
    assert optiply.delete("suppliers", supplier).status == 409
    assert optiply.delete("buyOrders", order.id).status == 204
    for path in (f"buyOrders/{order.id}", f"buyOrderLines/{order_line}", f"receiptLines/{receipt.id}"):
        assert optiply.get(path).status == 404
    assert optiply.delete("buyOrders", order.id).status == 404
    assert optiply.patch("buyOrders", order.id, {}).status == 404
    assert [row["id"] for row in optiply.optiply.rows("receiptLines", removed=True)] == [receipt.id]
    offer = optiply.offer(product, supplier)
    other = optiply.product("part")
    optiply.post(
        "productCompositions",
        {"composedProductId": int(product), "partProductId": int(other), "partQuantity": 1},
    )
    assert optiply.delete("products", product).status == 204
    assert optiply.get(f"supplierProducts/{offer}").status == 404
    assert optiply.get("productCompositions").ids == []
    assert optiply.delete("suppliers", supplier).status == 204


def test_a_buy_order_is_completed_and_reopened(optiply: Caller) -> None:
    supplier = int(optiply.supplier())
    given = {"placed": "2026-03-09T08:00:00Z", "totalValue": "1", "supplierId": supplier, "assembly": True}
    key = optiply.post("buyOrders", given).id
    assert optiply.get("buyOrders", ("filter[completed]", "null"), ("filter[assembly]", "true")).ids == [key]
    done = optiply.patch("buyOrders", key, {"completed": "2026-03-14T11:00:00+01:00"})
    assert done.attributes["completed"] == "2026-03-14T10:00:00Z"
    assert optiply.get("buyOrders", ("filter[completed]", "null")).ids == []
    assert optiply.patch("buyOrders", key, {"completed": None}).attributes["completed"] is None


def test_every_resource_can_be_written_except_accounts(optiply: Caller) -> None:
    promotion = {"name": "Voorjaar", "startDate": "2026-03-01T00:00:00Z", "endDate": "2026-04-01T00:00:00Z"}
    key = optiply.post("promotions", promotion).id
    product = int(optiply.product())
    assert optiply.post("promotionProducts", {"promotionId": int(key), "productId": product}).status == 201
    assert optiply.get(f"promotions/{key}").attributes["productCount"] == 1
    accounts = optiply.get("accounts")
    assert accounts.ids == [str(optiply.login.account_id)]
    assert optiply.post("accounts", {}).status == 405
    assert optiply.delete("accounts", accounts.ids[0]).status == 405
    assert optiply.get("warehouses").status == 404
