"""Whether two names may stand for the same person or firm, spelled a little differently. It only ever leads to a question.

Names are folded first: no case, no accents, no punctuation, words in any order, without titles, legal forms and the little words
between names. Then each word of one is held against the word of the other that is most like it.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby
from unicodedata import combining, normalize

from stockbridge.core.flow import Match, Side, several
from stockbridge.core.normal import written
from stockbridge.core.record import Values

THRESHOLD = 0.85
"""From this likeness on a person is asked. One letter of a short word among two ("Anna Bakker", "Anne Bakker") is 0.88, another
initial ("P. Jansen", "K. Jansen") 0.5."""

_MOST_WORDS, _LONGEST = 8, 40  # of a name; what is beyond is no name, and would only cost time

_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i", "ħ": "h"}
)
_PARTS_NOTHING = str.maketrans("", "", ".'’`´")  # within a name: B.V., O'Neill
_WORD = re.compile(r"[^\W_]+")
_TITLES = "mr mrs ms miss mw mevr mevrouw dhr heer herr frau mme mlle monsieur madame sr sra dr drs ir ing prof mag ba ma msc"
_FORMS = (
    "bv nv vof cv bvba sprl gmbh mbh ag kg ohg gbr ug ek ev sarl sas sasu sa srl spa snc ltd limited llc llp lp inc corp "
    "corporation plc co company cie ab oy as aps sl slu lda ltda pty eenmanszaak holding"
)
_BETWEEN = (
    "van von vd vande vander de den der ter ten te het t s la le les el los las di da do dos das del della du des zu zur zum al "
    "en und et and y e the of"
)
_DROPPED = frozenset(f"{_TITLES} {_FORMS} {_BETWEEN}".split())
_SOUNDS = (("ph", "f"), ("th", "t"), ("ck", "k"), ("x", "ks"), ("dt", "t"), ("sch", "s"))
_ALIKE = str.maketrans({"c": "k", "q": "k", "z": "s", "v": "f", "d": "t"})
_WEAK = frozenset("aeiouyjhw")  # what people leave out, or write for one another


def name_key(*names: str) -> tuple[str, ...]:
    """The keys under which records that may be the same find each other: one for each name that says anything, the same key
    once. Names that differ in their vowels, in doubled letters or in letters of one sound have the same key; those
    without a key in common are never alike."""
    return tuple(sorted({key for name in names if (key := _key(name))}))


def alike(name: str, other: str) -> bool:
    """Whether these names may stand for the same."""
    return likeness(name, other) >= THRESHOLD


def likeness(name: str, other: str) -> float:
    """How alike two names are: 1.0 the same but for case, accents, punctuation and the order of words; 0.0 nothing alike, which
    is also said where they have no key in common. The same in either direction."""
    if not _key(name) or _key(name) != _key(other):
        return 0.0
    fewer, more = sorted((words(name), words(other)), key=lambda some: (len(some), some))
    return _of_words(fewer, more)


def called(names: tuple[Match, ...], side: Side, values: Values) -> list[str]:
    """The names of a record that may count: all that it has, but for those that an earlier one stands before whatever the
    other record has."""
    out: list[str] = []
    filled: list[Match] = []
    for one in names:
        name = _joined(one, side, values)
        if not name:
            continue
        if not any((one.a, one.b)[side == "a"] == (before.a, before.b)[side == "a"] for before in filled):
            out.append(name)
        filled.append(one)
    return list(dict.fromkeys(out))


def compared(names: tuple[Match, ...], a: Values, b: Values) -> tuple[str, str] | None:
    """The names of two records that are held against each other: the first pair that both have."""
    for one in names:
        ours, theirs = _joined(one, "a", a), _joined(one, "b", b)
        if ours and theirs:
            return ours, theirs
    return None


def _joined(one: Match, side: Side, values: Values) -> str:
    fields = several(one.a if side == "a" else one.b)
    return " ".join(
        text for name in fields if (value := values.get(name)) and (text := written(value).strip())
    )


def words(name: str) -> tuple[str, ...]:
    """The folded words of a name, sorted: ("anna", "bakker") of "Bakker, mw. Anna"."""
    folded = _folded(name)
    if len(folded) == 1:
        return tuple(folded)
    kept = [word for word in folded if word not in _DROPPED]
    return tuple(sorted((kept or folded)[:_MOST_WORDS]))


def _folded(name: str) -> list[str]:
    plain = name.lower()
    if not plain.isascii():
        plain = normalize("NFKD", normalize("NFKD", name).casefold()).translate(_LETTERS)
        plain = "".join(one for one in plain if not combining(one))
    found = _WORD.findall(plain.translate(_PARTS_NOTHING))
    if all(len(word) > 1 for word in found):
        return [word.replace("ij", "y")[:_LONGEST] for word in found]
    out: list[str] = []
    for alone, some in groupby(found, key=lambda word: len(word) == 1):
        group = list(some)
        out.extend(["".join(group)] if alone else group)  # "B. V." and "J. P." were written apart
    return [word.replace("ij", "y")[:_LONGEST] for word in out]


@lru_cache(maxsize=2_000)  # a contact is mostly called like its person
def _key(name: str) -> str:
    return " ".join(sorted(map(_skeleton, words(name))))


@lru_cache(maxsize=50_000)
def _skeleton(word: str) -> str:
    """A word without what people misspell: its first letter and its consonants, each sound once. A number stays whole."""
    if any(one.isdigit() for one in word):
        return word
    for letters, sound in _SOUNDS:
        word = word.replace(letters, sound)
    word = word.translate(_ALIKE)
    sounds = [one for at, one in enumerate(word) if at == 0 or one not in _WEAK]
    once = "".join(one for one, _ in groupby(sounds))
    return once.rstrip("s") or once  # Peter and Peters


def _of_words(fewer: tuple[str, ...], more: tuple[str, ...]) -> float:
    """The mean over all words: 1.0 for one that both have, less for one that is spelled otherwise, nothing for one too many."""
    left, right = list(fewer), list(more)
    whole = 0.0
    for word in fewer:
        if word in right:
            left.remove(word)
            right.remove(word)
            whole += 1.0
    pairs = sorted((-_of_two(one, two), one, two) for one in left for two in right)
    for minus, one, two in pairs:
        if one in left and two in right:
            left.remove(one)
            right.remove(two)
            whole -= minus
    return whole / len(more)


def _of_two(one: str, two: str) -> float:
    first, second = sorted((one, two))  # what SequenceMatcher finds may hang on which comes first
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
