"""Is what applicants said otherwise than the file found by staff, without looking into every file?"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from keyturn.console import paging
from keyturn.records.models import Person, Proposal, Protection, Request
from tests.console.desk import Desk
from tests.flow.at_home import Customer
from tests.flow.town import ANA, Town
from tests.trips import Trips

LIST = "/console/proposals"


@pytest.fixture
def moved(town: Town, ana: Customer) -> Request:
    """Ana, a customer, moves, and says on the way which phone, language and kind of bills she wants."""
    case = town.moves_in(ANA, phone="503 555 0177", language="es", paperless=True)
    assert set(case.proposals()) >= {"phone", "language"}
    return case.request


def lines(desk: Desk) -> list[str]:
    return re.findall(r"<tr role=\"row\">(?:(?!</tr>).)*<td", desk.html, flags=re.S)


def said(request: Request, person: Person, field: str, *, days_ago: int = 0, **changes: object) -> Proposal:
    row = Proposal(request=request, person=person, field=field, **changes)
    row.created_at = request.submitted_at - timedelta(days=days_ago)  # type: ignore[operator]
    row.value = "12 Nowhere Lane"
    row.save()
    return row


def test_the_list_says_who_what_and_how_long_ago_and_nothing_of_the_value(
    rosa: Desk, moved: Request, ana: Customer
) -> None:
    waiting = Proposal.objects.filter(state="open").count()
    rosa.opens("/console").sees(f"Said otherwise {waiting}")
    rosa.opens(LIST).sees("Ana Zelenko", "Phone", "Language", moved.reference, "1 minute ago")
    assert len(lines(rosa)) == waiting
    rosa.sees_nothing_of("555 0177", "5550177", "Spanish")
    assert f'href="/console/persons/{ana.person.pk}/keep#proposals-title"' in rosa.html
    rosa.opens(f"/console/persons/{ana.person.pk}/keep").sees("Said otherwise by an applicant", "503 555 0177")
    assert 'id="proposals-title"' in rosa.html
    assert LIST in rosa.html, "the way back to the list"


def test_what_is_decided_is_off_the_list(rosa: Desk, moved: Request) -> None:
    for each in Proposal.objects.filter(state="open"):
        rosa.posts(f"/console/persons/{each.person_id}/proposals/{each.pk}", act="decline")
    rosa.opens(LIST).sees("Nothing waits.").sees_nothing_of("Ana Zelenko")
    rosa.opens("/console").sees("Said otherwise 0")


def test_the_oldest_stands_first_and_many_come_in_pages(
    rosa: Desk, moved: Request, ana: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Proposal.objects.update(state="declined")
    fields = ("email", "phone", "family_name")
    for days, field in enumerate(fields):
        said(moved, ana.person, field, days_ago=10 * days)
    monkeypatch.setattr(paging, "PAGE", 2)
    rosa.opens(LIST).sees("1–2 of 3", "Family name", "20 days ago", "Next page").sees_nothing_of('cell">E-mail')
    rosa.opens(LIST, page="2").sees("3–3 of 3", "Previous page", "E-mail")
    rosa.opens(LIST, page="9").sees("3–3 of 3")


def test_of_a_protected_address_it_says_who_decides(
    rosa: Desk, desk: Callable[..., Desk], moved: Request, ana: Customer
) -> None:
    said(moved, ana.person, "address")
    Protection.objects.create(person=ana.person, programme="ACP", since=moved.submitted_at, set_by="staff:7")
    rosa.opens(LIST).sees("Mailing address", "a supervisor decides this").sees_nothing_of("Nowhere Lane")
    assert rosa.text.count("a supervisor decides this") == 1, "of the address alone"
    desk("sofia", role="supervisor").opens(LIST).sees("Mailing address").sees_nothing_of("a supervisor decides this")


def test_who_presses_twice_reads_that_they_have_done_it(rosa: Desk, desk: Callable[..., Desk], moved: Request) -> None:
    each = Proposal.objects.filter(state="open")[0]
    path = f"/console/persons/{each.person_id}/proposals/{each.pk}"
    rosa.posts(path, act="decline").sees("Left as it is.")
    rosa.posts(path, act="decline").sees("You have done this already.").sees_nothing_of("A colleague has")
    desk("berta").posts(path, act="decline").sees("A colleague has decided this already.")


def test_many_lines_ask_the_database_no_more_than_few(rosa: Desk, moved: Request, ana: Customer) -> None:
    def trips() -> int:
        with Trips(connection) as asked:
            rosa.opens(LIST)
        return len(asked)

    few = trips()
    for number in range(9):
        said(moved, ana.person, "phone", days_ago=number)
    assert trips() <= few
