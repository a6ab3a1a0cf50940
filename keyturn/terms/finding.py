"""What does a rule answer, and how is every rule found again by its number?

A rule is an ordinary function marked with `@rule`. What it objects to it returns as a `Finding`: a value that names
the rule and the field, so that a page, an API answer, a decision row and a log line all point at the same line of code.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar


class Effect(StrEnum):
    """What a finding means for the request."""

    FIX = "fix"  # the customer must change an answer before the request can be sent
    ASK = "ask"  # the customer must do something (prove an e-mail, bring a document)
    REFER = "refer"  # staff must look before the request goes on
    REFUSE = "refuse"  # the request cannot be met at all (outside the territory)
    WAIT = "wait"  # the request rests until a date or an event
    NOTE = "note"  # worth knowing, changes nothing


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's objection: `rule` such as "V-03", `field` such as "date_of_birth" ("" for the request as a whole).

    `params` fill the sentence in the step's `words.py`; they never hold personal data, because findings are stored
    in decision rows and shown in logs.
    """

    rule: str
    field: str = ""
    effect: Effect = Effect.FIX
    params: Mapping[str, Any] = dataclasses.field(default_factory=lambda: MappingProxyType({}))

    def as_json(self) -> dict[str, Any]:
        return {"rule": self.rule, "field": self.field, "effect": str(self.effect), "params": dict(self.params)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Finding":
        return cls(
            row["rule"], row.get("field", ""), Effect(row["effect"]), MappingProxyType(dict(row.get("params", {})))
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """An entry of the rulebook."""

    number: str
    sentence: str
    implements: tuple[str, ...]
    function: Callable[..., Any]


RULEBOOK: dict[str, Rule] = {}
"""Every rule that has been imported, by number. `keyturn.steps.rulebook()` imports them all first."""

F = TypeVar("F", bound=Callable[..., Any])


def rule(number: str, sentence: str, *, implements: Iterable[str] = ()) -> Callable[[F], F]:
    """Enter a function in the rulebook under a number that is never reused.

    `number` is the step's letter and a number ("V-03"); `sentence` says the good case in one sentence;
    `implements` lists the BR-/ER- numbers of the domain that it carries out.
    """

    def enter(function: F) -> F:
        known = RULEBOOK.get(number)
        if known is not None and known.function.__qualname__ != function.__qualname__:
            raise ValueError(f"rule {number} stands twice: {known.function.__qualname__} and {function.__qualname__}")
        RULEBOOK[number] = Rule(number, sentence, tuple(implements), function)
        return function

    return enter
