"""Are these two names those of one organisation, whatever its legal form and trading name?"""

import re
from typing import Final

from rapidfuzz import fuzz

from keyturn.matching.text import fold, squeezed, word_set

EXACT: Final = "exact"
PART: Final = "part"  # the words of one are among the words of the other
SIMILAR: Final = "similar"
DIFFERENT: Final = "different"

_LEGAL_FORMS: Final = word_set(
    "inc incorporated corp corporation co company llc lc llp lp ltd limited plc pc pllc pa gmbh ag sa sas sarl srl bv nv pty "
    "lllp na fsb dba foundation trust sociedad anonima cia"
)
_ALIKE: Final = {
    "svc": "service", "svcs": "service", "services": "service", "mgmt": "management", "mgt": "management", "assoc": "association",
    "assn": "association", "assocs": "associates", "bros": "brothers", "intl": "international", "natl": "national",
    "ctr": "center", "centre": "center", "univ": "university", "dept": "department", "mfg": "manufacturing", "st": "saint",
    "props": "properties", "apts": "apartments", "sch": "school", "hosp": "hospital",
}  # fmt: skip
_TRADING_AS = re.compile(r"\b(?:d b a|dba|t a|trading as|doing business as|f k a|fka|formerly|a k a|aka)\b")


def normal_organisation(name: str) -> str:
    """Folded words in short forms, without legal forms; a trading name stands behind " / "."""
    parts = [_words(part) for part in _TRADING_AS.split(fold(name.replace("&", " and ").replace("+", " and ")))]
    return " / ".join(part for part in parts if part)


def _words(text: str) -> str:
    tokens = [
        _ALIKE.get(token, token) for token in _join_initials(text.split()) if token not in ("the", "and", "of", "y")
    ]
    core = list(tokens)
    while len(core) > 1 and core[-1] in _LEGAL_FORMS:
        core.pop()
    return " ".join(core)


def _join_initials(tokens: list[str]) -> list[str]:
    """ "l l c" is "llc" and "j b hunt" is "jb hunt"."""
    joined: list[str] = []
    run = ""
    for token in tokens:
        if len(token) == 1 and token.isalpha():
            run += token
            continue
        joined.extend([run] if run else [])
        joined.append(token)
        run = ""
    return joined + ([run] if run else [])


def names_of(organisation: str) -> tuple[str, ...]:
    """The names that a normalised organisation goes by."""
    return tuple(organisation.split(" / ")) if organisation else ()


def compare_organisations(one: str, other: str) -> str:
    """The best level between any two of the names; "" where one is missing. Symmetric."""
    levels = {_compare(mine, theirs) for mine in names_of(one) for theirs in names_of(other)}
    return next((level for level in (EXACT, SIMILAR, PART, DIFFERENT) if level in levels), "")


def _compare(one: str, other: str) -> str:
    if squeezed(one) == squeezed(other) or sorted(one.split()) == sorted(other.split()):
        return EXACT
    mine, theirs = set(one.split()), set(other.split())
    if _numbers(mine) != _numbers(theirs):
        return PART if mine & theirs - _numbers(theirs) else DIFFERENT  # "Store 12" is not "Store 13"
    if min(len(one), len(other)) >= 6 and fuzz.ratio(one, other) >= 90:
        return SIMILAR
    return PART if mine <= theirs or theirs <= mine else DIFFERENT


def _numbers(tokens: set[str]) -> set[str]:
    return {token for token in tokens if token.isdigit()}
