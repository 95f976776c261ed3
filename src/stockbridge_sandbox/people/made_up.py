"""A made-up address book: people of several countries with all that makes address books hard, the same for a seed.

Nobody in it exists; the domains end in `.example`, the phone numbers are those that are kept free for films.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
ACQUAINTED = 0.17
"""The part of an address book that another system knows as well, unless told otherwise."""
LABELS = ("Klanten", "Leveranciers", "Nieuwsbrief", "VIP", "Beurs 2026", "Amis d’été", "東京")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUpPerson:
    """The fields of a contact, its labels, and the Google profile it is linked with."""

    fields: Json
    labels: tuple[str, ...] = ()
    profile: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUp:
    """The owner of the account, contacts and "Other contacts" as bodies that the API would take."""

    email: str
    name: str
    labels: tuple[str, ...] = ()
    people: tuple[MadeUpPerson, ...] = ()
    others: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Somebody whom the owner's other systems know as well."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""
    company: str = ""


# (country, its code, calling code, given names, family names, towns with postal codes, a street, free numbers)
_COUNTRIES = (
    ("Nederland", "NL", "+31", ("Sanne", "Daan", "Fleur", "Bram", "Noor", "Joost"), ("de Vries", "van den Berg", "Jansen", "’t Hart", "Hoekstra"), (("3511 AB", "Utrecht"), ("9712 CD", "Groningen")), "Oudegracht", "97014"),
    ("Deutschland", "DE", "+49", ("Jürgen", "Käthe", "Sören", "Annegret"), ("Müller", "Groß", "von der Heide", "Weiß"), (("50667", "Köln"), ("24103", "Kiel")), "Hauptstraße", "3023125"),
    ("France", "FR", "+33", ("Zoé", "François", "Maëlle", "Jean-Luc"), ("Lefèvre", "d’Aubigné", "Noël", "Garçon"), (("69002", "Lyon"), ("35000", "Rennes")), "rue de l’Église", "199005"),
    ("Sverige", "SE", "+46", ("Åsa", "Björn", "Linnéa"), ("Öberg", "Åkesson", "Sjöström"), (("411 03", "Göteborg"),), "Östra Hamngatan", "84650"),
    ("Polska", "PL", "+48", ("Łukasz", "Małgorzata", "Świętosława"), ("Wiśniewska", "Żółkiewski", "Dąbrowski"), (("30-001", "Kraków"),), "ulica Długa", "22555"),
    ("Ελλάδα", "GR", "+30", ("Ελένη", "Γιώργος"), ("Παπαδόπουλος", "Νικολάου"), (("105 57", "Αθήνα"),), "Ερμού", "21055"),
    ("日本", "JP", "+81", ("花子", "太郎"), ("佐藤", "鈴木"), (("100-0005", "東京"),), "丸の内", "355501"),
    ("Ísland", "IS", "+354", ("Þórður", "Guðrún"), ("Jónsdóttir", "Ægisson"), (("101", "Reykjavík"),), "Laugavegur", "555"),
    ("Việt Nam", "VN", "+84", ("Nguyễn", "Thị Hương"), ("Trần", "Lê"), (("100000", "Hà Nội"),), "phố Huế", "24555"),
)  # fmt: skip
_COMPANIES = ("Rijwielhandel", "Velo", "Radhaus", "Cycles", "Cykel", "Rowery", "Two Wheels", "自転車")
_TITLES = ("Inkoper", "Geschäftsführerin", "Directrice", "Werkplaatschef", "Lagerchef", "")
_NOTES = (
    "Belt liever ’s ochtends.",
    "Kennengelernt auf der Messe in Köln.\nWill den Katalog 2026.",
    "Préfère le courriel 🙂",
    "Rabatt 5 %\n\n– nur ab 100 €",
)
_EMAIL_TYPES = ("work", "home", "other", "Facturen")
_PHONE_TYPES = ("mobile", "work", "home", "main", "workFax", "workMobile", "Magazijn")


def make_up(
    people: int = 300, *, seed: int = 7, known: Sequence[Known] = (), acquainted: float = ACQUAINTED
) -> MadeUp:
    """An address book of so many contacts, with a twentieth more "Other contacts". Raises ValueError below zero.

    A part (`acquainted`, about one in six) are some of the `known`, written a little differently; about one in twenty has no e-mail, one in
    twenty-five stands there twice.
    """
    if people < 0:
        raise ValueError("an address book cannot have fewer than no contacts")
    dice = random.Random(f"people:{seed}")
    made: list[MadeUpPerson] = []
    left = list(known)
    dice.shuffle(left)
    while len(made) < people:
        if made and dice.random() < 0.04:
            made.append(_again(dice, dice.choice(made)))
        elif left and dice.random() < acquainted:
            made.append(_acquaintance(dice, left.pop()))
        else:
            made.append(_person(dice, len(made)))
    others = tuple(
        {
            "emailAddresses": [{"value": f"no-reply-{n}@{_domain(dice)}"}],
            **({"names": [{"givenName": "Nico"}]} if n % 3 else {}),
        }
        for n in range(people // 20)
    )
    return MadeUp(
        email="owner@fietsgroothandel.example",
        name="Eigenaar Fietsgroothandel",
        labels=LABELS if people else (),
        people=tuple(made),
        others=others,
    )


def _person(dice: random.Random, n: int) -> MadeUpPerson:
    country, code, calling, given_names, family_names, towns, street, free = dice.choice(_COUNTRIES)
    given, family = dice.choice(given_names), dice.choice(family_names)
    name: Json = {"givenName": given, "familyName": family}
    if dice.random() < 0.1:
        name["honorificPrefix"] = dice.choice(("dr.", "Ir.", "Mme"))
    if dice.random() < 0.08:
        name["middleName"] = dice.choice(("M.", "Élise", "Ø."))
    if dice.random() < 0.05:
        name = {"unstructuredName": f"{given} {family}"}
    if dice.random() < 0.03:
        name = {}  # only a company or an address
    domain = _domain(dice)
    fields: Json = {"names": [name]} if name else {}
    if dice.random() > 0.05:
        fields["emailAddresses"] = _emails(dice, f"{_ascii(given)}.{_ascii(family)}{n}", domain)
    fields["phoneNumbers"] = [
        _phone(dice, calling, free) for _ in range(dice.choices((0, 1, 2, 3), (20, 50, 20, 10))[0])
    ]
    if dice.random() < 0.6 or not name:
        fields["organizations"] = [_organization(dice)]
        if dice.random() < 0.1:
            fields["organizations"].append(
                _organization(dice) | {"current": False, "endDate": {"year": 2023}}
            )
    if dice.random() < 0.45:
        postal, city = dice.choice(towns)
        fields["addresses"] = [
            {
                "type": dice.choice(("work", "home", "Shipping")),
                "streetAddress": f"{street} {dice.randint(1, 240)}{dice.choice(('', ' bis', '-II', 'a'))}",
                "postalCode": postal,
                "city": city,
                "country": country,
                "countryCode": code,
            }
        ]
    if dice.random() < 0.25:
        fields["birthdays"] = [{"date": _birthday(dice)}]
    if dice.random() < 0.3:
        fields["biographies"] = [{"value": dice.choice(_NOTES), "contentType": "TEXT_PLAIN"}]
    if dice.random() < 0.2:
        fields["urls"] = [{"value": f"https://www.{domain}/", "type": dice.choice(("work", "homePage"))}]
    if dice.random() < 0.15:
        key = dice.choice(("Klantnummer", "Kundennr.", "Debiteur"))
        fields["userDefined"] = [{"key": key, "value": f"K{dice.randint(1000, 9999)}"}]
    if dice.random() < 0.05:
        fields["nicknames"] = [{"value": f"{given[:3]}!"}]
    if dice.random() < 0.05:
        fields["relations"] = [{"person": dice.choice(given_names), "type": "spouse"}]
    if dice.random() < 0.04:
        fields["events"] = [{"date": {"month": 6, "day": 30}, "type": "anniversary"}]
    if dice.random() < 0.03:
        fields["imClients"] = [{"username": f"{_ascii(given)}_{n}", "protocol": "skype", "type": "work"}]
    profile = {"names": [{"givenName": given, "familyName": family.upper()}]} if dice.random() < 0.04 else {}
    labels = tuple(dice.sample(LABELS, dice.choices((0, 1, 2, 3), (45, 35, 15, 5))[0]))
    return MadeUpPerson(fields={k: v for k, v in fields.items() if v}, labels=labels, profile=profile)


def _acquaintance(dice: random.Random, known: Known) -> MadeUpPerson:
    """Somebody another system knows too: the e-mail in another case, a phone more, a shorter name."""
    email = known.email.upper() if dice.random() < 0.2 else known.email
    short = dice.random() < 0.2
    fields: Json = {
        "names": [
            {
                "givenName": known.first_name[:1] + "." if short else known.first_name,
                "familyName": known.last_name,
            }
        ],
        "emailAddresses": [{"value": email, "type": "work"}],
        "phoneNumbers": [{"value": known.phone, "type": "work"}],
    }
    if known.company:
        fields["organizations"] = [{"name": known.company, "type": "work"}]
    if dice.random() < 0.4:
        fields["phoneNumbers"].append(_phone(dice, "+31", "97014"))
    labels = ("Klanten",) if dice.random() < 0.5 else ()
    return MadeUpPerson(fields=fields, labels=labels)


def _again(dice: random.Random, person: MadeUpPerson) -> MadeUpPerson:
    """A duplicate that has grown over the years: the same name, and part of the rest."""
    kept = [name for name in person.fields if name == "names" or dice.random() < 0.6]
    fields = {name: person.fields[name] for name in kept}
    return MadeUpPerson(fields=fields or person.fields, labels=person.labels if dice.random() < 0.5 else ())


def _emails(dice: random.Random, local: str, domain: str) -> list[Json]:
    count = dice.choices((1, 2, 3), (65, 25, 10))[0]
    emails: list[Json] = [{"value": f"{local}@{domain}", "type": "work"}]
    emails += [
        {"value": f"{local}.{n}@{_domain(dice)}", "type": dice.choice(_EMAIL_TYPES)} for n in range(1, count)
    ]
    if count > 1 and dice.random() < 0.3:
        emails[-1]["metadata"] = {"sourcePrimary": True}  # the first in the list is not the first in rank
    if dice.random() < 0.05:
        del emails[0]["type"]
    return emails


def _phone(dice: random.Random, calling: str, free: str) -> Json:
    digits = f"{free}{dice.randint(1000, 9999)}"
    written = dice.choice(
        (
            f"{calling}{digits}",
            f"{calling} {digits[:2]} {digits[2:5]} {digits[5:]}",
            f"0{digits[:2]}-{digits[2:]}",
            f"00{calling[1:]} (0){digits}",
        )
    )
    return {"value": written, "type": dice.choice(_PHONE_TYPES)}


def _organization(dice: random.Random) -> Json:
    found = {
        "name": f"{dice.choice(_COMPANIES)} {dice.randint(1, 99)}",
        "type": "work",
        "title": dice.choice(_TITLES),
    }
    if dice.random() < 0.3:
        found["department"] = dice.choice(("Inkoop", "Einkauf", "Atelier"))
    return {key: value for key, value in found.items() if value}


def _birthday(dice: random.Random) -> Json:
    month, day = dice.randint(1, 12), dice.randint(1, 28)
    if dice.random() < 0.05:
        month, day = 2, 29
        return {"month": month, "day": day}
    return (
        {"year": dice.randint(1940, 2004), "month": month, "day": day}
        if dice.random() < 0.7
        else {"month": month, "day": day}
    )


def _domain(dice: random.Random) -> str:
    return f"{dice.choice(('fiets', 'velo', 'rad', 'cykel', 'post'))}{dice.randint(1, 60)}.example"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ł", "l").replace("Ł", "l"))
    letters = "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalnum())
    return letters or "info"
