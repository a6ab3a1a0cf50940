"""Is each answer well formed and possible, whichever door it came through?

Every rule reads a `Form` and yields a finding for each answer that somebody must mend. Rules about an answer that is
not there stay silent: that something is missing is gather's business (G-05).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email
from stdnum.exceptions import ValidationError
from stdnum.us import ssn

from keyturn.matching.contacts import normal_phone
from keyturn.terms.days import day_of
from keyturn.terms.finding import Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Form:
    """The answers with what is needed to judge them. `today` and `hour` are the utility's local ones."""

    answers: Mapping[str, Any]
    today: date
    hour: int
    policy: Policy
    strict: bool  # the portal: a foreign address is checked by its country's own rules

    def text(self, name: str) -> str:
        value = self.answers.get(name)
        return value if isinstance(value, str) else ""

    def date(self, name: str) -> date | None:
        """The date, or None where it is missing or no date."""
        return day_of(self.text(name))

    @property
    def is_organisation(self) -> bool:
        return self.text("kind") == "organisation"


@rule("V-01", "A person has at least one name, written with letters", implements=("ER-01", "BR-13"))
def person_has_a_name(form: Form) -> Iterator[Finding]:
    """One name is enough: many people have only one. Which of the two fields holds it does not matter."""
    if form.is_organisation:
        return
    names = [name for name in ("given_name", "family_name") if form.text(name)]
    if not names:
        yield Finding("V-01", "given_name")
    for name in ("given_name", "middle_name", "family_name"):
        if form.text(name) and not _has_letter(form.text(name)):
            yield Finding("V-01", name, params={"letters": True})


def _has_letter(text: str) -> bool:
    return any(unicodedata.category(char).startswith("L") for char in text)


@rule("V-02", "An organisation has a legal name", implements=("ER-01",))
def organisation_has_a_name(form: Form) -> Iterator[Finding]:
    if form.is_organisation and not any(char.isalnum() for char in form.text("organisation_name")):
        yield Finding("V-02", "organisation_name")


@rule("V-03", "A date of birth is a real date, in the past, and makes an adult", implements=("ER-32",))
def birth_date_is_possible(form: Form) -> Iterator[Finding]:
    if form.is_organisation or not form.text("date_of_birth"):
        return
    born = form.date("date_of_birth")
    if born is None:
        yield Finding("V-03", "date_of_birth", params={"why": "no_date"})
    elif born > form.today:
        yield Finding("V-03", "date_of_birth", params={"why": "future"})
    elif _years(born, form.today) > form.policy.oldest_age_years:
        yield Finding("V-03", "date_of_birth", params={"why": "too_old"})
    elif _years(born, form.today) < form.policy.minimum_age_years:
        yield Finding("V-03", "date_of_birth", params={"why": "minor", "age": form.policy.minimum_age_years})


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@rule("V-04", "The identifier is of an accepted type for this kind of customer", implements=("BR-11", "BR-52"))
def identifier_type_is_accepted(form: Form) -> Iterator[Finding]:
    kind = form.text("id_type")
    if kind and kind not in (*accepted_identifiers(form.policy, organisation=form.is_organisation), "none"):
        yield Finding("V-04", "id_type")


def accepted_identifiers(policy: Policy, *, organisation: bool) -> tuple[str, ...]:
    """Which identifiers a customer may choose from (BR-52: any one of them is enough)."""
    return policy.identifiers_for_organisation if organisation else policy.identifiers_for_person


