"""What speaks for and against two being one person: in bars, in words, and all together?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from keyturn.console.vocabulary import FIELDS, RELATIONS, say
from keyturn.matching.explain import words_for, words_for_code
from keyturn.matching.score import FieldScore, Scored

STRENGTHS = (0.5, 3.0, 8.0)
"""Bits from which a field speaks for or against, a little, plainly and strongly: nobody at a desk thinks in bits."""

HEAVIEST = 12.0
"""Bits at which the bar is full; more than this on one field changes nothing for a human."""

CLOSE, FAR = 3.0, 10.0
"""Bits between two candidates under which they fit nearly alike, and from which one is far ahead."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What one field says. `weight` in bits, `bar` 0-100, `side` for, against or neutral."""

    field: str
    label: str
    level: str
    weight: float
    bar: int
    side: str
    bits: str
    told: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """The whole picture of two who may be one. `speaks_for` and `speaks_against` have the strongest field first.

    `forbids` are vetoes, `against` all else that keeps the machine from saying so, `relations` in two words how the two
    belong together if they are two. `start` is what is thought before anything is compared, all in bits.
    """

    weights: Mapping[str, Weight]
    speaks_for: tuple[Weight, ...]
    speaks_against: tuple[Weight, ...]
    forbids: tuple[str, ...]
    against: tuple[str, ...]
    relations: tuple[str, ...]
    start: str
    total: str
    probability: str
    odds: str
    model: str
    counted: bool

    @property
    def sum_for(self) -> str:
        return bits(sum(each.weight for each in self.speaks_for))

    @property
    def sum_against(self) -> str:
        return bits(sum(each.weight for each in self.speaks_against))


def weigh(judged: Any, *, besides: frozenset[str] = frozenset()) -> Weighed:
    """`judged` is what the matcher kept: a Candidate or a DuplicatePair; None where it was not asked. `besides`: reasons
    that mean nothing here."""
    scored = _scored(judged)
    weights = {each.field: _weight(each) for each in scored.fields}
    ranked = sorted(weights.values(), key=lambda each: -abs(each.weight))
    why = tuple(code for code in (judged.why if judged else ()) if code not in scored.vetoes)
    return Weighed(
        weights=weights,
        speaks_for=tuple(each for each in ranked if each.side == "for"),
        speaks_against=tuple(each for each in ranked if each.side == "against"),
        forbids=tuple(sentence_for(code) for code in scored.vetoes),
        against=tuple(sentence_for(code) for code in why if code not in RELATIONS and code not in besides),
        relations=tuple(say(RELATIONS, code) for code in (*scored.vetoes, *why) if code in RELATIONS),
        start=bits(scored.weight - sum(each.weight for each in scored.fields)),
        total=bits(scored.weight),
        probability=percent(scored.probability) if judged else "",
        odds=odds(scored.probability) if judged else "",
        model=scored.model_version,
        counted=judged is not None,
    )


def _scored(judged: Any) -> Scored:
    """What the matcher kept, in its own shape."""
    if judged is None:
        return Scored(0.0, 0.0, (), frozenset(), ())
    rows = tuple(FieldScore(row["field"], row["level"], row["weight"]) for row in judged.fields)
    return Scored(judged.weight, judged.probability, rows, frozenset(), tuple(judged.vetoes), judged.model_version)


def _weight(each: FieldScore) -> Weight:
    size = min(abs(each.weight), HEAVIEST) / HEAVIEST
    side = "for" if each.weight > STRENGTHS[0] else "against" if each.weight < -STRENGTHS[0] else "neutral"
    return Weight(
        each.field, say(FIELDS, each.field), each.level, each.weight, round(size * 100), side, bits(each.weight),
        told(each.weight), _sentence(each),
    )  # fmt: skip


def _sentence(each: FieldScore) -> str:
    """A level that a newer matcher no longer has a sentence for is passed over."""
    try:
        words = words_for(Scored(0.0, 0.0, (each,), frozenset(), ()))[0]
    except (KeyError, IndexError):
        return ""
    return _(words.message) % words.params if words.params else _(words.message)


def sentence_for(code: str) -> str:
    """A veto, a reason or a relation; a code that nobody has a sentence for is shown as it is."""
    try:
        return _(words_for_code(code).message)
    except KeyError:
        return code.replace("_", " ")


def told(weight: float | None) -> str:
    """The weight in words, for those who do not see the bar."""
    if weight is None:
        return _("Does not count")
    strength = sum(abs(weight) > least for least in STRENGTHS)
    if not strength:
        return _("Says nothing either way")
    speaks_for = (_("Speaks a little for it"), _("Speaks for it"), _("Speaks strongly for it"))
    against = (_("Speaks a little against it"), _("Speaks against it"), _("Speaks strongly against it"))
    return (speaks_for if weight > 0 else against)[strength - 1]


def bits(weight: float) -> str:
    """ "+7.2" or "−3.1": the sign is never left out, so that nobody has to see the colour."""
    sign = "+" if weight > 0.05 else "−" if weight < -0.05 else "±"
    return f"{sign}{number_format(abs(weight), 1)}"


def percent(probability: float) -> str:
    """Never "100 %": nothing is certain."""
    if probability >= 0.9999:
        return _("more than %(percent)s %%") % {"percent": number_format(99.99, 2)}
    if probability < 0.0001:
        return _("less than %(percent)s %%") % {"percent": number_format(0.01, 2)}
    return f"{number_format(probability * 100, 2)} %"


def odds(probability: float) -> str:
    """The same in people: how many of as many pairs like this one are one person."""
    for of in (100, 1_000, 10_000):
        alike = round(probability * of)
        if 0 < alike < of:
            numbers = {"of": number_format(of, force_grouping=True), "n": number_format(alike, force_grouping=True)}
            return _("Of %(of)s pairs that look like this one, about %(n)s are one person.") % numbers
    numbers = {"of": number_format(10_000, force_grouping=True)}
    if probability > 0.5:
        return _("Of %(of)s pairs that look like this one, hardly any is two people.") % numbers
    return _("Of %(of)s pairs that look like this one, hardly any is one person.") % numbers


def margin(shown: Any, others: Sequence[tuple[Any, str]]) -> str:
    """How far the one who is shown is ahead of the strongest other; `others` are candidates, each with a name.

    Whom staff have said to be somebody else rivals nobody.
    """
    rivals = [(each.weight, name) for each, name in others if "not_the_same_person" not in each.why]
    if shown is None or not rivals:
        return ""
    weight, name = max(rivals, key=lambda each: each[0])
    ahead = shown.weight - weight
    words = {"name": name, "bits": bits(ahead)}
    if ahead >= FAR:
        return _("Far ahead of the next person, %(name)s (%(bits)s).") % words
    if ahead >= CLOSE:
        return _("Ahead of the next person, %(name)s (%(bits)s).") % words
    if ahead > -CLOSE:
        return _("%(name)s fits nearly as well (%(bits)s).") % words
    return _("%(name)s fits better (%(bits)s).") % words
