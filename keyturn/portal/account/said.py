"""How does a customer read a value on file, or one that they want: its name, and its lines?

Values are named by their slots (`terms/slots.py`). Identifiers show their last characters only.
"""

from collections.abc import Mapping
from typing import Any

import phonenumbers
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from keyturn.portal import addresses, dates, forms
from keyturn.terms.slots import ALL

PARTS = {
    "given_name": _("First name"), "middle_name": _("Middle name"), "family_name": _("Last name"), "suffix": _("Suffix"),
    "organisation_name": _("Legal name of the organisation"),
}  # fmt: skip
DETAILS = {"language": _("Language"), "formats": _("Accessible formats"), "date_of_birth": _("Date of birth")}
NAME_TYPES = {
    "legal": _("Legal name"), "former": _("A name you had before"), "alias": _("Also known as"),
    "dba": _("Doing business as"), "alternate": _("Another name"),
}  # fmt: skip
CONTACTS = {"email": _("E-mail address"), "phone": _("Phone number")}
CONTACT_TYPES = {"mobile": _("mobile"), "home": _("home"), "work": _("work")}
TOPICS = {
    "bills": _("A new bill"), "payments": _("Payments that arrived or are late"), "outages": _("Outages and planned work"),
    "appointments": _("Appointments and visits"), "offers": _("Offers and tips"), "account": _("Your account"),
}  # fmt: skip
CHANNELS = {"email": _("by e-mail"), "sms": _("by text message"), "phone": _("by phone"), "letter": _("by letter")}


class Sayer:
    """Says values of one person. `accounts`: id -> what it is called; `papers`: type -> last four on file."""

    def __init__(self, accounts: Mapping[str, str], papers: Mapping[str, str]) -> None:
        self.accounts, self.papers = accounts, papers

    def label(self, slot: str, *values: Any) -> str:
        kind, _dot, rest = slot.partition(".")
        match kind:
            case "name":
                return str(PARTS.get(rest, rest))
            case "alias":
                kinds = [str(each.get("name_type", "")) for each in values if each]
                return str(NAME_TYPES.get("".join(kinds[:1]), NAME_TYPES["alternate"]))
            case "contact":
                channel = next((each["channel"] for each in values if each), "")
                return str(CONTACTS.get(channel, gettext("Contact")))
            case "proof":
                return gettext("Proved to be yours")
            case "mailing":
                return self._of_account(gettext("Mailing address"), rest)
            case "season":
                scope, _dot, days = rest.partition(".")
                return self._of_account(gettext("Mailing address, %(season)s") % {"season": season(days)}, scope)
            case "identifier":
                return "".join(forms.said("id_type", {"id_type": rest})) or gettext("Identity document")
            case "detail":
                return str(DETAILS.get(rest, rest))
            case "paperless":
                return self._of_account(gettext("Bills"), rest)
            case _:
                topic, _dot, channel = rest.partition(".")
                return f"{TOPICS.get(topic, topic)}, {CHANNELS.get(channel, channel)}"

    def _of_account(self, label: str, scope: str) -> str:
        if scope == ALL or len(self.accounts) < 2:
            return label
        return gettext("%(what)s for %(account)s") % {"what": label, "account": self.accounts.get(scope, "")}

    def lines(self, slot: str, value: Any, *, beside: Any = None, on_file: bool = False) -> list[str]:
        """The value; empty where there is none. `on_file`: it stands there (an identifier is its digest then).

        `beside` is the value with which it is compared: what is the same in both is left out where it is only noise.
        """
        kind, _dot, rest = slot.partition(".")
        match kind:
            case "mailing" if not value:
                return [gettext("The service address")]
            case "mailing" | "season":
                return addresses.shown(value) if value else []
            case "contact":
                return contact_lines(value, beside=beside) if value else []
            case "alias":
                parts = (value or {}).get
                name = " ".join(
                    filter(None, (parts("given_name"), parts("middle_name"), parts("family_name"), parts("suffix")))
                )
                return [parts("organisation_name") or name] if value else []
            case "identifier":
                if not value:
                    return []
                return [ending(self.papers.get(rest, "") if on_file else str(value))]
            case "detail":
                return (
                    forms.said(rest, {rest: value})
                    if rest in ("language", "formats", "date_of_birth")
                    else [str(value)]
                )
            case "paperless":
                return [gettext("By e-mail") if value else gettext("On paper")]
            case "proof":
                return [gettext("Yes") if value == "verified" else gettext("No")]
            case "preference":
                return [gettext("Yes") if value == "on" else gettext("No")]
            case _:
                return [str(value)] if value else []


def contact_lines(value: Mapping[str, Any], *, beside: Any = None) -> list[str]:
    """The contact with its kind; that it is used first where that is what differs."""
    kind = CONTACT_TYPES.get(str(value.get("contact_type") or ""))
    text = spoken_phone(str(value["value"]))
    lines = [f"{text} ({kind})" if kind else text]
    first = value.get("is_primary") and beside and not beside.get("is_primary")
    return [*lines, gettext("Used first")] if first else lines


def spoken_phone(text: str) -> str:
    """A number that is written without blanks, as people write it; everything else as it is."""
    if not (text.startswith("+") and text[1:].isdecimal()):
        return text
    try:
        return phonenumbers.format_number(phonenumbers.parse(text), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return text


def season(days: str) -> str:
    """ "each year from November 1 to March 31", from MMDD-MMDD."""
    first, _dash, last = days.partition("-")
    said = [dates.shown_day_of_year(f"{each[:2]}-{each[2:]}") for each in (first, last)]
    return gettext("each year from %(first)s to %(last)s") % {"first": said[0], "last": said[1]}


def ending(value: str) -> str:
    """An identifier as it may stand on a screen: its last characters."""
    plain = "".join(char for char in value if char.isalnum())[-4:]
    return pgettext("only the last characters of an identifier are shown", "ending in %(end)s") % {"end": plain}


def masked(number: str | None) -> str:
    """An account's number in groups of four, all but the last of them hidden."""
    if not number:
        return ""
    hidden = "•" * max(len(number) - 4, 0) + number[-4:]
    head = len(hidden) % 4
    groups = [hidden[:head]] * bool(head) + [hidden[at : at + 4] for at in range(head, len(hidden), 4)]
    return " ".join(groups)


def masked_email(email: str) -> str:
    """Enough of an address for its owner to know it by: "a•••@example.com"."""
    local, at, host = email.partition("@")
    return f"{local[:1]}•••{at}{host}"
