"""Is this the same telephone, the same mailbox?"""

import re
import unicodedata
from typing import Final

import phonenumbers

from keyturn.matching.text import LONGEST

EXACT: Final = "exact"
SAME_MAILBOX: Final = "same_mailbox"  # dots or a "+tag" that the provider ignores
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
    return DIFFERENT if {*map(mailbox, one)}.isdisjoint(map(mailbox, other)) else SAME_MAILBOX


def compare_phones(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Whether two sets of E.164 numbers share one; "" where either is empty. Symmetric."""
    if not one or not other:
        return ""
    return DIFFERENT if set(one).isdisjoint(other) else EXACT
