"""Does staff's word on who an applicant is outlive a question about something else, and what of it outlives another applicant?"""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from keyturn.records.models import Person, PersonLink
from tests.flow.opinion import somebody_lives_in
from tests.flow.town import ANA, COMPLETED, Case, Town

MOTHER = replace(ANA, date_of_birth=date(1961, 8, 9))
"""Of the same name, with the same mailbox."""


@pytest.fixture
def ana(town: Town) -> Person:
    town.policy_says(cis_eligibility=True, cis_probe_seconds=300.0)
    return town.serves(replace(ANA, identifiers=()), town.house())


@pytest.fixture
def asked(town: Town, ana: Person) -> Case:
    """Whoever applied is nobody on file, staff have said; then they were asked for another house than one that is taken."""
    taken = town.house()
    somebody_lives_in(town, taken)
    case = town.moves_in(MOTHER, taken)
    assert case.rules == {"M-02"}
    case.staff("new_person")
    assert case.rules == {"Y-07"}
    return case.staff("ask", "Which house is it?")


def says(case: Case, **changes: Any) -> None:
    case.answers(service_address={"premise_id": str(case.town.house().pk)}, **changes)
    case.submits()
    case.town.works()


@pytest.mark.rule("R-12")
def test_nobody_is_asked_again_about_the_same_applicant(asked: Case, ana: Person) -> None:
    says(asked)
    assert asked.status == COMPLETED, asked.rules
    assert asked.request.person != ana
    link = PersonLink.objects.get(request=asked.request, undone_at=None)
    assert (link.automatic, link.made_by) == (False, "staff:7")


@pytest.mark.rule("R-12")
def test_who_was_ruled_out_is_not_linked_by_the_machine_whatever_is_said_later(asked: Case, ana: Person) -> None:
    """The applicant now says Ana's birth date: a hint that the question may have given, so that staff look again."""
    says(asked, date_of_birth=str(ANA.date_of_birth))
    assert asked.rules == {"M-02"}
    asked.staff("same_person", person=ana)
    assert asked.status == COMPLETED
    assert asked.request.person == ana
