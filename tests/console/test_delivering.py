"""What do staff see of a delivery, and can they settle, discard or send it back, each in their role?"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from keyturn.connectors.cis import counted
from keyturn.flow import counting, outside
from keyturn.records.models import Delivery
from keyturn.terms.cis import Answer
from tests.console.desk import Desk
from tests.flow.test_answers_for_another import TakesThemForAnother
from tests.flow.test_deliveries import WHY, dumb  # noqa: F401 (fixture)
from tests.flow.test_known_there import in_cis_alone
from tests.flow.town import ANA, BEN, COMPLETED, NEEDS_CUSTOMER, REFUSED, Case, Town

Desks = Callable[..., Desk]


def acts(desk: Desk, case: Case, act: str, **fields: str) -> Desk:
    """Of a page that was opened a moment ago; else of the one that `opened` was taken from."""
    now = {"version": str(case.request.version), "seen": str(case.request.events_written)}
    desk.posts(desk.address(case, "deliver"), act=act, **{**now, **fields})
    desk.town.works()
    return desk


def as_shown(desk: Desk, act: str) -> dict[str, str]:
    """Everything that stands in the form of an act, as the browser would send it."""
    form = desk.html.partition(f'name="act" value="{act}"')[2].partition("</form>")[0]
    inputs = [dict(re.findall(r'(\w+)="([^"]*)"', each)) for each in re.findall(r"<input [^>]*>", form)]
    return {each["name"]: each["value"] for each in inputs}


def references(case: Case) -> dict[str, str]:
    held = case.town.cis.effects()[-1]
    agreements = {f"agreement_{name}": ref for name, ref in held["agreement_refs"].items()}
    return {"person_ref": held["person_ref"], "account_ref": held["account_ref"], **agreements}


@pytest.fixture
def emil(desk: Desks) -> Desk:
    return desk("emil", role="engineer")


class TestWhatTheyMayDo:
    @pytest.fixture
    def doubtful(self, emil: Desk, dumb: Town) -> Case:  # noqa: F811
        dumb.cis_is(script=[{"fault": "answer_lost"}])
        case = dumb.moves_in(ANA)
        dumb.waits(minutes=2)
        return case

    def test_an_engineer_sees_the_doubt_its_code_and_since_when(self, emil: Desk, doubtful: Case) -> None:
        emil.opens(doubtful).sees("Delivery to the CIS", "cannot_tell", "Nobody knows since", doubtful.delivery.key)
        emil.sees("It is done in the CIS", "It is not there: send it", "Discard it")

    def test_a_reviewer_cannot_approve_it_and_has_no_such_form(self, desk: Desks, doubtful: Case) -> None:
        rosa = desk("rosa")
        rosa.opens(doubtful).sees_nothing_of('value="settle"', 'value="discard"')
        assert "approve" not in rosa.choices
        assert acts(rosa, doubtful, "settle", reason=WHY).status == 403

    def test_it_is_settled_with_references_that_the_cis_bears_out(self, emil: Desk, doubtful: Case) -> None:
        acts(emil, doubtful, "settle", **references(doubtful), reason=WHY).sees("is settled")
        assert doubtful.status == COMPLETED

    def test_who_presses_twice_reads_that_they_have_done_it(self, emil: Desk, desk: Desks, doubtful: Case) -> None:
        emil.opens(doubtful)
        form = {**as_shown(emil, "discard"), "reason": "The meter was removed last week."}
        acts(emil, doubtful, "discard", **form).sees("is discarded")
        acts(emil, doubtful, "discard", **form).sees("You have done this already.").sees_nothing_of("a colleague")
        assert doubtful.history.count("discarded") == 1
        acts(desk("sofia", role="supervisor"), doubtful, "discard", **form).sees("a colleague or the machine")

    def test_a_slip_leads_to_its_field_and_nothing_typed_is_lost(self, emil: Desk, doubtful: Case) -> None:
        wrong = {**references(doubtful), "account_ref": "A77"}
        acts(emil, doubtful, "settle", **wrong, reason=WHY)
        assert emil.status == 422
        emil.sees("The CIS does not show this under that number", WHY)
        assert 'href="#settle-account_ref"' in emil.html and 'value="A77"' in emil.html
        assert "<details" in emil.html and " open" in emil.html

    def test_while_the_cis_is_away_nothing_is_believed(self, emil: Desk, doubtful: Case) -> None:
        doubtful.town.cis_is("down", calls=["read"])
        acts(emil, doubtful, "settle", **references(doubtful), reason=WHY)
        assert emil.status == 409
        emil.sees("The CIS does not answer now")

    def test_what_is_not_there_is_sent(self, emil: Desk, dumb: Town) -> None:  # noqa: F811
        dumb.cis_is(script=[{"fault": "lost_before"}])
        case = dumb.moves_in(ANA)
        dumb.waits(minutes=2)
        acts(emil, case, "not_there", reason=WHY).sees("is being sent again")
        assert case.status == COMPLETED

    def test_it_is_discarded(self, emil: Desk, doubtful: Case) -> None:
        acts(emil, doubtful, "discard", reason="The meter was removed last week.").sees("is discarded")
        assert doubtful.status == REFUSED

    def test_nothing_while_a_call_is_under_way(self, emil: Desk, doubtful: Case) -> None:
        Delivery.objects.update(leased_until=doubtful.town.now + timedelta(hours=1))
        emil.opens(doubtful).sees_nothing_of('value="settle"')
        acts(emil, doubtful, "settle", **references(doubtful), reason=WHY).sees("A call is under way")

    def test_an_act_that_there_is_not(self, emil: Desk, doubtful: Case) -> None:
        assert acts(emil, doubtful, "burn").status == 404


class TestCorrecting:
    @pytest.fixture
    def refused(self, town: Town) -> Case:
        town.cis_is(script=[{"fault": "refuses"}])
        return town.moves_in(ANA)

    def test_a_reviewer_corrects_what_the_cis_refused(self, town: Town, desk: Desks, refused: Case) -> None:
        rosa = desk("rosa")
        rosa.opens(refused).sees("Correct it").sees_nothing_of('value="settle"', 'value="send_back"', "D1234567")
        acts(rosa, refused, "correct", start_date=town.day(9), id_value="", reason=WHY).sees("is corrected")
        assert refused.status == COMPLETED
        assert refused.request.answers["id_value"] == "D1234567"

    def test_a_slip_leads_to_its_field(self, desk: Desks, refused: Case) -> None:
        rosa = desk("rosa")
        assert acts(rosa, refused, "correct", start_date="2020-01-01", reason=WHY).status == 422
        assert 'href="#correct-start_date"' in rosa.html

    def test_a_stale_page_does_not_put_back_what_a_colleague_corrected(
        self, town: Town, desk: Desks, refused: Case
    ) -> None:
        rosa, berta = desk("rosa"), desk("berta")
        stale = as_shown(rosa.opens(refused), "correct")
        town.cis_is(script=[{"fault": "refuses"}])
        theirs = as_shown(berta.opens(refused), "correct")
        acts(berta, refused, "correct", **{**theirs, "family_name": "Lindqvist", "reason": WHY}).sees("is corrected")
        acts(rosa, refused, "correct", **{**stale, "date_of_birth": "1991-02-03", "reason": WHY})
        assert rosa.status == 412
        rosa.sees("This request changed while you had it open", "New since you opened it", "berta")
        shown = as_shown(rosa, "correct")
        assert (shown["family_name"], shown["date_of_birth"]) == ("Lindqvist", "1991-02-03"), (
            "theirs, and what was typed"
        )
        assert refused.request.answers["family_name"] == "Lindqvist"
        acts(rosa, refused, "correct", **{**shown, "reason": WHY}).sees("is corrected")
        assert refused.request.answers["family_name"] == "Lindqvist"
        assert refused.request.answers["date_of_birth"] == "1991-02-03"

    def test_what_they_said_otherwise_is_kept_beside_the_file_once(self, town: Town, desk: Desks) -> None:
        town.serves(ANA, town.house())
        town.cis_is(script=[{"fault": "refuses"}])
        case = town.moves_in(ANA, phone="503 555 0177")
        before = case.request.proposals.filter(state="open").count()
        assert before
        acts(desk("rosa"), case, "correct", start_date=town.day(9), reason=WHY).sees("is corrected")
        assert case.request.proposals.filter(state="open").count() == before

    def test_a_form_without_a_version_is_stale(self, desk: Desks, refused: Case) -> None:
        assert acts(desk("rosa"), refused, "correct", version="", reason=WHY).status == 412

    def test_a_partner_is_sent_theirs_back(self, town: Town, desk: Desks) -> None:
        town.cis_is(script=[{"fault": "refuses"}])
        rosa, case = desk("rosa"), town.a_partner_asks(ANA, attested=("email", "phone", "identity"))
        town.works()
        rosa.opens(case).sees("Send it back to be corrected")
        assert rosa.html.count("vouched for by the partner") == 3, "one line for each thing, however many rows it has"
        assert acts(rosa, case, "send_back", reason="").status == 422
        assert 'href="#send_back-reason"' in rosa.html
        acts(rosa, case, "send_back", reason="From which day are they the tenant?").sees("is back with the partner")
        assert case.status == NEEDS_CUSTOMER


class TestTheSamePerson:
    def test_is_chosen_among_those_whom_the_cis_has(self, town: Town, emil: Desk) -> None:
        ref = in_cis_alone(town)
        case = town.moves_in(ANA)
        emil.opens(case).sees("It is this person", ref, "approve to send this as a new person")
        acts(emil, case, "same_person", reason=WHY)
        assert emil.status == 422
        acts(emil, case, "same_person", person_ref=ref, reason=WHY)
        assert (case.status, case.person.ref) == (COMPLETED, ref)


class TestACisThatIsAway:
    @pytest.fixture
    def away(self, town: Town, emil: Desk) -> Town:
        town.policy_says(cis_breaker_failures=1)
        town.cis_is("down", calls=["send", "ping"])
        town.moves_in(ANA)
        return town

    def test_the_request_says_so(self, away: Town, emil: Desk) -> None:
        case = away.moves_in(BEN)
        emil.opens(case).sees("The CIS does not answer", "cis_unreachable", "goes out by itself")

    def test_operations_say_so_and_it_can_be_asked_at_once(self, away: Town, emil: Desk) -> None:
        case = away.moves_in(BEN)
        emil.opens("/console/operations").sees("CIS away", "cis_unreachable", "1 until the CIS is back")
        away.cis_is()
        emil.posts("/console/operations/ask").sees("The CIS is being asked")
        away.waits(seconds=10)
        assert case.status == COMPLETED
        emil.opens("/console/operations").sees("CIS in reach")


class TestOperations:
    def test_show_what_somebody_must_look_at_and_what_was_left(self, town: Town, emil: Desk) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is(script=[{"fault": "answer_lost"}, {"fault": "refuses"}])
        stuck, refused = town.moves_in(ANA), town.moves_in(BEN)
        emil.opens("/console/operations").sees(
            stuck.request.reference, refused.request.reference, "no_answer", "refused"
        )
        refused.staff("refuse", "The meter at this address was removed.")
        outside._after_the_end(refused.id, "left_in_cis", now=town.now, data={"code": "already_active"})
        emil.opens("/console/operations").sees("could not be undone from here")
        emil.opens(refused).sees("It is put right in the CIS")
        acts(emil, refused, "cleared", reason=WHY).sees("is off the list")
        emil.opens("/console/operations").sees_nothing_of(refused.request.reference)

    def test_show_how_calls_have_gone(self, town: Town, emil: Desk) -> None:
        counted.take()
        for outcome in ("ok", "ok", "premise_occupied"):
            counted.note("reference", "send", outcome, 0.3)
        counting.keep_counts()
        emil.opens("/console/operations").sees("Tell it something", "premise_occupied 1", "300 ms", "≤ 500 ms")

    def test_are_led_to_from_the_queue(self, emil: Desk, desk: Desks) -> None:
        assert 'href="/console/operations"' in emil.opens("/console").html
        desk("rosa").opens("/console").sees_nothing_of('href="/console/operations"')


class TestWhatTheCisDidForAnother:
    @pytest.fixture
    def case(self, emil: Desk, town: Town) -> Case:
        ben = town.serves(BEN, town.house())
        town.cis = TakesThemForAnother(town.cis, person_ref=str(ben.ref))
        town.cis_is()
        return town.moves_in(ANA)

    @pytest.mark.rule("S-18")
    def test_it_says_what_to_do_and_what_approving_does(self, emil: Desk, desk: Desks, town: Town, case: Case) -> None:
        emil.opens(case).sees("that is not this file’s", "Done in the CIS, but not for this file")
        emil.sees_nothing_of('value="not_there"')
        desk("rosa").opens(case).sees("answer is taken; nothing is sent").sees_nothing_of('value="correct"')
        town.cis = town.cis._inner

    @pytest.mark.rule("S-17")
    def test_what_came_after_it_was_settled_is_listed_until_it_is_put_right(
        self, emil: Desk, town: Town, case: Case
    ) -> None:
        town.cis = town.cis._inner
        done = case.request
        done.step, done.standing, done.outcome = "confirm", "nobody", "completed"
        done.save()
        found = Answer("C-LATE", "A-LATE", {"electric": "E-LATE"})
        outside._found_after_settling(done.pk, found, now=town.now)
        emil.opens("/console/operations").sees(done.reference)
        emil.opens(case).sees("made something else there: C-LATE, A-LATE, E-LATE")
        acts(emil, case, "cleared", reason=WHY).sees("is off the list")
