"""Can a request go on by itself? (D-01 to D-13) Each rule alone, on facts made for it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from keyturn.steps.decide import rules
from keyturn.terms.address import Address
from keyturn.terms.finding import Effect
from keyturn.terms.policy import Policy
from keyturn.terms.premise import Occupancy, PremiseFacts, Service

TODAY, START = date(2026, 12, 7), date(2026, 12, 10)
HOUSE = PremiseFacts("1", "PR1", Address("1 Elm St"), "north", (Service.ELECTRIC, Service.GAS))
FACTS = rules.Facts(
    today=TODAY,
    start_date=START,
    services=(Service.ELECTRIC,),
    premise=HOUSE,
    inside_territory=True,
    is_new_person=True,
)
POLICY = Policy()


def judged(policy: Policy = POLICY, **changes: object) -> dict[str, Effect]:
    return {found.rule: found.effect for found in rules.check(replace(FACTS, **changes), policy)}  # type: ignore[arg-type]


def test_a_plain_request_meets_no_objection() -> None:
    assert judged() == {}


def test_the_machine_refuses_nobody_but_who_lives_elsewhere() -> None:
    """Whatever else is wrong, a person looks (domain.md F.2)."""
    everything = judged(
        premise=replace(HOUSE, services=(), occupancy=(Occupancy(Service.ELECTRIC, active=True),)),
        debts=(rules.Debt(900.0, None),), person_flags=frozenset({"fraud_flag"}), others_with_contact=9,
        has_birth_date=False, identifier_declined=True, served_already=frozenset({Service.ELECTRIC}), differs_on=("email",),
    )  # fmt: skip
    assert Effect.REFUSE not in everything.values()
    assert set(everything) == {"D-02", "D-04", "D-05", "D-06", "D-07", "D-08", "D-09", "D-10"}


@pytest.mark.rule("D-01")
@pytest.mark.parametrize(
    ("premise", "inside", "refused"), [(HOUSE, False, False), (None, True, False), (None, False, True)]
)
def test_an_address_outside_the_territory_is_refused(premise: PremiseFacts | None, inside: bool, refused: bool) -> None:
    found = judged(premise=premise, inside_territory=inside)
    assert found == ({"D-01": Effect.REFUSE} if refused else {})


@pytest.mark.rule("D-02")
@pytest.mark.parametrize(
    ("services", "fine"), [((Service.ELECTRIC,), True), ((Service.ELECTRIC, Service.WATER), False)]
)
def test_the_premise_has_a_service_point_for_each_service(services: tuple[Service, ...], fine: bool) -> None:
    assert ("D-02" not in judged(services=services)) is fine


class TestOccupancy:
    @pytest.mark.rule("D-03")
    @pytest.mark.parametrize(
        ("occupancy", "free"),
        [
            (Occupancy(Service.ELECTRIC, active=True, free_from=START), True),
            (Occupancy(Service.ELECTRIC, active=True, free_from=START + timedelta(days=1)), False),
            (Occupancy(Service.ELECTRIC, active=True), False),
            (Occupancy(Service.ELECTRIC, pending_start=True), False),
            (Occupancy(Service.ELECTRIC, active=True, landlord=True), True),
            (Occupancy(Service.GAS, active=True), True),  # not what is asked for
        ],
    )
    def test_nobody_else_is_served_on_the_start_date(self, occupancy: Occupancy, free: bool) -> None:
        assert ("D-03" not in judged(premise=replace(HOUSE, occupancy=(occupancy,)))) is free

    @pytest.mark.rule("D-03")
    def test_one_finding_for_each_service_that_is_taken(self) -> None:
        taken = tuple(Occupancy(each, active=True) for each in (Service.ELECTRIC, Service.GAS))
        facts = replace(FACTS, services=(Service.ELECTRIC, Service.GAS), premise=replace(HOUSE, occupancy=taken))
        assert [each.params["service"] for each in rules.premise_is_free(facts, POLICY)] == ["electric", "gas"]

    @pytest.mark.rule("D-04")
    def test_who_has_the_service_there_already_is_not_told_that_somebody_else_has(self) -> None:
        mine = replace(HOUSE, occupancy=(Occupancy(Service.ELECTRIC, active=True),))
        assert set(judged(premise=mine, served_already=frozenset({Service.ELECTRIC}), is_new_person=False)) == {"D-04"}

    @pytest.mark.rule("D-04")
    def test_another_service_there_is_no_obstacle(self) -> None:
        assert judged(served_already=frozenset({Service.GAS}), is_new_person=False) == {}


class TestDebt:
    @pytest.mark.rule("D-05")
    @pytest.mark.parametrize(
        ("debts", "flagged"),
        [
            ((), False),
            ((rules.Debt(0.01, TODAY),), True),
            ((rules.Debt(50.0, None),), True),  # nobody knows when it ended: staff find out
            ((rules.Debt(50.0, date(2019, 12, 8)),), True),  # seven years tomorrow
            ((rules.Debt(50.0, date(2019, 12, 7)),), False),  # seven years today
            ((rules.Debt(50.0, date(2010, 12, 31)),), False),
            ((rules.Debt(50.0, date(2010, 1, 1)), rules.Debt(3.0, TODAY)), True),
        ],
    )
    def test_that_may_be_held_against_them_is_weighed_by_staff(
        self, debts: tuple[rules.Debt, ...], flagged: bool
    ) -> None:
        assert judged(debts=debts) == ({"D-05": Effect.REFER} if flagged else {})

    @pytest.mark.rule("D-05")
    def test_under_the_utilitys_minimum_is_nothing(self) -> None:
        policy = Policy(debt_refer_minimum=25.0)
        assert judged(policy, debts=(rules.Debt(24.99, TODAY),)) == {}
        assert judged(policy, debts=(rules.Debt(12.5, TODAY), rules.Debt(12.5, TODAY))) == {"D-05": Effect.REFER}

    @pytest.mark.rule("D-05")
    @pytest.mark.parametrize(("today", "flagged"), [(date(2027, 2, 28), True), (date(2027, 3, 1), False)])
    def test_that_ended_on_a_leap_day_lapses_on_the_first_of_march(self, today: date, flagged: bool) -> None:
        found = judged(today=today, start_date=today, debts=(rules.Debt(50.0, date(2020, 2, 29)),))
        assert ("D-05" in found) is flagged


@pytest.mark.rule("D-06")
@pytest.mark.parametrize(("others", "new", "flagged"), [(2, True, False), (3, True, True), (9, False, False)])
def test_a_contact_of_many_brings_staff_in_for_a_new_person(others: int, new: bool, flagged: bool) -> None:
    assert ("D-06" in judged(others_with_contact=others, is_new_person=new)) is flagged


@pytest.mark.rule("D-07")
@pytest.mark.parametrize(
    ("new", "organisation", "known", "flagged"),
    [(True, False, False, True), (True, False, True, False), (True, True, False, False), (False, False, False, False)],
)
def test_whether_a_new_person_may_sign_is_known(new: bool, organisation: bool, known: bool, flagged: bool) -> None:
    assert ("D-07" in judged(is_new_person=new, is_organisation=organisation, has_birth_date=known)) is flagged


@pytest.mark.rule("D-08")
@pytest.mark.parametrize(
    ("declined", "given", "required", "flagged"),
    [(True, False, False, True), (False, False, False, False), (False, False, True, True), (False, True, True, False)],
)
def test_who_has_no_document_is_helped(declined: bool, given: bool, required: bool, flagged: bool) -> None:
    found = judged(Policy(identifier_required=required), identifier_declined=declined, identifier_given=given)
    assert found == ({"D-08": Effect.REFER} if flagged else {})


@pytest.mark.rule("D-09")
def test_every_warning_on_a_file_is_shown() -> None:
    facts = replace(FACTS, person_flags=frozenset({"deceased", "fraud_flag"}))
    assert [each.params["flag"] for each in rules.person_has_no_warning(facts, POLICY)] == ["deceased", "fraud_flag"]


@pytest.mark.rule("D-10")
def test_a_difference_from_the_file_is_noted_and_hinders_nothing() -> None:
    assert judged(differs_on=("email",), is_new_person=False) == {"D-10": Effect.NOTE}


@pytest.mark.rule("D-11")
@pytest.mark.parametrize(("days", "noted"), [(0, False), (1, True), (-1, False)])
def test_a_start_that_has_passed_is_noted(days: int, noted: bool) -> None:
    assert judged(start_date=TODAY - timedelta(days=days)) == ({"D-11": Effect.NOTE} if noted else {})


@pytest.mark.rule("D-12")
@pytest.mark.parametrize(
    ("code", "nearby", "ours"),
    [
        ("97301", False, True),
        ("97301-1234", False, True),
        ("62701", False, False),
        ("62701", True, True),
        (" ", False, True),
    ],
)
def test_a_postal_code_tells_whether_an_address_can_be_ours(code: str, nearby: bool, ours: bool) -> None:
    policy = Policy(territory_postal_codes=("973",))
    assert rules.postal_code_is_ours(code, policy, premises_nearby=nearby) is ours


@pytest.mark.rule("D-13")
@pytest.mark.parametrize(
    ("code", "who"), [("62701", "Prairie Power"), ("62201", "River Co-op"), ("10001", ""), ("", "")]
)
def test_who_is_turned_away_learns_who_serves_them(code: str, who: str) -> None:
    policy = Policy(neighbours={"62": "Prairie Power", "622": "River Co-op"})
    assert rules.who_serves(code, policy) == who
