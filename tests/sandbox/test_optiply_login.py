"""Tokens, headers, the back door and keeping the state of the simulated Optiply."""

import msgspec
import pytest
from optiply_caller import Caller

from stockbridge_sandbox.http import Request
from stockbridge_sandbox.optiply.app import Optiply
from stockbridge_sandbox.optiply.refusal import Refusal


@pytest.fixture
def optiply() -> Caller:
    return Caller()


def test_both_styles_of_the_password_grant_give_a_token(optiply: Caller) -> None:
    login = optiply.login
    inside = f"username={login.username}&password={login.password}"
    by_query = optiply.ask_token(inside, query=[("grant_type", "password")])
    assert by_query.status == 200
    assert set(by_query.body) == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert by_query.body["expires_in"] == 86_399
    assert by_query.body["access_token"] != optiply.token
    repeated = f"grant_type=password&{inside}&client_id={login.client_id}&client_secret={login.client_secret}"
    assert optiply.ask_token(repeated).status == 200


def test_a_refresh_token_gives_a_new_access_token(optiply: Caller) -> None:
    refresh = optiply.ask_token().body["refresh_token"]
    fresh = optiply.ask_token(f"grant_type=refresh_token&refresh_token={refresh}")
    optiply.token = fresh.body["access_token"]
    assert optiply.get("products").status == 200
    assert optiply.ask_token("grant_type=refresh_token&refresh_token=other").status == 400


def test_a_wrong_client_is_told_by_its_text(optiply: Caller) -> None:
    answer = optiply.ask_token(client=("someone", "else"))
    assert answer.status == 401
    assert "UserDetailsService returned null, which is an interface contract violation" in answer.message


def test_a_wrong_password_or_grant_is_refused(optiply: Caller) -> None:
    wrong = optiply.ask_token("grant_type=password&username=x&password=y")
    assert (wrong.status, wrong.body["error"]) == (400, "invalid_grant")
    assert optiply.ask_token("username=x").status == 400
    assert optiply.ask_token("grant_type=client_credentials").status == 400


def test_a_token_ends_with_its_lifetime(optiply: Caller) -> None:
    optiply.optiply.configure({"token_seconds": 100})
    optiply.token = optiply.ask_token().body["access_token"]
    optiply.clock.advance(99)
    assert optiply.get("products").status == 200
    optiply.clock.advance(1)
    answer = optiply.get("products")
    assert (answer.status, answer.body["error"]) == (401, "invalid_token")


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic abc"])
def test_without_a_good_token_nothing_is_told(optiply: Caller, header: str | None) -> None:
    headers = optiply.headers()
    headers.pop("authorization")
    if header is not None:
        headers["authorization"] = header
    assert optiply.send("GET", "/v1/products", headers=headers).status == 401
    assert optiply.send("GET", "/v1/nothing", headers=headers).status == 401


@pytest.mark.parametrize("content_type", [None, "application/json"])
def test_every_request_names_the_media_type(optiply: Caller, content_type: str | None) -> None:
    headers = {"authorization": f"Bearer {optiply.token}"}
    if content_type is not None:
        headers["content-type"] = content_type
    assert optiply.send("GET", "/v1/products", headers=headers).status == 415
    headers["content-type"] = "application/vnd.api+json; charset=utf-8"
    answer = optiply.send("GET", "/v1/products", headers=headers)
    assert answer.status == 200
    assert answer.content_type.startswith("application/vnd.api+json")
    optiply.optiply.configure({"check_content_type": False})
    del headers["content-type"]
    assert optiply.send("GET", "/v1/products", headers=headers).status == 200


def test_methods_that_are_not_there_are_refused(optiply: Caller) -> None:
    key = optiply.product()
    assert optiply.send("PUT", f"/v1/products/{key}").status == 405
    assert optiply.send("POST", f"/v1/products/{key}").status == 405
    assert optiply.send("PATCH", "/v1/products").status == 405
    assert optiply.send("GET", "/api/auth/oauth/token").status == 405
    assert optiply.get("products/x").status == 404


