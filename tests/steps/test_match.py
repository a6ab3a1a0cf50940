"""What follows from who is alike? (M-01 to M-06)"""

from typing import Any

import pytest

from keyturn.matching.decide import Decision
from keyturn.steps.match import rules
from keyturn.terms.finding import Effect
from keyturn.terms.person import Identifier, PersonDetails


def digest(kind: str, value: str) -> str:
    return f"{kind}|{value}"


ANA = PersonDetails(
    emails=("ANA@Example.com ",), phones=("(503) 555-0142",),
    identifiers=(Identifier("passport", "p 123-4567"), Identifier("ssn_last4", "6789")),
)  # fmt: skip


@pytest.mark.rule("M-01")
@pytest.mark.parametrize(
    ("machine", "staff", "zone"),
    [
        ("link", {}, "link"),
        ("review", {}, "review"),
        ("new", {}, "new"),
        ("review", {"same": "p1"}, "link"),
        ("new", {"same": "p1"}, "link"),
        ("new", {"new": ["p1"]}, "new"),
        ("new", {"new": []}, "new"),
    ],
)
def test_the_matcher_decides_unless_staff_have_spoken(machine: str, staff: dict[str, Any], zone: str) -> None:
    assert rules.zone(Decision(machine, ()), staff) == zone


@pytest.mark.rule("M-03")
@pytest.mark.parametrize("machine", ["review", "link"])
def test_staff_who_said_new_look_again_at_who_came_since(machine: str) -> None:
    assert not rules.nobody_unseen(Decision(machine, ()))
    assert rules.zone(Decision(machine, ()), {"new": ["p1"]}) == "review"


@pytest.mark.rule("M-02")
@pytest.mark.parametrize(("zone", "rules_found"), [("review", ["M-02"]), ("link", []), ("new", [])])
def test_who_may_be_somebody_on_file_is_looked_at(zone: str, rules_found: list[str]) -> None:
    found = list(rules.person_is_clear(zone))
    assert [each.rule for each in found] == rules_found
    assert all(each.effect is Effect.REFER for each in found)


@pytest.mark.rule("M-04")
@pytest.mark.parametrize(
    ("holders", "person", "free"),
    [([], None, True), (["p1"], "p1", True), (["p1"], None, False), (["p1", "p2"], "p1", False), ([], "p1", True)],
)
def test_an_identifier_stands_on_one_file(holders: list[str], person: str | None, free: bool) -> None:
    assert (list(rules.identifier_is_free(holders, person_id=person)) == []) is free


@pytest.mark.rule("M-05")
def test_a_premise_is_on_file_or_an_exception() -> None:
    assert list(rules.premise_is_known(True)) == []
    assert [each.effect for each in rules.premise_is_known(False)] == [Effect.REFER]


class TestProofs:
    @pytest.mark.rule("M-06")
    def test_count_for_the_very_answer_however_it_is_written(self) -> None:
        proofs = [rules.Proof("email", "email|ana@example.com"), rules.Proof("phone", "phone|+15035550142")]
        assert rules.verified(ANA, proofs, digest=digest) == {("email", "ana@example.com"), ("phone", "+15035550142")}

    @pytest.mark.rule("M-06")
    def test_count_no_more_when_the_answer_has_changed(self) -> None:
        assert rules.verified(ANA, [rules.Proof("email", "email|other@example.com")], digest=digest) == frozenset()

    @pytest.mark.rule("M-06")
    def test_of_an_identity_cover_a_whole_identifier_and_not_four_digits(self) -> None:
        proofs = [rules.Proof("identity", "passport|P1234567"), rules.Proof("identity", "ssn_last4|6789")]
        assert rules.verified(ANA, proofs, digest=digest) == {("identifier", "passport:passport|P1234567")}

    @pytest.mark.rule("M-06")
    def test_of_one_kind_prove_no_other(self) -> None:
        assert rules.verified(ANA, [rules.Proof("phone", "email|ana@example.com")], digest=digest) == frozenset()
