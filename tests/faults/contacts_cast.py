"""Who is in the two address books at first, what people do to them later, and how it all looks in the end, ids apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec

from scenarios.contacts_people import GooglePeople, ZohoPeople
from stockbridge_sandbox.run import Sandbox

Fields = dict[str, Any]
Row = dict[str, Any]

IN_ZOHO: dict[str, Fields] = {
    "anna": {
        "contact_name": "Bakker B.V.",
        "company_name": "Bakker B.V.",
        "customer_sub_type": "business",
        "first_name": "Anna",
        "last_name": "Bakker",
        "email": "anna@bakker.example",
        "phone": "010 412 3456",
        "cf_card": "K-1",
        "cf_remark": "pays late",
    },
    "bart": {
        "contact_name": "Bart Smit",
        "customer_sub_type": "individual",
        "first_name": "Bart",
        "last_name": "Smit",
        "mobile": "06 1234 5678",
    },
    "cas": {
        "contact_name": "Cas Bos",
        "customer_sub_type": "business",
        "first_name": "Cas",
        "last_name": "Bos",
        "email": "cas@bos.example",
        "billing_address.street": "Kade 1",
        "billing_address.city": "Delft",
        "cf_card": "K-3",
    },
    "dina": {
        "contact_name": "Dina Vos",
        "customer_sub_type": "individual",
        "first_name": "Dina",
        "last_name": "Vos",
        "email": "dina@vos.example",
        "cf_remark": "ask for her brother",
    },
    "eva": {
        "contact_name": "Eva Mol",
        "customer_sub_type": "individual",
        "first_name": "Eva",
        "last_name": "Mol",
        "email": "eva@mol.example",
    },
}
SECOND_PERSON = {
    "first_name": "Dirk",
    "last_name": "Vos",
    "email": "dirk@vos.example",
    "mobile": "0611111111",
}
"""Somebody else at Dina's."""

AT_GOOGLE: dict[str, Fields] = {
    "anna": {
        "given_name": "Anna",
        "family_name": "Bakker",
        "job_title": "Buyer",
        "emails": ["anna@home.example", "anna@bakker.example"],
        "phone_home": "010 999 9999",
        "labels": ["Ski"],
        "user_defined.Shoe size": "39",
    },
    "bart": {
        "given_name": "Bartholomeus",
        "family_name": "Smit",
        "emails": ["bart@smit.example"],
        "phone_mobile": "+31612345678",
        "nickname": "Bartje",
    },
    "fien": {
        "given_name": "Fien",
        "family_name": "Kok",
        "emails": ["fien@kok.example", "fien@home.example"],
        "phone_home": "015 222 3333",
        "labels": ["Ski"],
        "user_defined.Card": "G-9",
    },
    "gijs": {
        "given_name": "Gijs",
        "family_name": "Pauw",
        "emails": ["gijs@pauw.example"],
        "organization": "Pauw & Zn.",
        "job_title": "Chef",
    },
}


def everybody_is_there(sandbox: Sandbox, zoho: ZohoPeople, google: GooglePeople) -> None:
    """Who is known before the first run."""
    for name, fields in IN_ZOHO.items():
        id = zoho.make({"contact_type": "customer", **fields})
        if name == "dina":
            sandbox.zoho.direct("POST", "/contacts/contactpersons", body={"contact_id": id, **SECOND_PERSON})
    for fields in AT_GOOGLE.values():
        google.make(fields)


def edits(sandbox: Sandbox, zoho: ZohoPeople, google: GooglePeople) -> None:
    """What people do at both sides before the second run: one field of Anna at each side, the same field of Bart at both, a
    rule that takes one and leaves another, a deletion at Google, somebody new at each side, and things that nobody maps."""
    in_zoho = {_first_name(row): id for id, row in zoho.rows().items()}
    at_google = {row["given_name"]: id for id, row in google.rows().items()}
    zoho.edit(in_zoho["Anna"], {"phone": "010 777 8888", "cf_remark": "pays on time"})
    zoho.edit(in_zoho["Bart"], {"first_name": "Bart-Jan"})
    zoho.edit(in_zoho["Cas"], {"customer_sub_type": "individual"})
    zoho.edit(in_zoho["Eva"], {"customer_sub_type": "business", "billing_address.city": "Gouda"})
    zoho.make(
        {
            "contact_type": "customer",
            "contact_name": "Ilse Dam",
            "customer_sub_type": "business",
            "first_name": "Ilse",
            "last_name": "Dam",
            "email": "ilse@dam.example",
        }
    )
    sandbox.clock.advance(5)
    google.edit(at_google["Anna"], {"job_title": "Head of buying", "nickname": "An"})
    google.edit(at_google["Bart"], {"given_name": "Barry"})
    google.edit(at_google["Fien"], {"user_defined.Card": "G-10", "phone_home": "015 444 5555"})
    google.remove(at_google["Gijs"])
    google.make(
        {"given_name": "Jan", "family_name": "Roos", "emails": ["jan@roos.example"], "labels": ["Golf"]}
    )


