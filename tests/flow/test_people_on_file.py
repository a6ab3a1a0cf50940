"""Is somebody on file recognised, never overwritten, and never told that they are?"""

import re
from dataclasses import replace
from datetime import date

import pytest

from keyturn.records.models import Account, AccountPerson, NotSamePerson, Person, PersonContact, PersonLink, PersonName
from keyturn.terms.address import Address
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.premise import AgreementStatus
from tests.factories import DATED
from tests.flow.town import ANA, BEN, COMPLETED, IN_REVIEW, PROCESSING, Town

OLGA = replace(ANA, given_name="Olga", emails=("olga@example.com",), identifiers=(Identifier("passport", "P2223334"),))


class TestAFormerCustomer:
    def test_who_proves_the_email_on_file_is_recognised_and_served(self, town: Town) -> None:
        known = town.knows(ANA)
        case = town.moves_in(ANA)
        assert case.status == COMPLETED
        assert case.person == known
        assert Person.objects.count() == 1
        assert town.cis_holds()["persons"] == 1

    def test_is_linked_by_one_row_that_says_that_the_machine_did_it(self, town: Town) -> None:
        case = town.moves_in(ANA) and town.moves_in(ANA)
        link = PersonLink.objects.get(request=case.id)
        assert (link.created_person, link.automatic, link.undone_at) == (False, True, None)

    def test_who_proves_another_email_than_the_one_on_file_is_looked_at_and_not_linked(self, town: Town) -> None:
        town.knows(ANA)
        case = town.moves_in(replace(ANA, emails=("ana.new@example.com",)))
        assert case.status == IN_REVIEW
        assert case.request.match_zone == "review"
        assert "M-02" in case.rules
        assert case.request.person is None

    def test_of_a_utility_that_links_nobody_by_machine_is_looked_at(self, town: Town) -> None:
        town.policy_says(link_automatically=False)
        town.knows(ANA)
        assert town.moves_in(ANA).status == IN_REVIEW

    def test_is_linked_when_a_call_centre_vouches_for_the_identifier(self, town: Town) -> None:
        known = town.knows(ANA)
        case = town.a_partner_asks(replace(ANA, emails=()), attested=("identity",))
        town.works()
        assert case.status == COMPLETED
        assert case.person == known

    def test_is_looked_at_when_the_call_centre_vouches_for_nothing(self, town: Town) -> None:
        town.knows(ANA)
        case = town.a_partner_asks(ANA)
        town.works()
        assert case.status == IN_REVIEW


class TestTheFile:
    def test_is_not_overwritten_by_what_a_known_person_says(self, town: Town) -> None:
        known = town.knows(ANA)
        case = town.moves_in(replace(ANA, middle_name="Lucia", phones=("+15035550999",)))
        assert case.status == COMPLETED
        assert case.person == known
        assert PersonName.objects.get(person=known).middle_name == ""
        assert not PersonContact.objects.filter(person=known, normalised="+15035550999").exists()
        assert "Lucia" not in str(town.cis.read("person", known.ref))

    def test_has_the_differences_stored_beside_it_as_proposals(self, town: Town) -> None:
        town.knows(ANA)
        case = town.moves_in(replace(ANA, middle_name="Lucia", phones=("+15035550999",)))
        assert case.proposals() == {"middle_name": "Lucia", "phone": "+15035550999"}
        assert {found["field"] for found in case.request.findings if found["rule"] == "D-10"} >= {
            "middle_name",
            "phone",
        }

    def test_gains_no_proposal_by_another_spelling_of_an_address_or_the_end_of_a_number(self, town: Town) -> None:
        home = Address("12 North Elm Street", "Apt 3", "Salem", "OR", "97301")
        town.knows(replace(ANA, identifiers=(Identifier("ssn", "123-45-6789"),), addresses=(home,)))
        typed = {"line1": "12 N. Elm St #3", "city": "Salem", "state": "Oregon", "postal_code": "97301-1234"}
        four = replace(ANA, identifiers=(Identifier("ssn_last4", "6789"),))
        case = town.moves_in(four, mail_elsewhere=True, mailing_address=typed)
        assert (case.status, case.proposals()) == (COMPLETED, {})

    def test_gains_no_proposal_where_nothing_differs(self, town: Town) -> None:
        town.knows(ANA)
        assert town.moves_in(ANA).proposals() == {}


class TestATwin:
    @pytest.fixture
    def case(self, town: Town):
        """Ana's twin sister lives where Ana moves in, and writes from the family's telephone."""
        house = town.house()
        address = house.address
        town.knows(replace(OLGA, addresses=(address,)))
        return town.moves_in(replace(ANA, addresses=(address,)), mail_elsewhere=True, mailing_address=address.as_json())

    def test_is_never_taken_for_their_sister(self, case) -> None:
        assert case.status == IN_REVIEW
        assert case.request.person is None
        assert "twin" in case.request.candidates.get().vetoes

    def test_becomes_a_person_of_their_own_by_the_word_of_staff(self, town: Town, case) -> None:
        case.staff("new_person", "Two birth certificates.")
        assert case.status == COMPLETED
        assert Person.objects.count() == 2
        assert town.cis_holds()["persons"] == 2


