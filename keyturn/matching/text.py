"""What remains of a text when case, accents, punctuation and broken characters no longer count?"""

import re
import unicodedata
from functools import lru_cache

LONGEST = 400
"""Characters that are looked at. No name or address line is longer; what is longer is somebody's joke or mistake."""

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼ`´ʹ′＇"))
# Letters that Unicode does not decompose, spelled as the people who have them spell them without their keyboard.
_SPELLED_OUT = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
# Cyrillic and Greek, as their people's passports spell them in Latin letters (ICAO 9303 for the Cyrillic, ISO 843 for the
# Greek), after accents have gone. Arabic and Chinese are left as they are: their romanisation is no matter of letters.
_ROMANISED = str.maketrans(
    dict(
        pair.split("=")
        for pair in [
            "а=a",
            "б=b",
            "в=v",
            "г=g",
            "ґ=g",
            "д=d",
            "е=e",
            "є=ie",
            "ж=zh",
            "з=z",
            "и=i",
            "і=i",
            "ї=i",
            "к=k",
            "л=l",
            "м=m",
            "н=n",
            "о=o",
            "п=p",
            "р=r",
            "с=s",
            "т=t",
            "у=u",
            "ф=f",
            "х=kh",
            "ц=ts",
            "ч=ch",
            "ш=sh",
            "щ=shch",
            "ъ=",
            "ы=y",
            "ь=",
            "э=e",
            "ю=iu",
            "я=ia",
            "ђ=d",
            "ј=j",
            "љ=lj",
            "њ=nj",
            "ћ=c",
            "џ=dz",
            "α=a",
            "β=v",
            "γ=g",
            "δ=d",
            "ε=e",
            "ζ=z",
            "η=i",
            "θ=th",
            "ι=i",
            "κ=k",
            "λ=l",
            "μ=m",
            "ν=n",
            "ξ=x",
            "ο=o",
            "π=p",
            "ρ=r",
            "σ=s",
            "ς=s",
            "τ=t",
            "υ=y",
            "φ=f",
            "χ=ch",
            "ψ=ps",
            "ω=o",
        ]
    )
)


def fold(text: str, *, keep: str = "") -> str:
    """Lower case without accents or apostrophes; all but letters, digits and the marks in `keep` becomes one space.

    Cyrillic and Greek become Latin; letters of other scripts stay as they are. Never fails: lone surrogates, NUL and
    control characters count as spaces.
    """
    if text.isalnum() and text.isascii():  # most texts: one plain word or number
        return text[:LONGEST].lower()
    text = text[:LONGEST].translate(_APOSTROPHES)
    if text.isascii():
        return _all_but(keep).sub(" ", text.lower()).strip()
    text = unicodedata.normalize("NFKD", text).casefold().translate(_SPELLED_OUT).translate(_APOSTROPHES)
    text = unicodedata.normalize("NFKD", text).translate(_ROMANISED)
    return " ".join("".join(_kept(each, keep) for each in text).split())


@lru_cache(maxsize=8)
def _all_but(keep: str) -> re.Pattern[str]:
    return re.compile(f"[^a-z0-9{re.escape(keep)}]+")


def _kept(character: str, keep: str) -> str:
    """The character itself, nothing (an accent of an alphabet), or a space (everything that parts words)."""
    if "\u0300" <= character <= "\u036f":
        return ""
    if character.isalnum() or character in keep or unicodedata.category(character)[0] == "M":
        return character
    return " "


def squeezed(text: str) -> str:
    """A folded text without its spaces, so that "Mac Donald" and "MacDonald" are one word."""
    return text.replace(" ", "")


def word_set(text: str) -> frozenset[str]:
    """The words of a table written as one text."""
    return frozenset(text.split())