def test_the_optiply_user_places_orders(optiply: Caller) -> None:
    product, supplier = optiply.product(), optiply.supplier(deliveryTime=7)
    optiply.offer(product, supplier, price=2.5)
    order = {
        "supplierId": int(supplier),
        "lines": [{"productId": int(product), "quantity": 4}],
        "assembly": True,
    }
    placed = optiply.optiply.place_order(order)
    read = optiply.get(f"buyOrders/{placed['id']}").attributes
    assert read["createdFromPublicApi"] is False
    assert read["remoteIdMap"] == {}
    assert read["assembly"] is True
    assert read["totalValue"] == "10.00"
    assert read["completed"] is None
    assert read["expectedDeliveryDate"] == "2026-03-16T08:00:00Z"
    lines = optiply.get("buyOrderLines", ("filter[buyOrderId]", placed["id"])).body["data"]
    assert [line["attributes"]["quantity"] for line in lines] == [4]
    assert lines[0]["attributes"]["createdFromPublicApi"] is False
    assert optiply.get("buyOrders", ("filter[createdFromPublicApi]", "false")).ids == [placed["id"]]


def test_rows_are_edited_and_removed_by_hand(optiply: Caller) -> None:
    offer = optiply.offer(optiply.product(), optiply.supplier())
    optiply.clock.advance(30)
    edited = optiply.optiply.edit("supplierProducts", offer, {"minimumPurchaseQuantity": 12, "lotSize": 6})
    assert edited["minimumPurchaseQuantity"] == 12
    read = optiply.get(f"supplierProducts/{offer}").attributes
    assert (read["lotSize"], read["updatedAt"]) == (6, "2026-03-09T08:00:30Z")
    optiply.optiply.remove("supplierProducts", offer)
    assert optiply.get(f"supplierProducts/{offer}").status == 404
    with pytest.raises(Refusal, match="404"):
        optiply.optiply.edit("supplierProducts", offer, {"lotSize": 1})
    with pytest.raises(Refusal, match="404"):
        optiply.optiply.rows("nothing")


def test_settings_are_known_by_name_and_type(optiply: Caller) -> None:
    assert optiply.optiply.configure({})["token_seconds"] == 86_399
    with pytest.raises(ValueError, match="no setting 'tokens'"):
        optiply.optiply.configure({"tokens": 1})
    with pytest.raises(ValueError, match="takes a value of type bool"):
        optiply.optiply.configure({"strict_integers": 1})


def test_a_revoked_token_is_no_good_any_more(optiply: Caller) -> None:
    request = Request(
        method="GET",
        path="/v1/products",
        query=(),
        headers=optiply.headers(),
        body=b"",
        at=optiply.clock.now(),
        base="",
    )
    first = optiply.product()
    optiply.clock.advance(9)
    optiply.optiply.move_row(request)
    assert optiply.get(f"products/{first}").attributes["updatedAt"] == "2026-03-09T08:00:09Z"
    optiply.optiply.revoke_token(request)
    assert optiply.get("products").status == 401


def test_the_state_survives_a_trip_through_json(optiply: Caller) -> None:
    product = optiply.product("één", remoteId="R1", price=3)
    supplier = optiply.supplier()
    optiply.offer(product, supplier)
    gone = optiply.product("gone")
    optiply.delete("products", gone)
    optiply.optiply.configure({"token_seconds": 60})
    kept = msgspec.json.decode(msgspec.json.encode(optiply.optiply.snapshot()))
    optiply.product("written after the snapshot")

    other = Optiply(optiply.clock)
    other.restore(kept)
    caller = Caller(other, optiply.clock)
    caller.token = optiply.token
    assert [row["name"] for row in other.rows("products")] == ["één"]
    assert caller.get("products", ("filter[remoteId]", "R1")).ids == [product]
    assert caller.get(f"products/{gone}").status == 404
    assert other.configure({})["token_seconds"] == 60
    given = {"name": "x", "productId": int(product), "supplierId": int(supplier)}
    assert caller.post("supplierProducts", given).status == 409
    assert int(caller.product("new")) > int(gone)
