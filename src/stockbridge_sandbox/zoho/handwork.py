"""What people do by hand on the pages of Zoho and no API does: marking orders as received, defining custom fields,
setting up webhooks; and what invoices leave a contact with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from stockbridge_sandbox.zoho.errors import ApiError
from stockbridge_sandbox.zoho.hookrecords import Webhook, Workflow
from stockbridge_sandbox.zoho.movements import move_stock
from stockbridge_sandbox.zoho.purchaserecords import PurchaseOrder
from stockbridge_sandbox.zoho.purchasestatus import settle
from stockbridge_sandbox.zoho.records import Contact, CustomField
from stockbridge_sandbox.zoho.webhooks import ENTITIES, is_loopback, read_entity
from stockbridge_sandbox.zoho.world import World


def mark_received(world: World, order: PurchaseOrder) -> None:
    """Mark what has not arrived as received, without a receive; the physical stock moves (a guess). Raises ApiError."""
    if order.order_status != "issued":
        raise ApiError(
            400, 36015, f"The purchase order is {order.order_status} and cannot be marked as received."
        )
    for line in order.lines:
        quantity = line.outstanding
        line.marked_received += quantity
        _move(world, order, line.item_id, line.location_id, quantity)
    order.is_po_marked_as_received = True
    settle(world, order)


def unmark_received(world: World, order: PurchaseOrder) -> None:
    """Take the mark back. Raises ApiError where there is none."""
    if not order.is_po_marked_as_received:
        raise ApiError(400, 36015, "The purchase order was not marked as received.")
    for line in order.lines:
        _move(world, order, line.item_id, line.location_id, -line.marked_received)
        line.marked_received -= line.marked_received
    order.is_po_marked_as_received = False
    settle(world, order)


def set_amounts(
    world: World,
    contact: Contact,
    *,
    receivable: Decimal | None = None,
    payable: Decimal | None = None,
    receivable_credits: Decimal | None = None,
    payable_credits: Decimal | None = None,
) -> None:
    """Leave the contact with these amounts, as invoices, payments and credit notes do, in its own currency.

    They move its rows, and not its last_modified_time (a guess).
    """
    contact.receivable = contact.receivable if receivable is None else receivable
    contact.payable = contact.payable if payable is None else payable
    contact.receivable_credits = (
        contact.receivable_credits if receivable_credits is None else receivable_credits
    )
    contact.payable_credits = contact.payable_credits if payable_credits is None else payable_credits
    world.contacts.changed(contact, quietly=True)


def define_field(
    world: World, entity: str, label: str, data_type: str = "string", options: Sequence[str] = ()
) -> str:
    """Define a custom field of "item", "contact" or "salesorder"; gives its api name. Raises ValueError where it is there."""
    api_name = "cf_" + "_".join("".join(c if c.isalnum() else " " for c in label.lower()).split())
    there = world.fields_of(entity)
    if any(field.api_name == api_name for field in there):
        raise ValueError(f"{entity} has a custom field {api_name} already")
    field = CustomField(
        id=world.new_id(),
        entity=entity,
        api_name=api_name,
        label=label,
        data_type=data_type,
        index=len(there) + 1,
        options=list(options),
    )
    world.custom_fields.append(field)
    return api_name


def change_options(world: World, entity: str, api_name: str, options: Sequence[str]) -> None:
    """Give a list that is there these options. Raises KeyError where there is no such field."""
    for field in world.fields_of(entity):
        if field.api_name == api_name:
            field.options = list(options)
            return
    raise KeyError(f"custom field {api_name}")


def add_webhooks(
    world: World, url: str, *, secret: str = "", entities: Sequence[str] = (), form: bool = False
) -> list[str]:
    """A webhook for each entity (all, when none is named) on everything that happens to it; gives their ids.

    Raises ValueError for an address that is not plain HTTP on this machine, ApiError for an unknown entity.
    """
    if not is_loopback(url):
        raise ValueError(f"the sandbox sends to http addresses of this machine only, not to {url}")
    ids: list[str] = []
    for entity in [read_entity(entity) for entity in entities or ENTITIES]:
        now = world.now()
        webhook = Webhook(
            id=world.new_id(),
            created=now,
            modified=now,
            name=f"{entity} news",
            entity=entity,
            url=url,
            secret=secret,
            is_form=form,
        )
        world.webhooks.add(webhook)
        for rule_type in ("add_edit", "delete"):
            workflow = Workflow(
                id=world.new_id(),
                created=now,
                modified=now,
                name=f"{entity} {rule_type}",
                entity=entity,
                rule_type=rule_type,
                webhook_ids=[webhook.id],
            )
            world.workflows.add(workflow)
        ids.append(webhook.id)
    return ids


def remove_webhooks(world: World) -> None:
    """Remove all webhooks and rules."""
    for webhook in list(world.webhooks):
        world.webhooks.remove(webhook)
    for workflow in list(world.workflows):
        world.workflows.remove(workflow)


def _move(world: World, order: PurchaseOrder, item_id: str, location_id: str, quantity: Decimal) -> None:
    item = world.items.get(item_id)
    if item is not None and item.tracked and quantity:
        place = location_id or order.location_id or world.primary_location.id
        move_stock(world, item, place, physical=quantity)
