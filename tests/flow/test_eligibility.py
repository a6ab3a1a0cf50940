"""What becomes of a request when the CIS is asked, before anything is written, whether it would serve somebody?"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.translation import override

from keyturn.commands import doctor
from keyturn.connectors import cis
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.flow import eligibility, gate, machine
from keyturn.flow.sentences import sentence
from keyturn.records.models import OutsideCheck, Person
from keyturn.records.queries import requests
from keyturn.terms.errors import Rejected
from keyturn.terms.finding import Finding
from tests.factories import a_person
from tests.flow.opinion import NOTHING, calls_of, looks_again, somebody_lives_in, the_check, thinks
from tests.flow.test_cis import ONE
from tests.flow.test_trips import trips
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, PROCESSING, REFUSED, Town
from tests.trips import Trips


@pytest.fixture
def town(town: Town) -> Town:
    town.policy_says(cis_eligibility=True, cis_probe_seconds=300.0)
    return town


@pytest.mark.rule("Y-06")
class TestWhetherItIsAsked:
    def test_whom_the_cis_would_serve_goes_on_without_noticing(self, town: Town) -> None:
        heard = calls_of(town)
        case = town.moves_in(ANA)
        assert case.status == COMPLETED
        assert heard[0] == "check" and "send" in heard[1:]
        assert (the_check().outcome, the_check().reasons) == ("passed", [])
        assert case.history.count("check_asked") == 1
        assert town.cis_holds() == ONE
        assert case.chain_holds()

    def test_nothing_is_written_before_it_has_answered(self, town: Town) -> None:
        case = town.asks(ANA)
        while "check_asked" not in case.history:
            town.works_once()
        assert case.status == PROCESSING
        assert not Person.objects.exists()
        assert town.cis_holds() == NOTHING

    def test_it_is_asked_about_the_person_whom_it_knows_and_not_about_their_details(self, town: Town) -> None:
        person = a_person(ANA)
        town.cis.adopt("persons", [{"ref": "P-1", "kind": "person", "given_name": "Ana", "family_name": "Zelenko"}])
        Person.objects.filter(pk=person.pk).update(ref="P-1")
        asked = thinks(town, ()).asked
        case = town.moves_in(ANA)
        assert case.status == COMPLETED
        assert [(each.person_ref, each.person) for each in asked] == [("P-1", None)]

    def test_not_where_the_policy_does_not_want_it(self, town: Town) -> None:
        town.policy_says(cis_eligibility=False)
        opinion = thinks(town, ("debt",))
        assert town.moves_in(ANA).status == COMPLETED
        assert opinion.asked == [] and not OutsideCheck.objects.exists()

    def test_not_where_the_cis_cannot_be_asked(self, town: Town) -> None:
        opinion = thinks(town, ("debt",))
        opinion.offers = frozenset({"search"})
        town.guarded = GuardedCis(opinion)
        assert town.moves_in(ANA).status == COMPLETED
        assert opinion.asked == [] and not OutsideCheck.objects.exists()

    def test_not_before_it_is_clear_who_it_is(self, town: Town) -> None:
        """About whom would the CIS be asked? Once staff have said, it is."""
        a_person(replace(ANA, emails=(), identifiers=()))
        case = town.moves_in(replace(ANA, identifiers=()))
        assert "M-02" in case.rules
        assert not OutsideCheck.objects.exists()
        case.staff("new_person")
        assert the_check().outcome == "passed"

    def test_without_it_no_trip_to_the_database_is_made(self, town: Town) -> None:
        town.policy_says(cis_eligibility=False)
        town.moves_in(BEN)
        case = town.asks(ANA)
        with Trips(connection) as counted:
            machine.advance(request_id=case.id, now=town.now, policy=town.policy)
        assert "eligibility" not in trips(counted)

    def test_it_costs_few_trips(self, town: Town) -> None:
        town.moves_in(BEN)
        case = town.asks(ANA)
        machine.advance(request_id=case.id, now=town.now, policy=town.policy)
        with Trips(connection) as counted:
            eligibility.check_eligibility(request_id=case.id, now=town.now, policy=town.policy)
        assert len(counted) <= 18, trips(counted)


@pytest.mark.rule("Y-07")
class TestWhomItWouldNotServe:
    def test_is_looked_at_by_staff_and_nothing_is_written(self, town: Town) -> None:
        house = town.house()
        somebody_lives_in(town, house)
        before = town.cis_holds()
        case = town.moves_in(ANA, house)
        assert (case.status, case.rules) == (IN_REVIEW, {"Y-07"})
        assert (the_check().outcome, the_check().reasons) == ("failed", ["premise_occupied"])
        assert not Person.objects.filter(names__family_name="Zelenko").exists()
        assert town.cis_holds() == before

    @pytest.mark.parametrize("code", ["debt", "disconnected", "premise_not_served", "premise_occupied", "odd_code"])
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_the_customer_reads_the_same_for_every_cause(self, town: Town, code: str, language: str) -> None:
        thinks(town, (code, "second"))
        case = town.moves_in(ANA)
        assert (case.status, case.rules) == (IN_REVIEW, {"Y-07"})
        [found] = requests.findings_of(case.request)
        with override(language):
            said = sentence(found)
            assert said == sentence(Finding("D-05"))
            assert code not in said and code not in str(case.last_message())
            assert code in sentence(found, for_staff=True)

    def test_is_never_refused_by_the_machine(self, town: Town) -> None:
        thinks(town, ("debt",))
        town.moves_in(ANA)
        case = town.moves_in(BEN)
        assert case.status == IN_REVIEW
        assert case.news == ["email_code", "received"]

    def test_staff_let_it_pass_and_the_cis_has_the_last_word(self, town: Town) -> None:
        thinks(town, ("debt",))
        assert town.moves_in(ANA).staff("approve", "The debt is a former tenant’s.").status == COMPLETED
        town.cis_is(script=[{"fault": "refuses"}])
        thinks(town, ("debt",))
        case = town.moves_in(BEN).staff("approve", "The debt is a former tenant’s.")
        assert case.status == IN_REVIEW and "S-03" in case.rules

    def test_staff_refuse_with_words_of_their_own(self, town: Town) -> None:
        thinks(town, ("premise_not_served",))
        case = town.moves_in(ANA).staff("refuse", "Riverton Water serves this street.")
        assert case.status == REFUSED
        assert town.cis_holds() == NOTHING
        assert "Riverton Water" in case.last_message() and "premise_not_served" not in case.last_message()

    def test_what_a_cis_writes_as_a_code_is_not_kept_where_it_is_none(self, town: Town) -> None:
        thinks(town, ("Carl Winter owes $ 40", "debt", "debt"))
        case = town.moves_in(ANA)
        assert the_check().reasons == ["other", "debt"]
        assert "Carl" not in str(case.request.findings)

    def test_a_word_about_one_person_is_none_about_another(self, town: Town) -> None:
        """R-06: staff let a debt pass; then it turns out to be somebody else, and the CIS says the same again."""
        thinks(town, ("debt",))
        case = town.moves_in(ANA)
        case.staff("ask", "Is this your number?")
        case.answers(given_name="Anita", id_value="D7654399")
        case.submits()
        town.works()
        assert case.rules == {"Y-07"}
        assert OutsideCheck.objects.count() == 2


class TestTheCisChangesItsMind:
    def test_what_was_put_right_there_is_asked_anew_when_staff_look_again(self, town: Town) -> None:
        thinks(town, ("debt",), ())
        case = town.moves_in(ANA)
        assert case.status == IN_REVIEW
        looks_again(case)
        assert case.status == COMPLETED
        assert the_check().outcome == "passed"

    def test_something_else_that_turns_up_is_shown_again(self, town: Town) -> None:
        thinks(town, ("debt",), ("premise_occupied",))
        case = town.moves_in(ANA)
        town.now += timedelta(hours=town.policy.cis_eligibility_hours + 1)
        case.staff("approve", "The debt is a former tenant’s.")
        assert (case.status, case.rules) == (IN_REVIEW, {"Y-07"})
        assert the_check().reasons == ["premise_occupied"]

    def test_an_answer_is_good_for_some_hours(self, town: Town) -> None:
        opinion = thinks(town, ("debt",))
        case = town.moves_in(ANA)
        town.now += timedelta(hours=town.policy.cis_eligibility_hours - 1)
        assert case.staff("approve", "The debt is a former tenant’s.").status == COMPLETED
        assert len(opinion.asked) == 1

    def test_yes_and_then_no_is_what_a_refusal_always_was(self, town: Town) -> None:
        town.cis_is(script=[{"fault": "refuses"}])
        case = town.moves_in(ANA)
        assert the_check().outcome == "passed"
        assert (case.status, case.rules) == (IN_REVIEW, {"S-03"})


@pytest.mark.rule("Y-08")
class TestACisThatDoesNotAnswer:
    def test_is_waited_for_and_the_request_goes_on_when_it_is_back(self, town: Town) -> None:
        town.cis_is("down", calls=["check"])
        case = town.moves_in(ANA)
        town.waits(hours=1)
        assert case.status == PROCESSING
        assert case.news == ["email_code", "received"]
        town.cis_is()
        town.waits(minutes=30)
        assert case.status == COMPLETED

    def test_keeps_nobody_waiting_for_ever(self, town: Town) -> None:
        town.cis_is("down", calls=["check"])
        case = town.moves_in(ANA)
        town.waits(minutes=town.policy.cis_eligibility_wait_minutes + 20)
        assert (case.status, case.rules) == (IN_REVIEW, {"Y-08"})
        assert the_check().outcome == "unavailable"
        assert the_check().reasons in (["cis_unreachable"], ["cis_away"])  # asked in vain, or left alone at that moment
        town.cis_is()
        looks_again(case)
        assert case.status == COMPLETED

    def test_is_asked_ever_more_seldom(self, town: Town) -> None:
        town.cis_is("down", calls=["check"])
        heard = calls_of(town)
        town.policy_says(cis_breaker_failures=1000)
        town.moves_in(ANA)
        town.waits(hours=5)
        assert 8 <= len(heard) <= 40, heard

    def test_goes_to_staff_at_once_where_the_policy_says_so(self, town: Town) -> None:
        town.policy_says(cis_eligibility_away="review")
        town.cis_is("down", calls=["check"])
        case = town.moves_in(ANA)
        assert (case.status, case.rules) == (IN_REVIEW, {"Y-08"})
        assert case.staff("approve", "I asked them on the phone.").status == COMPLETED

    def test_stops_nobody_where_the_policy_says_so(self, town: Town) -> None:
        town.policy_says(cis_eligibility_away="go_on")
        town.cis_is("down", calls=["check"])
        case = town.moves_in(ANA)
        assert case.status == COMPLETED
        assert [(row["rule"], row["effect"]) for row in case.request.findings] == [("Y-08", "note")]

    def test_that_is_known_to_be_away_is_not_called(self, town: Town) -> None:
        town.policy_says(cis_breaker_failures=1, cis_eligibility_away="review")
        town.cis_is("down", calls=["check", "ping"])
        town.moves_in(ANA)
        heard = calls_of(town)
        case = town.moves_in(BEN)
        assert (case.status, case.rules, heard) == (IN_REVIEW, {"Y-08"}, [])

    def test_that_is_busy_is_waited_for_a_little(self, town: Town) -> None:
        town.policy_says(cis_at_once=1, cis_eligibility_away="review")
        town.moves_in(BEN)
        taken = gate.take_place(now=town.now, policy=town.policy)
        case = town.moves_in(ANA)
        assert case.status == PROCESSING
        assert taken
        gate.not_called(taken)
        town.waits(minutes=1)
        assert case.status == COMPLETED

    @pytest.mark.parametrize("fault", ["slow", "garbage", "answer_lost", "flapping", "duplicate"])
    def test_whatever_it_does_the_request_gets_there(self, town: Town, fault: str) -> None:
        town.cis_is(script=[{"fault": fault}] if fault != "flapping" else [], calls=["check"])
        if fault == "flapping":
            town.cis_is("flapping", calls=["check"])
        case = town.moves_in(ANA)
        town.waits(minutes=5)
        assert case.status == COMPLETED
        assert town.cis_holds() == ONE

    def test_that_refuses_the_question_has_staff_look(self, town: Town) -> None:
        thinks(town, Rejected("cannot_say"))
        case = town.moves_in(ANA)
        assert (case.status, case.rules) == (IN_REVIEW, {"Y-08"})
        assert (the_check().outcome, the_check().reasons) == ("unsure", ["cannot_say"])

    def test_a_connector_that_fails_has_nobody_wait_for_ever(self, town: Town) -> None:
        thinks(town, ValueError("Carl Winter"))
        case = town.moves_in(ANA)
        town.waits(hours=5)
        assert (case.status, case.rules) == (IN_REVIEW, {"Y-08"})
        assert "Carl" not in str(case.request.findings)

    def test_the_customer_reads_that_it_is_being_checked(self, town: Town) -> None:
        town.policy_says(cis_eligibility_away="review")
        town.cis_is("down", calls=["check"])
        [found] = requests.findings_of(town.moves_in(ANA).request)
        for language in ("en", "es"):
            with override(language):
                assert sentence(found) == sentence(Finding("D-05"))


def test_a_request_that_is_told_goes_through_the_same_gate(town: Town) -> None:
    """A place taken to ask is given back: afterwards as many are free as before."""
    town.policy_says(cis_at_once=1)
    for who in (ANA, BEN):
        assert town.moves_in(who).status == COMPLETED
    assert gate.take_place(now=town.now, policy=town.policy) is not None


def test_the_doctor_says_so_where_the_policy_asks_what_the_cis_cannot_tell(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    opinion = thinks(town, ())
    monkeypatch.setattr(cis, "cis", lambda: town.guarded)
    assert "changes nothing" not in doctor.cis()
    opinion.offers = frozenset({"search"})
    town.guarded = GuardedCis(opinion)
    assert "changes nothing" in doctor.cis()