@rule("V-05", "An identifier's number has the form of its type", implements=("BR-12", "ER-01"))
def identifier_is_well_formed(form: Form) -> Iterator[Finding]:
    kind, value = form.text("id_type"), re.sub(r"[\s./-]", "", form.text("id_value"))
    if kind in ("", "none"):
        return
    if not value:
        yield Finding("V-05", "id_value", params={"why": "missing"})
    elif kind == "ssn_last4" and not re.fullmatch(r"[0-9]{4}", value):
        # A whole number must not be kept just because somebody typed it: the page asks for four digits.
        yield Finding("V-05", "id_value", params={"why": "four_digits"})
    elif kind == "ssn" and not _is_ssn(value):
        yield Finding("V-05", "id_value", params={"why": "ssn"})
    elif kind == "tax_id" and not re.fullmatch(r"[0-9]{2}[0-9]{7}", value):
        yield Finding("V-05", "id_value", params={"why": "tax_id"})
    elif not re.fullmatch(r"[0-9A-Za-z]{4,24}", value):
        yield Finding("V-05", "id_value", params={"why": "characters"})


def _is_ssn(value: str) -> bool:
    """C.3: area not 000, 666 or 900-999, group not 00, serial not 0000."""
    try:
        return bool(ssn.validate(value)) and not value.startswith("9")
    except ValidationError:
        return False


@rule("V-06", "An e-mail address can exist", implements=("ER-01",))
def email_is_possible(form: Form) -> Iterator[Finding]:
    address = form.text("email")
    if address and not email_can_exist(address):
        yield Finding("V-06", "email")


def email_can_exist(address: str) -> bool:
    """Syntax only; whether it is theirs is proved by a code (Y-01). Reserved names pass: demos and tests use them."""
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        domain = address.rpartition("@")[2].casefold()
        if not domain.endswith((".example", "example.com", "example.org", "example.net", ".test")):
            return False
        return re.fullmatch(r"[^@\s<>\"']{1,64}@([a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}", address) is not None
    return True


@rule("V-07", "A phone number, where one is given, can be dialled", implements=("BR-14", "BR-51"))
def phone_is_possible(form: Form) -> Iterator[Finding]:
    """As the matcher reads it: a number without its area code, or 111-111-1111, reaches nobody."""
    number = form.text("phone")
    if number and not normal_phone(number, country=form.policy.country):
        yield Finding("V-07", "phone")


@rule("V-08", "A mailing address says enough for a letter to arrive", implements=("ER-01", "BR-26"))
def mailing_address_is_complete(form: Form) -> Iterator[Finding]:
    address = form.answers.get("mailing_address")
    if form.strict and form.answers.get("mail_elsewhere") is False:
        return
    if not isinstance(address, dict):
        if not (form.strict and form.answers.get("mail_elsewhere") is True):
            return
        address = {}  # everything that is missing is said at once
    if not form.strict and not any(address.get(part) for part in ("line1", "line2", "city")):
        yield Finding("V-08", "mailing_address.line1")  # a partner passes on what there is: a village may be all
    for part in ("line1", "city", "country") if form.strict else ():
        if not (address.get(part) or (part == "country" and "country" not in address)):
            yield Finding("V-08", f"mailing_address.{part}")
    country = address.get("country") or "US"
    if not re.fullmatch(r"[A-Za-z]{2}", country):
        yield Finding("V-08", "mailing_address.country")
    if form.strict and country.upper() == "US" and not _is_zip(address.get("postal_code") or ""):
        yield Finding("V-08", "mailing_address.postal_code")


def _is_zip(text: str) -> bool:
    return re.fullmatch(r"[0-9]{5}(-?[0-9]{4})?", text) is not None


@rule("V-09", "The services asked for are services that exist", implements=("ER-01",))
def services_exist(form: Form) -> Iterator[Finding]:
    services = form.answers.get("services")
    if isinstance(services, list) and set(services) - {"electric", "gas", "water"}:
        yield Finding("V-09", "services")


@rule("V-10", "Service starts on a day on which it can start", implements=("BR-44", "ER-19"))
def start_date_is_open(form: Form) -> Iterator[Finding]:
    """Within the utility's window, not on a closed day, and not today once the crews are out."""
    if not form.text("start_date"):
        return
    start = form.date("start_date")
    first, last = start_window(form.policy, today=form.today, hour=form.hour, strict=form.strict)
    if start is None:
        yield Finding("V-10", "start_date", params={"why": "no_date"})
    elif start < first:
        open_day = first_open_day(form.policy, first, last)
        yield Finding("V-10", "start_date", params={"why": "early", "first": open_day.isoformat()})
    elif start > last:
        yield Finding("V-10", "start_date", params={"why": "late", "last": last.isoformat()})
    elif is_closed(form.policy, start):
        open_day = first_open_day(form.policy, start, last)
        yield Finding("V-10", "start_date", params={"why": "closed", "next": open_day.isoformat()})


