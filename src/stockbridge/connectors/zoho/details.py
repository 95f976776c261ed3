"""Reading full records: items in bulk, the others one by one. Source: facts, Zoho 10.3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from stockbridge.connectors.zoho.client import ZohoClient
from stockbridge.connectors.zoho.rows import Rows
from stockbridge.core.errors import Gone, Rejected, Retry
from stockbridge.core.record import Record, Refusal
from stockbridge.http.budget import Purpose

_SMALLER = 100  # how many ids a bulk call surely takes (facts, Zoho 10.3)


class Details:
    """The details of one organisation. Safe to use from several threads."""

    def __init__(self, client: ZohoClient, rows: Mapping[str, Rows]) -> None:
        self._client = client
        self._rows = rows
        self._bulk = rows["items"].shape.stream.detail_size

    def of(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        """The full records of these ids, in their order.

        An id that a bulk answer leaves out is asked for by itself: only a clear "does not exist" makes a tombstone.
        """
        wanted = list(dict.fromkeys(ids))
        if stream == "items" and len(wanted) > 1:
            return self._in_bulk(wanted)
        return [self.one(stream, id) for id in wanted]

    def one(self, stream: str, id: str, purpose: Purpose = "import") -> Record | Refusal:
        """The full record of one id, a tombstone where it is not there, or why it cannot be read."""
        try:
            row, moment = self.row(stream, id, purpose)
        except Gone:
            return Record(id=id, values={}, version="deleted", deleted=True)
        except Rejected as error:
            return Refusal(id=id, reason=error.what, remedy=error.remedy)
        return self._rows[stream].parse(row, full=True, seen=moment, place=f"detail of {id}")

    def row(self, stream: str, id: str, purpose: Purpose) -> tuple[Any, datetime]:
        """The row of one record in full. Raises Gone and Rejected too."""
        rows = self._rows[stream]
        noun = rows.shape.stream.noun
        answer, moment = self._client.call(
            "GET", f"{rows.shape.path}/{id}", decode=rows.decode_one, about=f"{noun} {id}", purpose=purpose
        )
        row: Any = answer.rows[0]
        found_id, _ = rows.key(row)
        if found_id is not None and found_id != id:
            raise Retry(f"Zoho answered with {noun} {found_id} when it was asked for {noun} {id}.")
        return row, moment

    def _in_bulk(self, ids: list[str]) -> list[Record | Refusal]:
        found: dict[str, Record | Refusal] = {}
        at = 0
        while at < len(ids):
            part = ids[at : at + self._bulk]
            try:
                found |= self._of_items(part)
            except (Rejected, Gone):
                if len(part) <= _SMALLER:
                    # One of them spoils the whole answer: ask for each by itself, so that it stops no other.
                    found |= {id: self.one("items", id) for id in part}
                    at += len(part)
                else:
                    self._bulk = _SMALLER
                continue
            at += len(part)
        return [found[id] if id in found else self.one("items", id) for id in ids]

    def _of_items(self, ids: list[str]) -> dict[str, Record | Refusal]:
        rows = self._rows["items"]
        about = f"the details of {len(ids)} items"
        answer, moment = self._client.call(
            "GET",
            "/itemdetails",
            params=(("item_ids", ",".join(ids)),),
            decode=rows.decode_page,
            about=about,
        )
        wanted = set(ids)
        found: dict[str, Record | Refusal] = {}
        for row in answer.rows:
            key = rows.key(row)
            if key[0] in wanted:
                found[key[0]] = rows.parse(row, full=True, seen=moment, place="details", key=key)
        return found
