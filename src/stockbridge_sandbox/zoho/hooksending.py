"""Webhooks on their way: what changed becomes payloads, signed and sent from a thread of its own (facts: Zoho 12).

Each is sent at least once and in no promised order. The API never waits for a receiver; what is still to be sent when
the sandbox ends is lost, as Zoho has no replay.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from stockbridge_sandbox.zoho.billrows import bill_detail
from stockbridge_sandbox.zoho.bundlerows import bundle_detail
from stockbridge_sandbox.zoho.compositerows import composite_detail
from stockbridge_sandbox.zoho.contactrows import contact_detail
from stockbridge_sandbox.zoho.hookrecords import RULE_TYPES, Webhook
from stockbridge_sandbox.zoho.itemrows import item_detail
from stockbridge_sandbox.zoho.orderrows import order_detail
from stockbridge_sandbox.zoho.purchasereceives import receive_detail
from stockbridge_sandbox.zoho.purchaserows import purchase_detail
from stockbridge_sandbox.zoho.webhooks import is_loopback
from stockbridge_sandbox.zoho.wire import Json, encode
from stockbridge_sandbox.zoho.world import World

SIGNATURE = "X-Zoho-Webhook-Signature"
_SECONDS = 3.0
_ATTEMPTS = 3
_PAUSE = 0.2
_MOST_SENT = 10_000

_DETAILS: Mapping[str, Callable[[World, Any], Json]] = {
    "items": item_detail,
    "contacts": contact_detail,
    "salesorders": order_detail,
    "purchaseorders": purchase_detail,
    "purchasereceives": receive_detail,
    "bills": bill_detail,
    "bundles": bundle_detail,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that happened to a record. `content` is there only for what is gone since."""

    collection: str
    event: str
    id: str
    content: bytes = b""
    entity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery: how often it was tried, and the last status, 0 for none."""

    entity: str
    event: str
    id: str
    url: str
    attempts: int
    status: int

    def row(self) -> dict[str, object]:
        """As the control endpoint shows it."""
        return {name: getattr(self, name) for name in ("entity", "event", "id", "url", "attempts", "status")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    news: News
    webhook: Webhook
    body: bytes
    content_type: str
    signature: str


class HookSender:
    """Watches the organisation and sends. `lock` is the one of the Zoho side, held while records are read."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._world: World | None = None
        self._pending: dict[News, None] = {}
        self._sent: deque[Sent] = deque(maxlen=_MOST_SENT)
        self._state = threading.Condition()
        self._busy = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, world: World) -> None:
        """Watch this organisation from now on; what another one still had to tell is dropped."""
        self._world = world
        with self._state:
            self._pending.clear()
        for name in _DETAILS:
            collection: Any = getattr(world, name)
            collection.observer = lambda event, record, name=name: self._happened(name, event, record)

    def stop(self) -> None:
        """End the thread; waits no longer than one delivery may take."""
        with self._state:
            self._stopping.set()
            self._state.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=_SECONDS + 1)

    def settled(self, seconds: float = 10) -> bool:
        """Wait until everything that happened so far was sent; False when it takes longer."""
        with self._state:
            return self._state.wait_for(lambda: not self._pending and not self._busy, timeout=seconds)

    def sent(self) -> list[Sent]:
        """The last deliveries, oldest first."""
        return list(self._sent)

    def _happened(self, collection: str, event: str, record: Any) -> None:
        """Called under the Zoho lock, by the collection that changed."""
        world = self._world
        if world is None or not len(world.workflows):
            return
        entity = _entity(collection, record)
        if not _wanted(world, entity, event):
            return
        content = b""
        if event == "deleted":
            content = _payload(world, entity, collection, record, gone=True)
        news = News(collection=collection, event=event, id=record.id, content=content, entity=entity)
        with self._state:
            if self._stopping.is_set():
                return
            self._pending[news] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
                self._thread.start()
            self._state.notify_all()

    def _run(self) -> None:
        dice = random.Random(1)
        while True:
            with self._state:
                self._state.wait_for(lambda: bool(self._pending) or self._stopping.is_set())
                if self._stopping.is_set():
                    return
                self._busy = True
            with self._lock:
                letters, mixed = self._letters()
            if mixed:
                letters = [letter for letter in letters for _ in range(2)]
                dice.shuffle(letters)
            for letter in letters:
                if self._stopping.is_set():
                    return
                self._sent.append(self._send(letter))
            with self._state:
                self._busy = False
                self._state.notify_all()

    def _letters(self) -> tuple[list[_Letter], bool]:
        with self._state:
            pending, self._pending = list(self._pending), {}
        world = self._world
        if world is None:
            return [], False
        letters: list[_Letter] = []
        for news in pending:
            content = news.content
            if not content:
                record = getattr(world, news.collection).get(news.id)
                if record is None:
                    continue  # it is gone again, and its deletion tells so
                content = _payload(world, news.entity, news.collection, record)
            hooks = _wanted(world, news.entity, news.event)
            letters += [_letter(news, webhook, content) for webhook in hooks]
        return letters, world.switches.webhooks_disordered

    def _send(self, letter: _Letter) -> Sent:
        status = attempts = 0
        while attempts < _ATTEMPTS and not 200 <= status < 300 and not self._stopping.is_set():
            if attempts:
                self._stopping.wait(_PAUSE)
            attempts += 1
            status = _post(letter)
        return Sent(
            entity=letter.news.entity,
            event=letter.news.event,
            id=letter.news.id,
            url=letter.webhook.url,
            attempts=attempts,
            status=status,
        )


