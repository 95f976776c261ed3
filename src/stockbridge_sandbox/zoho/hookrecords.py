"""Webhooks and the workflow rules that fire them (facts: Zoho 12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

RULE_TYPES = {
    "add": ("created",),
    "edit": ("edited",),
    "add_edit": ("created", "edited"),
    "delete": ("deleted",),
}


@dataclass(slots=True, kw_only=True)
class Webhook:
    """Where a rule's news go. `secret` "" sends no signature; `is_form` sends JSONString as a form."""

    id: str
    created: datetime
    modified: datetime
    name: str
    entity: str
    url: str
    method: str = "POST"
    secret: str = ""
    is_form: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Workflow:
    """A rule: on these events of that entity the webhooks are sent."""

    id: str
    created: datetime
    modified: datetime
    name: str
    entity: str
    rule_type: str
    active: bool = True
    webhook_ids: list[str] = field(default_factory=list)
