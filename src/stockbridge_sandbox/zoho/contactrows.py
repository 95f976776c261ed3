"""Contacts as the API shows them: rows, details, persons and addresses (facts: Zoho 10.6; contract: live shapes)."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.customfields import detailed, flat
from stockbridge_sandbox.zoho.records import Address, Contact, Person
from stockbridge_sandbox.zoho.wire import Json, day_formatted, encode, number, stamp, templates
from stockbridge_sandbox.zoho.world import Call, World


def contact_row(call: Call, contact: Contact) -> bytes:
    """A row of GET /contacts, /vendors and /customers: customer_name and vendor_name both are the contact_name."""
    world = call.world
    row = {
        **templates()["contact_row"],
        **_shared(world, contact),
        "contact_type_formatted": contact.contact_type.capitalize(),
        "customer_name": contact.contact_name,
        "vendor_name": contact.contact_name,
        "created_time_formatted": day_formatted(contact.created.astimezone(world.zone).date()),
        "last_modified_time_formatted": day_formatted(contact.modified.astimezone(world.zone).date()),
    }
    return encode(row)


def contact_detail(world: World, contact: Contact) -> Json:
    """The record of GET /contacts/{id}."""
    currency = world.currencies.get(contact.currency_id)
    template = templates()["contact"]
    primary = contact.primary
    summary = {
        **templates()["currency_summary"],
        "currency_id": contact.currency_id,
        "currency_code": currency.code if currency else "",
        "currency_symbol": currency.symbol if currency else "",
        "currency_name_formatted": f"{currency.code}- {currency.name}" if currency else "",
        "price_precision": currency.price_precision if currency else 2,
        "is_base_currency": currency.is_base if currency else False,
    }
    summaries = (
        "vendor_currency_summaries" if contact.contact_type == "vendor" else "customer_currency_summaries"
    )
    detail = {
        **template,
        **_shared(world, contact),
        "created_date": day_formatted(contact.created.astimezone(world.zone).date()),
        "currency_symbol": currency.symbol if currency else "",
        "price_precision": currency.price_precision if currency else 2,
        "exchange_rate": "" if currency is None or currency.is_base else number(currency.exchange_rate),
        "primary_contact_id": primary.id if primary else "",
        "designation": primary.designation if primary else "",
        "department": primary.department if primary else "",
        "contact_salutation": primary.salutation if primary else "",
        "contact_persons": [shown_person(person) for person in contact.persons],
        "billing_address": shown_address(contact.billing_address),
        "shipping_address": shown_address(contact.shipping_address),
        "entity_address_id": contact.billing_address.id,
        "notes": contact.notes,
        "has_transaction": world.orders_of_customer[contact.id] > 0,
        "created_by_id": world.organization.id,
        "created_by_name": world.organization.contact_name,
        "last_modified_by_id": world.organization.id,
        "photo_url": "https://contacts.example.com/photo",
    }
    detail.pop("customer_currency_summaries", None)
    detail[summaries] = [summary]
    return detail


def shown_person(person: Person) -> Json:
    """A contact person, as details and /contactpersons carry it."""
    return {
        **templates()["person"],
        "contact_person_id": person.id,
        "salutation": person.salutation,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "phone": person.phone,
        "mobile": person.mobile,
        "designation": person.designation,
        "department": person.department,
        "skype": person.skype,
        "is_primary_contact": person.is_primary_contact,
        "communication_preference": {"is_email_enabled": True},
        "photo_url": "https://contacts.example.com/photo",
    }


def shown_address(address: Address) -> Json:
    """An address of a contact."""
    return {
        **templates()["contact"]["billing_address"],
        "address_id": address.id,
        "attention": address.attention,
        "address": address.address,
        "street2": address.street2,
        "city": address.city,
        "state": address.state,
        "state_code": address.state_code,
        "zip": address.zip,
        "country": address.country,
        "country_code": address.country_code,
        "phone": address.phone,
        "fax": address.fax,
    }


def _shared(world: World, contact: Contact) -> Json:
    currency = world.currencies.get(contact.currency_id)
    primary = contact.primary
    rate = currency.exchange_rate if currency else Decimal(1)
    return {
        "contact_id": contact.id,
        "contact_name": contact.contact_name,
        "company_name": contact.company_name,
        "contact_type": contact.contact_type,
        "customer_sub_type": contact.customer_sub_type,
        "status": contact.status,
        "source": contact.source,
        "payment_terms": contact.payment_terms,
        "payment_terms_id": contact.payment_terms_id,
        "payment_terms_label": contact.payment_terms_label,
        "currency_id": contact.currency_id,
        "currency_code": currency.code if currency else "",
        "website": contact.website,
        "language_code": contact.language_code,
        "facebook": contact.facebook,
        "twitter": contact.twitter,
        "first_name": primary.first_name if primary else "",
        "last_name": primary.last_name if primary else "",
        "email": primary.email if primary else "",
        "phone": primary.phone if primary else "",
        "mobile": primary.mobile if primary else "",
        "created_time": stamp(contact.created, world.zone),
        "last_modified_time": stamp(contact.modified, world.zone),
        "outstanding_receivable_amount": number(contact.receivable),
        "outstanding_receivable_amount_bcy": number(contact.receivable * rate),
        "unused_credits_receivable_amount": number(contact.receivable_credits),
        "unused_credits_receivable_amount_bcy": number(contact.receivable_credits * rate),
        "outstanding_payable_amount": number(contact.payable),
        "outstanding_payable_amount_bcy": number(contact.payable * rate),
        "unused_credits_payable_amount": number(contact.payable_credits),
        "unused_credits_payable_amount_bcy": number(contact.payable_credits * rate),
        "custom_fields": detailed(world, "contact", contact.custom_fields),
        "custom_field_hash": flat(world, "contact", contact.custom_fields),
    }
