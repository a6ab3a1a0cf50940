"""Why does a search go to a human, and which sentence of the policy (quality.md section 2) asks for that?

Each review is counted once, under the first reason that holds. A review whose best candidate *is* the person and that a
sentence of the policy asks for is one that no matcher can do away with: another zone would break the policy or miss the person.
"""

from collections import Counter
from collections.abc import Sequence

from bench.matching import table
from keyturn.matching import Decision
from keyturn.matching.decide import Ranked

BY_POLICY = {
    "another birth date, and no slip": "3: always review",
    "perhaps a twin, or father and son": "3: always review",
    "several fit, or one hardly better": "2 and 3: margin, more than one over T",
    "fewer than two kinds of evidence": "2: at least two independent groups",
    "name and birth date alone, no middle name": "none linked of the namesakes with the same birthday",
}
"""Reason -> the sentence."""

OTHERWISE = {
    "half of the name, or another name": "none: a wrong link is worse",
    "not sure enough": "2: score >= T",
}

_MARGIN = {"several_over_threshold", "margin_too_small"}
_VETOES = {"twin", "generation_gap", "suffix_conflict"}


def reason(best: Ranked) -> str:
    """The first reason that holds why nothing was linked to `best`."""
    why = set(best.why)
    if "different_birth_date" in why:
        return "another birth date, and no slip"
    if why & _VETOES:
        return "perhaps a twin, or father and son"
    if "too_few_groups" in why:
        return "fewer than two kinds of evidence"
    if "only_name_and_birth_date" in why and not best.scored.level("middle"):
        return "name and birth date alone, no middle name"
    if why & _MARGIN and best.scored.odds >= 0.5:
        return "several fit, or one hardly better"
    if why - {"below_link_score", "nothing_verified", *_MARGIN}:
        return "half of the name, or another name"
    return "not sure enough"


def counted(decision: Decision, truth: set[str]) -> tuple[str, bool]:
    """(reason, whether the best candidate is the person) of a decision for review."""
    best = decision.best
    if best is None:
        return "not sure enough", False
    return reason(best), best.person_id in truth


def by_policy(found: Counter[tuple[str, bool]]) -> int:
    """How many reviews no matcher can do away with."""
    return sum(number for (why, right), number in found.items() if right and why in BY_POLICY)


def details(found: Sequence[Counter[tuple[str, bool]]], asked: int) -> str:
    """The table of all reasons, of all seeds."""
    total = sum(found, Counter())
    rows = [
        [why, sentence, f"{total[why, True]:,}", f"{100 * total[why, True] / asked:.2f} %",
         f"{total[why, False]:,}", f"{100 * total[why, False] / asked:.2f} %"]
        for why, sentence in {**BY_POLICY, **OTHERWISE}.items()
    ]  # fmt: skip
    return table.markdown(
        ["why a human looks", "the policy's sentence", "the best is the person", "of all who ask", "is somebody else",
         "of all who ask"],
        rows,
    )  # fmt: skip
