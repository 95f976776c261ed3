"""What people type, in the form in which it is compared: when two values are the same, by which keys records find each
other, and what counts as an e-mail address, a phone number, a web address.

Values are written as they were typed. Only the comparison folds them, so that nothing is written just because two systems
write the same number in different ways. Phone numbers are read by libphonenumber and addresses checked by email-validator,
without a look at the network; both are imported when the first value needs them, because that takes a tenth of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING
from unicodedata import normalize
from urllib.parse import urlsplit

from stockbridge.core.record import Field, Kind, Value

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_WEB = re.compile(r"https?://", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)  # "shop.example:8080" has a port
_QUOTED = 40  # characters of a value that a message quotes

# The first part of addresses that stand for a role or a team, in the languages of the shops we know.
_SHARED_WORDS = """
abuse account accounting accounts admin administracion administratie administration administrator ap ar backoffice
bestellingen bestellung bestellungen bestelling billing boekhouding bonjour booking bookings buchhaltung buero
bureau büro comercial commercial compras compta comptabilite contabilidad contabilita contact contacto contato
crediteuren customercare customerservice debiteuren einkauf email enquiries enquiry facturacion facturation factures
facturen factuur finance finances hallo hello help helpdesk hi hola hostmaster hr info informatie information inkoop
inkoop inquiries inquiry invoice invoices jobs kantoor klantenservice kontakt kundenservice logistics logistiek
magazijn mail mailbox marketing media news newsletter no-reply noreply office oficina order orders ordini pedidos
planning post postmaster press procurement purchase purchasing rechnung rechnungen reception receptie retour returns
sales secretariaat secretariat sekretariat service shop store support team techniek ufficio vendite ventas verkauf
verkoop vertrieb warehouse webmaster webshop welcome welkom winkel zentrale
"""
_SHARED = frozenset(_SHARED_WORDS.split())


def same(kind: Kind, x: Value, y: Value, *, region: str | None = None) -> bool:
    """Whether two values of a field of this kind are the same, however they were typed. It is an equivalence.

    A phone number: the same number and extension. `region` is the country ("NL") of those without a country code; what is
    no number is compared by its letters and digits. An e-mail address: without case and blanks. A web address: without
    http(s)://, the case of the host and a slash at the end. Labels: as a set, without case. Other texts: exactly, but for
    blanks around them and the way line ends and accents are encoded. Numbers: by value. Of a field with many values:
    one by one in their order, because the first is the main one. No value, an empty text and an empty list are the same.
    """
    return bool(x == y) or _folded(kind, x, region) == _folded(kind, y, region)


def match_keys(field: Field | Kind, value: Value, *, region: str | None = None) -> tuple[str, ...]:
    """The keys by which a record with this value can be found; none where it says nothing about who it is.

    One for each entry of a list, in its order, the same key once. A phone number has the key "+31201234567"
    (";ext=12" after it): it must be a number that is in use as libphonenumber knows them, or be written with its country
    code. What is typed otherwise ("ask for Jan", or a local number without its area) has none. An e-mail address without
    something on both sides of its @ has none either. Texts are folded: no case, single blanks. What is `same` has
    the same keys.
    """
    kind = field if isinstance(field, Kind) else field.kind
    entries = value if isinstance(value, (list, tuple)) else (value,)
    keys: dict[str, None] = {}
    for entry in entries:
        folded = _folded(Kind.TEXT if kind in (Kind.TEXTS, Kind.LABELS) else kind, entry, region)
        if folded is not None and (key := _key(kind, folded)):
            keys[key] = None
    return tuple(sorted(keys)) if kind is Kind.LABELS else tuple(keys)  # the order of labels means nothing


def text_key(text: str) -> str:
    """The key of a text: no case, single blanks and none around it, accents in one encoding. Empty: it has none."""
    key = " ".join(text.casefold().split())
    return key if key.isascii() else normalize("NFC", key)


def is_shared_mailbox(email: str) -> bool:
    """Whether an address may belong to several people: info@, sales@, orders+web@ (facts: contact sync C5)."""
    local = email.strip().casefold().partition("@")[0].partition("+")[0]
    return local in _SHARED or local.replace(".", "").replace("_", "").replace("-", "") in _SHARED


def as_email(text: str) -> str:
    """The address as it is to be written: as typed, without blanks around it. ValueError where it is none."""
    typed = text.strip()
    why = _email_fault(typed)
    if why is not None:
        raise ValueError(f"“{_short(typed)}” is not an e-mail address: {why}")
    return typed


def as_phone(text: str, region: str | None = None) -> str:
    """The number as it is to be written: as typed, without blanks around it. ValueError below three digits.

    What libphonenumber cannot read is written all the same where it has three digits, because people write "020 1234567,
    ask for Jan" and that number is of use. It has no match key. `region` says nothing about what may be written.
    """
    typed = " ".join(text.split())
    digits = sum(one.isdecimal() for one in typed)
    if digits >= 3:
        return typed
    what = "there is no digit in it." if not digits else "a number has at least three digits."
    raise ValueError(f"“{_short(typed)}” is not a phone number: {what}")


def as_url(text: str) -> str:
    """The web address as it is to be written: as typed, without blanks around it. ValueError where it is none.

    "shop.example" and "https://shop.example/a" both are one; "javascript:…" and "n/a" are not.
    """
    typed = text.strip()
    why = _url_fault(typed)
    if why is not None:
        raise ValueError(f"“{_short(typed)}” is not a web address: {why}")
    return typed


def as_region(text: str) -> str:
    """The two letters of a country ("NL"), for phone numbers without a country code. ValueError for anything else."""
    from phonenumbers import SUPPORTED_REGIONS

    region = text.strip().upper()
    if region not in SUPPORTED_REGIONS:
        raise ValueError(f"“{_short(text)}” is not a country: write its two letters, such as NL, DE or US.")
    return region


def formatted_phone(text: str, form: str, region: str | None = None) -> str:
    """The number in the form "international" (+31 20 123 4567), "national" (020 123 4567) or "e164" (+31201234567).

    A number of another country than `region` stays international, because people elsewhere could not call it. What
    is no number that can be in use stays as typed. An extension stays.
    """
    found = _number(text, region)
    if found is None:
        return text.strip()
    from phonenumbers import PhoneNumberFormat, format_number, region_code_for_number

    number, extension = found
    shape = {
        "international": PhoneNumberFormat.INTERNATIONAL,
        "national": PhoneNumberFormat.NATIONAL,
        "e164": PhoneNumberFormat.E164,
    }[form]
    if form == "national" and region_code_for_number(number) != region:
        shape = PhoneNumberFormat.INTERNATIONAL
    whole = format_number(number, shape)
    return f"{whole} ext. {extension}" if extension else whole  # read back in every country


def written(value: Value) -> str:
    """A value as people write it: 12.50 as 12.5, yes/no as true/false, a day as 2026-11-22, labels as "a, b"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return ", ".join(filled for one in value if (filled := written(one)))
    return str(value)


