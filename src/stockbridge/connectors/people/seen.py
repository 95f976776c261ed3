"""Contacts as they were last read, so that changing one need not read it again: the etag tells where that was too old."""

from __future__ import annotations

import threading
from typing import Any

import msgspec

from stockbridge.connectors.people.client import Json
from stockbridge.connectors.people.rows import id_of, is_gone

_MOST_BYTES = 64 * 1024 * 1024
_CUT_AT = 100  # a list shows so many e-mail addresses and phone numbers of a contact at most


class Seen:
    """People by id, as JSON. Safe to use from several threads. Beyond 64 MB no more are kept."""

    def __init__(self) -> None:
        self._people: dict[str, bytes] = {}
        self._bytes = 0
        self._guard = threading.Lock()

    def keep(self, person: Any) -> None:
        """Remember this person; one that is gone, or may not be whole, is forgotten."""
        id = id_of(person)
        if id is None:
            return
        lists = (person.get(name) for name in ("emailAddresses", "phoneNumbers"))
        whole = not is_gone(person) and not any(
            isinstance(one, list) and len(one) >= _CUT_AT for one in lists
        )
        raw = msgspec.json.encode(person) if whole else b""
        with self._guard:
            self._bytes += len(raw) - len(self._people.pop(id, b""))
            if raw and self._bytes <= _MOST_BYTES:
                self._people[id] = raw
            else:
                self._bytes -= len(raw)

    def take(self, id: str) -> Json | None:
        """The person as last read, which is forgotten thereby; None where it is not known."""
        with self._guard:
            raw = self._people.pop(id, None)
            self._bytes -= len(raw or b"")
        return None if raw is None else msgspec.json.decode(raw, type=dict[str, Any])
