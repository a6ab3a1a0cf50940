"""Is a password good enough, and if not, what should its owner do?

Long, not known to guessers, and not about us or about themselves; no rules about digits and signs, which make passwords
worse (NIST SP 800-63B-4, 3.1.1.2). Each refusal says what to do.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

LONGEST = 256
OURS = ("keyturn", "password", "passwort", "contraseña", "electric", "electricity", "water", "energy", "utility", "account", "login")  # fmt: skip
LOOKED_AT = 64  # zxcvbn takes long over long ones
FEWEST_GUESSES = 10**8
SHORTEST_WORD = 4
LEFT_AT_LEAST = 8  # letters and digits beside such words


class Length:
    """At least 12 characters; and not so many that hashing them would keep us busy."""

    def __init__(self, min_length: int = 12) -> None:
        self.shortest = min_length

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < self.shortest:
            raise ValidationError(
                _("Use %(count)s characters or more: for example four words that do not belong together.")
                % {"count": self.shortest}
            )
        if len(password) > LONGEST:
            raise ValidationError(_("Use at most %(count)s characters.") % {"count": LONGEST})

    def get_help_text(self) -> str:
        return str(
            gettext_lazy("12 characters or more. Four words that do not belong together are easy to keep in mind.")
        )


class NotCommon:
    """Not one that guessers try first: of zxcvbn's lists (Django's own list is a validator of its own), alone or with a
    few signs behind, a row of keys, a date, one piece again and again."""

    def validate(self, password: str, user: Any = None) -> None:
        plain = password.casefold()
        core = re.sub(r"[\W\d_]+$", "", plain)
        listed = {plain, core, _unit(plain), _unit(core)} & _common()
        if listed or zxcvbn(plain[:LOOKED_AT])["guesses"] < FEWEST_GUESSES:
            raise ValidationError(_("This password is easy to guess. Choose one that nobody else would think of."))

    def get_help_text(self) -> str:
        return ""


class NotAboutUs:
    """Not little more than words that a guesser has at hand: the utility's name, the service, the owner's own e-mail."""

    def validate(self, password: str, user: Any = None) -> None:
        rest = password.casefold()
        found = [each for each in sorted(_words(user), key=len, reverse=True) if each in rest]
        for each in found:
            rest = rest.replace(each, " ")
        if found and len(re.sub(r"[\W_]", "", rest)) < LEFT_AT_LEAST:
            raise ValidationError(
                _("Do not build your password around “%(word)s”: people who guess try that first. Choose other words.")
                % {"word": found[0]}
            )

    def get_help_text(self) -> str:
        return ""


class NotBreached:
    """Not in the file of stolen passwords that KEYTURN_BREACHED_PASSWORDS names, where there is one."""

    def validate(self, password: str, user: Any = None) -> None:
        if settings.KEYTURN_BREACHED_PASSWORDS and is_breached(password, Path(settings.KEYTURN_BREACHED_PASSWORDS)):
            raise ValidationError(
                _("This password was stolen from another site before, and guessers know it. Choose another one.")
            )

    def get_help_text(self) -> str:
        return ""


def is_breached(password: str, file: Path) -> bool:
    """Whether the password's SHA-1 is in `file`: lines `HASH:COUNT` in the order of the hashes, as Have I Been Pwned
    offers them. A binary search with some 35 short reads in 40 GB; nothing of it is loaded."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with file.open("rb") as lines:
            low, high = 0, lines.seek(0, 2)
            while low < high:
                middle = (low + high) // 2
                lines.seek(middle)
                if middle:
                    lines.seek(middle - 1)
                    lines.readline()  # the rest of the line before
                found = lines.readline()[:40].upper()
                if found == wanted:
                    return True
                if not found or found > wanted:
                    high = middle
                else:
                    low = lines.tell()
    except OSError as problem:
        raise ImproperlyConfigured(f"KEYTURN_BREACHED_PASSWORDS cannot be read: {problem.strerror}") from None
    return False


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(word for words in FREQUENCY_LISTS.values() for word in words if len(word) >= SHORTEST_WORD)


def _unit(text: str) -> str:
    """The piece that a text repeats: "abcabcabc" is "abc" again and again."""
    for length in range(1, len(text) // 2 + 1):
        if len(text) % length == 0 and text[:length] * (len(text) // length) == text:
            return text[:length]
    return text


def _words(user: Any) -> set[str]:
    brand = [str(settings.KEYTURN_BRAND.get(each, "")) for each in ("name", "email", "website")]
    own = [str(getattr(user, each, "") or "") for each in ("email", "username", "first_name", "last_name")]
    return set(OURS) | set(_pieces([*brand, *own]))


def _pieces(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield from (each for each in re.split(r"[\W_]+", text.casefold()) if len(each) >= SHORTEST_WORD)
