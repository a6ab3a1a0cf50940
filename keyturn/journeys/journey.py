"""What is a journey made of? Questions on pages, and a path of steps; all of it data.

Texts are marked for translation and translated by the door that shows them.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from keyturn.terms.levels import Level
from keyturn.terms.request import Step
from keyturn.terms.slots import Slots, Wish

Answers = Mapping[str, Any]


class Kind(StrEnum):
    """What a journey amounts to; each kind has its own way through the steps (`flow/paths.py`)."""

    START = "start"  # service at a premise, for a person who may be new
    CHANGE = "change"  # other values for what is on file about a signed-in customer
    CLAIM = "claim"  # a login shows that an account is theirs
    DELEGATE = "delegate"  # somebody else may act for an account, once they accept
    GRANT = "grant"  # staff give somebody access, for a document that names them
    END = "end"  # somebody may act for an account no longer
    CARE = "care"  # protection that holds at once: somebody depends on service
    PRIVACY = "privacy"  # what somebody may ask about their own data
    MERGE = "merge"  # staff make two files one, or two again
    REPAIR = "repair"  # the CIS is told again of what we hold


class Ask(StrEnum):
    """In which way a question is asked; a door has one template and one JSON Schema per kind."""

    TEXT = "text"
    CHOICE = "choice"  # one of
    CHOICES = "choices"  # any of; nothing ticked in advance
    DATE = "date"  # ISO 8601
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"  # {line1, line2, city, state, postal_code, country}
    PREMISE = "premise"  # {premise_id} or an address
    YES_NO = "yes_no"
    DAY_OF_YEAR = "day_of_year"  # MM-DD
    DOCUMENTS = "documents"  # ids of what was uploaded


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    hint: str = ""


def always(answers: Answers) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `name` is the answer's public name (surface.md); `asked_if` looks at the answers so far."""

    name: str
    ask: Ask
    label: str
    hint: str = ""
    why: str = ""  # why we ask, in the customer's words
    choices: tuple[Choice, ...] = ()
    required: bool = False
    autocomplete: str = ""  # WCAG 1.3.5
    longest: int = 100
    purpose: str = ""  # of documents: what they are to show (terms/document.py); says how long they are kept
    asked_if: Callable[[Answers], bool] = always


@dataclass(frozen=True, slots=True)
class Page:
    """Questions that belong together: one thing per page."""

    name: str
    title: str
    questions: tuple[Question, ...] = ()
    intro: str = ""
    section: str = ""  # heading on the check page and in the progress line
    shown_if: Callable[[Answers], bool] = always


def no_wishes(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Journey:
    """Something a customer can ask for.

    A change of what is on file is `about` a person or an account of theirs, which the customer is signed in for, with
    what it `needs` them to be allowed; `wishes` says which values the answers amount to. `given` are answers that the
    door gives when it begins (which contact, which account) and that nobody is asked.
    """

    name: str
    title: str
    summary: str
    pages: tuple[Page, ...]
    path: tuple[Step, ...]
    kind: Kind = Kind.START
    about: str = ""  # person, account
    needs: Level = Level.OWNER
    given: tuple[Question, ...] = ()
    wishes: Callable[[Answers, Slots], tuple[Wish, ...]] = no_wishes
    questions: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    """By name: those that are asked, and those that are given."""

    def __post_init__(self) -> None:
        asked = itertools.chain.from_iterable(page.questions for page in self.pages)
        object.__setattr__(self, "questions", {each.name: each for each in (*asked, *self.given)})

    def pages_for(self, answers: Answers) -> list[Page]:
        """The pages that these answers lead over, in order."""
        return [page for page in self.pages if page.shown_if(answers)]

    def page(self, name: str) -> Page | None:
        return next((page for page in self.pages if page.name == name), None)
