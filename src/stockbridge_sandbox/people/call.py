"""One request to the People API, with its query and body read as the front end reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from stockbridge_sandbox.http import Request
from stockbridge_sandbox.people.reading import read_body
from stockbridge_sandbox.people.refusal import bad_field, invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`path` holds the parts of the path that the operation names, `scopes` what the token was given for."""

    request: Request
    path: Mapping[str, str]
    scopes: frozenset[str]

    def text(self, name: str) -> str:
        """A query parameter, "" when it is not given."""
        return self.request.get(name) or ""

    def texts(self, name: str) -> list[str]:
        """All values of a repeated query parameter."""
        return [value for key, value in self.request.query if key == name and value]

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false. Raises Refusal for another word."""
        match self.text(name).lower():
            case "":
                return False
            case "true" | "1":
                return True
            case "false" | "0":
                return False
        raise bad_field(name, f"Invalid value at '{name}' (TYPE_BOOL), \"{self.text(name)}\"")

    def number(self, name: str, usual: int, most: int, *, capped: bool = False) -> int:
        """A size between 1 and `most`; `usual` when it is 0 or not given. Raises Refusal, unless it is capped."""
        given = self.text(name)
        if not given:
            return usual
        if not given.lstrip("-").isdecimal():
            raise bad_field(name, f"Invalid value at '{name}' (TYPE_INT32), \"{given}\"")
        size = int(given)
        if size < 0 or (size > most and not capped):
            raise invalid(f"{name} must be between 1 and {most}.")
        return min(size, most) or usual

    def body(self, *known: str) -> dict[str, Any]:
        """The JSON body, with no other keys than these. Raises Refusal."""
        return read_body(self.json(), frozenset(known))

    def json(self) -> object:
        """The JSON body; an empty one is an empty object. Raises Refusal."""
        try:
            return self.request.json() if self.request.body else {}
        except msgspec.DecodeError as error:
            raise invalid(f"Invalid JSON payload received. {error}") from error
