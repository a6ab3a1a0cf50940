"""Is a row of an imported file fit to be taken over, and what does it say?

A row is a mapping of column to text (`terms.rows`); a column that is missing or empty says nothing. `FIX` keeps a row
out; `NOTE` lets it in and says what is odd about it: a customer base of thirty years is never clean.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.terms.days import day_of
from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy
from keyturn.terms.premise import AgreementStatus, Service
from keyturn.terms.rows import LONGEST

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Terms:
    """What rows are judged by. `today` is the utility's local date."""

    policy: Policy
    today: date

    @property
    def identifier_types(self) -> frozenset[str]:
        policy = self.policy
        return frozenset(
            (*policy.identifiers_for_person, *policy.identifiers_for_organisation, *policy.unique_identifiers)
        )


def clean(value: Any) -> str:
    """A cell as text: composed Unicode, no space around it, one space for each line break or run of space within."""
    if value is None or value is False:
        return ""
    if isinstance(value, (list, tuple)):
        value = ";".join(map(str, value))
    text = value if isinstance(value, str) else str(value)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


# ---------------------------------------------------------------- every row


@rule("K-01", "A row has a reference of its own, by which it is found again", implements=("ER-22",))
def has_a_reference(row: Row, terms: Terms) -> Iterator[Finding]:
    """The caller's key; it is what makes importing the same file again harmless."""
    if not row.get("ref"):
        yield Finding("K-01", "ref")


@rule("K-02", "A reference stands once in a file", implements=("ER-22",))
def reference_is_new_in_file(ref: str, seen: Iterable[str]) -> Iterator[Finding]:
    if ref in seen:
        yield Finding("K-02", "ref")


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]")


@rule("K-03", "Every text can be stored as it is written", implements=("ER-01",))
def texts_can_be_stored(row: Row, terms: Terms) -> Iterator[Finding]:
    """Not longer than its column, and no control characters or halves of characters."""
    for name, text in row.items():
        if len(text) > LONGEST.get(name, 200):
            yield Finding("K-03", name, params={"why": "long", "most": LONGEST.get(name, 200)})
        elif not text.isprintable() and _CONTROL.search(text):
            yield Finding("K-03", name, params={"why": "characters"})


@rule("K-04", "A country is a code of two letters", implements=("BR-26",))
def country_is_a_code(row: Row, terms: Terms) -> Iterator[Finding]:
    country = row.get("country", "")
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        yield Finding("K-04", "country")


# ---------------------------------------------------------------- persons


@rule("K-05", "A customer is a person or an organisation", implements=("ER-01",))
def kind_is_known(row: Row, terms: Terms) -> Iterator[Finding]:
    """Empty: an organisation where only an organisation's name is given, else a person (`kind_of`)."""
    if row.get("kind", "") not in ("", "person", "organisation"):
        yield Finding("K-05", "kind")


def kind_of(row: Row) -> str:
    """The kind that a row says or, where it is silent, shows."""
    alone = row.get("organisation_name") and not (row.get("given_name") or row.get("family_name"))
    return row.get("kind") or ("organisation" if alone else "person")


@rule(
    "K-06",
    "A customer has a name: one is enough for a person, and an organisation has its own",
    implements=("ER-01", "BR-13"),
)
def has_a_name(row: Row, terms: Terms) -> Iterator[Finding]:
    if kind_of(row) == "organisation":
        if not any(char.isalnum() for char in row.get("organisation_name", "")):
            yield Finding("K-06", "organisation_name", params={"why": "organisation"})
    elif not any(char.isalpha() for char in row.get("given_name", "") + row.get("family_name", "")):
        yield Finding("K-06", "family_name")


@rule("K-07", "A date of birth is a real date on which somebody alive today can have been born", implements=("ER-32",))
def birth_date_is_possible(row: Row, terms: Terms) -> Iterator[Finding]:
    """Minors pass: a person may be on file without being a customer."""
    text = row.get("date_of_birth", "")
    if not text:
        return
    born = day_of(text)
    if born is None:
        yield Finding("K-07", "date_of_birth")
    elif born > terms.today:
        yield Finding("K-07", "date_of_birth", params={"why": "future"})
    elif born.year < terms.today.year - terms.policy.oldest_age_years:
        yield Finding("K-07", "date_of_birth", params={"why": "too_old"})


