"""Do we know this person already, may the machine say so, or must a human look?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import log2
from typing import Any, Final

from keyturn.matching.calibration import forbidding
from keyturn.matching.compare import missing
from keyturn.matching.contacts import mailbox
from keyturn.matching.features import Features, nothing_else_is_known
from keyturn.matching.model import Model
from keyturn.matching.relations import looked_at, relations
from keyturn.matching.score import Scored, score
from keyturn.terms.policy import Policy

LINK: Final = "link"
REVIEW: Final = "review"
NEW: Final = "new"

Verified = frozenset[tuple[str, str]]
"""What was proved in this session: ("email", normalised), ("phone", E.164), ("identifier", "type:digest")."""

ORDINARY_DOOR: Final = 12
"""More people than this on file behind one door, and it is no family's."""

HALF_A_NAME: Final = 10.0
"""Where the surname or the given name is missing on a side, a link may be wrong this many times less often: nobody can see
the contradiction that a namesake or a relative would show there."""

_WHO: Final = frozenset({"given", "middle", "family", "birth_date"})
_SESSION_ONLY: Final = frozenset({"nothing_verified", "links_switched_off"})
"""Reasons that lie in the request or the policy, not in what the matcher sees."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score, and with its probability beside the others. `why` lists all that keeps it from being
    linked, `relation` how the two seem to belong together if they are two (`relations.CODES`). `margin` is how many bits
    it is ahead of the strongest other candidate (negative: behind; None where there is no other). `missing` says of each
    field that could not be compared who lacks it: (field, "probe" | "on_file" | "both" | "other_kind"), the last where
    both have it and the kinds are not the same."""

    person_id: str
    scored: Scored
    linkable: bool
    why: tuple[str, ...]
    relation: tuple[str, ...] = ()
    margin: float | None = None
    missing: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Scores and codes, nothing personal."""
        return {
            "person_id": self.person_id,
            "linkable": self.linkable,
            "why": list(self.why),
            "relation": list(self.relation),
            "margin": None if self.margin is None else round(self.margin, 2),
            "missing": [{"field": field, "where": where} for field, where in self.missing],
            **self.scored.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """`zone` is "link" (to `best`), "review" or "new"; `ranked` has the best candidates first."""

    zone: str
    ranked: tuple[Ranked, ...]
    matcher_zone: str = NEW
    model_version: str = ""

    @property
    def best(self) -> Ranked | None:
        """The strongest candidate that nobody has said to be another person."""
        return next((each for each in self.ranked if "not_the_same_person" not in each.why), None)

    @property
    def related(self) -> tuple[Ranked, ...]:
        """The candidates who are somebody else, as it seems, and belong together with the probe somehow."""
        return tuple(each for each in self.ranked if each.relation)

    def as_json(self) -> dict[str, Any]:
        """For the decision row: scores and codes, nothing personal."""
        return {
            "zone": self.zone,
            "matcher_zone": self.matcher_zone,
            "model": self.model_version,
            "candidates": [each.as_json() for each in self.ranked],
        }


def decide(
    probe: Features,
    candidates: Mapping[str, Features],
    *,
    model: Model,
    verified: Verified,
    policy: Policy,
    not_same: frozenset[str] = frozenset(),
) -> Decision:
    """Rank `candidates` (person id -> features) and choose the zone (quality.md section 2, policies 1 to 3).

    `not_same` are ids that staff have said to be somebody else: they are listed last, never linked and rival nobody.
    """
    there = at_the_door(probe, candidates.values())
    scores = {
        person_id: score(probe, features, model=model, at_the_door=there) for person_id, features in candidates.items()
    }
    order = sorted(scores, key=lambda person_id: (person_id in not_same, -scores[person_id].weight, person_id))
    open_ones = [person_id for person_id in order if person_id not in not_same]
    odds = {person_id: 2 ** scores[person_id].weight for person_id in open_ones}
    all_odds = sum(odds.values())  # before nobody's 1
    ranked = []
    for person_id in order[: model.thresholds.kept]:
        scored, features = scores[person_id], candidates[person_id]
        rival = next((scores[other] for other in open_ones[:2] if other != person_id), None)
        if person_id in not_same:
            reasons: tuple[str, ...] = ("not_the_same_person",)
        else:
            reasons = reasons_against(probe, features, scored, rival, model=model, verified=verified, policy=policy)
        margin = None if rival is None else scored.weight - rival.weight
        lacking = missing(probe, features, {each.field for each in scored.fields})
        scored = _beside(scored, max(0.0, all_odds - odds.get(person_id, 0.0)), model)
        ranked.append(Ranked(person_id, scored, not reasons, reasons, relations(scored), margin, lacking))
    against = set(ranked[0].why) if open_ones else None
    unclear = any(wants_review(scores[person_id], model) for person_id in open_ones)
    return Decision(
        zone=_zone(against, unclear),
        ranked=tuple(ranked),
        matcher_zone=_zone(against - _SESSION_ONLY if against else against, unclear),
        model_version=model.version,
    )


def _beside(scored: Scored, others: float, model: Model) -> Scored:
    """The same, with its probability beside other candidates, whose odds add up to `others`."""
    codes = forbidding(scored.vetoes, scored.level)
    return replace(scored, probability=model.calibration.probability(scored.weight, others=others, codes=codes))


def at_the_door(probe: Features, candidates: Collection[Features]) -> int:
    """How many people are on file behind the probe's doors: a dormitory's address says little of who somebody is. 1 for
    what may be a family's."""
    if len(candidates) <= ORDINARY_DOOR:
        return 1
    doors = {(each.number, each.street_core, each.unit) for each in probe.addresses if each.street_core}
    there = sum(
        any((each.number, each.street_core, each.unit) in doors for each in found.addresses) for found in candidates
    )
    return there if there > ORDINARY_DOOR else 1


