"""The undocumented management of webhooks and workflow rules (facts: Zoho 12); people use the pages of Zoho instead."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from stockbridge_sandbox.zoho.errors import invalid_value, no_such
from stockbridge_sandbox.zoho.hookrecords import RULE_TYPES, Webhook, Workflow
from stockbridge_sandbox.zoho.wire import Json, read_text
from stockbridge_sandbox.zoho.world import Call, Reply, World

ENTITIES = (
    "item",
    "composite_item",
    "contact",
    "salesorder",
    "purchaseorder",
    "purchasereceive",
    "bill",
    "bundle",
)
_METHODS = ("POST", "PUT", "DELETE")
_SECRET = re.compile(r"[A-Za-z0-9]{12,50}")


def read_entity(value: object) -> str:
    """The entity of a name such as item, items, purchaseorder or purchase_order. Raises ApiError 400/2."""
    plain = str(value or "").lower().replace("_", "").removesuffix("s")
    for entity in ENTITIES:
        if entity.replace("_", "") == plain:
            return entity
    raise invalid_value("entity")


def is_loopback(url: str) -> bool:
    """Whether an address is plain HTTP on this machine: the sandbox sends nothing anywhere else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if not (url.isascii() and url.isprintable()) or parts.scheme != "http" or not parts.hostname or port == 0:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def list_webhooks(call: Call) -> Reply:
    """GET /settings/webhooks, each with the rules that fire it."""
    return Reply(content={"webhooks": [_shown_webhook(call.world, hook) for hook in call.world.webhooks]})


def create_webhook(call: Call) -> Reply:
    """POST /settings/webhooks. Without body_type the payload is the record as JSON; form_data makes it a form."""
    world, body = call.world, call.body()
    now = world.now()
    url = read_text("url", body.get("url"), 2000)
    if not is_loopback(url):
        raise invalid_value("url (the sandbox sends to http addresses of this machine only)")
    method = str(body.get("method") or "POST").upper()
    if method not in _METHODS:
        raise invalid_value("method")
    secret = read_text("secret", body.get("secret"), 100)
    if secret and not _SECRET.fullmatch(secret):
        raise invalid_value("secret")
    name = read_text("webhook_name", body.get("webhook_name"), 100)
    if not name:
        raise invalid_value("webhook_name")
    webhook = Webhook(
        id=world.new_id(),
        created=now,
        modified=now,
        name=name,
        entity=read_entity(body.get("entity")),
        url=url,
        method=method,
        secret=secret,
        is_form="form" in str(body.get("body_type", "")),
        headers=_pairs("headers", body.get("headers")),
        form=_pairs("form_data", body.get("form_data")),
    )
    world.webhooks.add(webhook)
    shown = _shown_webhook(world, webhook)
    return Reply(status=201, message="The webhook has been created.", content={"webhook": shown})


def delete_webhook(call: Call) -> Reply:
    """DELETE /settings/webhooks/{id}: rules that fired it stay, without it."""
    world = call.world
    webhook = world.webhooks.get(call.ids[0])
    if webhook is None:
        raise no_such("Webhook")
    world.webhooks.remove(webhook)
    for workflow in world.workflows:
        if webhook.id in workflow.webhook_ids:
            workflow.webhook_ids.remove(webhook.id)
    return Reply(message="The webhook has been deleted.")


def list_workflows(call: Call) -> Reply:
    """GET /settings/workflows."""
    return Reply(content={"workflows": [_shown_workflow(rule) for rule in call.world.workflows]})


def create_workflow(call: Call) -> Reply:
    """POST /settings/workflows: rule_type add, edit, add_edit or delete, instant_actions name the webhooks."""
    world, body = call.world, call.body()
    now = world.now()
    if str(body.get("rule_type")) not in RULE_TYPES:
        raise invalid_value("rule_type")
    actions = body.get("instant_actions")
    if not isinstance(actions, list) or not all(isinstance(action, dict) for action in actions):
        raise invalid_value("instant_actions")
    ids = [str(action.get("action_id")) for action in actions if action.get("action_type") == "webhook"]
    if any(world.webhooks.get(id_) is None for id_ in ids):
        raise no_such("Webhook")
    workflow = Workflow(
        id=world.new_id(),
        created=now,
        modified=now,
        name=read_text("workflow_name", body.get("workflow_name"), 100),
        entity=read_entity(body.get("entity")),
        rule_type=str(body["rule_type"]),
        webhook_ids=ids,
    )
    if not workflow.name:
        raise invalid_value("workflow_name")
    world.workflows.add(workflow)
    shown = _shown_workflow(workflow)
    return Reply(status=201, message="The workflow has been created.", content={"workflow": shown})


def delete_workflow(call: Call) -> Reply:
    """DELETE /settings/workflows/{id}."""
    call.world.workflows.remove(_one_workflow(call))
    return Reply(message="The workflow has been deleted.")


def mark_workflow(*, active: bool) -> Callable[[Call], Reply]:
    """POST /settings/workflows/{id}/active and /inactive."""

    def mark(call: Call) -> Reply:
        workflow = _one_workflow(call)
        workflow.active = active
        return Reply(message=f"The workflow has been marked as {'active' if active else 'inactive'}.")

    return mark


def _one_workflow(call: Call) -> Workflow:
    workflow = call.world.workflows.get(call.ids[0])
    if workflow is None:
        raise no_such("Workflow")
    return workflow


def _pairs(name: str, value: object) -> dict[str, str]:
    """[{param_name, param_value}], as one live client sends them."""
    if value in (None, "", []):
        return {}
    if not isinstance(value, list) or not all(isinstance(pair, dict) for pair in value):
        raise invalid_value(name)
    pairs = {str(pair.get("param_name", "")): str(pair.get("param_value", "")) for pair in value}
    if name == "headers" and not all(
        (key + text).isascii() and (key + text).isprintable() for key, text in pairs.items()
    ):
        raise invalid_value(name)
    return pairs


def _shown_webhook(world: World, webhook: Webhook) -> Json:
    rules = [rule for rule in world.workflows if webhook.id in rule.webhook_ids]
    return {
        "webhook_id": webhook.id,
        "webhook_name": webhook.name,
        "entity": webhook.entity,
        "method": webhook.method,
        "url": webhook.url,
        "related_rules": [{"workflow_id": rule.id, "workflow_name": rule.name} for rule in rules],
    }


def _shown_workflow(workflow: Workflow) -> Json:
    return {
        "workflow_id": workflow.id,
        "workflow_name": workflow.name,
        "entity": workflow.entity,
        "rule_type": workflow.rule_type,
        "is_active": workflow.active,
        "instant_actions": [{"action_id": id_, "action_type": "webhook"} for id_ in workflow.webhook_ids],
    }


WEBHOOK_ROUTES: dict[str, Callable[[Call], Reply]] = {
    "GET /settings/webhooks": list_webhooks,
    "POST /settings/webhooks": create_webhook,
    "DELETE /settings/webhooks/{id}": delete_webhook,
    "GET /settings/workflows": list_workflows,
    "POST /settings/workflows": create_workflow,
    "DELETE /settings/workflows/{id}": delete_workflow,
    "POST /settings/workflows/{id}/active": mark_workflow(active=True),
    "POST /settings/workflows/{id}/inactive": mark_workflow(active=False),
}