@rule("K-08", "An identifier has a value and a type that the utility accepts", implements=("BR-11", "BR-12"))
def identifier_is_whole(row: Row, terms: Terms) -> Iterator[Finding]:
    kind, value = row.get("id_type", ""), row.get("id_value", "")
    if not kind and not value:
        return
    if not kind or not value:
        yield Finding("K-08", "id_value" if kind else "id_type", params={"why": "half"})
    elif kind not in terms.identifier_types:
        yield Finding("K-08", "id_type")
    elif not any(char.isalnum() for char in value):
        yield Finding("K-08", "id_value", params={"why": "half"})
    elif kind == "ssn_last4" and not re.fullmatch(r"[0-9]{4}", value):
        # A whole number must not slip into a column that may be shown in part.
        yield Finding("K-08", "id_value", params={"why": "four_digits"})


@rule("K-09", "A full identifier stands on one person only", implements=("BR-08", "ER-12"))
def identifier_is_free(ref: str, holders: Iterable[str]) -> Iterator[Finding]:
    """`holders` are the references of those on file, and earlier in the file, with the same identifier."""
    if set(holders) - {ref}:
        yield Finding("K-09", "id_value")


@rule("K-10", "An e-mail address can be written to", implements=("ER-01",))
def email_is_possible(row: Row, terms: Terms) -> Iterator[Finding]:
    if row.get("email") and not normal_email(row["email"]):
        yield Finding("K-10", "email", Effect.NOTE)


@rule("K-11", "A phone number can be dialled", implements=("BR-14",))
def phone_is_possible(row: Row, terms: Terms) -> Iterator[Finding]:
    if row.get("phone") and not normal_phone(row["phone"], country=row.get("country") or terms.policy.country):
        yield Finding("K-11", "phone", Effect.NOTE)


PROBABLY_THE_SAME = 0.5


@rule("K-12", "A new row is nobody who is on file already", implements=("BR-04", "ER-13"))
def is_nobody_on_file(zone: str, odds: float, other: str) -> Iterator[Finding]:
    """`zone` and `odds` (a share) are the matcher's, `other` is the reference of whom the row resembles most.

    It is taken over as a person of its own, and said where it is more probably the same than not: only staff merge.
    The lower threshold of an application would name every tenth namesake of a large town.
    """
    if zone == "link" or odds >= PROBABLY_THE_SAME:
        yield Finding("K-12", "ref", Effect.NOTE, params={"why": zone, "other": other})


# ---------------------------------------------------------------- premises


@rule("K-13", "A premise is a place: a street or building, and a town or postal code", implements=("ER-03",))
def premise_is_a_place(row: Row, terms: Terms) -> Iterator[Finding]:
    if not row.get("line1"):
        yield Finding("K-13", "line1")
    if not (row.get("city") or row.get("postal_code")):
        yield Finding("K-13", "city", params={"why": "town"})


@rule("K-14", "A premise has services, and only such as exist", implements=("ER-01",))
def services_exist(row: Row, terms: Terms) -> Iterator[Finding]:
    named = services_of(row)
    if not named:
        yield Finding("K-14", "service_types", params={"why": "none"})
    elif set(named) - {each.value for each in Service}:
        yield Finding("K-14", "service_types")


def services_of(row: Row) -> tuple[str, ...]:
    """ "electric; gas" as a tuple, each once, in the order of `Service`."""
    named = {each.strip().casefold() for each in row.get("service_types", "").split(";")} - {""}
    known = [each.value for each in Service]
    return tuple(sorted(named, key=lambda each: (known.index(each) if each in known else 9, each)))


# ---------------------------------------------------------------- accounts


@rule(
    "K-15",
    "An account belongs to somebody on file and, where it has service, to a premise on file",
    implements=("BR-20",),
)
def account_has_customer_and_premise(row: Row, *, customer: bool, premise: bool) -> Iterator[Finding]:
    if not customer:
        yield Finding("K-15", "person_ref")
    if row.get("premise_ref") and not premise:
        yield Finding("K-15", "premise_ref", params={"why": "premise"})


STATUSES = {
    **{each.value: each for each in AgreementStatus if each is not AgreementStatus.CANCELLED},
    "pending": AgreementStatus.PENDING_START,
    "ended": AgreementStatus.STOPPED,
    "closed": AgreementStatus.STOPPED,
    "former": AgreementStatus.STOPPED,
}
"""The words for an account's status, and what they mean here."""


