"""Can somebody be invited like this?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from keyturn.steps.validate.rules import email_can_exist
from keyturn.terms.days import day_of
from keyturn.terms.finding import Finding, rule
from keyturn.terms.levels import ORDER
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Form:
    """The answers, and which e-mail addresses may act for the account already. `today` is the utility's."""

    answers: Mapping[str, Any]
    asked: frozenset[str]
    taken: frozenset[str]
    today: date
    policy: Policy

    def text(self, name: str) -> str:
        value = self.answers.get(name)
        return value if isinstance(value, str) and name in self.asked else ""


@rule("V-40", "Who is invited has an e-mail address that can exist", implements=("ER-01",))
def email_is_possible(form: Form) -> Iterator[Finding]:
    address = form.text("delegate_email")
    if address and not email_can_exist(address):
        yield Finding("V-40", "delegate_email")


@rule("V-41", "Nobody is invited who may act for the account already")
def is_somebody_else(form: Form) -> Iterator[Finding]:
    """The owner themselves among them."""
    if form.text("delegate_email").strip().casefold() in form.taken:
        yield Finding("V-41", "delegate_email")


@rule("V-42", "What somebody may do is one of the levels there are")
def level_is_known(form: Form) -> Iterator[Finding]:
    if "level" in form.asked and form.text("level") not in ("", *ORDER):
        yield Finding("V-42", "level")


@rule("V-43", "Access ends on a day to come")
def end_is_possible(form: Form) -> Iterator[Finding]:
    if not form.text("delegate_until"):
        return
    day = day_of(form.text("delegate_until"))
    if day is None:
        yield Finding("V-43", "delegate_until", params={"why": "no_date"})
    elif day < form.today:
        yield Finding("V-43", "delegate_until", params={"why": "past"})
    elif day > form.today + timedelta(days=365 * 10):
        yield Finding("V-43", "delegate_until", params={"why": "far"})


def check(form: Form) -> list[Finding]:
    return [
        found for each in (email_is_possible, is_somebody_else, level_is_known, end_is_possible) for found in each(form)
    ]
