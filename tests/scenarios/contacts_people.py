"""The people of the contact scenarios in the sandboxes: they edit contacts by the API of Zoho and by hand in Google, and look at
them, without any code of the connectors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from scenarios.contacts_language import Fields
from stockbridge_sandbox.run import Sandbox

PERSON_FIELDS = (
    *(
        "salutation",
        "first_name",
        "last_name",
        "email",
        "phone",
        "mobile",
        "designation",
        "department",
        "skype",
    ),
)
_PARTS = {"street": "address", "region": "state", "postal_code": "zip"}  # others are called the same
_AMOUNTS = {
    "outstanding_receivable_amount": "receivable",
    "unused_credits_receivable_amount": "receivable_credits",
}


class ZohoPeople:
    """Contacts of Zoho in the fields of its stream."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return self._sandbox.zoho.direct(method, path, body=body)

    def make(self, fields: Fields) -> str:
        id = str(self._call("POST", "/contacts", self._body(fields, {}))["contact"]["contact_id"])
        self._besides(id, fields)
        return id

    def edit(self, id: str, fields: Fields) -> None:
        body = self._body(fields, self._detail(id))
        if body:
            self._call("PUT", f"/contacts/{id}", body)
        self._besides(id, fields)

    def remove(self, id: str) -> None:
        self._call("DELETE", f"/contacts/{id}")

    def rows(self) -> dict[str, Fields]:
        return {row["id"]: _of_zoho(self._detail(row["id"])) for row in self._sandbox.zoho.rows("contacts")}

    def _detail(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", f"/contacts/{id}")["contact"]
        return found

    def _body(self, fields: Fields, now: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        person: dict[str, Any] = {}
        custom = []
        for name, value in fields.items():
            group, _, part = name.partition(".")
            if name in PERSON_FIELDS:
                person[name] = value
            elif part:
                body.setdefault(group, {})[_PARTS.get(part, part)] = value
            elif name == "fax":
                body.setdefault("billing_address", {})["fax"] = value
            elif name.startswith("cf_"):
                plain = value.isoformat() if isinstance(value, date) else value
                custom.append(
                    {"api_name": name, "value": float(plain) if isinstance(plain, Decimal) else plain}
                )
            elif name not in ("status", "has_transaction", *_AMOUNTS):
                body[name] = value
        if person:
            persons = now.get("contact_persons") or [{}]
            kept = [{"contact_person_id": one["contact_person_id"]} for one in persons if one]
            first = {**(kept[0] if kept else {}), **person, "is_primary_contact": True}
            body["contact_persons"] = [first, *kept[1:]]
        if custom:
            body["custom_fields"] = custom
        return body

    def _besides(self, id: str, fields: Fields) -> None:
        """What takes calls of its own."""
        if "status" in fields:
            self._call("POST", f"/contacts/{id}/{fields['status']}")
        amounts = {_AMOUNTS[name]: str(value) for name, value in fields.items() if name in _AMOUNTS}
        if amounts:
            self._sandbox.control.set_amounts(id, **amounts)
        if fields.get("has_transaction"):
            item = self._call("POST", "/items", {"name": f"Bell {id}", "rate": 1})["item"]["item_id"]
            line = {"item_id": item, "quantity": 1, "rate": 1}
            self._call("POST", "/salesorders", {"customer_id": id, "line_items": [line]})


def _of_zoho(row: dict[str, Any]) -> Fields:
    person: Fields = next((one for one in row["contact_persons"] if one["is_primary_contact"]), {})
    out: Fields = {**row, **{name: person.get(name) for name in PERSON_FIELDS}}
    for group in ("billing_address", "shipping_address"):
        for part in ("attention", "street", "street2", "city", "region", "postal_code", "country"):
            out[f"{group}.{part}"] = row[group].get(_PARTS.get(part, part))
    out["fax"] = row["billing_address"].get("fax")
    out.update({one["api_name"]: one["value"] for one in row["custom_fields"]})
    return out


_NAMES = {
    "given_name": "givenName",
    "family_name": "familyName",
    "middle_name": "middleName",
    "honorific_prefix": "honorificPrefix",
    "honorific_suffix": "honorificSuffix",
}
_COMPANY = {"organization": "name", "job_title": "title", "department": "department"}
_PHONES = {"phone_work": "work", "phone_mobile": "mobile", "phone_home": "home", "fax_work": "workFax"}
_ADDRESSES = {"address_work": "work", "address_home": "home", "address_shipping": "Shipping"}
_AT_GOOGLE = {
    "street": "streetAddress",
    "street2": "extendedAddress",
    "city": "city",
    "region": "region",
    "postal_code": "postalCode",
    "country": "country",
}
_MANY = {"emails": "emailAddresses", "phones": "phoneNumbers", "urls": "urls"}
_FIRST = {"email": "emailAddresses", "notes": "biographies", "nickname": "nicknames"}
Json = dict[str, Any]


class GooglePeople:
    """Contacts of Google in the fields of its stream."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._people = sandbox.people

    def make(self, fields: Fields) -> str:
        id = str(self._people.add(_changed({}, fields))["resourceName"])
        self._label(id, fields)
        return id

    def edit(self, id: str, fields: Fields) -> None:
        body = _changed(self._raw(id), fields)
        if body:
            self._people.edit(id, body)
        self._label(id, fields)

    def remove(self, id: str) -> None:
        self._people.remove(id)

    def merge(self, kept: str, others: list[str]) -> None:
        self._people.merge(kept, others)

    def rows(self) -> dict[str, Fields]:
        groups = {
            row["resourceName"]: row["name"] for row in self._people.rows("groups") if not row["system"]
        }
        return {row["resourceName"]: _of_google(row, groups) for row in self._people.rows("contacts")}

    def _raw(self, id: str) -> Json:
        return next(row for row in self._people.rows("contacts") if row["resourceName"] == id)

    def _label(self, id: str, fields: Fields) -> None:
        if "labels" in fields:
            had = set(self.rows()[id]["labels"])
            for label in had.symmetric_difference(fields["labels"]):
                self._people.label(id, label, on=label not in had)


def _changed(person: Json, fields: Fields) -> Json:
    """The lists of entries that these fields change, as a whole."""
    body: Json = {}

    def entries(of: str) -> list[Json]:
        if of not in body:
            body[of] = [dict(one) for one in _main_first(person, of)]
        found: list[Json] = body[of]
        return found

    def put(of: str, attribute: str, value: Any, fits: Callable[[Json], bool], new: Json) -> None:
        found = entries(of)
        entry = next((one for one in found if fits(one)), None)
        if entry is None:
            entry = {**new}
            found.append(entry)
        entry[attribute] = value

    for name, value in fields.items():
        group, _, part = name.partition(".")
        if name in _MANY:
            old = {one["value"]: one for one in entries(_MANY[name])}
            bare = [
                {k: v for k, v in old.get(one, {"value": one}).items() if k != "metadata"} for one in value
            ]
            body[_MANY[name]] = bare
        elif name in _FIRST:
            put(_FIRST[name], "value", value, _any, {})
        elif name in _NAMES:
            put("names", _NAMES[name], value, _any, {})
        elif name in _COMPANY:
            put("organizations", _COMPANY[name], value, _any, {})
        elif name in _PHONES:
            put("phoneNumbers", "value", value, _of_type(_PHONES[name]), {"type": _PHONES[name]})
        elif name == "url_work":
            put("urls", "value", value, _of_type("work"), {"type": "work"})
        elif name == "im_skype":
            put(
                "imClients",
                "username",
                value,
                lambda one: one.get("protocol") == "skype",
                {"protocol": "skype"},
            )
        elif group in _ADDRESSES:
            kind = _ADDRESSES[group]
            put("addresses", _AT_GOOGLE[part], value, _of_type(kind), {"type": kind})
        elif group == "user_defined":
            put("userDefined", "value", value, _of_key(part), {"key": part})
        else:
            assert name == "labels", name
    return body


def _main_first(person: Json, of: str) -> list[Json]:
    return sorted(person.get(of, ()), key=lambda one: not one["metadata"].get("sourcePrimary"))


def _any(_: Json) -> bool:
    return True


def _of_type(kind: str) -> Callable[[Json], bool]:
    return lambda one: one.get("type") == kind


def _of_key(key: str) -> Callable[[Json], bool]:
    return lambda one: one.get("key") == key


def _of_google(row: Json, groups: dict[str, str]) -> Fields:
    def one(of: str, attribute: str, fits: Callable[[Json], bool] = _any) -> Any:
        return next((entry.get(attribute) for entry in _main_first(row, of) if fits(entry)), None)

    out: Fields = {name: one("names", attribute) for name, attribute in _NAMES.items()}
    out |= {name: one("organizations", attribute) for name, attribute in _COMPANY.items()}
    out |= {name: one("phoneNumbers", "value", _of_type(kind)) for name, kind in _PHONES.items()}
    out |= {name: [entry["value"] for entry in _main_first(row, of)] for name, of in _MANY.items()}
    out |= {name: one(of, "value") for name, of in _FIRST.items()}
    out["display_name"] = one("names", "displayName")
    out["url_work"] = one("urls", "value", _of_type("work"))
    out["im_skype"] = one("imClients", "username", lambda entry: entry.get("protocol") == "skype")
    for group, kind in _ADDRESSES.items():
        for part, attribute in _AT_GOOGLE.items():
            out[f"{group}.{part}"] = one("addresses", attribute, _of_type(kind))
    for entry in row.get("userDefined", ()):
        out[f"user_defined.{entry['key']}"] = entry["value"]
    held = (each["contactGroupMembership"]["contactGroupResourceName"] for each in row.get("memberships", ()))
    out["labels"] = sorted(groups[name] for name in held if name in groups)
    return out