@rule("K-16", "An account's status is known, and its dates agree with it", implements=("ER-19",))
def status_and_dates_agree(row: Row, terms: Terms) -> Iterator[Finding]:
    status = row.get("status", "")
    if status and status not in STATUSES:
        yield Finding("K-16", "status")
    for name in ("start_date", "end_date"):
        if row.get(name) and day_of(row[name]) is None:
            yield Finding("K-16", name, params={"why": "no_date"})
    start, end = day_of(row.get("start_date", "")), day_of(row.get("end_date", ""))
    if row.get("premise_ref") and not row.get("start_date"):
        yield Finding("K-16", "start_date", params={"why": "no_start"})
    if start and end and end < start:
        yield Finding("K-16", "end_date", params={"why": "backwards"})
    if not row.get("end_date") and STATUSES.get(status) in (AgreementStatus.STOPPED, AgreementStatus.PENDING_STOP):
        yield Finding("K-16", "end_date", params={"why": "no_end"})


def status_of(row: Row, today: date) -> AgreementStatus:
    """The status that a row says or, where it is silent, shows by its dates. Dates count as their own last day."""
    if row.get("status"):
        return STATUSES[row["status"]]
    start, end = day_of(row.get("start_date", "")), day_of(row.get("end_date", ""))
    if end and end < today:
        return AgreementStatus.STOPPED
    if start and start > today:
        return AgreementStatus.PENDING_START
    return AgreementStatus.PENDING_STOP if end else AgreementStatus.ACTIVE


@rule("K-17", "A balance is an amount of money", implements=("ER-01",))
def balance_is_an_amount(row: Row, terms: Terms) -> Iterator[Finding]:
    if row.get("balance") and as_amount(row["balance"]) is None:
        yield Finding("K-17", "balance")


def as_amount(text: str) -> Decimal | None:
    """-1234.50: a point, at most two decimals, no thousands and no sign of a currency."""
    if not re.fullmatch(r"-?[0-9]{1,10}(\.[0-9]{1,2})?", text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class Stay:
    """Days on which somebody is, or will be, served at a premise; the end date is the last one, None: no end known."""

    account_ref: str
    start: date
    end: date | None


@rule("K-18", "At one premise there is one customer at a time", implements=("BR-41", "BR-43"))
def nobody_else_is_served(stay: Stay, others: Iterable[Stay]) -> Iterator[Finding]:
    """`others` are the live stays on file, and earlier in the file, at the same premise."""
    if any(other.account_ref != stay.account_ref and _overlap(stay, other) for other in others):
        yield Finding("K-18", "premise_ref")


def _overlap(one: Stay, other: Stay) -> bool:
    return (one.end or date.max) >= other.start and (other.end or date.max) >= one.start


Check = Callable[[Row, Terms], Iterator[Finding]]

EVERY_ROW: tuple[Check, ...] = (has_a_reference, texts_can_be_stored)
CHECKS: dict[str, tuple[Check, ...]] = {
    "persons": (
        *EVERY_ROW, country_is_a_code, kind_is_known, has_a_name, birth_date_is_possible, identifier_is_whole,
        email_is_possible, phone_is_possible,
    ),
    "premises": (*EVERY_ROW, country_is_a_code, premise_is_a_place, services_exist),
    "accounts": (*EVERY_ROW, status_and_dates_agree, balance_is_an_amount),
}  # fmt: skip
"""The rules that need nothing but the row, in the order in which they are reported."""


def check(kind: str, row: Row, terms: Terms) -> list[Finding]:
    """Everything that is wrong or odd about one row by itself."""
    return [found for each in CHECKS[kind] for found in each(row, terms)]


@rule("K-19", "An agreement that the CIS knows runs from its start date through its end date", implements=("BR-24",))
def status_today(status: str, start: date, end: date | None, today: date) -> str:
    """What an agreement is on a day: a pending start becomes active, or a pending stop where its end is known; a pending
    stop is over after its last day (B.4)."""
    if status not in (AgreementStatus.PENDING_START, AgreementStatus.PENDING_STOP) or start > today:
        return status
    if end is None:
        return AgreementStatus.ACTIVE if status == AgreementStatus.PENDING_START else status
    return AgreementStatus.STOPPED if end < today else AgreementStatus.PENDING_STOP
