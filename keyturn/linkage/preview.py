"""What would be decided differently if another model were in force?"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from keyturn.linkage.trials import Trial, situation
from keyturn.matching.decide import LINK, NEW, REVIEW, Decision, decide
from keyturn.matching.model import Model
from keyturn.matching.pairs import Pair, weigh
from keyturn.records.queries import learning
from keyturn.terms.policy import Policy

ZONES: Final = (LINK, REVIEW, NEW)
COLUMNS: Final = (
    "what", "reference", "sent", "before", "after", "to_another_person", "against_staff", "probability_before",
    "probability_after", "margin_before", "margin_after", "why_before", "why_after",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """What one model says of one case; codes and numbers only. `person_id` is whom a link would go to."""

    zone: str
    person_id: str = ""
    probability: float = 0.0
    margin: float | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A case that would be decided differently. `what` is request or pair; `against_staff`: a link of two whom staff have
    said to be two, or of one whom staff have said to be another."""

    what: str
    reference: str
    sent: str
    before: View
    after: View
    against_staff: bool = False

    @property
    def to_another_person(self) -> bool:
        return self.before.zone == self.after.zone == LINK

    @property
    def danger(self) -> int:
        """0 first: a link that nobody would look at any more; last what only costs a look less or more. Staff look at
        every pair on file: no machine merges them."""
        if self.what == "pair":
            return 4
        if self.after.zone == LINK:
            return 0 if self.against_staff else 1
        return {NEW: 2, REVIEW: 3}[self.after.zone]

    def row(self) -> dict[str, str]:
        """A line of the CSV file; nothing about anybody but the request's reference."""
        return {
            "what": self.what,
            "reference": self.reference,
            "sent": self.sent,
            "before": self.before.zone,
            "after": self.after.zone,
            "to_another_person": "yes" if self.to_another_person else "",
            "against_staff": "yes" if self.against_staff else "",
            **{f"probability_{when}": f"{view.probability:.6f}" for when, view in self._views()},
            **{f"margin_{when}": "" if view.margin is None else f"{view.margin:.2f}" for when, view in self._views()},
            **{f"why_{when}": " ".join(view.why) for when, view in self._views()},
        }

    def _views(self) -> Iterable[tuple[str, View]]:
        return (("before", self.before), ("after", self.after))


@dataclass(frozen=True)
class Preview:
    """`requests` and `pairs`: (zone before, zone after) -> how many. `changes`: the most dangerous first."""

    requests: Mapping[tuple[str, str], int]
    pairs: Mapping[tuple[str, str], int]
    changes: tuple[Change, ...]
    left_out: int = 0

    @property
    def new_links(self) -> tuple[Change, ...]:
        """What would be linked without anybody looking, and is not now; or is, to somebody else."""
        return tuple(each for each in self.changes if each.what == "request" and each.after.zone == LINK)


def preview(
    *, before: Model, after: Model, policy: Policy, most: int, told: Callable[[int], None] | None = None
) -> Preview:
    """Decide the most recent requests, and the pairs on file that wait, by both models and by what is on file now.

    Staff's word is left aside: it is what the matcher says, as if a contact had been proved and links were on, so that no
    new link is missed. `most` of each kind.
    """
    requests: Counter[tuple[str, str]] = Counter()
    changes: list[Change] = []
    left_out = 0
    for number, request in enumerate(learning.decided(most=most)):
        if told:
            told(number)
        case = situation(request)
        if case is None:
            left_out += 1
            continue
        views = _view(case, before, policy), _view(case, after, policy)
        requests[views[0].zone, views[1].zone] += 1
        if _differ(*views):
            sent = request.submitted_at.date().isoformat() if request.submitted_at else ""
            changes.append(Change("request", request.reference, sent, *views, _against_staff(request, views[1])))
    pairs = _pairs(before, after, policy, most, changes)
    return Preview(requests, pairs, in_order(changes), left_out)


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The most dangerous first, and of those the surest."""
    return tuple(sorted(changes, key=lambda each: (each.danger, -each.after.probability, each.reference)))


def _view(case: Trial, model: Model, policy: Policy) -> View:
    decision: Decision = decide(case.probe, case.candidates, model=model, verified=frozenset(), policy=policy)
    if not decision.ranked:
        return View(decision.matcher_zone)
    best = decision.ranked[0]
    why = tuple(code for code in best.why if code != "nothing_verified")
    return View(decision.matcher_zone, best.person_id, best.scored.probability, best.margin, why)


def _differ(before: View, after: View) -> bool:
    return before.zone != after.zone or (after.zone == LINK and before.person_id != after.person_id)


def _against_staff(request: Any, after: View) -> bool:
    if after.zone != LINK:
        return False
    said = request.person_decision
    return after.person_id in said.get("new", ()) or said.get("same", after.person_id) != after.person_id


def _pairs(
    before: Model, after: Model, policy: Policy, most: int, changes: list[Change]
) -> Mapping[tuple[str, str], int]:
    """Pairs on file that wait for staff."""
    found: Counter[tuple[str, str]] = Counter()
    waiting = list(learning.waiting_pairs(most=most))
    forms = learning.forms_of(ident for pair in waiting for ident in (pair.one_id, pair.other_id))
    for pair in waiting:
        if pair.one_id not in forms or pair.other_id not in forms:
            continue
        one, other = forms[pair.one_id], forms[pair.other_id]
        views = [_view_of_pair(weigh(one, other, model=each, policy=policy)) for each in (before, after)]
        found[views[0].zone, views[1].zone] += 1
        if views[0].zone != views[1].zone:
            changes.append(Change("pair", str(pair.pk), pair.found_at.date().isoformat(), views[0], views[1]))
    return found


def _view_of_pair(pair: Pair | None) -> View:
    if pair is None:
        return View(NEW)
    return View(pair.zone, probability=pair.ranked.scored.probability, why=pair.ranked.why)
