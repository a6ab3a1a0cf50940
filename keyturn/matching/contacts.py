"""Is this the same telephone, the same mailbox?"""

import re
import unicodedata
from typing import Final

import phonenumbers
from rapidfuzz.distance import OSA

from keyturn.matching.text import LONGEST

EXACT: Final = "exact"
SAME_MAILBOX: Final = "same_mailbox"  # dots or a "+tag" that the provider ignores
SIMILAR: Final = "similar"  # a slip of the fingers in the mailbox or its provider
ONE_DIGIT: Final = "one_digit"  # wrong, or two neighbours exchanged
DIFFERENT: Final = "different"

_NANP = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_NANP_COUNTRIES = frozenset({"US", "CA", "PR"})
_DIGITS = re.compile(r"\D+")
_DOTLESS = frozenset({"gmail.com", "googlemail.com"})
_TAGGED = _DOTLESS | {
    "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com", "fastmail.com", "proton.me",
    "protonmail.com", "pm.me",
}  # fmt: skip
# Numbers that people type to get past a form: they say nothing about anybody.
_NOBODYS = re.compile(r"\+1?(\d)\1{6,}|\+1?\d{3}5555555|\+1?(?:1234567890|0123456789|9876543210)|\+1?\d{3}0000000")


def normal_phone(text: str, *, country: str = "US") -> str:
    """The number as E.164, or "" where it is no number. `country` is ISO 3166-1 alpha-2, for numbers without a prefix."""
    text = text[:LONGEST].strip()
    if not text:
        return ""
    home = country in _NANP_COUNTRIES and not text.startswith("+")
    if (home or text.startswith("+1")) and text.isascii() and "x" not in text.lower():
        digits = _DIGITS.sub("", text).removeprefix("1")
        if _NANP.fullmatch(digits):  # nearly every number of a US utility: the library costs 12 us more
            return _unless_nobodys("+1" + digits)
    try:
        parsed = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""  # a number without its area code is possible, too, and means another telephone in every town
    parsed.extension = None
    return _unless_nobodys(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _unless_nobodys(number: str) -> str:
    return "" if _NOBODYS.fullmatch(number) else number


def normal_email(text: str) -> str:
    """The address in lower case without surrounding space or "mailto:", or "" where it cannot be one.

    No further folding: two addresses that only look alike are two mailboxes, and who proves one has not proved the other.
    """
    text = _lower(text[:LONGEST].strip()).removeprefix("mailto:")
    local, at, domain = text.rpartition("@")
    if not (local and at and "." in domain) or " " in text or not text.isprintable():
        return ""
    return text


def _lower(text: str) -> str:
    """Small letters, composed (G-02), and no letter made into several: ß is not ss."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).lower()


def mailbox(email: str) -> str:
    """Where mail to a normalised address ends up: dots and "+tag" dropped for the providers known to ignore them."""
    local, _, domain = email.rpartition("@")
    if domain in _TAGGED:
        local = local.split("+", 1)[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def compare_emails(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """The best level between two sets of normalised addresses; "" where either is empty. Symmetric."""
    if not one or not other:
        return ""
    if not set(one).isdisjoint(other):
        return EXACT
    mine, theirs = {*map(mailbox, one)}, {*map(mailbox, other)}
    if not mine.isdisjoint(theirs):
        return SAME_MAILBOX
    return SIMILAR if any(_is_slip(this, that) for this in one for that in other) else DIFFERENT


def _is_slip(one: str, other: str) -> bool:
    """One slip, in letters: ann1@ and ann2@ are two mailboxes, and jo@ and joe@ too short to tell."""
    if OSA.distance(one, other, score_cutoff=1) > 1:
        return False
    mine, at_home = one.rsplit("@", 1)
    theirs, elsewhere = other.rsplit("@", 1)
    if mine == theirs:
        return at_home.split(".")[0] != elsewhere.split(".")[0] or len(mine) > 5  # gmial.com; .com and .co
    return min(len(mine), len(theirs)) > 5 and _DIGITS.sub("", mine) == _DIGITS.sub("", theirs)


def compare_phones(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """The best level between two sets of E.164 numbers; "" where either is empty. Symmetric."""
    if not one or not other:
        return ""
    if not set(one).isdisjoint(other):
        return EXACT
    for mine in one:
        for theirs in other:
            if len(mine) == len(theirs) and OSA.distance(mine, theirs, score_cutoff=1) <= 1:
                return ONE_DIGIT
    return DIFFERENT
