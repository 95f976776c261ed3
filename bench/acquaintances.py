"""Two address books that know some of the same people, made up so that what a sync has to write follows from the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.shop import ask

_HANDS = 8  # people who type at once

ALIKE, NO_PHONE_IN_ZOHO, NO_COMPANY_AT_GOOGLE, OTHER_NAME_AT_GOOGLE = range(4)
"""How the two pictures of a person whom both books know differ, in turns; where both have a value, Zoho's counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many contacts Zoho has, how many Google, and how many of them are the same people."""

    zoho: int
    google: int
    both: int

    def only_in_zoho(self) -> int:
        return self.zoho - self.both

    def only_at_google(self) -> int:
        return self.google - self.both

    def differing(self, *kinds: int) -> int:
        """How many people whom both know differ in one of these ways."""
        return sum(number % 4 in kinds for number in range(self.both))


def fill(control: str, sizes: Sizes) -> None:
    """Put everybody into the two empty books, by hand, but for the last one in Zoho."""
    with ThreadPoolExecutor(_HANDS) as hands:
        done = [hands.submit(in_zoho, control, number) for number in range(sizes.zoho - 1)]
        numbers = [*range(sizes.both), *range(sizes.zoho, sizes.zoho + sizes.only_at_google())]
        done += [hands.submit(_at_google, control, number) for number in numbers]
        for one in done:
            one.result()


def in_zoho(control: str, number: int) -> None:
    """A customer whom somebody enters in Zoho. The address stands in no row of a list."""
    person = {"first_name": f"Name{number}", "last_name": "Jansen", "email": _email(number)}
    if number % 4 != NO_PHONE_IN_ZOHO:
        person["phone"] = _phone(number)
    body = {
        "contact_name": f"Company {number}",
        "company_name": f"Company {number}",
        "contact_type": "customer",
        "customer_sub_type": "business",
        "contact_persons": [{**person, "is_primary_contact": True}],
        "billing_address": {"address": f"Street {number}", "city": "Delft"},
    }
    in_zoho_by_hand(control, "POST", "/contacts", body)


def in_zoho_by_hand(control: str, method: str, path: str, body: object) -> Any:
    """What somebody does in Zoho."""
    return ask(control, "POST", "/zoho/call", {"method": method, "path": path, "body": body})


def _at_google(control: str, number: int) -> None:
    kind = number % 4
    person: dict[str, Any] = {
        "names": [
            {
                "givenName": f"Other{number}" if kind == OTHER_NAME_AT_GOOGLE else f"Name{number}",
                "familyName": "Jansen",
            }
        ],
        "emailAddresses": [{"value": _email(number), "type": "work"}],
        "phoneNumbers": [{"value": _phone(number), "type": "work"}],
        "addresses": [{"type": "work", "streetAddress": f"Street {number}", "city": "Delft"}],
    }
    if kind != NO_COMPANY_AT_GOOGLE:
        person["organizations"] = [{"name": f"Company {number}", "type": "work"}]
    ask(control, "POST", "/people/contacts", person)


def edit_in_zoho(control: str, rows: Sequence[dict[str, Any]], count: int) -> None:
    """The first of these contacts get another name of the company, which a list shows."""
    for row in rows[:count]:
        body = {"contact_name": row["contact_name"], "company_name": f"{row['company_name']} Groep"}
        in_zoho_by_hand(control, "PUT", f"/contacts/{row['id']}", body)


def edit_at_google(control: str, rows: Sequence[dict[str, Any]], count: int) -> None:
    """The last of these contacts get another phone number."""
    for row in rows[-count:]:
        key = row["resourceName"].removeprefix("people/")
        phone = {"value": f"{row['phoneNumbers'][0]['value']}9", "type": "work"}
        ask(control, "PATCH", f"/people/contacts/{key}", {"phoneNumbers": [phone]})


def known_to_both(rows: Sequence[dict[str, Any]], sizes: Sizes) -> Iterator[dict[str, Any]]:
    """Of the rows at Google those of people whom both knew from the start."""
    known = {_email(number) for number in range(sizes.both)}
    for row in rows:
        if any(one["value"] in known for one in row.get("emailAddresses", ())):
            yield row


def _email(number: int) -> str:
    return f"person.{number}@shop-{number % 97}.example"


def _phone(number: int) -> str:
    return f"+3120{1_000_000 + number}"