def _zone(against: set[str] | None, unclear: bool) -> str:
    """Link where nothing stands against the best (None: there is nobody); review where anybody is worth a look."""
    if against is not None and not against:
        return LINK
    return REVIEW if unclear else NEW


def reasons_against(
    probe: Features,
    candidate: Features,
    scored: Scored,
    rival: Scored | None,
    *,
    model: Model,
    verified: Verified,
    policy: Policy,
) -> tuple[str, ...]:
    """Every condition of an automatic link that does not hold, as codes: vetoes first. Empty: the machine may link.

    `rival` is the strongest of the other candidates.
    """
    limits = model.thresholds
    bare = nothing_else_is_known(probe, candidate)
    conditions = {
        "below_link_score": scored.odds >= _link_odds(scored, model),
        "several_over_threshold": rival is None or rival.odds < limits.link,
        "margin_too_small": rival is None or scored.weight - rival.weight >= limits.margin,
        "too_few_groups": has_two_groups(scored),
        "only_name_and_birth_date": has_more_than_a_namesake_would(scored, model, bare=bare),
        "only_household": has_more_than_a_relative_would(scored, bare=bare),
        "different_given_name": has_no_other_given_name(scored, bare=bare),
        "different_surname": has_no_other_surname(scored),
        "nothing_verified": has_something_verified(candidate, verified),
        "links_switched_off": policy.link_automatically,
    }
    return (*scored.vetoes, *(code for code, holds in conditions.items() if not holds))


def has_whole_name(scored: Scored) -> bool:
    """Given name and surname, or the organisation's name, could be compared."""
    return bool((scored.level("given") and scored.level("family")) or scored.level("organisation"))


def _link_odds(scored: Scored, model: Model) -> float:
    risk = 1 - model.thresholds.link
    return 1 - (risk if has_whole_name(scored) else risk / HALF_A_NAME)


def has_two_groups(scored: Scored) -> bool:
    """At least two independent groups of evidence agree."""
    return len(scored.groups) >= 2


