"""How good is a model, measured on cases of which the truth is known: errors, review load, calibration, fairness?"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from keyturn.linkage.trials import Trial, Trials
from keyturn.matching.decide import LINK, NEW, REVIEW, Ranked, decide
from keyturn.matching.model import Model
from keyturn.terms.policy import Policy

Z: Final = 1.96
"""Of a normal distribution: intervals hold the truth in 95 of 100 cases."""

SMALL_GROUP: Final = 30
"""A group of fewer says nothing about anybody."""

LINK_THRESHOLDS: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 0.99999)
REVIEW_THRESHOLDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9)

_OF_THE_THRESHOLD: Final = frozenset(
    {"below_link_score", "several_over_threshold", "nothing_verified", "links_switched_off"}
)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with Wilson's interval (1927)."""

    of: int
    among: int

    @property
    def value(self) -> float:
        return self.of / self.among if self.among else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Between which two shares the truth lies (95 %); 0 to 1 where nothing was seen."""
        if not self.among:
            return 0.0, 1.0
        n, p = self.among, self.value
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def as_json(self) -> dict[str, Any]:
        low, high = self.interval
        return {
            "of": self.of,
            "among": self.among,
            "share": round(self.value, 6),
            "from": round(low, 6),
            "to": round(high, 6),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model said in one case. `shown`: the right person is the link, or among those whom a reviewer sees."""

    trial: Trial
    zone: str
    right: bool
    shown: bool
    ranked: tuple[Ranked, ...]

    @property
    def known(self) -> bool:
        """They are somebody on file."""
        return bool(self.trial.truth)


@dataclass(frozen=True, slots=True)
class Bin:
    """Candidates whose probability lies in one tenth: what was said of them, and how many it was true of."""

    least: float
    said: float
    true: Share


@dataclass(frozen=True)
class Evaluation:
    """All that was measured; `as_json` has nothing about anybody."""

    model: Model
    trials: Trials
    outcomes: tuple[Outcome, ...]

    @property
    def precision(self) -> Share:
        """Of the automatic links, the right ones."""
        links = [each for each in self.outcomes if each.zone == LINK]
        return Share(sum(each.right for each in links), len(links))

    @property
    def recall(self) -> Share:
        """Of those who are on file, who was linked rightly or is before a reviewer."""
        return _recall(self.outcomes)

    @property
    def automatic(self) -> Share:
        """Of those who are on file, who was linked rightly without anybody looking."""
        known = [each for each in self.outcomes if each.known]
        return Share(sum(each.zone == LINK and each.right for each in known), len(known))

    @property
    def review_load(self) -> Share:
        """Of all, who goes to staff."""
        return _load(self.outcomes)

    @property
    def groups(self) -> dict[str, tuple[Share, Share]]:
        """Group -> recall and review load, the largest first."""
        found: dict[str, list[Outcome]] = {}
        for each in self.outcomes:
            found.setdefault(each.trial.group, []).append(each)
        ordered = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        return {name: (_recall(cases), _load(cases)) for name, cases in ordered}

    @property
    def gap(self) -> float | None:
        """The largest difference in recall between groups that are large enough; None with fewer than two."""
        values = [recall.value for recall, _ in self.groups.values() if recall.among >= SMALL_GROUP]
        return max(values) - min(values) if len(values) > 1 else None

    @property
    def calibration(self) -> list[Bin]:
        """Tenth by tenth of what is reported (`Scored.probability`), for all candidates of whom the truth is known."""
        tenths: list[list[tuple[float, bool]]] = [[] for _ in range(10)]
        for probability, true in self._judged():
            tenths[min(int(probability * 10), 9)].append((probability, true))
        return [
            Bin(number / 10, sum(p for p, _ in tenth) / len(tenth), Share(sum(true for _, true in tenth), len(tenth)))
            for number, tenth in enumerate(tenths)
            if tenth
        ]

    def _judged(self) -> Iterable[tuple[float, bool]]:
        for each in self.outcomes:
            for one in each.ranked:
                if each.trial.judged is None or one.person_id in each.trial.judged:
                    yield one.scored.probability, one.person_id == each.trial.truth

    def at_link_threshold(self, threshold: float) -> tuple[Share, Share]:
        """Precision and automatic links (of those on file) as they would be from these odds on (`Scored.odds`, a share)."""
        linked = [each for each in self.outcomes if _would_link(each, threshold)]
        right = sum(each.ranked[0].person_id == each.trial.truth for each in linked)
        return Share(right, len(linked)), Share(right, sum(each.known for each in self.outcomes))

    def at_review_threshold(self, threshold: float) -> tuple[Share, Share]:
        """Review load and recall as they would be from these odds on; who is shown for another reason stays."""
        review = self.model.thresholds.review
        load = found = 0
        for each in self.outcomes:
            best = max((one.scored.odds for one in each.ranked), default=0.0)
            for_another_reason = each.zone == REVIEW and best < review
            looked = each.zone != LINK and (best >= threshold or for_another_reason)
            load += looked
            found += (each.zone == LINK and each.right) or (looked and _among(each))
        return Share(load, len(self.outcomes)), Share(found, sum(each.known for each in self.outcomes))

    def as_json(self) -> dict[str, Any]:
        """Numbers and names of groups."""
        return {
            "model": self.model.version,
            "source": self.trials.source,
            "synthetic": self.trials.synthetic,
            "cases": len(self.outcomes),
            "left_out": self.trials.left_out,
            "thresholds": {"link": self.model.thresholds.link, "review": self.model.thresholds.review},
            "precision": self.precision.as_json(),
            "recall": self.recall.as_json(),
            "automatic": self.automatic.as_json(),
            "review_load": self.review_load.as_json(),
            "calibration": [
                {"from": each.least, "said": round(each.said, 6), "true": each.true.as_json()}
                for each in self.calibration
            ],
            "groups": {
                name: {"recall": recall.as_json(), "review_load": load.as_json()}
                for name, (recall, load) in self.groups.items()
            },
            "largest_gap_in_recall": None if self.gap is None else round(self.gap, 6),
            "by_link_threshold": [
                {"threshold": each, "precision": precision.as_json(), "automatic": automatic.as_json()}
                for each in LINK_THRESHOLDS
                for precision, automatic in (self.at_link_threshold(each),)
            ],
            "by_review_threshold": [
                {"threshold": each, "review_load": load.as_json(), "recall": recall.as_json()}
                for each in REVIEW_THRESHOLDS
                for load, recall in (self.at_review_threshold(each),)
            ],
        }


