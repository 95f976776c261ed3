"""Settings: currencies, taxes, preferences and definitions of custom fields (facts: Zoho 8 and 10.13)."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.customfields import definition
from stockbridge_sandbox.zoho.errors import already_exists, in_use, invalid_value, no_such
from stockbridge_sandbox.zoho.listing import Listing, list_page
from stockbridge_sandbox.zoho.records import Currency, Tax
from stockbridge_sandbox.zoho.wire import Json, day_text, encode, number, read_number, read_text, read_whole
from stockbridge_sandbox.zoho.world import Call, Reply, World

_ENTITIES = (
    "item",
    "contact",
    "salesorder",
    "purchaseorder",
    "purchase_receive",
    "composite_item",
    "bundle",
)


def list_currencies(call: Call) -> Reply:
    """GET /settings/currencies: no page_context."""
    chosen = call.get("filter_by")
    if chosen not in (None, "Currencies.ExcludeBaseCurrency"):
        raise invalid_value("filter_by")
    rows = [_currency(call.world, c) for c in call.world.currencies if chosen is None or not c.is_base]
    message = "List of all currencies are displayed successfully."
    return Reply(message=message, content={"currencies": rows})


def get_currency(call: Call) -> Reply:
    """GET /settings/currencies/{id}."""
    return Reply(content={"currency": _currency(call.world, _one_currency(call))})


def create_currency(call: Call) -> Reply:
    """POST /settings/currencies: needs currency_code and currency_symbol."""
    world, body = call.world, call.body()
    now = world.now()
    code = read_text("currency_code", body.get("currency_code"), 3)
    if len(code) != 3:
        raise invalid_value("currency_code")
    if any(currency.code == code for currency in world.currencies):
        raise already_exists(f"Currency {code}")
    if not body.get("currency_symbol"):
        raise invalid_value("currency_symbol")
    currency = Currency(id=world.new_id(), created=now, modified=now, code=code, name=code, symbol="")
    _read_currency(currency, body)
    world.currencies.add(currency)
    return Reply(
        status=201, message="The currency has been added.", content={"currency": _currency(world, currency)}
    )


def update_currency(call: Call) -> Reply:
    """PUT /settings/currencies/{id}: the document gives 201 here."""
    currency = _one_currency(call)
    _read_currency(currency, call.body())
    currency.modified = call.world.now()
    call.world.currencies.changed(currency)
    return Reply(
        status=201,
        message="Currency information has been saved.",
        content={"currency": _currency(call.world, currency)},
    )


def delete_currency(call: Call) -> Reply:
    """DELETE /settings/currencies/{id}: not the base currency, nor one in use (a guess)."""
    world, currency = call.world, _one_currency(call)
    users = (contact.currency_id for contact in world.contacts)
    if currency.is_base or currency.id in {*users, *(order.currency_id for order in world.salesorders)}:
        raise in_use("The currency is used in transactions and cannot be deleted.")
    world.currencies.remove(currency)
    return Reply(message="The currency has been deleted.")


def _one_currency(call: Call) -> Currency:
    currency = call.world.currencies.get(call.ids[0])
    if currency is None:
        raise no_such("Currency")
    return currency


def _read_currency(currency: Currency, body: Json) -> None:
    rate = read_number("exchange_rate", body.get("exchange_rate"))
    if "price_precision" in body:
        currency.price_precision = read_whole("price_precision", body["price_precision"])
    currency.symbol = read_text("currency_symbol", body.get("currency_symbol", currency.symbol), 5)
    currency.name = read_text("currency_name", body.get("currency_name", currency.name), 100)
    currency.currency_format = read_text(
        "currency_format", body.get("currency_format", currency.currency_format), 30
    )
    if rate is not None:
        currency.exchange_rate = rate


def _currency(world: World, currency: Currency) -> Json:
    return {
        "currency_id": currency.id,
        "currency_code": currency.code,
        "currency_name": currency.name,
        "currency_name_formatted": f"{currency.code}- {currency.name}",
        "currency_symbol": currency.symbol,
        "price_precision": currency.price_precision,
        "currency_format": currency.currency_format,
        "is_base_currency": currency.is_base,
        "exchange_rate": number(currency.exchange_rate) if not currency.is_base else 0,
        "effective_date": ""
        if currency.is_base
        else day_text(currency.modified.astimezone(world.zone).date()),
    }


def _tax(_call: Call, tax: Tax) -> bytes:
    return encode(_shown_tax(tax))


_TAXES: Listing[Tax] = Listing(
    key="taxes",
    report_name="Taxes",
    rows=lambda call: call.world.taxes,
    render=_tax,
    sorts={"tax_name": lambda tax: tax.name.lower(), "created_time": lambda tax: tax.created},
    sort_column="tax_name",
    filter_by={
        "Taxes.All": lambda _: True,
        "Taxes.Active": lambda _: True,
        "Status.All": lambda _: True,
    },
)


def list_taxes(call: Call) -> Reply:
    """GET /settings/taxes: with a page_context of its own kind (contract: live shapes)."""
    page = list_page(call, _TAXES)
    today = day_text(call.world.now().astimezone(call.world.zone).date())
    context = dict(page.content["page_context"])  # type: ignore[call-overload]
    del context["custom_fields"]
    context |= {
        "applied_filter": call.get("filter_by") or "Taxes.Active",
        "as_of_date": today,
        "to_date": today,
    }
    return Reply(content={**page.content, "page_context": context})


def get_tax(call: Call) -> Reply:
    """GET /settings/taxes/{id}."""
    return Reply(content={"tax": _shown_tax(_one_tax(call))})


def create_tax(call: Call) -> Reply:
    """POST /settings/taxes: needs tax_name and tax_percentage."""
    world = call.world
    now = world.now()
    tax = Tax(id="", created=now, modified=now, name="")
    _read_tax(tax, call.body())
    if not tax.name:
        raise invalid_value("tax_name")
    tax.id = world.new_id()
    world.taxes.add(tax)
    return Reply(status=201, message="The tax has been added.", content={"tax": _shown_tax(tax)})


def update_tax(call: Call) -> Reply:
    """PUT /settings/taxes/{id}."""
    tax = _one_tax(call)
    _read_tax(tax, call.body())
    tax.modified = call.world.now()
    call.world.taxes.changed(tax)
    call.world.items.redraw()
    return Reply(message="Tax information has been saved.", content={"tax": _shown_tax(tax)})


def delete_tax(call: Call) -> Reply:
    """DELETE /settings/taxes/{id}: refused while items or orders use it (a guess)."""
    world, tax = call.world, _one_tax(call)
    lines = (line.tax_id for order in world.salesorders for line in order.lines)
    if tax.id in {*lines, *(item.tax_id for item in world.items)}:
        raise in_use("The tax is used in transactions and cannot be deleted.")
    world.taxes.remove(tax)
    return Reply(message="The record has been deleted.")


def _one_tax(call: Call) -> Tax:
    tax = call.world.taxes.get(call.ids[0])
    if tax is None:
        raise no_such("Tax")
    return tax


def _read_tax(tax: Tax, body: Json) -> None:
    kind = body.get("tax_type", tax.tax_type)
    if kind not in ("tax", "compound_tax", "tax_group"):
        raise invalid_value("tax_type")
    name = read_text("tax_name", body.get("tax_name", tax.name), 100)
    percentage = read_number("tax_percentage", body.get("tax_percentage", str(tax.percentage)))
    if percentage is None or not Decimal(0) <= percentage <= Decimal(100):
        raise invalid_value("tax_percentage")
    tax.name, tax.percentage, tax.tax_type = name, percentage, kind


def _shown_tax(tax: Tax) -> Json:
    return {
        "tax_id": tax.id,
        "tax_name": tax.name,
        "tax_percentage": number(tax.percentage),
        "tax_type": tax.tax_type,
        "tax_specific_type": "",
        "tax_authority_id": "",
        "tax_authority_name": "",
        "country": "",
        "country_code": "",
        "purchase_tax_expense_account_id": "",
        "tds_payable_account_id": "",
        "tax_factor": "rate",
        "tax_account_id": "",
        "output_tax_account_name": "",
        "purchase_tax_account_id": "",
        "purchase_tax_account_name": "",
        "is_value_added": True,
        "is_default_tax": tax.is_default,
        "is_editable": True,
        "is_inactive": False,
    }


def get_preferences(call: Call) -> Reply:
    """GET /settings/preferences: `customfields` stands at the top level, keyed by entity."""
    world = call.world
    fields = {name: [definition(field) for field in world.fields_of(name)] for name in _ENTITIES}
    preferences = {
        "auto_number_enabled": world.switches.auto_number,
        "is_sku_mandatory": world.switches.mandatory_sku,
        "is_locations_enabled": world.switches.stock_layout == "locations",
    }
    return Reply(content={"preferences": preferences, "customfields": fields})


def list_custom_fields(call: Call) -> Reply:
    """GET /settings/customfields?entity=item."""
    entity = call.get("entity")
    if entity is not None and entity not in _ENTITIES:
        raise invalid_value("entity")
    rows = [definition(field) for field in call.world.custom_fields if entity in (None, field.entity)]
    return Reply(content={"customfields": rows})
