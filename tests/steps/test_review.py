"""What may staff decide, and who of them? (R-01 to R-10)"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyturn.steps.review import rules
from keyturn.steps.review.rules import Decision
from keyturn.terms.finding import Effect, Finding

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
SAME, NEW, APPROVE, REFUSE, ASK = (
    Decision.SAME_PERSON, Decision.NEW_PERSON, Decision.APPROVE, Decision.REFUSE, Decision.ASK,
)  # fmt: skip


def referred(number: str, field: str = "", **params: Any) -> Finding:
    return Finding(number, field, Effect.REFER, params)


@pytest.mark.rule("R-01")
@pytest.mark.parametrize(
    ("begun_by", "email", "may"),
    [("customer:x", "d2", True), ("staff:7", "d2", False), ("customer:x", "d1", False), ("customer:x", "", True)],
)
def test_nobody_decides_their_own(begun_by: str, email: str, may: bool) -> None:
    found = rules.is_not_their_own(
        staff_origin="staff:7", begun_by=begun_by, staff_email_digest="d1", email_digest=email
    )
    assert found is may


@pytest.mark.rule("R-02")
@pytest.mark.parametrize(
    ("decision", "reason", "enough"),
    [
        (REFUSE, "We cannot reach the meter.", True),
        (REFUSE, "No.", False),
        (REFUSE, "           ", False),
        (ASK, "Which flat?", True),
        (ASK, "", False),
        (APPROVE, "", True),
        (SAME, "", True),
    ],
)
def test_who_refuses_or_asks_writes_a_sentence(decision: Decision, reason: str, enough: bool) -> None:
    assert (list(rules.words_are_given(decision, reason)) == []) is enough


@pytest.mark.rule("R-03")
@pytest.mark.parametrize(
    ("decision", "person", "good"),
    [(SAME, "p1", True), (SAME, "p9", False), (SAME, None, False), (NEW, None, True), (APPROVE, "p9", True)],
)
def test_the_same_person_is_one_of_those_shown(decision: Decision, person: str | None, good: bool) -> None:
    assert (list(rules.person_was_shown(decision, person, {"p1", "p2"})) == []) is good


@pytest.mark.rule("R-04")
@pytest.mark.parametrize(
    ("decision", "good"), [(APPROVE, False), (SAME, True), (NEW, True), (REFUSE, True), (ASK, True)]
)
def test_who_it_is_is_said_before_it_is_approved(decision: Decision, good: bool) -> None:
    assert (list(rules.person_is_settled(decision, [referred("M-02")])) == []) is good
    assert list(rules.person_is_settled(decision, [referred("D-05")])) == []


@pytest.mark.rule("R-05")
@pytest.mark.parametrize(
    ("decision", "good"), [(APPROVE, False), (SAME, False), (NEW, False), (REFUSE, True), (ASK, True)]
)
def test_a_premise_is_on_file_before_it_is_approved(decision: Decision, good: bool) -> None:
    assert (list(rules.premise_is_settled(decision, [referred("M-05", "service_address")])) == []) is good


@pytest.mark.rule("R-12")
@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ({}, {}),
        (
            {"same": "p1", "by": "staff:7", "of": "the applicant"},
            {"same": "p1", "by": "staff:7", "of": "the applicant"},
        ),
        (
            {"new": ["p1"], "by": "staff:7", "of": "the applicant"},
            {"new": ["p1"], "by": "staff:7", "of": "the applicant"},
        ),
        ({"same": "p1", "by": "staff:7", "of": "another"}, {}),
        ({"new": ["p2", "p1"], "by": "staff:7", "of": "another"}, {"ruled_out": ["p1", "p2"]}),
        ({"new": ["p2"], "ruled_out": ["p1"], "by": "staff:7", "of": "another"}, {"ruled_out": ["p1", "p2"]}),
        ({"ruled_out": ["p1"]}, {"ruled_out": ["p1"]}),
        ({"same": "p1", "by": "staff:7"}, {}),
    ],
)
def test_a_word_on_the_person_is_about_one_applicant(said: dict[str, Any], holds: dict[str, Any]) -> None:
    assert rules.still_holds(said, of="the applicant") == holds


class TestWhatIsLetPass:
    OCCUPIED = referred("D-03", "service_address", service="electric")

    @pytest.mark.rule("R-06")
    def test_is_what_was_shown(self) -> None:
        assert rules.let_pass([self.OCCUPIED], [self.OCCUPIED.as_json()]) == []

    @pytest.mark.rule("R-06")
    @pytest.mark.parametrize(
        "later",
        [referred("D-05"), referred("D-03", "service_address", service="gas"), referred("D-09", flag="deceased")],
    )
    def test_is_not_what_turned_up_later(self, later: Finding) -> None:
        assert rules.let_pass([self.OCCUPIED, later], [self.OCCUPIED.as_json()]) == [later]

    @pytest.mark.rule("R-06")
    def test_is_never_what_cannot_be_met_or_what_the_customer_must_do(self) -> None:
        hard = [Finding("D-01", "service_address", Effect.REFUSE), Finding("Y-01", "email", Effect.ASK)]
        assert rules.let_pass(hard, [each.as_json() for each in hard]) == hard

    @pytest.mark.rule("R-06")
    def test_is_never_who_it_is(self) -> None:
        rows = [referred("M-02").as_json(), self.OCCUPIED.as_json(), Finding("D-10", "email", Effect.NOTE).as_json()]
        assert rules.can_be_let_pass(rows) == [self.OCCUPIED.as_json()]


@pytest.mark.rule("R-07")
@pytest.mark.parametrize(("reason", "good"), [("He reads it out", True), ("", False), ("    x   ", False)])
def test_an_identifier_is_opened_for_a_reason(reason: str, good: bool) -> None:
    assert (list(rules.reading_has_a_reason(reason)) == []) is good


@pytest.mark.rule("R-08")
@pytest.mark.parametrize(
    ("last", "held"),
    [
        (None, False),
        (("taken", "8", NOW - timedelta(minutes=29)), True),
        (("taken", "8", NOW - timedelta(minutes=30)), False),
        (("taken", "7", NOW), False),
        (("put_back", "8", NOW), False),
        (("replied", "", NOW), False),
    ],
)
def test_what_a_colleague_has_taken_is_left_to_them(last: Any, held: bool) -> None:
    assert rules.is_held(last, by_other_than="7", now=NOW) is held


@pytest.mark.rule("R-09")
@pytest.mark.parametrize(
    ("decision", "good"), [(APPROVE, False), (SAME, True), (NEW, True), (REFUSE, True), (ASK, True)]
)
def test_a_service_is_not_begun_twice(decision: Decision, good: bool) -> None:
    assert (list(rules.service_is_not_doubled(decision, [referred("D-04", "services")])) == []) is good
    assert list(rules.service_is_not_doubled(decision, [referred("D-03")])) == []


@pytest.mark.rule("R-06")
def test_what_was_found_about_one_person_is_not_let_pass_for_another() -> None:
    rows = [Finding(number, effect=Effect.REFER).as_json() for number in ("D-03", "D-05", "D-08", "M-04")]
    assert rules.can_be_let_pass(rows) == rows
    assert [row["rule"] for row in rules.can_be_let_pass(rows, of_another=True)] == ["D-03", "D-08"]


@pytest.mark.rule("R-05", "R-09")
def test_no_approval_covers_a_premise_that_is_not_on_file_or_a_service_begun_twice() -> None:
    rows = [Finding(number, effect=Effect.REFER).as_json() for number in ("D-04", "M-05")]
    assert rules.can_be_let_pass(rows) == []


@pytest.mark.rule("R-10")
@pytest.mark.parametrize(
    ("decision", "good"),
    [
        (Decision.SAME_PERSON, False),
        (Decision.NEW_PERSON, False),
        (Decision.APPROVE, True),
        (Decision.ASK, True),
        (Decision.REFUSE, True),
    ],
)
def test_whom_it_belongs_to_is_not_said_once_it_is_written_down(decision: Decision, good: bool) -> None:
    assert (list(rules.person_is_still_open(decision, is_established=True)) == []) is good
    assert list(rules.person_is_still_open(decision, is_established=False)) == []