def a_deletion(zoho: ZohoPeople) -> None:
    """Dina goes in Zoho, which only a full read notices."""
    [dina] = [id for id, row in zoho.rows().items() if _first_name(row) == "Dina"]
    zoho.remove(dina)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All there is at both sides, without ids, moments and what comes with them."""

    zoho: list[Row]
    google: list[Row]
    labels: list[str]

    def one(self, system: str, email: str) -> Row:
        """The contact with this address. Raises ValueError where there are none or several."""
        rows = self.zoho if system == "zoho" else self.google
        [found] = [row for row in rows if email in _addresses(row)]
        return found

    def unlike(self, other: Picture) -> list[str]:
        """What stands in only one of two pictures."""
        out = []
        for name, mine, theirs in (
            ("Zoho", self.zoho, other.zoho),
            ("Google", self.google, other.google),
            ("labels", self.labels, other.labels),
        ):
            out += [f"{name}, only now: {row}" for row in mine if row not in theirs]
            out += [f"{name}, not now: {row}" for row in theirs if row not in mine]
            if len(mine) != len(theirs):
                out.append(f"{name}: {len(mine)} rather than {len(theirs)}")
        return out

    def twice(self) -> list[str]:
        """What is there more often than once: people by any of their addresses or by their name, and labels."""
        out = []
        for system, rows in (("Zoho", self.zoho), ("Google", self.google)):
            for found in (
                Counter(address for row in rows for address in set(_addresses(row))),
                Counter(_name(row) for row in rows),
            ):
                out += [
                    f"{system}: {one} is there {times} times" for one, times in found.items() if times > 1
                ]
        out += [f"the label {one}" for one, times in Counter(self.labels).items() if times > 1]
        return out


def picture(sandbox: Sandbox, zoho: ZohoPeople) -> Picture:
    """What the two sandboxes hold now."""
    groups = {row["resourceName"]: row for row in sandbox.people.rows("groups")}
    details = [
        sandbox.zoho.direct("GET", f"/contacts/{row['id']}")["contact"]
        for row in sandbox.zoho.rows("contacts")
    ]
    return Picture(
        zoho=_sorted(_bare(row) for row in details),
        google=_sorted(
            _bare({**row, "memberships": _labels(row, groups)}) for row in sandbox.people.rows("contacts")
        ),
        labels=sorted(row["name"] for row in groups.values() if not row["deleted"] and not row["system"]),
    )


_PASSING = {"resourceName", "etag", "metadata", "clientData", "custom_field_hash", "created_date"}
_ENDINGS = ("_id", "_time", "Id")


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _bare(one)
            for key, one in value.items()
            if key not in _PASSING and not key.endswith(_ENDINGS)
        }
    if isinstance(value, list):
        return [_bare(one) for one in value]
    return value


def _sorted(rows: Any) -> list[Row]:
    return sorted(rows, key=lambda row: msgspec.json.encode(row, order="sorted"))


def _labels(row: Row, groups: dict[str, Row]) -> list[str]:
    held = (one["contactGroupMembership"]["contactGroupResourceName"] for one in row.get("memberships", ()))
    return sorted(str(groups[name]["name"]) for name in held)


def _addresses(row: Row) -> list[str]:
    if "emailAddresses" in row:
        return [one["value"] for one in row["emailAddresses"]]
    return [one["email"] for one in row.get("contact_persons", ()) if one["email"]]


def _first_name(row: Row) -> str:
    return str(row["first_name"])


def _name(row: Row) -> str:
    if "contact_name" in row:
        [first] = [one for one in row["contact_persons"] if one["is_primary_contact"]] or [{}]
        return f"{first.get('first_name')} {first.get('last_name')}"
    [name] = row.get("names", [{}])
    return f"{name.get('givenName')} {name.get('familyName')}"