def start_window(policy: Policy, *, today: date, hour: int, strict: bool) -> tuple[date, date]:
    """The first and last day that can be chosen. Partners may date back by `policy.back_date_days`."""
    first = today + timedelta(days=policy.earliest_start_days)
    if first == today and hour >= policy.same_day_cut_off_hour and strict:
        first = today + timedelta(days=1)
    if not strict:
        first -= timedelta(days=policy.back_date_days)
    return first, today + timedelta(days=policy.latest_start_days)


def first_open_day(policy: Policy, first: date, last: date) -> date:
    """The first day of the window on which something starts; the window's own first where there is none."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return next((day for day in days if not is_closed(policy, day)), first)


def is_closed(policy: Policy, day: date) -> bool:
    """The work calendar: weekdays and holidays on which nothing starts."""
    return day.weekday() in policy.closed_weekdays or day.isoformat() in policy.holidays


@rule(
    "V-11", "What is needed is agreed to, and nothing is agreed to that does not exist", implements=("ER-01", "BR-66")
)
def consents_are_given(form: Form) -> Iterator[Finding]:
    """Only the portal asks the applicant themselves; a partner passes on what it was told."""
    given = form.answers.get("consents")
    if not isinstance(given, list):
        return
    if set(given) - {*form.policy.required_consents, *form.policy.optional_consents}:
        yield Finding("V-11", "consents", params={"why": "unknown"})
    elif form.strict and set(form.policy.required_consents) - set(given):
        yield Finding("V-11", "consents")


@rule("V-12", "A service address names a place", implements=("ER-03",))
def service_address_is_usable(form: Form) -> Iterator[Finding]:
    address = form.answers.get("service_address")
    if isinstance(address, dict) and not address.get("premise_id"):
        if not address.get("line1"):
            yield Finding("V-12", "service_address.line1")
        if not (address.get("city") or address.get("postal_code")):
            yield Finding("V-12", "service_address.city")
        country, code = address.get("country") or form.policy.country, address.get("postal_code")
        if form.strict and country == "US" and code and not _is_zip(code):
            yield Finding("V-12", "service_address.postal_code")


@rule("V-13", "A language is one that we write in")
def language_is_offered(form: Form) -> Iterator[Finding]:
    if form.text("language") and form.text("language") not in form.policy.languages:
        yield Finding("V-13", "language", params={"languages": ", ".join(form.policy.languages)})


@rule("V-14", "An account is for a person or an organisation")
def kind_is_known(form: Form) -> Iterator[Finding]:
    if form.text("kind") not in ("", "person", "organisation"):
        yield Finding("V-14", "kind")


@rule("V-15", "A foreign mailing address has the parts that its country's post needs", implements=("BR-26", "BR-27"))
def foreign_address_fits(problems: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """`problems` come from the address check: (part, "required" | "invalid" | "unknown"). Partners' addresses stay as sent."""
    for part, code in problems:
        yield Finding("V-15", f"mailing_address.{part}", params={"why": code})


RULES: tuple[Callable[[Form], Iterator[Finding]], ...] = (
    service_address_is_usable, services_exist, start_date_is_open, kind_is_known, person_has_a_name,
    birth_date_is_possible, organisation_has_a_name, identifier_type_is_accepted, identifier_is_well_formed,
    email_is_possible, phone_is_possible, mailing_address_is_complete, language_is_offered, consents_are_given,
)  # fmt: skip


def check(form: Form) -> list[Finding]:
    """Every rule, in the order of the pages."""
    return [found for each in RULES for found in each(form)]