def has_more_than_a_namesake_would(scored: Scored, model: Model, *, bare: bool) -> bool:
    """Namesakes born on one day exist in every large town. Where name and birth date are all that agrees, it is enough
    only if the middle names agree too, nothing else is known, and all of it together is so rare that hardly any other of
    the model's population shares it by chance. One street and an illegible house number are no group of evidence, and
    still more than a namesake has."""
    if scored.groups - {"name", "birth_date"} or scored.level("address") in ("near_number", "number"):
        return True
    if not bare or scored.level("middle") not in ("exact", "initial"):
        return False
    most = model.thresholds.namesakes / (1 if has_whole_name(scored) else HALF_A_NAME)
    return scored.level("suffix") in ("", "exact") and namesakes(scored, model) <= most


def has_more_than_a_relative_would(scored: Scored, *, bare: bool) -> bool:
    """Father and son of one name share the door, the telephone and the mailbox: a birth date or a document tells them
    apart."""
    if scored.groups & {"birth_date", "identifier"} or scored.level("organisation"):
        return True
    return bare and scored.level("middle") in ("exact", "initial") and not scored.level("suffix")


def namesakes(scored: Scored, model: Model) -> float:
    """How many of the model's population agree by chance on as much of name and birth date as these two."""
    return float(2.0 ** (log2(model.population) - sum(each.weight for each in scored.fields if each.field in _WHO)))


def has_no_other_given_name(scored: Scored, *, bare: bool) -> bool:
    """The given names agree: a relative has another, and where one is missing it may be the twin's, unless a document
    says otherwise or, where nothing else is known, the middle name."""
    level = scored.level("given")
    if level or scored.level("organisation"):
        return level not in ("different", "garbled", "middle", "initial")
    return scored.level("identifier") == "equal" or (bare and scored.level("middle") in ("exact", "initial"))


def has_no_other_surname(scored: Scored) -> bool:
    """The surnames agree somehow. Who has changed theirs shows the same document, or was born on the same day, lives
    behind the same door and agrees in all other names."""
    if scored.level("family") not in ("different", "garbled", "crossed") or scored.level("identifier") == "equal":
        return True
    others = scored.level("given") == "exact" and scored.level("middle") in ("exact", "initial")
    return others and scored.level("birth_date") == "exact" and "address" in scored.groups


def has_something_verified(candidate: Features, verified: Verified) -> bool:
    """A contact or identifier proved in this session is the one on file."""
    for kind, value in verified:
        if kind == "email" and mailbox(value) in map(mailbox, candidate.emails):
            return True
        if kind == "phone" and value in candidate.phones:
            return True
        if kind == "identifier" and tuple(value.split(":", 1)) in candidate.identifiers:
            return True
    return False


def wants_review(scored: Scored, model: Model) -> bool:
    """Perhaps the same person, or somebody whose document, telephone or twin a human should know of first (BR-61).

    Merely to live with somebody on file, or to bear the same name, holds nobody up: that is a relation, and shown.
    """
    if looked_at(relations(scored)):
        return True
    return scored.odds >= (0.5 if is_another_to_any_reader(scored) else model.thresholds.review)


def is_another_to_any_reader(scored: Scored) -> bool:
    """Whoever is asked says no, so that nobody is asked on a faint chance: too much is another's, and too little ties them."""
    date, family, given = scored.level("birth_date"), scored.level("family"), scored.level("given")
    other_date, other_family = "different_birth_date" in scored.vetoes, family in ("different", "crossed")
    other_middle = scored.level("middle") in ("different", "other_initial")
    if other_family and other_date:
        return True
    if scored.groups & {"contact", "identifier"}:
        return False
    if other_middle and (other_date or not date) and (other_family or not given or not family):
        return True
    if "address" in scored.groups:
        return False
    if other_family and date != "exact":
        return date != ""
    if other_date and (other_middle or not {given, family} <= {"exact", "slip"}):
        return True
    return (given == "different" and other_middle) or _no_half_agrees(given, family)


def _no_half_agrees(given: str, family: str) -> bool:
    """Neither given name nor surname agrees, and one of them is another."""
    halves = {given, family}
    return halves <= {"", "different", "garbled", "crossed"} and halves != {""}


def matcher_zone(decision: Decision) -> str:
    """The zone by what the matcher sees alone: as if something had been verified and links were switched on."""
    return decision.matcher_zone
