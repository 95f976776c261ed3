"""Zoho's contacts read and written over real HTTP: nothing is lost that was not written, and every refusal has its words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from contract_shops import zoho_login

from stockbridge.connectors.zoho import connector as zoho
from stockbridge.connectors.zoho.account import ZohoAccount
from stockbridge.connectors.zoho.connector import ZohoConnector
from stockbridge.core.errors import Exists, Gone, Rejected, Retry, Uncertain
from stockbridge.core.record import Kind, Record, Value, Values
from stockbridge.http.clock import scaled
from stockbridge.http.oauth import Token
from stockbridge.http.transport import Transport
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1200.0
# label, type, its kind, a value of it
FIELDS: tuple[tuple[str, str, Kind, Value], ...] = (
    ("Tekst", "string", Kind.TEXT, "Hallo"),
    ("Verhaal", "multiline", Kind.LONG_TEXT, "een\ntwee"),
    ("Aantal", "number", Kind.NUMBER, Decimal(12)),
    ("Maat", "decimal", Kind.NUMBER, Decimal("1.25")),
    ("Bedrag", "amount", Kind.NUMBER, Decimal("9.95")),
    ("Korting", "percent", Kind.NUMBER, Decimal("2.5")),
    ("Geboren", "date", Kind.DAY, date(1980, 2, 29)),
    ("Gebeld", "date_time", Kind.MOMENT, datetime(2026, 7, 2, 9, 30, tzinfo=UTC)),
    ("Weg", "check_box", Kind.FLAG, True),
    ("Klasse", "dropdown", Kind.SELECT, "Goud"),
    ("Soorten", "multiselect", Kind.LABELS, ["Fiets", "Step"]),
    ("Tweede adres", "email", Kind.EMAIL, "twee@b.example"),
    ("Pagina", "url", Kind.URL, "https://b.example/a"),
    ("Nood", "phone", Kind.PHONE, "+31 20 999"),
)
OPTIONS = {"dropdown": ("Goud", "Zilver"), "multiselect": ("Step", "Fiets", "Ski")}
PERSONS = [
    {"first_name": "Jan", "last_name": "Smit", "email": "jan@smit.example", "department": "Inkoop"},
    {"first_name": "Eva", "email": "eva@smit.example", "is_primary_contact": True, "skype": "eva.s"},
    {"first_name": "Noor", "mobile": "+31 6 777"},
]
ADDRESS = {
    "address": "Kade 1",
    "city": "Gent",
    "state": "OV",
    "state_code": "OV",
    "phone": "09 1",
    "zip": "9000",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    sandbox: Sandbox
    connector: ZohoConnector
    custom: dict[str, str]  # api name by type
    account: ZohoAccount
    token: Token
    transport: Transport

    def make(self, name: str = "Smit & Zn", **body: object) -> str:
        """A contact that a person made in Zoho."""
        made = self.sandbox.zoho.direct("POST", "/contacts", body={"contact_name": name, **body})
        return str(made["contact"]["contact_id"])

    def detail(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.sandbox.zoho.direct("GET", f"/contacts/{id}")["contact"]
        return found

    def record(self, id: str) -> Record:
        (found,) = self.connector.fetch("contacts", [id])
        assert isinstance(found, Record)
        return found

    def calls(self) -> list[str]:
        return [
            f"{seen.method} {seen.path.partition('/inventory/v1')[2]}"
            for seen in self.sandbox.log.rows("zoho")
            if "/inventory/" in seen.path
        ]

    def item(self) -> str:
        return str(self.sandbox.zoho.rows("items")[0]["id"])


@pytest.fixture
def shop() -> Iterator[Shop]:
    with start(items=1, vendors=1, orders=0, seed=3, speed=SPEED) as sandbox, Transport() as transport:
        custom = {
            kind: sandbox.control.define_field("contact", label, kind, OPTIONS.get(kind, ()))
            for label, kind, _, _ in FIELDS
        }
        custom["lookup"] = sandbox.control.define_field("contact", "Baas", "lookup")
        clock = scaled(sandbox.clock.speed, start=sandbox.clock.now())
        account, token = zoho_login(sandbox, transport, clock)
        known = zoho.connect(account, clock=clock, transport=transport, token=token).contact_fields()
        sandbox.log.clear()
        yield Shop(
            sandbox=sandbox,
            connector=zoho.connect(
                account, clock=clock, transport=transport, token=token, custom_contacts=known
            ),
            custom=custom,
            account=account,
            token=token,
            transport=transport,
        )


def _of(values: Values, *names: str) -> list[Value]:
    return [values[name] for name in names]


def test_the_fields_of_the_organisation_with_their_types_and_choices(shop: Shop) -> None:
    fields = {field.name: field for field in shop.connector.contact_fields()}
    for label, kind, declared, _ in FIELDS:
        field = fields[shop.custom[kind]]
        assert (field.kind, field.label, field.writable, field.detail) == (declared, label, True, True)
        assert field.choices == OPTIONS.get(kind, ())
    assert fields[shop.custom["lookup"]].kind is Kind.TEXT
    assert not fields[shop.custom["lookup"]].writable
    assert fields["cf_gln"].label == "GLN"
    assert set(fields) <= {field.name for field in shop.connector.streams()["contacts"].fields}


def test_the_fields_come_from_the_preferences_where_the_other_call_is_not_there(shop: Shop) -> None:
    before = shop.connector.contact_fields()
    shop.sandbox.faults.add(
        Fault(kind="status", system="zoho", path="/settings/customfields", status=404, code=5)
    )
    assert shop.connector.contact_fields() == before
    shop.sandbox.faults.add(
        Fault(kind="status", system="zoho", path="/settings/", status=400, code=2, count=None)
    )
    assert shop.connector.contact_fields() == []


def test_customers_and_vendors_active_or_not_are_listed_and_read_whole(shop: Shop) -> None:
    customer = shop.make(
        "Smit & Zn",
        customer_sub_type="individual",
        contact_persons=PERSONS,
        billing_address={**ADDRESS, "fax": "09 2"},
        website="smit.example",
        notes="Belt\neerst",
    )
    shop.sandbox.zoho.direct("POST", f"/contacts/{customer}/inactive")
    vendor = shop.make("Bakker", contact_type="vendor")
    rows = {one.id: one for page in shop.connector.read("contacts", None) for one in page.records}
    assert set(rows) == {row["id"] for row in shop.sandbox.zoho.rows("contacts")}
    assert _of(rows[vendor].values, "contact_type", "status", "email") == ["vendor", "active", None]
    row = rows[customer].values
    assert _of(row, "contact_type", "customer_sub_type", "status") == ["customer", "individual", "inactive"]
    assert _of(row, "first_name", "last_name", "email") == ["Eva", None, "eva@smit.example"]
    assert not rows[customer].full
    assert "notes" not in row
    assert "billing_address.city" not in row
    record = shop.record(customer)
    values = record.values
    assert record.full
    assert _of(values, "skype", "notes", "fax", "department") == ["eva.s", "Belt\neerst", "09 2", None]
    assert _of(values, "billing_address.street", "billing_address.region", "shipping_address.city") == [
        "Kade 1",
        "OV",
        None,
    ]
    assert {name: values[name] for name in row} == row
    assert all(field.name in values for field in shop.connector.streams()["contacts"].fields)


def test_every_field_is_made_changed_and_emptied(shop: Shop) -> None:
    custom = {shop.custom[kind]: value for _, kind, _, value in FIELDS}
    stream = shop.connector.streams()["contacts"]
    texts = {
        field.name: f"{field.words} 1"
        for field in stream.fields
        if field.writable and not field.choices and field.name not in custom and not field.step
    }
    sent: Values = {**texts, "email": "een@b.example", "contact_type": "vendor", **custom}
    sent["customer_sub_type"] = "individual"
    made = shop.connector.create("contacts", sent, "people/c1")
    assert {name: made.values[name] for name in sent} == sent
    assert shop.record(made.id).values == made.values
    for name, value in {**sent, "customer_sub_type": "business"}.items():
        if name in ("contact_type", "contact_name"):
            continue
        field = stream.field(name)
        assert field is not None
        emptied: Value = [] if field.kind is Kind.LABELS else False if field.kind is Kind.FLAG else None
        if field.choices and field.kind is Kind.SELECT and name != shop.custom["dropdown"]:
            emptied = value
        changed = shop.connector.update("contacts", made.id, {name: emptied})
        assert changed.values[name] == emptied, name
        assert {**changed.values, name: made.values[name]} == made.values, name
        made = changed


def test_a_change_of_the_primary_person_keeps_the_others_to_the_last_key(shop: Shop) -> None:
    id = shop.make(contact_persons=PERSONS)
    before = shop.detail(id)["contact_persons"]
    changed = shop.connector.update("contacts", id, {"phone": "020 1", "skype": None, "last_name": "Bos"})
    after = shop.detail(id)["contact_persons"]
    assert after == [
        before[0],
        {**before[1], "phone": "020 1", "skype": "", "last_name": "Bos"},
        before[2],
    ]
    assert _of(changed.values, "first_name", "last_name", "phone", "skype") == ["Eva", "Bos", "020 1", None]


def test_a_contact_without_persons_gets_one_and_its_name_is_sent_along(shop: Shop) -> None:
    id = shop.make()
    assert shop.detail(id)["contact_persons"] == []
    shop.connector.update("contacts", id, {"email": "info@smit.example"})
    (person,) = shop.detail(id)["contact_persons"]
    assert (person["email"], person["is_primary_contact"]) == ("info@smit.example", True)
    assert shop.detail(id)["contact_name"] == "Smit & Zn"


def test_a_part_of_an_address_leaves_its_other_parts_and_the_other_address(shop: Shop) -> None:
    id = shop.make(billing_address=ADDRESS, shipping_address={"city": "Lier"}, notes="x", custom_fields=[])
    shop.connector.update("contacts", id, {"billing_address.city": "Brugge", "fax": "09 3"})
    billing = shop.detail(id)["billing_address"]
    assert {key: billing[key] for key in (*ADDRESS, "fax")} == {**ADDRESS, "city": "Brugge", "fax": "09 3"}
    assert shop.detail(id)["shipping_address"]["city"] == "Lier"
    shop.connector.update("contacts", id, {"billing_address.region": "West-Vlaanderen"})
    assert shop.detail(id)["billing_address"]["state"] == "West-Vlaanderen"
    assert shop.detail(id)["billing_address"]["phone"] == "09 1"


def test_a_custom_field_is_written_alone(shop: Shop) -> None:
    given = [
        {"api_name": shop.custom["string"], "value": "Hallo"},
        {"api_name": shop.custom["multiselect"], "value": ["Ski"]},
    ]
    id = shop.make(custom_fields=given)
    changed = shop.connector.update("contacts", id, {shop.custom["check_box"]: True})
    assert _of(changed.values, *(shop.custom[kind] for kind in ("string", "multiselect", "check_box"))) == [
        "Hallo",
        ["Ski"],
        True,
    ]


def test_the_status_is_a_call_of_its_own_before_the_rest(shop: Shop) -> None:
    id = shop.make()
    shop.sandbox.log.clear()
    one = shop.connector.update("contacts", id, {"status": "inactive"})
    assert one.values["status"] == "inactive"
    assert shop.calls() == [f"POST /contacts/{id}/inactive", f"GET /contacts/{id}"]
    shop.sandbox.log.clear()
    both = shop.connector.update("contacts", id, {"notes": "terug", "status": "active"})
    assert _of(both.values, "status", "notes") == ["active", "terug"]
    assert shop.calls() == [f"POST /contacts/{id}/active", f"GET /contacts/{id}", f"PUT /contacts/{id}"]
    made = shop.connector.create("contacts", {"contact_name": "Oud", "status": "inactive"}, "people/c2")
    assert made.values["status"] == "inactive"
    with pytest.raises(Rejected, match="active or inactive") as refused:
        shop.connector.update("contacts", id, {"status": "gone"})
    assert refused.value.field == "status"


def test_what_stands_already_is_not_written(shop: Shop) -> None:
    id = shop.make(contact_persons=PERSONS, notes="x")
    shop.sandbox.log.clear()
    same = shop.connector.update("contacts", id, {"email": "eva@smit.example", "notes": "x"})
    assert shop.calls() == [f"GET /contacts/{id}"]
    assert same.values["notes"] == "x"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"email": "eva@b.example"}, "Smit & Zn (eva@b.example)"),
        ({"company_name": "Smit B.V."}, "Smit & Zn (Smit B.V.)"),
        ({"company_name": "SMIT & zn"}, "Smit & Zn (c12345)"),
        ({"company_name": None}, "Smit & Zn (c12345)"),
    ],
)
def test_a_name_that_is_taken_is_made_distinct_once(shop: Shop, more: Values, name: str) -> None:
    before = len(shop.sandbox.zoho.rows("contacts"))
    first = shop.make(notes="ons eerste")
    wanted = name.partition(" (")[0]
    made = shop.connector.create("contacts", {"contact_name": wanted, **more}, "people/c12345")
    assert (made.id != first, made.values["contact_name"]) == (True, name)
    shop.sandbox.zoho.direct("PUT", f"/contacts/{made.id}", body={"company_name": "X", "contact_persons": []})
    with pytest.raises(Rejected) as refused:
        shop.connector.create("contacts", {"contact_name": wanted, "notes": "x", **more}, "people/c12345")
    assert (refused.value.field, refused.value.code) == ("contact_name", "3062")
    assert "another name" in refused.value.remedy
    assert len(shop.sandbox.zoho.rows("contacts")) == before + 2


@pytest.mark.parametrize("name", ["Bos", "Smit & Zn"])
def test_what_was_made_and_whose_answer_was_lost_is_not_made_again(shop: Shop, name: str) -> None:
    """The second of them had to take another name."""
    before = len(shop.sandbox.zoho.rows("contacts"))
    shop.make(website="smit.example")
    values = {"contact_name": name, "phone": "020 1", "notes": None}
    lost = Fault(kind="drop_after", system="zoho", method="POST", nth=1 if name == "Bos" else 2)
    shop.sandbox.faults.add(lost)
    with pytest.raises(Uncertain):
        shop.connector.create("contacts", values, "people/c12345")
    shop.sandbox.control.zoho_settings({"stale_reads_seconds": 600.0})
    with pytest.raises(Retry, match="does not show it yet"):
        shop.connector.create("contacts", values, "people/c12345")
    shop.sandbox.control.zoho_settings({"stale_reads_seconds": 0.0})
    with pytest.raises(Exists) as found:
        shop.connector.create("contacts", values, "people/c12345")
    assert found.value.record.values["phone"] == "020 1"
    assert found.value.record.full
    assert len(shop.sandbox.zoho.rows("contacts")) == before + 2


def test_a_long_name_that_is_taken_stays_within_what_zoho_takes(shop: Shop) -> None:
    shop.make("x" * 200)
    made = shop.connector.create(
        "contacts", {"contact_name": "x" * 200, "email": "eva@b.example"}, "people/c1"
    )
    assert made.values["contact_name"] == "x" * 184 + " (eva@b.example)"


def test_a_change_to_a_taken_name_is_refused_in_words(shop: Shop) -> None:
    shop.make("Bakker")
    id = shop.make()
    with pytest.raises(Rejected, match="already exists") as refused:
        shop.connector.update("contacts", id, {"contact_name": "bakker"})
    assert refused.value.field == "contact_name"
    assert shop.detail(id)["contact_name"] == "Smit & Zn"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"billing_address.postal_code": "x" * 501}, "billing_address.postal_code"),
        ({"shipping_address.street": "x" * 501}, "shipping_address.street"),
        ({"facebook": "x" * 101}, "facebook"),
        ({"email": "nobody"}, "email"),
        ({"cf_klasse": "Brons"}, "cf_klasse"),
        ({"cf_tweede_adres": "nobody"}, "cf_tweede_adres"),
        ({"contact_name": None}, "contact_name"),
        ({"cf_aantal": "veel"}, "cf_aantal"),
        ({"cf_gebeld": datetime(2026, 1, 1)}, "cf_gebeld"),
        ({"cf_baas": "x"}, "cf_baas"),
        ({"currency_code": "USD"}, "currency_code"),
        ({"shoe_size": "42"}, "shoe_size"),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(shop: Shop, values: Values, field: str) -> None:
    id = shop.make(notes="x")
    before = shop.detail(id)
    with pytest.raises(Rejected) as refused:
        shop.connector.update("contacts", id, {"notes": "y", **values})
    assert refused.value.field == field
    assert refused.value.remedy
    assert shop.detail(id) == before


def test_a_contact_without_a_name_is_not_made(shop: Shop) -> None:
    with pytest.raises(Rejected, match="display name is empty") as refused:
        shop.connector.create("contacts", {"email": "a@b.example"}, "people/c1")
    assert refused.value.field == "contact_name"


def test_a_contact_with_transactions_is_kept_and_the_way_out_is_said(shop: Shop) -> None:
    id = shop.make()
    order = {"customer_id": id, "line_items": [{"item_id": shop.item(), "quantity": 1}]}
    shop.sandbox.zoho.direct("POST", "/salesorders", body=order)
    assert shop.record(id).values["has_transaction"] is True
    with pytest.raises(Rejected, match="transactions") as refused:
        shop.connector.remove("contacts", id)
    assert "inactive instead" in refused.value.remedy
    with pytest.raises(Rejected, match="transactions") as kept:
        shop.connector.update("contacts", id, {"contact_type": "vendor"})
    assert kept.value.field == "contact_type"
    other = shop.make("Weg")
    shop.connector.remove("contacts", other)
    shop.connector.remove("contacts", other)
    assert shop.record(other).deleted
    for values in ({"notes": "x"}, {"status": "inactive"}):
        with pytest.raises(Gone):
            shop.connector.update("contacts", other, values)


def test_a_contact_is_found_by_its_name(shop: Shop) -> None:
    id = shop.make(contact_persons=PERSONS)
    shop.make("Smit & Zn 2")
    found = shop.connector.find("contacts", ["Smit & Zn", "Niemand"], None)
    assert {name: [one.id for one in some] for name, some in found.items()} == {"Smit & Zn": [id]}
    assert found["Smit & Zn"][0].full


def test_what_is_owed_gives_a_row_another_version_in_a_full_read(shop: Shop) -> None:
    id = shop.make()
    shop.sandbox.clock.advance(60)

    def row() -> Record:
        return next(
            one for page in shop.connector.read("contacts", None) for one in page.records if one.id == id
        )

    before = row()
    shop.sandbox.control.set_amounts(id, receivable="120.50", receivable_credits="7")
    after = row()
    assert after.version != before.version
    assert after.modified == before.modified
    assert after.values["outstanding_receivable_amount"] == Decimal("120.5")
    assert after.values["unused_credits_receivable_amount"] == 7
    assert shop.record(id).version == after.version


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "not_json"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_lost_answer_is_uncertain_and_is_not_sent_again(shop: Shop, method: str, kind: Any) -> None:
    id = shop.make()
    shop.sandbox.log.clear()
    shop.sandbox.faults.add(Fault(kind=kind, system="zoho", method=method, path="/contacts"))
    with pytest.raises(Uncertain):
        if method == "POST":
            shop.connector.create("contacts", {"contact_name": "Nieuw"}, "people/c1")
        elif method == "PUT":
            shop.connector.update("contacts", id, {"notes": "x"})
        else:
            shop.connector.remove("contacts", id)
    assert [call.split()[0] for call in shop.calls()].count(method) == 1
    took = kind != "drop_before"
    names = {row["contact_name"] for row in shop.sandbox.zoho.rows("contacts")}
    assert ("Nieuw" in names) == (took and method == "POST")
    assert ("Smit & Zn" in names) != (took and method == "DELETE")
    if "Smit & Zn" in names:
        assert (shop.detail(id)["notes"] == "x") == (took and method == "PUT")


def test_a_status_that_was_set_is_not_taken_back_by_what_fails_after_it(shop: Shop) -> None:
    id = shop.make()
    down = Fault(
        kind="status", system="zoho", method="GET", path="/contacts/", status=500, code=1000, count=None
    )
    shop.sandbox.faults.add(down)
    assert shop.connector.update("contacts", id, {"status": "inactive"}).values == {"status": "inactive"}
    with pytest.raises(Uncertain):
        shop.connector.update("contacts", id, {"status": "active", "notes": "x"})
    with pytest.raises(Retry):
        shop.connector.update("contacts", id, {"notes": "x"})
    shop.sandbox.faults.clear()
    assert _of(shop.record(id).values, "status", "notes") == ["active", None]


def test_a_connector_without_custom_fields_leaves_them_alone(shop: Shop) -> None:
    plain = zoho.connect(
        shop.account,
        clock=scaled(SPEED, start=shop.sandbox.clock.now()),
        transport=shop.transport,
        token=shop.token,
    )
    names = {field.name for field in plain.streams()["contacts"].fields}
    assert not any(name.startswith("cf_") for name in names)
    id = shop.make(custom_fields=[{"api_name": "cf_gln", "value": "8712345"}])
    changed = plain.update("contacts", id, {"notes": "x"})
    assert set(changed.values) == names
    assert shop.record(id).values["cf_gln"] == "8712345"
