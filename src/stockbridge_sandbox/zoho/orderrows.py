"""Sales orders as the API shows them: thin rows without lines, and full records (facts: Zoho 10.7)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from stockbridge_sandbox.zoho.customfields import detailed, flat
from stockbridge_sandbox.zoho.records import Contact, Line, SalesOrder
from stockbridge_sandbox.zoho.wire import Json, day_text, encode, number, stamp, templates
from stockbridge_sandbox.zoho.world import Call, World

_ZERO = Decimal(0)


def money(value: Decimal, places: int = 2) -> Decimal | int:
    """Rounded half up to the currency's decimals."""
    return number(value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def line_total(line: Line) -> Decimal:
    """Quantity times rate less the discount, before tax."""
    total = line.quantity * line.rate * (1 - line.discount_percent / 100)
    return total.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def totals(world: World, order: SalesOrder) -> tuple[Decimal, Decimal, Decimal]:
    """Sub total, tax and total, in the order's currency."""
    sub_total = tax_total = _ZERO
    for line in order.lines:
        amount = line_total(line)
        sub_total += amount
        tax = world.taxes.get(line.tax_id)
        if tax is not None:
            tax_total += (amount * tax.percentage / 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return sub_total, tax_total, sub_total + tax_total + order.shipping_charge + order.adjustment


def statuses(world: World, order: SalesOrder) -> Json:
    """The five status words; `status` is a roll-up that can disagree with order_status (facts: Zoho 10.7)."""
    ordered = sum((line.quantity for line in order.lines), _ZERO)
    invoiced = sum((line.invoiced for line in order.lines), _ZERO)
    shipped = sum((line.shipped for line in order.lines), _ZERO)
    state = order.order_status
    begun = state not in ("draft", "void")
    invoiced_status = shipped_status = paid_status = ""
    if begun:
        invoiced_status = _degree(invoiced, ordered, "not_invoiced", "partially_invoiced", "invoiced")
        shipped_status = _degree(shipped, ordered, "pending", "partially_shipped", "fulfilled")
        paid_status = "paid" if state == "closed" else "unpaid"
    rollup = state
    if state == "closed":
        rollup = "fulfilled" if ordered and shipped >= ordered else "closed"
    elif state == "confirmed":
        if shipped:
            rollup = "partially_shipped"
        elif invoiced:
            rollup = "partially_invoiced"
        elif order.shipment_date and order.shipment_date < world.now().astimezone(world.zone).date():
            rollup = "overdue"
    return {
        "order_status": state,
        "invoiced_status": invoiced_status,
        "shipped_status": shipped_status,
        "paid_status": paid_status,
        "status": rollup,
        "current_sub_status": state,
        "current_sub_status_id": "",
    }


def order_row(call: Call, order: SalesOrder) -> bytes:
    """A row of GET /salesorders: no lines; custom fields flat at the top level."""
    world = call.world
    customer = world.contacts.get(order.customer_id)
    primary = customer.primary if customer else None
    total = totals(world, order)[2]
    invoiced = sum((line.invoiced * line.rate for line in order.lines), _ZERO)
    row = {
        **_shared(world, order, customer),
        "zcrm_potential_id": "",
        "zcrm_potential_name": "",
        "email": primary.email if primary else "",
        "company_name": customer.company_name if customer else "",
        "delivery_date": "",
        "shipment_days": "",
        "due_by_days": "",
        "due_in_days": "",
        "bcy_total": money(total * order.exchange_rate),
        "total_invoiced_amount": money(invoiced),
        "is_emailed": False,
        "quantity": number(sum((line.quantity for line in order.lines), _ZERO)),
        "quantity_invoiced": number(sum((line.invoiced for line in order.lines), _ZERO)),
        "quantity_packed": number(sum((line.shipped for line in order.lines), _ZERO)),
        "quantity_shipped": number(sum((line.shipped for line in order.lines), _ZERO)),
        "is_drop_shipment": False,
        "is_backorder": False,
        "is_manually_fulfilled": False,
        "sales_channel": "direct_sales",
        "sales_channel_formatted": "Direct Sales",
        "has_attachment": False,
        "delivery_method_id": "",
        "color_code": "",
        "tags": [],
        **flat(world, "salesorder", order.custom_fields),
    }
    return encode(row)


def order_detail(world: World, order: SalesOrder) -> Json:
    """The record of GET /salesorders/{id}, with its lines."""
    customer = world.contacts.get(order.customer_id)
    currency = world.currencies.get(order.currency_id)
    sub_total, tax_total, total = totals(world, order)
    rate = order.exchange_rate
    discount = sum((line.quantity * line.rate for line in order.lines), _ZERO) - sub_total
    template = templates()["salesorder"]
    symbol = currency.symbol if currency else ""
    place = world.locations.get(order.location_id)
    detail: Json = {
        **template,
        **_shared(world, order, customer),
        "created_date": day_text(order.created.astimezone(world.zone).date()),
        "currency_symbol": symbol,
        "price_precision": currency.price_precision if currency else 2,
        "exchange_rate": number(rate),
        "discount_total": money(discount),
        "bcy_discount_total": money(discount * rate),
        "sub_total": money(sub_total),
        "sub_total_inclusive_of_tax": money(sub_total + tax_total),
        "sub_total_exclusive_of_discount": money(sub_total + discount),
        "tax_total": money(tax_total),
        "shipping_charge": money(order.shipping_charge),
        "adjustment": money(order.adjustment),
        "bcy_sub_total": money(sub_total * rate),
        "bcy_tax_total": money(tax_total * rate),
        "bcy_shipping_charge": money(order.shipping_charge * rate),
        "bcy_adjustment": money(order.adjustment * rate),
        "bcy_total": money(total * rate),
        "total_quantity": number(sum((line.quantity for line in order.lines), _ZERO)),
        "shipping_charge_exclusive_of_tax": money(order.shipping_charge),
        "shipping_charge_inclusive_of_tax": money(order.shipping_charge),
        "shipping_charge_exclusive_of_tax_formatted": f"{symbol}{order.shipping_charge:.2f}",
        "shipping_charge_inclusive_of_tax_formatted": f"{symbol}{order.shipping_charge:.2f}",
        "payment_terms": customer.payment_terms if customer else 0,
        "payment_terms_id": customer.payment_terms_id if customer else "",
        "payment_terms_label": customer.payment_terms_label if customer else "",
        "notes": order.notes,
        "terms": order.terms,
        "location_id": order.location_id,
        "location_name": place.name if place else "",
        "line_items": [_line(world, order, line, n) for n, line in enumerate(order.lines, 1)],
        "created_by_id": world.organization.id,
        "created_by_name": world.organization.contact_name,
        "created_by_email": world.organization.email,
        "last_modified_by_id": world.organization.id,
        "custom_fields": detailed(world, "salesorder", order.custom_fields),
        "custom_field_hash": flat(world, "salesorder", order.custom_fields),
    }
    if world.switches.stock_layout == "warehouses":
        detail["warehouse_id"] = detail.pop("location_id")
        detail["warehouse_name"] = detail.pop("location_name")
    if customer is not None:
        for name in ("billing_address", "shipping_address"):
            address = getattr(customer, name)
            detail[f"{name}_id"] = address.id
            detail[name] = {part: getattr(address, part, template[name][part]) for part in template[name]}
    return detail


def _shared(world: World, order: SalesOrder, customer: Contact | None) -> Json:
    currency = world.currencies.get(order.currency_id)
    total = totals(world, order)[2]
    return {
        "salesorder_id": order.id,
        "salesorder_number": order.number,
        "customer_id": order.customer_id,
        "customer_name": customer.contact_name if customer else "",
        "reference_number": order.reference_number,
        "date": day_text(order.date),
        "shipment_date": day_text(order.shipment_date),
        "currency_id": order.currency_id,
        "currency_code": currency.code if currency else "",
        "total": money(total),
        "balance": money(_ZERO if order.order_status == "closed" else total),
        "created_time": stamp(order.created, world.zone),
        "last_modified_time": stamp(order.modified, world.zone),
        "salesperson_name": order.salesperson_name,
        "delivery_method": order.delivery_method,
        "source": order.source,
        **statuses(world, order),
    }


def _line(world: World, order: SalesOrder, line: Line, position: int) -> Json:
    item = world.items.get(line.item_id)
    tax = world.taxes.get(line.tax_id)
    place = "location_id" if world.switches.stock_layout == "locations" else "warehouse_id"
    return {
        **templates()["salesorder_line"],
        "line_item_id": line.id,
        "item_id": line.item_id,
        "variant_id": line.item_id,
        "product_id": item.group_id if item else "",
        "sku": line.sku,
        "name": line.name,
        "group_name": line.name,
        "description": line.description,
        "item_order": position,
        "rate": number(line.rate),
        "sales_rate": number(item.rate) if item else number(line.rate),
        "bcy_rate": number(line.rate * order.exchange_rate),
        "quantity": number(line.quantity),
        "unit": line.unit,
        "discount": number(line.discount_percent),
        "discount_amount": money(line.quantity * line.rate - line_total(line)),
        "tax_id": line.tax_id,
        "tax_name": tax.name if tax else "",
        "tax_percentage": number(tax.percentage) if tax else 0,
        "item_total": money(line_total(line)),
        "item_sub_total": money(line_total(line)),
        "quantity_invoiced": number(line.invoiced),
        "quantity_packed": number(line.shipped),
        "quantity_shipped": number(line.shipped),
        "is_invoiced": bool(line.invoiced) and line.invoiced >= line.quantity,
        "is_combo_product": item.is_combo_product if item else False,
        "combo_type": item.combo_type if item else "",
        "is_returnable": item.is_returnable if item else False,
        "is_fulfillable": 1 if item and item.product_type == "goods" else 0,
        "product_type": item.product_type if item else "goods",
        "line_item_type": item.product_type if item else "goods",
        "item_type": item.item_type if item else "sales",
        place: line.location_id or order.location_id,
    }


def _degree(done: Decimal, whole: Decimal, none: str, part: str, full: str) -> str:
    if not done:
        return none
    return full if done >= whole else part