def signature(secret: str, parameters: Iterable[tuple[str, str]], body: bytes) -> str:
    """Hex HMAC-SHA256 of the parameters, sorted by name, name and value joined, followed by the raw body."""
    joined = "".join(name + value for name, value in sorted(parameters)).encode()
    return hmac.new(secret.encode(), joined + body, hashlib.sha256).hexdigest()


def _entity(collection: str, record: Any) -> str:
    if collection == "items" and record.is_combo_product:
        return "composite_item"
    return collection.removesuffix("s")


def _wanted(world: World, entity: str, event: str) -> list[Webhook]:
    """The webhooks of the active rules for this, each once."""
    ids = {
        id_: None
        for rule in world.workflows
        if rule.active and rule.entity == entity and event in RULE_TYPES[rule.rule_type]
        for id_ in rule.webhook_ids
    }
    return [webhook for webhook in map(world.webhooks.get, ids) if webhook is not None]


def _payload(world: World, entity: str, collection: str, record: Any, *, gone: bool = False) -> bytes:
    render = composite_detail if entity == "composite_item" else _DETAILS[collection]
    content = render(world, record)
    if gone and world.switches.webhooks_deleted_ids_only:
        key = "receive_id" if entity == "purchasereceive" else f"{entity}_id"
        content = {key: content[key]}
    return encode({entity: content})


def _letter(news: News, webhook: Webhook, content: bytes) -> _Letter:
    query = parse_qsl(urlsplit(webhook.url).query, keep_blank_values=True)
    if not (webhook.is_form or webhook.form):
        signed = signature(webhook.secret, query, content)
        return _Letter(
            news=news,
            webhook=webhook,
            body=content,
            content_type="application/json;charset=UTF-8",
            signature=signed,
        )
    # Of a form the decoded parameters are signed; it has no raw JSON beside them.
    fields = {**webhook.form, "JSONString": content.decode()}
    return _Letter(
        news=news,
        webhook=webhook,
        body=urlencode(fields).encode(),
        content_type="application/x-www-form-urlencoded",
        signature=signature(webhook.secret, [*query, *fields.items()], b""),
    )


def _post(letter: _Letter) -> int:
    """The status of one attempt, 0 when nobody answered."""
    webhook = letter.webhook
    if not is_loopback(webhook.url):
        return 0
    parts = urlsplit(webhook.url)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    headers = {**webhook.headers, "Content-Type": letter.content_type, "User-Agent": "ZohoInventory"}
    if webhook.secret:
        headers[SIGNATURE] = letter.signature
    connection = http.client.HTTPConnection(host, parts.port or 80, timeout=_SECONDS)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(webhook.method, target, body=letter.body, headers=headers)
        answer = connection.getresponse()
        answer.read(65_536)
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