def evaluate(trials: Trials, *, model: Model, policy: Policy, told: Callable[[int], None] | None = None) -> Evaluation:
    """Let the model decide every case as it would decide alone: as if something had been proved, and links were on."""
    outcomes = []
    for number, each in enumerate(trials.cases):
        if told:
            told(number)
        outcomes.append(_outcome(each, model, policy))
    return Evaluation(model, trials, tuple(outcomes))


def _outcome(trial: Trial, model: Model, policy: Policy) -> Outcome:
    decision = decide(trial.probe, trial.candidates, model=model, verified=frozenset(), policy=policy)
    zone = decision.matcher_zone
    best = decision.ranked[0].person_id if decision.ranked else ""
    if trial.judged is not None and zone == LINK and best not in trial.judged:
        zone = REVIEW  # of whom the link would go to now, nothing is known
    right = (zone == LINK and best == trial.truth) or (zone == NEW and not trial.truth)
    offered = zone == REVIEW and trial.truth in {each.person_id for each in decision.ranked}
    shown = bool(trial.truth) and (offered or (zone == LINK and right))
    return Outcome(trial, zone, right, shown, decision.ranked)


def _recall(outcomes: Sequence[Outcome]) -> Share:
    known = [each for each in outcomes if each.known]
    return Share(sum(each.shown for each in known), len(known))


def _load(outcomes: Sequence[Outcome]) -> Share:
    return Share(sum(each.zone == REVIEW for each in outcomes), len(outcomes))


def _would_link(outcome: Outcome, threshold: float) -> bool:
    if not outcome.ranked or (
        outcome.trial.judged is not None and outcome.ranked[0].person_id not in outcome.trial.judged
    ):
        return False
    best, *others = outcome.ranked
    alone = not others or others[0].scored.odds < threshold
    return best.scored.odds >= threshold and alone and _OF_THE_THRESHOLD.issuperset(best.why)


def _among(outcome: Outcome) -> bool:
    return outcome.known and outcome.trial.truth in {each.person_id for each in outcome.ranked}
