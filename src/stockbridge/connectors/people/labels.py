"""Labels: the groups of Google's contacts, by their resource names and by the names that people gave them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from stockbridge.connectors.people.client import Json, PeopleClient
from stockbridge.connectors.people.refusals import TAKEN
from stockbridge.core.errors import Rejected, Retry, Uncertain

MY_CONTACTS = "contactGroups/myContacts"
STARRED = "contactGroups/starred"

_FIELDS = "groupType,name"
_PAGE = 1000
_ASKED = 100


class Labels:
    """The labels of one account, kept until they are read anew. Safe to use from several threads.

    Of the system's own groups only "starred" is shown; all others stay as they are.
    """

    def __init__(self, client: PeopleClient) -> None:
        self._client = client
        self._names: dict[str, str | None] | None = None
        self._guard = threading.Lock()

    def refresh(self) -> None:
        """Read all groups. Raises as `PeopleClient.get`."""
        names: dict[str, str | None] = {}
        token = ""
        while True:
            more = (("pageToken", token),) if token else ()
            params = (("groupFields", _FIELDS), ("pageSize", str(_PAGE)), *more)
            page = self._client.get("contactGroups", params, "to list the labels")
            for group in _dicts(page.get("contactGroups")):
                _take(group, names)
            token = str(page.get("nextPageToken") or "")
            if not token:
                break
        with self._guard:
            self._names = names

    @property
    def known(self) -> Mapping[str, str | None]:
        """What is kept, without asking."""
        return self._names or {}

    def resolve(self, groups: Collection[str]) -> Mapping[str, str | None]:
        """The names of these groups, None for one that is not shown. Asks only about those that are not known yet: a list
        of groups may leave some out. Raises as `PeopleClient.get`."""
        if groups and self._names is None:
            self.refresh()
        known = dict(self._names or {})
        missing = sorted(set(groups) - known.keys())
        for start in range(0, len(missing), _ASKED):
            some = missing[start : start + _ASKED]
            known.update(dict.fromkeys(some))
            params = (("groupFields", _FIELDS), *(("resourceNames", name) for name in some))
            answer = self._client.get("contactGroups:batchGet", params, "to read labels")
            for one in _dicts(answer.get("responses")):
                if isinstance(group := one.get("contactGroup"), dict):
                    _take(group, known)
        if missing:
            with self._guard:
                self._names = {**known, **(self._names or {})}
        return known

    def groups(self, names: Sequence[str]) -> list[str]:
        """The resource names of these labels; one that is not there yet is made. The case of letters counts only where
        two labels differ in nothing else. Raises as `PeopleClient.write`, but never Uncertain."""
        if names and self._names is None:
            self.refresh()
        return [self._known(name) or self._made(name) for name in names]

    def _known(self, name: str) -> str | None:
        names = self._names or {}
        exact = [group for group, title in names.items() if title == name]
        alike = [group for group, title in names.items() if title and _folded(title) == _folded(name)]
        return next(iter(exact or alike), None)

    def _made(self, name: str) -> str:
        body: Json = {"contactGroup": {"name": name}, "readGroupFields": _FIELDS}
        about = f'to make the label "{name}"'
        try:
            group = self._client.write("POST", "contactGroups", (), body, about)
        except Rejected as error:
            if error.code != TAKEN:
                raise Rejected(error.what, field="labels", remedy=error.remedy, code=error.code) from error
            group = {}
        except Uncertain:
            group = {}
        names: dict[str, str | None] = {}
        _take(group, names)
        if names:
            with self._guard:
                self._names = {**(self._names or {}), **names}
        else:
            self.refresh()
        found = self._known(name)
        if found is None:
            raise Retry(f'The label "{name}" could not be made at Google.')
        return found


def _take(group: Json, names: dict[str, str | None]) -> None:
    """Note the name under which a group is shown."""
    key, name = group.get("resourceName"), group.get("name")
    if not isinstance(key, str) or not key:
        return
    own = group.get("groupType") == "USER_CONTACT_GROUP"
    names[key] = name if (own or key == STARRED) and isinstance(name, str) and name else None


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _dicts(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
