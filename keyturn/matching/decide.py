"""Do we know this person already, may the machine say so, or must a human look?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from keyturn.matching.contacts import mailbox
from keyturn.matching.features import Features
from keyturn.matching.model import Model
from keyturn.matching.score import Scored, score
from keyturn.terms.policy import Policy

LINK: Final = "link"
REVIEW: Final = "review"
NEW: Final = "new"

Verified = frozenset[tuple[str, str]]
"""What was proved in this session: ("email", normalised), ("phone", E.164), ("identifier", "type:digest")."""

_SESSION_ONLY: Final = frozenset({"nothing_verified", "links_switched_off"})
"""Reasons that lie in the request or the policy, not in what the matcher sees."""

_SAME_SURNAME: Final = frozenset({"exact", "part", "slip", "phonetic", "swapped", "crossed"})
_SAME_DOOR: Final = frozenset({"exact", "building", "similar"})


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score. `why` lists all that keeps it from being linked, `relation` how the two seem to belong
    together if they are two ("household", "shared_contact", "shared_identifier")."""

    person_id: str
    scored: Scored
    linkable: bool
    why: tuple[str, ...]
    relation: tuple[str, ...] = ()


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

    def as_json(self) -> dict[str, Any]:
        """For the decision row: scores and codes, nothing personal."""
        return {
            "zone": self.zone,
            "matcher_zone": self.matcher_zone,
            "model": self.model_version,
            "candidates": [
                {
                    "person_id": each.person_id,
                    "linkable": each.linkable,
                    "why": list(each.why),
                    "relation": list(each.relation),
                    **each.scored.as_json(),
                }
                for each in self.ranked
            ],
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
    scores = {person_id: score(probe, features, model=model) for person_id, features in candidates.items()}
    order = sorted(scores, key=lambda person_id: (person_id in not_same, -scores[person_id].weight, person_id))
    strongest = [person_id for person_id in order if person_id not in not_same][:2]
    ranked = []
    for person_id in order:
        scored = scores[person_id]
        if person_id in not_same:
            reasons: tuple[str, ...] = ("not_the_same_person",)
        else:
            rival = next((scores[other] for other in strongest if other != person_id), None)
            reasons = reasons_against(candidates[person_id], scored, rival, verified=verified, policy=policy)
        ranked.append(Ranked(person_id, scored, not reasons, reasons, relation(scored)))
    return Decision(
        zone=_zone(ranked, policy),
        ranked=tuple(ranked[: policy.candidates_kept]),
        matcher_zone=_zone(ranked, policy, forgiven=_SESSION_ONLY),
        model_version=model.version,
    )


def _zone(ranked: list[Ranked], policy: Policy, *, forgiven: frozenset[str] = frozenset()) -> str:
    """Link where nothing but `forgiven` reasons stands against the best; review where anybody is worth a look."""
    open_ones = [each for each in ranked if "not_the_same_person" not in each.why]
    if open_ones and forgiven.issuperset(open_ones[0].why):
        return LINK
    return REVIEW if any(wants_review(each, policy) for each in open_ones) else NEW


def reasons_against(
    candidate: Features, scored: Scored, rival: Scored | None, *, verified: Verified, policy: Policy
) -> tuple[str, ...]:
    """Every condition of an automatic link that does not hold, as codes: vetoes first. Empty: the machine may link.

    `rival` is the strongest of the other candidates.
    """
    conditions = {
        "below_link_score": scored.probability >= policy.link_probability,
        "several_over_threshold": is_only_one_over_threshold(rival, policy),
        "margin_too_small": is_clear_of_the_next(scored, rival, policy),
        "too_few_groups": has_two_groups(scored),
        "only_name_and_birth_date": has_more_than_name_and_birth_date(scored),
        "different_given_name": has_no_other_given_name(scored),
        "different_surname": has_no_other_surname(scored),
        "nothing_verified": has_something_verified(candidate, verified),
        "links_switched_off": policy.link_automatically,
    }
    return (*scored.vetoes, *(code for code, holds in conditions.items() if not holds))


def is_only_one_over_threshold(rival: Scored | None, policy: Policy) -> bool:
    """No other candidate would do as well."""
    return rival is None or rival.probability < policy.link_probability


def is_clear_of_the_next(scored: Scored, rival: Scored | None, policy: Policy) -> bool:
    """The margin to the next candidate is at least the policy's, in bits."""
    return rival is None or scored.weight - rival.weight >= policy.link_margin


def has_two_groups(scored: Scored) -> bool:
    """At least two independent groups of evidence agree."""
    return len(scored.groups) >= 2


def has_more_than_name_and_birth_date(scored: Scored) -> bool:
    """Namesakes born on one day exist in every large town: something beyond the two must agree."""
    return bool(scored.groups - {"name", "birth_date"})


def has_no_other_given_name(scored: Scored) -> bool:
    """The given names do not contradict each other; a missing one does not."""
    return scored.level("given") not in ("different", "middle", "initial")


def has_no_other_surname(scored: Scored) -> bool:
    """The surnames agree somehow; who has changed theirs shows the same document."""
    return scored.level("family") not in ("different", "crossed") or scored.level("identifier") == "equal"


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


def relation(scored: Scored) -> tuple[str, ...]:
    """How two different people seem to belong together: "household" (one surname, one door or contact),
    "shared_contact" (somebody else's telephone or mailbox), "shared_identifier" (somebody else's document, ER-12)."""
    contact = "contact" in scored.groups
    door = scored.level("address") in _SAME_DOOR
    codes = {
        "household": scored.level("family") in _SAME_SURNAME and (contact or door),
        "shared_contact": contact,
        "shared_identifier": scored.level("identifier") == "equal",
    }
    return tuple(code for code, applies in codes.items() if applies)


def wants_review(ranked: Ranked, policy: Policy) -> bool:
    """Perhaps the same person, or so close to somebody on file that a human should know before a second one is made."""
    if ranked.scored.probability >= policy.review_probability:
        return True
    return bool(ranked.relation) or "twin" in ranked.scored.vetoes


def matcher_zone(decision: Decision) -> str:
    """The zone by what the matcher sees alone: as if something had been verified and links were switched on."""
    return decision.matcher_zone
