"""What a person is made of: its fields, what their entries hold, and which masks they stand in.

All of it is the discovery document of People API v1, by hand; the tests hold the one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stockbridge_sandbox.people.refusal import DOCUMENTATION, Refusal, invalid

Kind = Literal["text", "flag", "number", "date", "choice"]
Mask = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonField:
    """One field of a person: a list of entries with these attributes.

    `shown` are those the API adds by itself, `choices` the words a choice may be, `types` what the predefined types
    are called to a person, `single` says that a contact has one entry at most, `main` names the attributes without
    which an entry says nothing.
    """

    attributes: Mapping[str, Kind]
    main: tuple[str, ...]
    shown: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]]
    types: Mapping[str, str]
    single: bool = False


_NAMED = {
    "homeFax": "Home Fax",
    "workFax": "Work Fax",
    "otherFax": "Other Fax",
    "workMobile": "Work Mobile",
    "workPager": "Work Pager",
    "googleVoice": "Google Voice",
    "freeBusy": "Free/Busy",
    "homePage": "Home Page",
    "appInstallPage": "App Install Page",
    "domesticPartner": "Domestic Partner",
    "referredBy": "Referred by",
    "loginId": "Login ID",
    "googleTalk": "Google Talk",
    "netMeeting": "NetMeeting",
    "grewUp": "Grew up",
}
_CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "biographies": {"contentType": ("CONTENT_TYPE_UNSPECIFIED", "TEXT_PLAIN", "TEXT_HTML")},
    "nicknames": {
        "type": ("DEFAULT", "MAIDEN_NAME", "INITIALS", "GPLUS", "OTHER_NAME", "ALTERNATE_NAME", "SHORT_NAME")
    },
    "miscKeywords": {
        "type": (
            *(
                "TYPE_UNSPECIFIED",
                "OUTLOOK_BILLING_INFORMATION",
                "OUTLOOK_DIRECTORY_SERVER",
                "OUTLOOK_KEYWORD",
            ),
            *(
                "OUTLOOK_MILEAGE",
                "OUTLOOK_PRIORITY",
                "OUTLOOK_SENSITIVITY",
                "OUTLOOK_SUBJECT",
                "OUTLOOK_USER",
            ),
            *("HOME", "WORK", "OTHER"),
        )
    },
}


def _field(
    name: str, attributes: str, *, main: str, shown: str = "", types: str = "", single: bool = False
) -> PersonField:
    kinds: dict[str, Kind] = {}
    for word in attributes.split():
        attribute, _, kind = word.partition(":")
        match kind:
            case "" | "text":
                kinds[attribute] = "text"
            case "flag" | "number" | "date" | "choice":
                kinds[attribute] = kind
            case other:
                raise ValueError(other)
    return PersonField(
        attributes=kinds,
        main=tuple(main.split()),
        shown=tuple(shown.split()),
        choices=_CHOICES.get(name, {}),
        types={word: _NAMED.get(word, word.capitalize()) for word in types.split()},
        single=single,
    )


_PHONE_TYPES = "home work mobile homeFax workFax otherFax pager workMobile workPager main googleVoice other"  # facts: schema
_URL_TYPES = "home work blog profile homePage ftp reservations appInstallPage other"
_RELATIONS = (
    "spouse child mother father parent brother sister friend relative domesticPartner manager assistant referredBy "
    "partner"
)
_NAME = (
    "givenName familyName middleName honorificPrefix honorificSuffix unstructuredName phoneticFullName "
    "phoneticGivenName phoneticFamilyName phoneticMiddleName phoneticHonorificPrefix phoneticHonorificSuffix"
)
_ADDRESS = (
    "formattedValue type poBox streetAddress extendedAddress city region postalCode country countryCode"
)
_ORGANIZATION = (
    "type name phoneticName department title jobDescription symbol domain location costCenter current:flag "
    "startDate:date endDate:date fullTimeEquivalentMillipercent:number"
)

# The fields a client may write; `memberships` are read apart.
WRITABLE: Mapping[str, PersonField] = {
    name: _field(name, attributes, **more)
    for name, attributes, more in (
        ("addresses", _ADDRESS, {"main": _ADDRESS.replace("type ", ""), "shown": "formattedType", "types": "home work other"}),
        ("biographies", "value contentType:choice", {"main": "value", "single": True}),
        ("birthdays", "date:date text", {"main": "date text", "single": True}),
        ("calendarUrls", "url type", {"main": "url", "shown": "formattedType", "types": "home freeBusy work"}),
        ("clientData", "key value", {"main": "key value"}),
        ("emailAddresses", "value type displayName", {"main": "value", "shown": "formattedType", "types": "home work other"}),
        ("events", "date:date type", {"main": "date", "shown": "formattedType", "types": "anniversary other"}),
        ("externalIds", "value type", {"main": "value", "shown": "formattedType", "types": "account customer loginId network organization"}),
        ("genders", "value addressMeAs", {"main": "value addressMeAs", "shown": "formattedValue", "types": "male female unspecified", "single": True}),
        ("imClients", "username type protocol", {"main": "username", "shown": "formattedType formattedProtocol", "types": "home work other"}),
        ("interests", "value", {"main": "value"}),
        ("locales", "value", {"main": "value"}),
        ("locations", "value type current:flag buildingId floor floorSection deskCode", {"main": "value buildingId floor floorSection deskCode"}),
        ("miscKeywords", "value type:choice", {"main": "value", "shown": "formattedType"}),
        ("names", _NAME, {"main": _NAME, "shown": "displayName displayNameLastFirst", "single": True}),
        ("nicknames", "value type:choice", {"main": "value"}),
        ("occupations", "value", {"main": "value"}),
        ("organizations", _ORGANIZATION, {"main": "name department title jobDescription symbol domain location costCenter phoneticName", "shown": "formattedType", "types": "work school"}),
        ("phoneNumbers", "value type", {"main": "value", "shown": "canonicalForm formattedType", "types": _PHONE_TYPES}),
        ("relations", "person type", {"main": "person", "shown": "formattedType", "types": _RELATIONS}),
        ("sipAddresses", "value type", {"main": "value", "shown": "formattedType", "types": "home work mobile other"}),
        ("urls", "value type", {"main": "value", "shown": "formattedType", "types": _URL_TYPES}),
        ("userDefined", "key value", {"main": "key value"}),
    )
}  # fmt: skip
UPDATE_MASK: Mask = frozenset(WRITABLE) | {"memberships"}
READ_MASK: Mask = UPDATE_MASK | {"ageRanges", "coverPhotos", "metadata", "photos", "skills"}
OTHER_MASK: Mask = frozenset({"emailAddresses", "metadata", "names", "phoneNumbers", "photos"})
SEARCH_OTHER_MASK: Mask = OTHER_MASK - {"photos"}
COPY_MASK: Mask = frozenset({"emailAddresses", "names", "phoneNumbers"})
GROUP_MASK: Mask = frozenset({"clientData", "groupType", "memberCount", "metadata", "name"})
# What else may stand in the body of a person; it is read over.
_READ_OVER = (
    "ageRange ageRanges braggingRights coverPhotos etag fileAses metadata photos relationshipInterests "
    "relationshipStatuses residences resourceName skills taglines"
)
READ_OVER = frozenset(_READ_OVER.split())


def read_mask(text: str | None, allowed: Mask, *, name: str, method: str) -> Mask:
    """A field mask as the set of its paths, of the top level only. Empty when the text is; raises Refusal."""
    paths = frozenset(path.strip() for path in (text or "").split(",") if path.strip())
    for path in sorted(paths):
        if path not in allowed:
            raise invalid(
                f'Invalid {name} mask path: "{path}". Valid paths are documented at {DOCUMENTATION}/{method}.'
            )
    return paths


def needed_mask(text: str | None, allowed: Mask, *, name: str, method: str) -> Mask:
    """A mask that must not be missing. Raises Refusal."""
    paths = read_mask(text, allowed, name=name, method=method)
    if not paths:
        raise mask_missing(name, method)
    return paths


def mask_missing(name: str, method: str) -> Refusal:
    """400 for a mask that is required."""
    return invalid(
        f"{name} mask is required. Please specify one or more valid paths. Valid paths are documented at "
        f"{DOCUMENTATION}/{method}."
    )
