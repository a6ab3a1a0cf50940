"""Are two persons who are both on file one?"""

from dataclasses import dataclass, replace

from keyturn.matching.decide import LINK, NEW, REVIEW, Decision, Ranked, decide, wants_review
from keyturn.matching.features import Features
from keyturn.matching.model import Model
from keyturn.matching.score import score
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Pair:
    """What the online matcher says when one of two persons comes and only the other is on file. `zone` is "link" or
    "review"; `ranked` names the second person. `likely`: they may be one; else they are only related in a way that a
    human sees before a newcomer is made (twins; somebody else's telephone)."""

    zone: str
    ranked: Ranked
    likely: bool


def weigh(one: Features, other: Features, *, other_id: str = "", model: Model, policy: Policy) -> Pair | None:
    """Judge two records on file by the very `decide` that judges a newcomer; None where it says "new".

    Who asks first must not matter: flags of either side count, and it is "link" only if it is from both sides.
    """
    if not wants_review(score(one, other, model=model), model):
        return None  # nearly all that are compared; no flag makes more of them
    flags = one.flags | other.flags
    decision = _asked(one, replace(other, flags=flags), other_id, model, policy)
    zone = decision.matcher_zone
    if zone == LINK:
        zone = _asked(other, replace(one, flags=flags), other_id, model, policy).matcher_zone
        zone = zone if zone != NEW else REVIEW
    ranked = decision.ranked[0]
    return Pair(zone, ranked, ranked.scored.odds >= model.thresholds.review)


def _asked(probe: Features, candidate: Features, ident: str, model: Model, policy: Policy) -> Decision:
    return decide(probe, {ident: candidate}, model=model, verified=frozenset(), policy=policy)
