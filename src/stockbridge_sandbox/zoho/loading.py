"""A made-up company becomes the state of an organisation: ids are given here."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from stockbridge_sandbox import company as made_up
from stockbridge_sandbox.zoho import records
from stockbridge_sandbox.zoho.items import accounts
from stockbridge_sandbox.zoho.purchaseloading import load_purchases
from stockbridge_sandbox.zoho.world import ID_BASE

_FIRST_ID = 1_000


def books_of(company: made_up.Company, now: datetime | None = None) -> records.Books:
    """The books of a company. Raises KeyError when a record names another that is not there."""
    return _Loader(company, now or datetime.now(UTC)).books()


class _Loader:
    def __init__(self, company: made_up.Company, now: datetime) -> None:
        self._company = company
        self._now = now
        self._last = _FIRST_ID
        self._ids: dict[tuple[str, str], str] = {}

    def books(self) -> records.Books:
        company = self._company
        # The base currency has a low serial in every organisation (facts: Zoho 1).
        currencies = [self._currency(currency, n) for n, currency in enumerate(company.currencies)]
        taxes = [self._tax(tax) for tax in company.taxes]
        for location in company.locations:
            self._ids["location", location.key] = self._next()
        locations = [self._location(location) for location in company.locations]
        if locations and not any(location.is_primary for location in locations):
            locations[0].is_primary = True
        fields = self._custom_fields()
        contacts = [self._contact(contact) for contact in (*company.vendors, *company.customers)]
        recipes = {recipe.item: recipe.combo_type for recipe in company.recipes}
        items = [self._item(item, recipes.get(item.key, "")) for item in company.items]
        orders = self._orders(items)
        self._set_parts(items)
        bought = load_purchases(company, {item.id: item for item in items}, self._id, self._next)
        return records.Books(
            organization=self._organization(),
            currencies=currencies,
            taxes=taxes,
            locations=locations,
            custom_fields=fields,
            contacts=contacts,
            items=items,
            salesorders=orders,
            purchaseorders=bought.orders,
            purchasereceives=bought.receives,
            bills=bought.bills,
            bundles=self._bundles({item.id: item for item in items}),
            last_id=self._last,
        )

    def _set_parts(self, items: list[records.Item]) -> None:
        by_id = {item.id: item for item in items}
        for recipe in self._company.recipes:
            by_id[self._id("item", recipe.item)].parts = [
                records.Part(id=self._next(), item_id=self._id("item", part.item), quantity=part.quantity)
                for part in recipe.components
            ]

    def _bundles(self, items: dict[str, records.Item]) -> list[records.Bundle]:
        primary = next((each.key for each in self._company.locations if each.primary), "")
        bundles = []
        for n, made in enumerate(self._company.assemblies, start=1):
            item = items[self._id("item", made.item)]
            lines = [self._bundle_line(items[part.item_id], part.quantity) for part in item.parts]
            bundles.append(
                records.Bundle(
                    id=self._next(),
                    created=made.created,
                    modified=made.modified,
                    reference_number=made.number,
                    transaction_number=f"WO-{n:05d}",
                    date=made.date,
                    composite_item_id=item.id,
                    quantity=made.quantity,
                    location_id=self._id("location", made.location or primary),
                    status=made.status,
                    expected_date=made.expected,
                    lines=lines,
                )
            )
        return bundles

    def _bundle_line(self, part: records.Item, quantity: Decimal) -> records.BundleLine:
        return records.BundleLine(
            id=self._next(),
            item_id=part.id,
            name=part.name,
            quantity=quantity,
            rate=part.purchase_rate,
            unit=part.unit,
            account_id=part.purchase_account_id,
        )

    def _orders(self, items: list[records.Item]) -> list[records.SalesOrder]:
        by_id = {item.id: item for item in items}
        return [self._order(order, by_id) for order in self._company.orders]

    def _next(self) -> str:
        self._last += 1
        return str(ID_BASE + self._last)

    def _id(self, kind: str, key: str) -> str:
        return self._ids[kind, key] if key else ""

    def _given(self, kind: str, key: str) -> str:
        id_ = self._ids[kind, key] = self._next()
        return id_

    def _organization(self) -> records.Organization:
        company = self._company
        return records.Organization(
            id="20081234567",
            name=company.name,
            time_zone=company.time_zone,
            created=datetime(2024, 1, 15, 9, tzinfo=UTC),
            country=company.country,
            country_code=company.country_code,
            language_code=company.language,
            next_number=len(company.orders) + 1,
            next_purchaseorder=len(company.purchase_orders) + 1,
            next_receive=len(company.receipts) + 1,
        )

    def _currency(self, currency: made_up.Currency, position: int) -> records.Currency:
        id_ = self._ids["currency", currency.code] = str(ID_BASE + 97 + 2 * position)
        return records.Currency(
            id=id_,
            created=self._now,
            modified=self._now,
            code=currency.code,
            name=currency.name,
            symbol=currency.symbol,
            exchange_rate=currency.rate,
            price_precision=currency.decimals,
            is_base=currency.code == self._company.base_currency,
        )

    def _tax(self, tax: made_up.Tax) -> records.Tax:
        return records.Tax(
            id=self._given("tax", tax.key),
            created=self._now,
            modified=self._now,
            name=tax.name,
            percentage=tax.percentage,
            is_default=tax.default,
        )

    def _location(self, location: made_up.Location) -> records.Location:
        return records.Location(
            id=self._id("location", location.key),
            name=location.name,
            created=self._now,
            modified=self._now,
            type=location.type,
            parent_id=self._id("location", location.parent),
            is_primary=location.primary,
            status="active" if location.active else "inactive",
            email=location.email,
            phone=location.phone,
            address=self._address(location.address),
        )

    def _address(self, address: made_up.Address) -> records.Address:
        return records.Address(
            id=self._next(),
            attention=address.attention,
            address=address.street,
            street2=address.street2,
            city=address.city,
            state=address.state,
            zip=address.zip,
            country=address.country,
            country_code=address.country_code,
            phone=address.phone,
        )

    def _custom_fields(self) -> list[records.CustomField]:
        counts: dict[str, int] = {}
        fields = []
        for field in self._company.custom_fields:
            counts[field.entity] = counts.get(field.entity, 0) + 1
            fields.append(
                records.CustomField(
                    id=self._next(),
                    entity=field.entity,
                    api_name=field.api_name,
                    label=field.label,
                    data_type=field.data_type,
                    index=counts[field.entity],
                    options=list(field.options),
                )
            )
        return fields

    def _contact(self, contact: made_up.Contact) -> records.Contact:
        currency = contact.currency or self._company.base_currency
        persons = [
            records.Person(
                id=self._next(),
                salutation=person.salutation,
                first_name=person.first_name,
                last_name=person.last_name,
                email=person.email,
                phone=person.phone,
                mobile=person.mobile,
                designation=person.designation,
                department=person.department,
                is_primary_contact=person.primary,
            )
            for person in contact.persons
        ]
        days = contact.payment_terms
        return records.Contact(
            id=self._given(contact.contact_type, contact.key),
            created=contact.created,
            modified=contact.modified,
            contact_name=contact.name,
            contact_type=contact.contact_type,
            company_name=contact.company_name,
            customer_sub_type=contact.sub_type,
            status=contact.status,
            currency_id=self._id("currency", currency),
            language_code=contact.language,
            payment_terms=days,
            payment_terms_id=str(ID_BASE + 1_097 + days),
            payment_terms_label="Due on Receipt" if days == 0 else f"Net {days}",
            website=contact.website,
            notes=contact.notes,
            persons=persons,
            billing_address=self._address(contact.billing_address),
            shipping_address=self._address(contact.shipping_address),
            custom_fields=dict(contact.custom_fields),
        )

    def _item(self, item: made_up.Item, combo_type: str) -> records.Item:
        category = item.category
        if category and ("category", category) not in self._ids:
            self._given("category", category)
        loaded = records.Item(
            id=self._given("item", item.key),
            group_id=self._next(),
            created=item.created,
            modified=item.modified,
            name=item.name,
            sku=item.sku,
            unit=item.unit,
            product_type=item.product_type,
            item_type=item.item_type,
            status=item.status,
            rate=item.rate,
            purchase_rate=item.purchase_rate,
            description=item.description,
            purchase_description=item.purchase_description,
            ean=item.ean,
            upc=item.upc,
            isbn=item.isbn,
            part_number=item.part_number,
            brand=item.brand,
            manufacturer=item.manufacturer,
            category_id=self._id("category", category),
            category_name=category,
            vendor_id=self._id("vendor", item.vendor),
            further_vendor_ids=[self._id("vendor", key) for key in item.further_vendors],
            tax_id=self._id("tax", item.tax),
            reorder_level=item.reorder_level,
            length=item.length,
            width=item.width,
            height=item.height,
            dimension_unit=item.dimension_unit,
            weight=item.weight,
            weight_unit=item.weight_unit,
            is_returnable=item.returnable,
            is_combo_product=bool(combo_type),
            combo_type=combo_type,
            custom_fields=dict(item.custom_fields),
            stock={
                self._id("location", entry.location): records.Ledger(
                    physical=entry.physical, accounting=entry.accounting, opening=entry.accounting
                )
                for entry in item.stock
            },
        )
        loaded.account_id, loaded.purchase_account_id, loaded.inventory_account_id = accounts(loaded)
        return loaded

    def _order(self, order: made_up.Order, items: dict[str, records.Item]) -> records.SalesOrder:
        currency = order.currency or self._company.base_currency
        done = order.status == "closed"
        return records.SalesOrder(
            id=self._next(),
            created=order.created,
            modified=order.modified,
            number=order.number,
            date=order.date,
            customer_id=self._id("customer", order.customer),
            order_status=order.status,
            reference_number=order.reference,
            currency_id=self._id("currency", currency),
            exchange_rate=order.exchange_rate,
            location_id=self._id("location", order.location),
            shipment_date=order.shipment_date,
            shipping_charge=order.shipping_charge,
            salesperson_name=order.salesperson,
            delivery_method=order.delivery_method,
            notes=order.notes,
            lines=[self._line(line, items, done=done) for line in order.lines],
            custom_fields=dict(order.custom_fields),
        )

    def _line(self, line: made_up.OrderLine, items: dict[str, records.Item], *, done: bool) -> records.Line:
        item = items[self._id("item", line.item)]
        finished = line.quantity if done else Decimal(0)
        return records.Line(
            id=self._next(),
            item_id=item.id,
            name=item.name,
            sku=item.sku,
            unit=item.unit,
            description=line.description,
            quantity=line.quantity,
            rate=line.rate,
            discount_percent=line.discount_percent,
            tax_id=self._id("tax", line.tax),
            location_id=self._id("location", line.location),
            invoiced=finished,
            shipped=finished,
        )
