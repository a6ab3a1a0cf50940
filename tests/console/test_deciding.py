"""Can staff decide what the machine must not, and does the request move on at once?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from keyturn.records.models import Note, NotSamePerson
from keyturn.terms.person import Identifier
from tests import factories
from tests.console.desk import Desk
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, NEEDS_CUSTOMER, REFUSED, Case, Town

ON_FILE = replace(ANA, emails=("old@example.com",), identifiers=())
NAMELESS = replace(ANA, identifiers=(), phones=())


@pytest.fixture
def alike(town: Town, rosa: Desk) -> Case:
    """Somebody very like Ana is on file, but nothing of theirs was proved in this session."""
    town.knows(ON_FILE)
    case = town.moves_in(ANA)
    assert case.rules == {"M-02"}
    return case


@pytest.fixture
def without_document(town: Town, rosa: Desk) -> Case:
    case = town.moves_in(NAMELESS)
    assert case.rules == {"D-08"}
    return case


class TestTheSamePerson:
    def test_is_linked_to_whom_the_page_showed(self, alike: Case, rosa: Desk) -> None:
        rosa.decides(alike, "same_person")
        assert alike.status == COMPLETED
        assert alike.person.ref is not None
        assert alike.person.ref.startswith("C")
        assert alike.request.links.get().automatic is False

    def test_leaves_the_file_as_it_is_and_keeps_what_differs(self, alike: Case, rosa: Desk) -> None:
        rosa.decides(alike, "same_person")
        assert alike.proposals()["email"] == "ana@example.com"
        rosa.opens(alike).sees("Kept beside the file, which stays as it is", "ana@example.com", "old@example.com")

    def test_is_the_candidate_that_was_chosen_among_several(self, town: Town, rosa: Desk) -> None:
        town.knows(ON_FILE)
        other = town.knows(replace(ANA, given_name="Anna", emails=("anna@example.com",), identifiers=()))
        case = town.moves_in(ANA)
        rosa.opens(case, person=str(other.pk)).sees("They are Anna Zelenko, as shown.")
        assert rosa.hidden("person_id") == str(other.pk)
        rosa.decides(case, "same_person", person_id=str(other.pk))
        assert case.person == other

    def test_cannot_be_somebody_who_was_not_shown(self, alike: Case, town: Town, rosa: Desk) -> None:
        stranger = town.knows(replace(ANA, given_name="Zed", family_name="Otto", date_of_birth=date(1950, 1, 1), emails=(),
                                      phones=(), identifiers=()))  # fmt: skip
        rosa.decides(alike, "same_person", person_id=str(stranger.pk))
        assert rosa.status == 422
        rosa.sees("Choose one of the persons shown.")
        assert alike.status == IN_REVIEW


def test_a_new_person_is_entered_and_the_difference_remembered(alike: Case, rosa: Desk) -> None:
    on_file = alike.request.candidates.get().person
    rosa.decides(alike, "new_person")
    assert alike.status == COMPLETED
    assert alike.person != on_file
    assert NotSamePerson.objects.get().said_by == f"staff:{rosa.user.pk}"


def test_approving_sends_it_on_to_the_cis(without_document: Case, rosa: Desk) -> None:
    rosa.decides(without_document, "approve", reason="Seen at the counter.")
    assert without_document.status == COMPLETED
    assert without_document.is_in_the_cis()
    rosa.opens(without_document).sees("Completed", "Seen at the counter.", "Internal note")


class TestARefusal:
    def test_tells_the_applicant_why_in_the_words_that_were_typed(self, without_document: Case, rosa: Desk) -> None:
        rosa.decides(without_document, "refuse", reason="We could not confirm who is asking for service.")
        assert without_document.status == REFUSED
        without_document.town.works()
        assert "We could not confirm who is asking for service." in without_document.last_message()

    def test_without_a_reason_is_not_taken_and_says_so(self, without_document: Case, rosa: Desk) -> None:
        rosa.decides(without_document, "refuse", reason="no")
        assert rosa.status == 422
        rosa.sees("Write the reason in at least one full sentence: the applicant will read it.")
        assert 'href="#reason"' in rosa.html
        assert ">no</textarea>" in rosa.html
        assert 'value="refuse" checked' in rosa.html
        assert without_document.status == IN_REVIEW

    def test_can_start_from_a_sentence_in_the_applicants_language(self, town: Town, rosa: Desk) -> None:
        case = town.moves_in(NAMELESS, language="es")
        rosa.opens(case).sees("The applicant reads Spanish.")
        rosa.decides(case, "refuse", template_refuse="landlord", reason="")
        assert case.status == REFUSED
        assert Note.objects.get(request=case.id).text in case.last_message()
        assert "propiet" in case.last_message()

    def test_prefers_what_was_typed_to_the_sentence(self, without_document: Case, rosa: Desk) -> None:
        rosa.decides(
            without_document, "refuse", template_refuse="landlord", reason="Please come to our office instead."
        )
        assert Note.objects.get(request=without_document.id).text == "Please come to our office instead."


def test_a_question_waits_for_the_customer(without_document: Case, rosa: Desk) -> None:
    rosa.decides(without_document, "ask", reason="Please send us a photo of your passport.")
    assert without_document.status == NEEDS_CUSTOMER
    rosa.sees("Your question about", "Nothing else waits for you.")
    assert "Please send us a photo of your passport." in without_document.last_message()


def test_after_a_decision_the_next_request_opens_with_a_notice(town: Town, rosa: Desk) -> None:
    first = town.moves_in(NAMELESS)
    second = town.moves_in(replace(NAMELESS, given_name="Bela", family_name="Tamas", emails=("bela@example.com",)))
    rosa.decides(first, "refuse", reason="We could not confirm who is asking.")
    assert rosa.at == rosa.address(second)
    rosa.sees(f"{first.request.reference} is refused.", "Bela Tamas", "You are looking at it")


def test_pressing_twice_is_once_and_the_next_request_opens(town: Town, rosa: Desk) -> None:
    first = town.moves_in(NAMELESS)
    second = town.moves_in(replace(NAMELESS, given_name="Bela", family_name="Tamas", emails=("bela@example.com",)))
    rosa.opens(first)
    form = {name: rosa.hidden(name) for name in ("version", "seen")}
    for _press in range(2):
        rosa.posts(
            rosa.address(first, "decide"), **form, decision="refuse", reason="We could not confirm who is asking."
        )
        assert rosa.at == rosa.address(second)
    assert first.history.count("reviewed") == 1
    rosa.posts(rosa.address(first, "decide"), **form, decision="approve")
    assert rosa.status == 409


def test_choosing_nothing_is_pointed_out(without_document: Case, rosa: Desk) -> None:
    rosa.decides(without_document, "", reason="I typed this already")
    assert rosa.status == 422
    rosa.sees("Choose what to do.", "I typed this already")
    assert 'href="#decision-1"' in rosa.html


def test_an_unknown_word_is_refused(without_document: Case, rosa: Desk) -> None:
    rosa.decides(without_document, "delete_everything")
    assert rosa.status == 422
    assert without_document.status == IN_REVIEW


class TestWhenSomebodyElseWasThere:
    def test_a_stale_page_says_what_changed_and_keeps_what_was_typed(
        self, without_document: Case, rosa: Desk, desk: Callable[..., Desk]
    ) -> None:
        rosa.opens(without_document)
        hidden = {name: rosa.hidden(name) for name in ("version", "seen")}
        ravi = desk("ravi")
        without_document.staff("ask", "Which apartment do you need?", by=str(ravi.user.pk)).replies("Number 4.")
        rosa.posts(
            rosa.address(without_document, "decide"),
            **hidden,
            decision="refuse",
            reason="We could not confirm who you are.",
        )
        assert rosa.status == 412
        rosa.sees(
            "This request changed while you had it open.", "New since you opened it", "asked the customer", "ravi"
        )
        rosa.sees("Applicant answered", "We could not confirm who you are.")
        assert without_document.status == IN_REVIEW

    def test_what_a_colleague_has_decided_is_not_decided_again(self, without_document: Case, rosa: Desk) -> None:
        rosa.opens(without_document)
        hidden = {name: rosa.hidden(name) for name in ("version", "seen")}
        without_document.staff("refuse", "We could not confirm who is asking.")
        rosa.posts(rosa.address(without_document, "decide"), **hidden, decision="approve")
        assert rosa.status == 409
        rosa.sees("Nothing was done", "Decided by staff", "refused")
        assert without_document.status == REFUSED

    def test_a_decision_without_a_version_counts_as_stale(self, without_document: Case, rosa: Desk) -> None:
        rosa.posts(rosa.address(without_document, "decide"), decision="approve")
        assert rosa.status == 412
        assert without_document.status == IN_REVIEW

    def test_looking_at_it_does_not_make_a_colleagues_page_stale(
        self, without_document: Case, rosa: Desk, desk: Callable[..., Desk]
    ) -> None:
        rosa.opens(without_document)
        hidden = {name: rosa.hidden(name) for name in ("version", "seen")}
        desk("ravi").posts("/console/next")
        rosa.posts(rosa.address(without_document, "decide"), **hidden, decision="approve")
        assert rosa.status == 200
        without_document.town.works()
        assert without_document.status == COMPLETED


class TestOnesOwnRequest:
    @pytest.fixture
    def ana(self, desk: Callable[..., Desk]) -> Desk:
        return desk("ana", email="Ana@Example.com")

    def test_has_no_form_and_says_why(self, without_document: Case, ana: Desk) -> None:
        ana.opens(without_document).sees("This is your own request", "A colleague must decide it.")
        assert ana.choices == []

    def test_is_refused_when_it_is_posted_nevertheless(self, without_document: Case, ana: Desk) -> None:
        version = str(without_document.request.version)
        ana.posts(ana.address(without_document, "decide"), decision="approve", version=version)
        assert ana.status == 403
        ana.sees("This is your own request. A colleague must decide it.")
        assert without_document.status == IN_REVIEW

    def test_cannot_be_sent_round_again_either(self, without_document: Case, ana: Desk) -> None:
        ana.posts(ana.address(without_document, "look-again"))
        assert ana.status == 403
        assert without_document.history[-1] == "referred"


class TestAPremiseThatIsNotOnFile:
    ADDRESS = {
        "line1": "12 Newly Built Way",
        "city": "Millbrook",
        "state": "OR",
        "postal_code": "97901",
        "country": "US",
    }

    def test_can_only_be_asked_about_or_refused_until_it_is_there(self, town: Town, rosa: Desk) -> None:
        town.house()
        case = town.moves_in(ANA, service_address=self.ADDRESS, services=["electric"])
        assert rosa.opens(case).choices == ["ask", "refuse"]
        rosa.sees("M-05 Address not on file", "12 Newly Built Way")

    def test_is_found_when_the_machine_looks_again(self, town: Town, rosa: Desk) -> None:
        town.house()
        case = town.moves_in(ANA, service_address=self.ADDRESS, services=["electric"])
        factories.a_premise(line1="12 Newly Built Way")
        rosa.posts(rosa.address(case, "look-again")).sees("is being looked at again")
        town.works()
        assert case.status == COMPLETED


class TestWhatTheCisRefused:
    def test_is_shown_with_its_code_and_sent_again_when_approved(self, town: Town, rosa: Desk) -> None:
        town.cis_is("refuses")
        case = town.moves_in(ANA)
        rosa.opens(case).sees("S-03 CIS said no", case.delivery.problem, "Send it to the CIS again.")
        assert rosa.choices == ["approve", "ask", "refuse"]
        town.cis_is()
        rosa.decides(case, "approve")
        assert case.status == COMPLETED

    def test_or_left_unanswered_stands_beside_the_status(self, town: Town, rosa: Desk) -> None:
        town.cis_is("down")
        rosa.opens(town.moves_in(ANA)).sees("Processing CIS: ")

    def test_is_retried_by_an_engineer_when_it_gave_up(self, town: Town, desk: Callable[..., Desk]) -> None:
        town.policy_says(cis_tries=1)
        town.cis_is("down")
        case = town.moves_in(ANA)
        emil = desk("emil", role="engineer")
        emil.opens(case).sees("Why it is stuck", case.delivery.problem, "Try again")
        assert emil.choices == []
        town.cis_is()
        emil.posts(emil.address(case, "retry"))
        town.works()
        assert case.status == COMPLETED

    def test_cannot_be_retried_while_nothing_is_stuck(self, without_document: Case, desk: Callable[..., Desk]) -> None:
        emil = desk("emil", role="engineer")
        emil.posts(emil.address(without_document, "retry"))
        assert emil.status == 409


def test_a_served_person_is_not_approved_a_second_time(town: Town, rosa: Desk) -> None:
    house = town.house()
    town.serves(ANA, house)
    case = town.moves_in(ANA, at=house, mail_elsewhere=False)
    assert "D-04" in case.rules
    assert "approve" not in rosa.opens(case).choices


def test_no_two_documents_are_one(town: Town, rosa: Desk) -> None:
    town.knows(replace(ON_FILE, identifiers=ANA.identifiers))
    case = town.moves_in(replace(ANA, identifiers=(Identifier("driver_licence", "D7654321"),)))
    rosa.opens(case).sees("Different identifiers of the same kind: never linked without you.")
