"""Does the picture show what speaks for and against two being one person, in bars, words and numbers?"""

import re
from dataclasses import replace

import pytest

from keyturn.console import vocabulary, weighing
from keyturn.console.templatetags.console import half
from keyturn.matching.relations import CODES
from keyturn.records.models import Candidate, NotSamePerson
from tests.console.desk import Desk
from tests.console.test_seeing import ON_FILE
from tests.flow.town import ANA, Case, Town


def a_candidate(*, weight: float = 3.1, probability: float = 0.9, **changes: object) -> Candidate:
    given = {"fields": [
        {"field": "family", "level": "exact", "weight": 9.0}, {"field": "email", "level": "exact", "weight": 7.25},
        {"field": "birth_date", "level": "year", "weight": -4.0}, {"field": "middle", "level": "exact", "weight": 0.2},
    ], "vetoes": ["twin"], "why": ["twin", "margin_too_small", "household"], "model_version": "7"}  # fmt: skip
    return Candidate(weight=weight, probability=probability, **{**given, **changes})


class TestTheWeights:
    def test_are_parted_into_for_and_against_the_strongest_first(self) -> None:
        found = weighing.weigh(a_candidate())
        assert [each.field for each in found.speaks_for] == ["family", "email"]
        assert [each.field for each in found.speaks_against] == ["birth_date"]
        assert (found.sum_for, found.sum_against) == ("+16.2", "−4.0")

    def test_add_up_with_what_was_thought_before(self) -> None:
        found = weighing.weigh(a_candidate(weight=3.1))
        assert (found.start, found.total) == ("−9.3", "+3.1")

    def test_are_drawn_on_one_scale(self) -> None:
        fields = [
            {"field": "family", "level": "exact", "weight": 80.0},
            {"field": "email", "level": "different", "weight": -20.0},
        ]
        found = weighing.weigh(a_candidate(fields=fields))
        wide = [
            float(re.findall(r'kc-half__piece" x="[^"]*" y="0" width="([^"]*)"', half(found, side))[0])
            for side in ("for", "against")
        ]
        assert wide[0] == pytest.approx(4 * wide[1], rel=0.1)

    def test_a_veto_is_said_once_and_a_relation_is_no_reason(self) -> None:
        found = weighing.weigh(a_candidate())
        assert len(found.forbids) == 1
        assert found.against == ("The next candidate fits nearly as well.",)
        assert found.relations == ("Perhaps twins", "One household")

    def test_every_relation_of_the_matcher_has_its_words(self) -> None:
        assert set(CODES) <= set(vocabulary.RELATIONS)

    @pytest.mark.parametrize(
        ("probability", "says"),
        [
            (0.93, "Of 100 pairs that look like this one, about 93 are one person."),
            (0.9987, "Of 1,000 pairs that look like this one, about 999 are one person."),
            (0.0004, "Of 10,000 pairs that look like this one, about 4 are one person."),
            (1.0, "Of 10,000 pairs that look like this one, hardly any is two people."),
            (0.0, "Of 10,000 pairs that look like this one, hardly any is one person."),
        ],
    )
    def test_a_probability_is_told_in_people(self, probability: float, says: str) -> None:
        assert weighing.odds(probability) == says

    @pytest.mark.parametrize(
        ("other", "why", "says"),
        [
            (-9.0, [], "Far ahead of the next person, Eva (+12.1)."),
            (-1.0, [], "Ahead of the next person, Eva (+4.1)."),
            (3.1, [], "Eva fits nearly as well (±0.0)."),
            (9.9, [], "Eva fits better (−6.8)."),
            (9.9, ["not_the_same_person"], ""),
        ],
    )
    def test_the_margin_names_the_next_person(self, other: float, why: list[str], says: str) -> None:
        assert weighing.margin(a_candidate(), [(a_candidate(weight=other, why=why), "Eva")]) == says


class TestThePage:
    @pytest.fixture
    def alike(self, town: Town, rosa: Desk) -> Case:
        town.knows(ON_FILE)
        town.knows(replace(ON_FILE, given_name="Annika", identifiers=(), emails=("annika@example.com",)))
        return town.moves_in(ANA)

    def test_shows_each_weight_with_its_sign_and_both_sums(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike)
        weights = {row["field"]: row["weight"] for row in alike.request.candidates.order_by("rank")[0].fields}
        rosa.sees("Against", "For", f"Family name {weighing.bits(weights['family'])}")
        rosa.sees(f"E-mail {weighing.bits(weights['email'])}")

    def test_says_what_was_not_compared_and_who_is_next(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike).sees("Annika Zelenko (")
        told = rosa.text.partition("Not compared, because one side or both did not give it: ")[2].partition(".")[0]
        assert "Address" in told.split(", ")
        assert "E-mail" not in told.split(", ")

    def test_keeps_the_sum_folded_with_the_proposal(self, alike: Case, rosa: Desk) -> None:
        rosa.opens(alike)
        fold = rosa.text.index("What the matcher proposes")
        assert rosa.text.index("together. One point more is twice as likely.") > fold
        assert rosa.text.index("pairs that look like this one") > fold

    def test_reminds_of_what_staff_said_before(self, alike: Case, rosa: Desk, town: Town) -> None:
        one, other = sorted(each.person_id for each in alike.request.candidates.all())
        NotSamePerson.objects.create(
            one_id=one, other_id=other, relation="twin", said_by=f"staff:{rosa.user.pk}", said_at=town.now
        )
        rosa.opens(alike).sees("Not the same person as", "Zelenko (perhaps twins): rosa,")
