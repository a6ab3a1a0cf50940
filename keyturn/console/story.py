"""What has happened to a request, who did it, and what was said?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keyturn.console.vocabulary import ACTORS, ASKED, DECISIONS, EVENTS, NOTES, PROOFS, RULES, WRITTEN, say
from keyturn.journeys import JOURNEYS, Journey, Kind
from keyturn.records.queries import console

QUIET = frozenset({"answered"})
"""Events of which only their number matters when several follow each other."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline."""

    at: datetime
    what: str
    who: str
    more: str = ""
    times: int = 1
    kind: str = ""

    @property
    def often(self) -> str:
        return ngettext("%(n)s time", "%(n)s times", self.times) % {"n": self.times} if self.times > 1 else ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One note between staff and applicant."""

    at: datetime
    kind: str
    title: str
    who: str
    text: str


def told(events: Sequence[Any], *, journey: str, names: Mapping[tuple[str, str], str]) -> list[Happening]:
    """The timeline of a request for `journey`, latest first; the many saves of a draft are one line."""
    lines: list[Happening] = []
    for event in events:
        what = _written(JOURNEYS[journey]) if event.what == "established" else say(EVENTS, event.what)
        line = Happening(event.at, what, called(event.role, event.actor, names), _more(event), kind=event.what)
        if lines and event.what in QUIET and lines[-1].kind == event.what:
            lines[-1] = replace(line, times=lines[-1].times + 1)
        else:
            lines.append(line)
    return lines[::-1]


def _written(journey: Journey) -> str:
    """What came of it in the registry. A merge is what it is called."""
    return _(journey.title) if journey.kind is Kind.MERGE else say(WRITTEN, journey.kind)


def _more(event: Any) -> str:
    """What the event's data add, in words."""
    data = event.data
    if event.what == "reviewed":
        return say(DECISIONS, data.get("decision", ""))
    if event.what in ("referred", "asked"):
        return ", ".join(f"{say(RULES, each)} ({each})" if each in RULES else each for each in data.get("rules", ()))
    if event.what in ("cis_rejected", "gave_up", "left_in_cis"):
        return str(data.get("code", ""))
    if event.what == "check_asked":
        return say(ASKED, data.get("check", "identity"))
    if event.what == "attested":
        return ", ".join(say(PROOFS, each) for each in data.get("kinds", ()))
    if event.what == "completed" and data.get("repeated"):
        return _("the CIS knew it already")
    if event.what == "identifier_viewed":
        return _("the applicant’s") if data.get("whose") == "applicant" else _("of the person on file")
    return ""


def spoken(notes: Iterable[Any], *, names: Mapping[tuple[str, str], str]) -> list[Sentence]:
    """Questions, answers, reasons and internal notes, oldest first."""
    return [
        Sentence(each.at, each.kind, say(NOTES, each.kind), called(each.role, each.actor, names), each.text)
        for each in notes
    ]


def called(role: str, ident: str, names: Mapping[tuple[str, str], str]) -> str:
    """What to call whoever acted; customers and the machine by their part only, a key of the API as one."""
    name = names.get((role, ident), "")
    return f"{name} (API)" if name and role == "partner" else name or say(ACTORS, role)


def names_in(events: Iterable[Any], notes: Iterable[Any] = ()) -> Mapping[tuple[str, str], str]:
    """The names of all staff and partners who acted, in two queries."""
    return console.names_of((each.role, each.actor) for each in (*events, *notes))
