"""Contacts, which are vendors and customers: list, detail, create, update, delete, addresses (facts: Zoho 10.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from stockbridge_sandbox.zoho.contactrows import contact_detail, contact_row, shown_address
from stockbridge_sandbox.zoho.customfields import read_custom_fields
from stockbridge_sandbox.zoho.errors import in_use, invalid_value, name_taken, no_such
from stockbridge_sandbox.zoho.listing import Listing, list_page, one_of, text_filters
from stockbridge_sandbox.zoho.persons import read_person, read_persons
from stockbridge_sandbox.zoho.records import Address, Contact, Person
from stockbridge_sandbox.zoho.wire import Json, read_text, read_whole
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_contact

_TEXTS = {"contact_name": 200, "company_name": 200, "website": 200, "notes": 2000, "language_code": 10}
_SOCIAL = {"facebook": 100, "twitter": 100}
_OF_ADDRESS = {"street2": 255}  # others take 500
_ADDRESS_PARTS = (
    "attention",
    "address",
    "street2",
    "city",
    "state",
    "state_code",
    "zip",
    "country",
    "country_code",
    "phone",
    "fax",
)


def _of_person(name: str) -> Callable[[Contact], str]:
    return lambda contact: str(getattr(contact.primary, name)) if contact.primary else ""


def _address_text(contact: Contact) -> str:
    billing = contact.billing_address
    return " ".join((billing.address, billing.street2, billing.city, billing.zip, billing.country))


def listing(contact_type: str | None) -> Listing[Contact]:
    """How /contacts is listed, and /vendors and /customers, whose list key is `contacts` too."""
    return Listing(
        key="contacts",
        report_name={"vendor": "Vendors", "customer": "Customers"}.get(contact_type or "", "Contacts"),
        rows=lambda call: call.world.contacts,
        render=contact_row,
        sorts={
            "contact_name": lambda contact: contact.contact_name.lower(),
            "first_name": lambda contact: _of_person("first_name")(contact).lower(),
            "last_name": lambda contact: _of_person("last_name")(contact).lower(),
            "email": lambda contact: _of_person("email")(contact).lower(),
            "outstanding_receivable_amount": lambda contact: contact.receivable,
            "created_time": lambda contact: contact.created,
        },
        sort_column="contact_name",
        filter_by={
            "Status.All": lambda _: True,
            "Status.Active": lambda contact: contact.status == "active",
            "Status.Inactive": lambda contact: contact.status == "inactive",
            "Status.Duplicate": lambda _: False,
            "Status.Crm": lambda _: False,
        },
        filters={
            **text_filters("contact_name", lambda contact: contact.contact_name),
            **text_filters("company_name", lambda contact: contact.company_name),
            **text_filters("first_name", _of_person("first_name")),
            **text_filters("last_name", _of_person("last_name")),
            **text_filters("email", _of_person("email")),
            **text_filters("phone", _of_person("phone")),
            **text_filters("address", _address_text),
            "contact_type": one_of(
                "contact_type",
                {
                    "vendor": lambda contact: contact.contact_type == "vendor",
                    "customer": lambda contact: contact.contact_type == "customer",
                },
            ),
            "status": one_of(
                "status",
                {
                    "active": lambda contact: contact.status == "active",
                    "inactive": lambda contact: contact.status == "inactive",
                    "all": lambda _: True,
                },
            ),
        },
        search=lambda contact: (contact.contact_name, contact.company_name, _of_person("email")(contact)),
        always=None if contact_type is None else lambda contact: contact.contact_type == contact_type,
    )


def list_contacts(contact_type: str | None = None) -> Callable[[Call], Reply]:
    """GET /contacts, /vendors, /customers."""
    how = listing(contact_type)
    return lambda call: list_page(call, how)


def get_contact(contact_type: str | None = None) -> Callable[[Call], Reply]:
    """GET /contacts/{id}, /vendors/{id}, /customers/{id}: the record is under `contact`."""

    def get(call: Call) -> Reply:
        contact = one_contact(call.world, call.ids[0])
        if contact_type is not None and contact.contact_type != contact_type:
            raise no_such("Contact")
        return Reply(content={"contact": contact_detail(call.world, contact)})

    return get


def create_contact(contact_type: str = "customer") -> Callable[[Call], Reply]:
    """POST /contacts (and /vendors, /customers): only contact_name is required."""

    def create(call: Call) -> Reply:
        world, body = call.world, call.body()
        now = world.now()
        contact = Contact(id="", created=now, modified=now, contact_name="", source="api")
        contact.contact_type = contact_type
        contact.currency_id = world.base_currency.id
        contact.billing_address.id, contact.shipping_address.id = world.new_id(), world.new_id()
        _set_terms(world, contact, 0)
        _read(world, contact, body)
        if not contact.contact_name:
            raise invalid_value("contact_name")
        if world.contact_names[contact.name_key]:
            raise name_taken(contact.contact_type, contact.contact_name)
        contact.id = world.new_id()
        if not contact.persons and any(body.get(name) for name in ("first_name", "email", "phone", "mobile")):
            contact.persons = [_person_of_body(world, body)]
        world.contacts.add(contact)
        world.contact_names[contact.name_key] += 1
        return Reply(
            status=201,
            message="The contact has been added.",
            content={"contact": contact_detail(world, contact)},
            location=f"/api/v1/contacts/{contact.id}",
        )

    return create


def update_contact(call: Call) -> Reply:
    """PUT /contacts/{id}: fields not sent keep what they hold; contact_persons is replaced as a whole."""
    world, contact = call.world, one_contact(call.world, call.ids[0])
    new = replace(contact)
    _read(world, new, call.body())
    if new.name_key != contact.name_key and world.contact_names[new.name_key]:
        raise name_taken(new.contact_type, new.contact_name)
    if new.contact_type != contact.contact_type and world.orders_of_customer[contact.id]:
        raise in_use("The contact has transactions, so its type cannot be changed.")
    world.contact_names[contact.name_key] -= 1
    world.contact_names[new.name_key] += 1
    for part in fields(new):
        setattr(contact, part.name, getattr(new, part.name))
    _touch(world, contact)
    return Reply(
        message="Contact has been updated successfully", content={"contact": contact_detail(world, contact)}
    )


def delete_contact(call: Call) -> Reply:
    """DELETE /contacts/{id}: refused while a transaction holds the contact."""
    world, contact = call.world, one_contact(call.world, call.ids[0])
    if world.orders_of_customer[contact.id]:
        raise in_use(
            "The contact has transactions and cannot be deleted. Instead, you can mark it as inactive."
        )
    world.contacts.remove(contact)
    world.contact_names[contact.name_key] -= 1
    for item in world.items:
        if contact.id == item.vendor_id:
            item.vendor_id = ""
        if contact.id in item.further_vendor_ids:
            item.further_vendor_ids.remove(contact.id)
    world.items.redraw()
    return Reply(message="The contact has been deleted.")


def mark_contact(status: str) -> Callable[[Call], Reply]:
    """POST /contacts/{id}/active and /inactive."""

    def mark(call: Call) -> Reply:
        contact = one_contact(call.world, call.ids[0])
        contact.status = status
        _touch(call.world, contact)
        return Reply(message=f"The contact has been marked as {status}.")

    return mark


def get_addresses(call: Call) -> Reply:
    """GET /contacts/{id}/address."""
    contact = one_contact(call.world, call.ids[0])
    both = (contact.billing_address, contact.shipping_address)
    return Reply(content={"addresses": [shown_address(address) for address in both]})


def _touch(world: World, contact: Contact) -> None:
    contact.modified = world.now()
    world.contacts.changed(contact)
    # Rows of items and orders show the name of their vendor or customer.
    world.items.redraw()
    world.salesorders.redraw()
    world.purchaseorders.redraw()


def _read(world: World, contact: Contact, body: Json) -> None:
    new: dict[str, object] = {}
    for name, longest in (_TEXTS | _SOCIAL).items():
        if name in body:
            new[name] = read_text(name, body[name], longest)
    if "contact_name" in new and not str(new["contact_name"]).strip():
        raise invalid_value("contact_name")
    if "contact_type" in body:
        if body["contact_type"] not in ("vendor", "customer"):
            raise invalid_value("contact_type")
        new["contact_type"] = body["contact_type"]
    if "customer_sub_type" in body:
        if body["customer_sub_type"] not in ("business", "individual"):
            raise invalid_value("customer_sub_type")
        new["customer_sub_type"] = body["customer_sub_type"]
    if body.get("currency_id"):
        if world.currencies.get(str(body["currency_id"])) is None:
            raise no_such("Currency")
        new["currency_id"] = str(body["currency_id"])
    terms = read_whole("payment_terms", body["payment_terms"]) if "payment_terms" in body else None
    for name in ("billing_address", "shipping_address"):
        if name in body:
            new[name] = _read_address(name, body[name], getattr(contact, name))
    if "contact_persons" in body:
        new["persons"] = read_persons(world, body["contact_persons"], contact.persons)
    if "custom_fields" in body:
        new["custom_fields"] = read_custom_fields(
            world, "contact", body["custom_fields"], contact.custom_fields
        )
    for name, value in new.items():
        setattr(contact, name, value)
    if terms is not None:
        _set_terms(world, contact, terms)


def _set_terms(world: World, contact: Contact, days: int) -> None:
    contact.payment_terms = days
    contact.payment_terms_label = "Due on Receipt" if days == 0 else f"Net {days}"
    contact.payment_terms_id = str(int(world.base_currency.id) + 1000 + days)


def _read_address(name: str, value: object, old: Address) -> Address:
    if not isinstance(value, dict):
        raise invalid_value(name)
    parts = {
        part: read_text(part, value[part], _OF_ADDRESS.get(part, 500))
        for part in _ADDRESS_PARTS
        if part in value
    }
    return replace(old, **parts)


def _person_of_body(world: World, body: Json) -> Person:
    names = ("salutation", "first_name", "last_name", "email", "phone", "mobile")
    person = read_person(Person(id=world.new_id()), {name: body[name] for name in names if name in body})
    return replace(person, is_primary_contact=True)