class TestADebtor:
    @pytest.fixture
    def case(self, town: Town):
        town.serves(ANA, town.house(), status=AgreementStatus.STOPPED, until=date(2024, 3, 1), balance="412.50")
        return town.moves_in(ANA)

    def test_is_flagged_for_staff_and_never_refused_by_the_machine(self, case) -> None:
        assert case.status == IN_REVIEW
        assert case.rules == {"D-05"}

    def test_reads_nothing_about_money(self, town: Town, case) -> None:
        from keyturn.steps import words

        told = [words()[rule] for rule in case.rules] + [str(mail) for mail in town.mails()]
        of_money = re.compile(
            r"(?<![\w./=-])(debt|unpaid|owe|412(?!\d))", re.IGNORECASE
        )  # not amid a token or a Message-ID
        assert not [text for text in told if of_money.search(text)]

    def test_is_served_when_staff_approve(self, case) -> None:
        assert case.staff("approve", "Instalments agreed.").status == COMPLETED

    def test_of_the_bill_of_a_business_is_served_at_home_at_once(self, town: Town) -> None:
        stopped = {"status": AgreementStatus.STOPPED, "until": date(2024, 3, 1), "balance": "412.50"}
        town.serves(ANA, town.house(), customer_class="commercial", **stopped)
        assert town.moves_in(ANA).status == COMPLETED

    def test_of_a_bill_that_they_guaranteed_for_somebody_is_served_at_once(self, town: Town) -> None:
        stopped = {"status": AgreementStatus.STOPPED, "until": date(2024, 3, 1), "balance": "412.50"}
        town.serves(BEN, town.house(), **stopped)
        AccountPerson.objects.create(
            account=Account.objects.get(), person=town.knows(ANA), is_main=False, is_guarantor=True,
            relationship="guarantor", **DATED,
        )  # fmt: skip
        assert town.moves_in(ANA).status == COMPLETED

    def test_of_a_debt_that_the_law_has_let_lapse_is_served_at_once(self, town: Town) -> None:
        town.serves(
            BEN,
            town.house(),
            status=AgreementStatus.STOPPED,
            since=date(2015, 1, 1),
            until=date(2018, 3, 1),
            balance="412.50",
        )
        assert town.moves_in(BEN).status == COMPLETED

    def test_who_is_only_found_out_by_staffs_word_is_shown_to_staff_again(self, town: Town) -> None:
        known = town.serves(BEN, town.house(), status=AgreementStatus.STOPPED, until=date(2024, 3, 1), balance="9.00")
        case = town.moves_in(replace(BEN, emails=("ben2@example.com",)))
        assert "D-05" not in case.rules
        case.staff("same_person", person=known)
        assert case.status == IN_REVIEW
        assert "D-05" in case.rules
        assert case.staff("approve").status == COMPLETED


@pytest.mark.parametrize("flag", ["deceased", "fraud_flag", "protected_address"])
def test_somebody_with_a_warning_on_file_is_never_linked_by_machine(town: Town, flag: str) -> None:
    town.knows(ANA, flags=(flag,))
    case = town.moves_in(ANA)
    assert case.status == IN_REVIEW
    assert case.request.person is None


def test_an_identifier_that_stands_on_another_persons_file_brings_staff_in(town: Town) -> None:
    town.knows(PersonDetails(given_name="Wilbur", family_name="Ocasio", identifiers=ANA.identifiers))
    case = town.moves_in(ANA)
    assert case.status == IN_REVIEW
    assert "M-04" in case.rules


class TestStaffSaySo:
    @pytest.fixture
    def known(self, town: Town) -> Person:
        return town.knows(ANA)

    @pytest.fixture
    def case(self, town: Town, known: Person):
        return town.moves_in(
            replace(ANA, emails=("ana.new@example.com",), identifiers=(Identifier("passport", "P11112222"),))
        )

    def test_the_same_person_and_the_request_goes_on_at_once(self, town: Town, case, known: Person) -> None:
        case.staff("same_person", person=known)
        assert case.status == COMPLETED
        assert case.person == known
        link = PersonLink.objects.get(request=case.id)
        assert (link.automatic, link.made_by) == (False, "staff:7")

    def test_a_new_person_and_it_is_remembered_that_the_two_are_not_the_same(self, case, known: Person) -> None:
        case.staff("new_person")
        assert case.status == COMPLETED
        pair = NotSamePerson.objects.get()
        assert {pair.one, pair.other} == {known, case.person}
        assert pair.said_by == "staff:7"

    def test_how_a_new_person_belongs_to_who_was_shown_is_remembered_too(self, town: Town, known: Person) -> None:
        twin = replace(ANA, given_name="Berta", identifiers=(Identifier("passport", "P11112222"),))
        case = town.moves_in(twin)
        assert case.status == IN_REVIEW
        shown = case.request.candidates.get(person=known)
        assert "twin" in [*shown.vetoes, *shown.why]
        case.staff("new_person")
        assert NotSamePerson.objects.get().relation == "twin"

    def test_a_new_person_is_looked_at_again_when_somebody_like_them_was_entered_meanwhile(
        self, town: Town, case
    ) -> None:
        town.knows(replace(ANA, emails=("ana.new@example.com",), identifiers=(), phones=()))
        case.staff("new_person")
        assert case.status == IN_REVIEW
        assert Person.objects.count() == 2
        case.staff("new_person")
        assert case.status == COMPLETED
        assert Person.objects.count() == 3

    def test_the_same_person_only_of_one_whom_they_were_shown(self, town: Town, case) -> None:
        stranger = town.knows(PersonDetails(given_name="Wilbur", family_name="Ocasio"))
        assert case.staff_cannot("same_person", person=stranger) == {"R-03"}

    def test_approve_is_no_answer_to_who_it_is(self, case) -> None:
        assert case.staff_cannot("approve") == {"R-04"}


def test_the_applicant_sees_the_same_whether_they_are_on_file_or_not(town: Town) -> None:
    town.knows(ANA)
    known, unknown = town.asks(ANA), town.asks(BEN)
    assert known.status == unknown.status == PROCESSING
    town.works()
    assert known.status == unknown.status == COMPLETED
    assert known.news == unknown.news
    letters = [str(mail.get_content()) for mail in town.mails()]
    assert not [text for text in letters if "on file" in text or "already" in text]
