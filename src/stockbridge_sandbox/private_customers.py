"""Made-up customers who are private persons: each with an address of their own, by which an address book knows them too."""

from __future__ import annotations

import random
import unicodedata
from datetime import datetime, timedelta

from stockbridge_sandbox import trade_words as words
from stockbridge_sandbox.company import Address, Contact, ContactPerson

_FIRST = (
    *("Aafke", "Bram", "Chloé", "Dörte", "Elif", "Fleur", "Gijs", "Héloïse", "Ilse", "Jannes", "Katarzyna", "Lars"),
    *("Maël", "Nienke", "Ørjan", "Paweł", "Quinten", "Renée", "Søren", "Tess", "Ursula", "Veerle", "Wojciech", "Yara"),
)  # fmt: skip
_LAST = (
    *("Aalders", "van Beek", "Çetin", "Dubois", "Eriksson", "de Graaf", "Hübner", "IJzerman", "Jonker", "Kowalczyk"),
    *("Lefort", "Mulder", "Nørgaard", "Oosterhuis", "Paquet", "Ruiter", "Schäfer", "Teunissen", "Vermeulen", "Zielińska"),
)  # fmt: skip
MOST = len(_FIRST) * len(_LAST)


def draw_private_customers(dice: random.Random, count: int, end: datetime) -> list[Contact]:
    """So many private persons, no two of one name; one in twenty left no e-mail address. ValueError above `MOST`."""
    if count > MOST:
        raise ValueError(f"there are names for {MOST} private customers, not for {count}")
    names = dice.sample([(first, last) for first in _FIRST for last in _LAST], count)
    return [_person(dice, n, first, last, end) for n, (first, last) in enumerate(names)]


def _person(dice: random.Random, n: int, first: str, last: str, end: datetime) -> Contact:
    created = end - timedelta(seconds=dice.randrange(370 * 86_400, 1500 * 86_400))
    city, language, country, country_code, currency = words.CUSTOMER_PLACES[n % len(words.CUSTOMER_PLACES)]
    street = f"{dice.choice(words.STREETS)} {dice.randrange(1, 240)}"
    person = ContactPerson(
        first_name=first,
        last_name=last,
        email=f"{_plain(first)}.{_plain(last)}@post{n + 1}.example" if dice.random() > 0.05 else "",
        phone=f"+31 97014 {dice.randrange(10**6):06d}" if dice.random() < 0.7 else "",
        primary=True,
    )
    return Contact(
        key=f"private-customer-{n + 1}",
        contact_type="customer",
        name=f"{first} {last}",
        sub_type="individual",
        currency=currency,
        language=language,
        payment_terms=0,
        persons=(person,),
        billing_address=Address(
            street=street,
            city=city,
            zip=f"{dice.randrange(1000, 99999)}",
            country=country,
            country_code=country_code,
        ),
        created=created,
        modified=end - timedelta(seconds=dice.randrange(365 * 86_400)),
    )


def _plain(text: str) -> str:
    """The letters of a name that an e-mail address may have."""
    spelled = text.lower().replace("ø", "o").replace("ł", "l").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())
