"""Webhooks: rules, payloads, the signature, and what a receiver may not do to the sandbox (facts: Zoho 12)."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
from zoho_caller import Caller, Json, calling, send
from zoho_shop import shop

SECRET = "geheim1234567"


@dataclass(slots=True, kw_only=True)
class _Got:
    path: str
    method: str
    headers: dict[str, str]
    body: bytes

    def payload(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed


@dataclass(slots=True, kw_only=True)
class Receiver:
    url: str = ""
    got: list[_Got] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    waits: threading.Event | None = None
    arrived: threading.Event = field(default_factory=threading.Event)

    def entities(self) -> list[str]:
        return [next(iter(each.payload())) for each in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.arrived.set()
            if told.waits is not None:
                told.waits.wait(10)
            status = told.answers.pop(0) if told.answers else 200
            told.got.append(_Got(path=self.path, method="POST", headers=headers, body=body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
    yield told
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(company=shop()) as caller:
        yield caller


def _rule(caller: Caller, url: str, entity: str, rule_type: str, **more: object) -> tuple[str, str]:
    """The ids of the webhook and of the rule, as one live client sets them up."""
    body = {"webhook_name": f"{entity} {rule_type}", "entity": entity, "url": url, "method": "POST", **more}
    made = caller.post("/settings/webhooks", body)
    assert made.status == 201, made.body
    webhook = made.json()["webhook"]["webhook_id"]
    actions = [{"action_id": webhook, "action_type": "webhook"}]
    rule = {"workflow_name": entity, "entity": entity, "rule_type": rule_type, "instant_actions": actions}
    made = caller.post("/settings/workflows", rule)
    assert made.status == 201, made.body
    return webhook, made.json()["workflow"]["workflow_id"]


def _deliveries(caller: Caller) -> list[dict[str, object]]:
    return caller.sandbox.control.deliveries()


def test_created_edited_and_deleted_fire_the_rules_that_name_them(caller: Caller, receiver: Receiver) -> None:
    _rule(caller, receiver.url, "item", "add")
    _rule(caller, receiver.url, "item", "delete")
    _rule(caller, receiver.url, "contact", "edit")
    item = caller.post("/items", {"name": "Rem", "sku": "REM"}).json()["item"]["item_id"]
    assert [each["event"] for each in _deliveries(caller)] == ["created"]
    caller.put(f"/items/{item}", {"name": "Rem 2"})
    contact = caller.get("/vendors")["contacts"][0]["contact_id"]
    caller.put(f"/contacts/{contact}", {"notes": "nieuw"})
    caller.delete(f"/items/{item}")
    seen = [(each["entity"], each["event"], each["id"], each["status"]) for each in _deliveries(caller)]
    assert seen == [
        ("item", "created", item, 200),
        ("contact", "edited", contact, 200),
        ("item", "deleted", item, 200),
    ]
    created, _, deleted = receiver.got
    assert created.payload()["item"]["sku"] == "REM"
    assert deleted.payload()["item"]["name"] == "Rem 2"  # the record as it was last


def test_a_payload_is_the_record_as_its_detail_shows_it(caller: Caller, receiver: Receiver) -> None:
    caller.sandbox.control.add_webhooks(receiver.url, entities=["purchaseorders", "purchase_receive"])
    vendor = caller.get("/vendors")["contacts"][0]["contact_id"]
    item = caller.get("/items", sku="BEL-1")["items"][0]["item_id"]
    body = {"vendor_id": vendor, "line_items": [{"item_id": item, "quantity": 2}]}
    order = caller.post("/purchaseorders", body).json()["purchaseorder"]
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    _deliveries(caller)
    assert [each.payload() for each in receiver.got] == [{"purchaseorder": order}]
    caller.post(f"{path}/status/issued")
    _deliveries(caller)
    assert receiver.got[-1].payload() == {"purchaseorder": caller.get(path)["purchaseorder"]}
    line = {"line_item_id": order["line_items"][0]["line_item_id"], "quantity": 1}
    made = caller.post(
        "/purchasereceives", {"line_items": [line]}, purchaseorder_id=order["purchaseorder_id"]
    )
    _deliveries(caller)
    receive = made.json()["purchasereceive"]
    assert {"purchasereceive": receive} in [each.payload() for each in receiver.got]
    assert receiver.entities().count("purchaseorder") == 3  # the order's time moved with the receive
    caller.sandbox.control.zoho_settings({"receive_moves_order_time": False})
    caller.delete(f"/purchasereceives/{receive['receive_id']}")
    _deliveries(caller)
    assert receiver.entities()[4:] == ["purchasereceive"]
    assert "items" not in receiver.entities()


def test_the_signature_covers_the_sorted_parameters_and_the_raw_body(
    caller: Caller, receiver: Receiver
) -> None:
    _rule(caller, f"{receiver.url}?shop=bel&a=1%202", "contact", "add", secret=SECRET)
    caller.post("/contacts", {"contact_name": "Crème & Co"})
    _deliveries(caller)
    got = receiver.got[0]
    assert got.path == "/hooks?shop=bel&a=1%202"
    expected = hmac.new(SECRET.encode(), b"a1 2" + b"shopbel" + got.body, hashlib.sha256).hexdigest()
    assert got.headers["x-zoho-webhook-signature"] == expected
    assert got.headers["content-type"].startswith("application/json")


def test_of_a_form_the_decoded_parameters_are_signed(caller: Caller, receiver: Receiver) -> None:
    header = [{"param_name": "X-Shop", "param_value": "bel"}]
    form = [{"param_name": "shop", "param_value": "b & z"}]
    url = f"{receiver.url}?k=v"
    more = {"secret": SECRET, "body_type": "form-data", "form_data": form, "headers": header}
    _rule(caller, url, "contact", "add", **more)
    caller.post("/contacts", {"contact_name": "Crème & Co"})
    _deliveries(caller)
    got = receiver.got[0]
    fields = dict(parse_qsl(got.body.decode()))
    assert json.loads(fields["JSONString"])["contact"]["contact_name"] == "Crème & Co"
    text = f"JSONString{fields['JSONString']}kvshopb & z"
    expected = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert got.headers["x-zoho-webhook-signature"] == expected
    assert got.headers["x-shop"] == "bel"


def test_without_a_secret_there_is_no_signature(caller: Caller, receiver: Receiver) -> None:
    _rule(caller, receiver.url, "contact", "add")
    caller.post("/contacts", {"contact_name": "X"})
    _deliveries(caller)
    assert "x-zoho-webhook-signature" not in receiver.got[0].headers


def test_inactive_and_deleted_rules_are_silent(caller: Caller, receiver: Receiver) -> None:
    webhook, rule = _rule(caller, receiver.url, "contact", "add_edit")
    listed = caller.get("/settings/webhooks")["webhooks"]
    assert [each["related_rules"][0]["workflow_id"] for each in listed] == [rule]
    caller.call("POST", f"/settings/workflows/{rule}/inactive")
    caller.post("/contacts", {"contact_name": "Stil"})
    caller.call("POST", f"/settings/workflows/{rule}/active")
    caller.post("/contacts", {"contact_name": "Luid"})
    _deliveries(caller)
    assert [each.payload()["contact"]["contact_name"] for each in receiver.got] == ["Luid"]
    assert caller.delete(f"/settings/webhooks/{webhook}").status == 200
    caller.post("/contacts", {"contact_name": "Weg"})
    assert len(_deliveries(caller)) == 1
    assert caller.delete(f"/settings/workflows/{rule}").status == 200
    assert caller.delete(f"/settings/workflows/{rule}").code == 1002
    assert (
        caller.get("/settings/webhooks")["webhooks"] == caller.get("/settings/workflows")["workflows"] == []
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1/x",
        "http://example.com/x",
        "http://10.0.0.1/x",
        "http://127.0.0.1.example.com/x",
        "http://127.0.0.1@example.com/x",
        "ftp://127.0.0.1/x",
        "http://127.0.0.1:99999/x",
        "http:///x",
        "http://127.0.0.1/a b\n",
        "",
    ],
)
def test_only_addresses_of_this_machine_are_taken(caller: Caller, url: str) -> None:
    body = {"webhook_name": "x", "entity": "item", "url": url}
    answer = caller.post("/settings/webhooks", body)
    assert (answer.status, answer.code) == (400, 2)
    with pytest.raises(ValueError, match="this machine only"):
        caller.sandbox.control.add_webhooks(url)
    assert caller.get("/settings/webhooks")["webhooks"] == []


@pytest.mark.parametrize(
    "wrong",
    [{"entity": "invoice"}, {"method": "GET"}, {"secret": "short"}, {"webhook_name": ""}, {"headers": 1}],
)
def test_a_wrong_webhook_is_refused(caller: Caller, wrong: Json) -> None:
    body = {"webhook_name": "x", "entity": "item", "url": "http://127.0.0.1:9/x", **wrong}
    assert caller.post("/settings/webhooks", body).code == 2


def test_a_receiver_that_is_slow_or_down_does_not_hold_up_the_api(caller: Caller, receiver: Receiver) -> None:
    receiver.waits = threading.Event()
    caller.sandbox.control.add_webhooks(receiver.url, entities=["contact"])
    caller.sandbox.control.add_webhooks("http://127.0.0.1:1/nobody", entities=["item"])
    begun = time.monotonic()
    for n in range(5):
        assert caller.post("/contacts", {"contact_name": f"Klant {n}"}).status == 201
        assert caller.post("/items", {"name": f"Ding {n}"}).status == 201
    assert time.monotonic() - begun < 2
    receiver.waits.set()
    receiver.waits = None
    rows = _deliveries(caller)
    assert len([row for row in rows if row["status"] == 200]) == 5
    nobody = [row for row in rows if row["status"] == 0]
    assert len(nobody) == 5
    assert {row["attempts"] for row in nobody} == {3}


def test_a_refused_delivery_comes_again(caller: Caller, receiver: Receiver) -> None:
    receiver.answers = [503, 500]
    caller.sandbox.control.add_webhooks(receiver.url, entities=["contact"])
    caller.post("/contacts", {"contact_name": "X"})
    rows = _deliveries(caller)
    assert [(row["attempts"], row["status"]) for row in rows] == [(3, 200)]
    assert len({each.body for each in receiver.got}) == 1


def test_a_switch_sends_twice_and_out_of_order(caller: Caller, receiver: Receiver) -> None:
    receiver.waits = threading.Event()
    caller.sandbox.control.add_webhooks(receiver.url, entities=["contact"])
    caller.post("/contacts", {"contact_name": "first"})  # this one waits while the others gather
    assert receiver.arrived.wait(5)
    caller.sandbox.control.zoho_settings({"webhooks_disordered": True})
    names = [f"Klant {n:02d}" for n in range(12)]
    for name in names:
        caller.post("/contacts", {"contact_name": name})
    receiver.waits.set()
    receiver.waits = None
    _deliveries(caller)
    seen = [each.payload()["contact"]["contact_name"] for each in receiver.got][1:]
    assert sorted(seen) == sorted(names * 2)
    assert seen != [name for name in names for _ in range(2)]


def test_of_what_was_deleted_a_switch_leaves_the_id(caller: Caller, receiver: Receiver) -> None:
    caller.sandbox.control.zoho_settings({"webhooks_deleted_ids_only": True})
    contact = caller.post("/contacts", {"contact_name": "X"}).json()["contact"]["contact_id"]
    caller.sandbox.control.add_webhooks(receiver.url)
    caller.delete(f"/contacts/{contact}")
    _deliveries(caller)
    assert [each.payload() for each in receiver.got] == [{"contact": {"contact_id": contact}}]


def test_stock_that_moves_edits_no_item_and_a_business_hour_fires(caller: Caller, receiver: Receiver) -> None:
    caller.sandbox.control.add_webhooks(receiver.url, entities=["item", "salesorder"])
    item = caller.get("/items", sku="BEL-1")["items"][0]["item_id"]
    caller.sandbox.control.move_stock(item, physical=5)
    assert _deliveries(caller) == []
    caller.sandbox.control.business(hours=1)
    _deliveries(caller)
    assert {"item", "salesorder"} <= set(receiver.entities())


def test_composites_and_assemblies_fire_under_their_own_names(caller: Caller, receiver: Receiver) -> None:
    caller.sandbox.control.add_webhooks(receiver.url)
    part = caller.get("/items", sku="BEL-1")["items"][0]["item_id"]
    body = {
        "name": "Belset",
        "sku": "SET-1",
        "rate": 20,
        "item_type": "inventory",
        "product_type": "goods",
        "mapped_items": [{"item_id": part, "quantity": 2}],
    }
    made = caller.post("/compositeitems", body)
    assert made.status == 201, made.body
    composite = made.json()["composite_item"]["composite_item_id"]
    _deliveries(caller)
    assert receiver.entities() == ["composite_item"]
    assert receiver.got[0].payload()["composite_item"]["mapped_items"][0]["item_id"] == part
    bundle = {
        "date": "2026-02-01",
        "composite_item_id": composite,
        "composite_item_name": "Belset",
        "quantity_to_bundle": 1,
        "is_completed": True,
        "line_items": [{"item_id": part, "name": "Fietsbel", "quantity_consumed": 2}],
    }
    assert caller.post("/bundles", bundle).status == 201
    _deliveries(caller)
    assert receiver.entities() == ["composite_item", "bundle"]


def test_a_saved_state_keeps_webhooks_and_rules(caller: Caller, receiver: Receiver) -> None:
    control = caller.sandbox.control
    control.add_webhooks(receiver.url, secret=SECRET, entities=["contact"])
    before = caller.get("/settings/workflows")
    caller.sandbox.zoho.restore(caller.sandbox.zoho.snapshot())
    assert caller.get("/settings/workflows") == before
    caller.post("/contacts", {"contact_name": "Na het laden"})
    assert [each["event"] for each in _deliveries(caller)] == ["created"]


def test_the_control_endpoint_sets_up_and_removes(caller: Caller, receiver: Receiver) -> None:
    base = caller.sandbox.control_url
    wanted = json.dumps({"url": receiver.url, "secret": SECRET, "entities": ["items", "bundles"]}).encode()
    made = send(f"{base}/zoho/webhooks", "POST", body=wanted)
    assert len(made.json()["webhook_ids"]) == 2
    caller.post("/items", {"name": "Spaak"})
    rows = send(f"{base}/zoho/deliveries").json()["deliveries"]
    assert [(row["entity"], row["event"]) for row in rows] == [("item", "created")]
    assert send(f"{base}/zoho/webhooks", "DELETE").status == 200
    assert caller.get("/settings/webhooks")["webhooks"] == []
    outside = json.dumps({"url": "http://example.com/x"}).encode()
    assert send(f"{base}/zoho/webhooks", "POST", body=outside).status == 400


def test_the_thread_ends_with_the_sandbox(receiver: Receiver) -> None:
    with calling(company=shop()) as caller:
        caller.sandbox.control.add_webhooks(receiver.url)
        caller.post("/contacts", {"contact_name": "X"})
        _deliveries(caller)
        assert "sandbox-webhooks" in {thread.name for thread in threading.enumerate()}
    assert "sandbox-webhooks" not in {thread.name for thread in threading.enumerate()}