def _folded(kind: Kind, value: Value, region: str | None) -> Value:
    """The form in which values of a kind are compared; None where there is none."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and kind not in _WHOLE:
        found = (one for entry in value if (one := _folded(kind, entry, region)) is not None)
        if kind is Kind.LABELS:
            return frozenset(one.casefold() for one in found) or None
        return tuple(dict.fromkeys(found)) or None
    if not isinstance(value, str):
        return value
    if kind is Kind.PHONE:
        return _phone(value, region)
    return _FOLDS.get(kind, _text)(value) or None


_WHOLE = (Kind.CHILDREN, Kind.AMOUNTS, Kind.CUSTOM)  # compared as they are


def _text(value: str) -> str:
    value = value.strip()
    return value if value.isascii() else normalize("NFC", value)


def _long_text(value: str) -> str:
    return _text(value.replace("\r\n", "\n").replace("\r", "\n"))


def _email(value: str) -> str:
    return normalize("NFC", normalize("NFC", "".join(value.split())).casefold())


def _url(value: str) -> str:
    value = value.strip()
    found = _WEB.match(value)
    rest = value[found.end() :] if found else value
    end = next((at for at, one in enumerate(rest) if one in "/?#"), len(rest))
    tail = rest[end:]
    if "?" not in tail and "#" not in tail:
        tail = tail.rstrip("/")
    return _text(rest[:end].lower() + tail)


_FOLDS: Mapping[Kind, Callable[[str], str]] = {
    Kind.EMAIL: _email,
    Kind.URL: _url,
    Kind.LONG_TEXT: _long_text,
}


@lru_cache(maxsize=100_000)  # fifty thousand contacts, one side read after the other
def _phone(value: str, region: str | None) -> str | None:
    """With a "+" only where it is a number: then it is a match key too."""
    found = _number(value, region)
    if found is None:
        return "".join(one for one in normalize("NFKC", value).casefold() if one.isalnum()) or None
    number, extension = found
    from phonenumbers import PhoneNumberFormat, format_number

    whole = format_number(number, PhoneNumberFormat.E164)
    return f"{whole};ext={extension}" if extension else whole


def _number(value: str, region: str | None) -> tuple[PhoneNumber, str | None] | None:
    """The number and its extension, apart. None unless it is in use, or can be and was typed with its country code."""
    from phonenumbers import (
        NumberParseException,
        ValidationResult,
        is_possible_number_with_reason,
        is_valid_number,
        parse,
    )

    typed = value.strip()
    if region is None and typed.startswith("00"):
        typed = "+" + typed[2:]  # how most countries dial abroad; one that does not is named by the region
    try:
        number = parse(typed, region)
    except NumberParseException:
        return None
    extension, number.extension = number.extension, None
    if not is_valid_number(number):
        # Without a country code it may as well lack its area: the same seven digits are another person elsewhere.
        if not typed.startswith(("+", "\uff0b", "00")) or not number.national_number:
            return None
        if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
            return None
    return number, extension


def _key(kind: Kind, folded: Value) -> str:
    if kind is Kind.PHONE:
        return folded if folded.startswith("+") else ""
    if kind is Kind.EMAIL:
        local, at, domain = folded.rpartition("@")
        return folded if local and at and domain else ""
    if kind is Kind.FLAG:
        return ""
    return text_key(folded if isinstance(folded, str) else written(folded))


def _email_fault(typed: str) -> str | None:
    local, at, domain = typed.rpartition("@")
    if not typed:
        return "it is empty."
    if not at:
        return "it has no @."
    if not local:
        return "nothing stands before the @."
    if not domain:
        return "nothing stands behind the @."
    if "@" in local:
        return "it has more than one @. Write one address only."
    if any(one.isspace() for one in typed):
        return "it has a blank in it."
    if "." not in domain:
        return f"“{_short(domain)}” has no ending such as .com."
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(typed, check_deliverability=False, test_environment=True)
    except EmailNotValidError as fault:
        why = str(fault)
        return why[:1].lower() + why[1:]
    return None


def _url_fault(typed: str) -> str | None:
    if not typed:
        return "it is empty."
    if any(one.isspace() for one in typed):
        return "it has a blank in it."
    scheme = _OTHER_SCHEME.match(typed)
    if scheme is not None and not _WEB.match(typed):
        return f"it begins with “{_short(scheme[0])}” instead of https://."
    found = _WEB.match(typed)
    rest = typed[found.end() :] if found else typed
    try:
        parts = urlsplit("//" + rest)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "what stands before the first slash is not the name of a site."
    if not host:
        return "it names no site."
    if "@" in parts.netloc:
        return "it has an @ in the name of its site."
    labels = host.rstrip(".").split(".")
    if len(labels) < 2 or not all(labels):
        return f"“{_short(host)}” is not the name of a site."
    if not all(all(one.isalnum() or one in "-_" for one in label) for label in labels):
        return f"“{_short(host)}” is not the name of a site."
    return None


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
