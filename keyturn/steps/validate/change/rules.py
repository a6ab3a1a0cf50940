"""Is a change of what is on file well formed, possible, and a change at all?"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from keyturn.terms.days import day_of
from keyturn.terms.finding import Finding, rule
from keyturn.terms.policy import Policy
from keyturn.terms.slots import Slots, Wish


@dataclass(frozen=True, slots=True)
class Form:
    """The answers of a change, what they amount to, and what the customer saw on file. `today` is the utility's."""

    answers: Mapping[str, Any]
    asked: Collection[str]  # the questions that these answers lead over
    wishes: tuple[Wish, ...]
    seen: Slots
    today: date
    policy: Policy
    offered: Mapping[str, Collection[str]] = field(default_factory=dict)  # question -> what it leaves to choose from

    def text(self, name: str) -> str:
        value = self.answers.get(name)
        return value if isinstance(value, str) and name in self.asked else ""


@rule("V-20", "A change changes something")
def something_changes(form: Form) -> Iterator[Finding]:
    """Somebody who presses through with everything as it was is told so, and nobody is bothered with it."""
    if not form.wishes:
        yield Finding("V-20", "")


@rule("V-21", "A change is dated within a year, and not in the past", implements=("BR-23",))
def days_are_possible(form: Form) -> Iterator[Finding]:
    """A name may have changed long ago; an address that held in the past sends no letter any more."""
    last = form.today + timedelta(days=form.policy.farthest_change_days)
    for name in ("from_day", "to_day"):
        if not form.text(name):
            continue
        day = day_of(form.text(name))
        if day is None:
            yield Finding("V-21", name, params={"why": "no_date"})
        elif day < form.today:
            yield Finding("V-21", name, params={"why": "past"})
        elif day > last:
            yield Finding("V-21", name, params={"why": "far", "last": last.isoformat()})


@rule("V-22", "What ends does not end before it begins")
def days_are_in_order(form: Form) -> Iterator[Finding]:
    first, last = day_of(form.text("from_day")), day_of(form.text("to_day"))
    if first and last and last < first:
        yield Finding("V-22", "to_day")


@rule("V-23", "A season begins and ends on days of the year", implements=("BR-22",))
def season_has_days(form: Form) -> Iterator[Finding]:
    for name in ("season_from", "season_to"):
        if form.text(name) and not is_day_of_year(form.text(name)):
            yield Finding("V-23", name)


def is_day_of_year(text: str) -> bool:
    """MM-DD; the 29th of February is one."""
    return len(text) == 5 and day_of(f"2024-{text}") is not None


@rule("V-24", "The date of a name is a real date, not in the future")
def name_date_is_possible(form: Form) -> Iterator[Finding]:
    if form.text("name_from"):
        day = day_of(form.text("name_from"))
        if day is None:
            yield Finding("V-24", "name_from", params={"why": "no_date"})
        elif day > form.today:
            yield Finding("V-24", "name_from", params={"why": "future"})


@rule("V-25", "What is chosen is among what was offered", implements=("BR-32",))
def choices_were_offered(form: Form) -> Iterator[Finding]:
    """Another kind of name, or somebody else's account, is not to be had by writing it into the form (T-40)."""
    for name, offered in form.offered.items():
        value = form.answers.get(name) or ()
        chosen = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        if not set(chosen) <= set(offered):
            yield Finding("V-25", name)


RULES: tuple[Callable[[Form], Iterator[Finding]], ...] = (
    days_are_possible, days_are_in_order, season_has_days, name_date_is_possible,
    choices_were_offered,
)  # fmt: skip


def check(form: Form) -> list[Finding]:
    """Every rule; that nothing changes is said only where nothing else is wrong."""
    found = [finding for each in RULES for finding in each(form)]
    return found or list(something_changes(form))
