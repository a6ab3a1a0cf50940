"""Does the queue show what needs staff, the oldest promise first, and lead from one to the next?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from keyturn import flow
from keyturn.records.models import Request
from keyturn.terms.person import PersonDetails
from keyturn.terms.request import Actor, Role
from tests.console.desk import Desk
from tests.flow.town import ANA, Case, Town
from tests.trips import Trips

NAMELESS = replace(ANA, identifiers=())


def waits(town: Town, given: str, family: str = "Zelenko", *, hours_ago: float = 0, **changes: object) -> Case:
    """Somebody without a document moves in: staff must look (D-08)."""
    town.now = timezone.now() - timedelta(hours=hours_ago)
    who = PersonDetails(
        given_name=given, family_name=family, date_of_birth=ANA.date_of_birth, emails=(f"{given}@example.com".lower(),)
    )
    case = town.moves_in(who, **changes)
    town.now = timezone.now()
    assert case.rules == {"D-08"}
    return case


def like(case: Case, number: int, **changes: object) -> list[Request]:
    """So many more, which wait since before it, the oldest promise first."""
    held, rows = Request.objects.values().get(pk=case.id), []
    open_to_all = {name: value for name, value in held.items() if not name.startswith("sealed_")} | changes
    for at in range(number):
        promised = held["promised_at"] - timedelta(days=9) + timedelta(minutes=at)
        row = Request(**{**open_to_all, "id": uuid4(), "reference": f"KT-LIKE-{at:04}", "promised_at": promised})
        row.answers = case.request.answers
        rows.append(row)
    return Request.objects.bulk_create(rows)


def test_the_oldest_promise_stands_first(town: Town, rosa: Desk) -> None:
    late, old, new = waits(town, "Cleo", hours_ago=30), waits(town, "Bela", hours_ago=5), waits(town, "Abe")
    rosa.opens("/console")
    assert rosa.rows == [case.request.reference for case in (late, old, new)]


def test_a_line_says_who_why_where_and_by_when(town: Town, rosa: Desk) -> None:
    waits(town, "Cleo", hours_ago=1, at=town.house(line1="5 Quay Street"))
    rosa.opens("/console").sees(
        "Cleo Zelenko",
        "D-08 No document",
        "5 Quay Street, Millbrook",
        "Electricity, Gas",
        "from",
        "in 22 hours",
        "sent 1 hour ago",
    )


def test_a_broken_promise_is_said_in_words(town: Town, rosa: Desk) -> None:
    waits(town, "Cleo", hours_ago=27)
    rosa.opens("/console").sees("overdue by 3 hours", "1 overdue")


def test_filters_keep_what_was_asked_for(town: Town, rosa: Desk) -> None:
    late, new = waits(town, "Cleo", hours_ago=27), waits(town, "Abe")
    occupied = town.house()
    town.serves(
        town.knows(replace(ANA, given_name="Tess", emails=("t@example.com",), identifiers=(), phones=())), occupied
    )
    there = town.moves_in(
        PersonDetails(
            given_name="Jonas", family_name="Weiss", date_of_birth=ANA.date_of_birth, emails=("j@example.com",)
        ),
        at=occupied,
    )
    assert "D-03" in there.rules
    assert rosa.opens("/console", overdue="yes").rows == [late.request.reference]
    assert rosa.opens("/console", reason="D-03").rows == [there.request.reference]
    assert rosa.opens("/console", mine="yes").rows == []
    rosa.sees("Nothing fits this filter.")
    rosa.posts(rosa.address(new, "take"))
    assert rosa.opens("/console", mine="yes").rows == [new.request.reference]


def test_an_unreadable_filter_shows_everything(town: Town, rosa: Desk) -> None:
    case = waits(town, "Abe")
    rosa.opens("/console", tab="nonsense", reason="' OR 1=1", page="-3")
    assert rosa.status == 200
    assert rosa.rows == [case.request.reference]


def test_each_request_is_in_the_tab_of_who_must_act(town: Town, rosa: Desk) -> None:
    here, asked, gone = waits(town, "Abe"), waits(town, "Bela"), waits(town, "Cleo")
    asked.staff("ask", "Please send us a photo of your passport.", by=str(rosa.user.pk))
    gone.staff("refuse", "We could not confirm who is asking.", by=str(rosa.user.pk))
    town.policy_says(cis_tries=1)
    town.cis_is("down")
    stuck = town.moves_in(ANA)
    assert rosa.opens("/console").rows == [here.request.reference]
    assert rosa.opens("/console", tab="customer").rows == [asked.request.reference]
    assert rosa.opens("/console", tab="stuck").rows == [stuck.request.reference]
    assert rosa.opens("/console", tab="decided").sees("Refused", "rosa").rows == [gone.request.reference]


def test_an_answer_of_the_customer_is_announced(town: Town, rosa: Desk) -> None:
    case = waits(town, "Abe")
    case.staff("ask", "Which apartment do you need?", by=str(rosa.user.pk)).replies("Number 4.")
    rosa.opens("/console").sees("Customer answered")
    rosa.opens(case).sees("Which apartment do you need?", "Number 4.")


def test_an_engineer_lands_on_what_is_stuck(town: Town, desk: Callable[..., Desk]) -> None:
    case = waits(town, "Abe")
    emil = desk("emil", role="engineer")
    emil.opens("/console").sees("0 requests need you")
    assert emil.opens("/console").rows == []
    emil.sees("Nothing is stuck.").sees_nothing_of("Next request")
    assert emil.opens("/console", tab="review").rows == [case.request.reference]


def test_many_requests_come_in_pages(town: Town, rosa: Desk, monkeypatch: object) -> None:
    from keyturn.console import queue

    monkeypatch.setattr(queue, "PAGE", 2)  # type: ignore[attr-defined]
    cases = [waits(town, name, hours_ago=9 - n) for n, name in enumerate(("Abe", "Bela", "Cleo"))]
    assert len(rosa.opens("/console").sees("1–2 of 3", "Next page").rows) == 2
    assert rosa.opens("/console", page="2").rows == [cases[2].request.reference]


def test_a_page_that_is_empty_by_now_leads_to_the_last_one(town: Town, rosa: Desk, monkeypatch: object) -> None:
    from keyturn.console import queue

    monkeypatch.setattr(queue, "PAGE", 2)  # type: ignore[attr-defined]
    cases = [waits(town, name, hours_ago=9 - n) for n, name in enumerate(("Abe", "Bela", "Cleo"))]
    assert rosa.opens("/console", page="7").rows == [cases[2].request.reference]
    assert rosa.at == "/console?page=2"


def test_many_lines_ask_the_database_no_more_than_few(town: Town, rosa: Desk) -> None:
    def queries() -> int:
        with Trips(connection) as asked:
            rosa.opens("/console")
        return len(asked)

    waits(town, "Abe")
    few = queries()
    for name in ("Bela", "Cleo", "Dora", "Emma", "Finn"):
        waits(town, name)
    assert queries() <= few + 1
    assert few <= 23


class TestTheNextRequest:
    def test_is_taken_and_opened(self, town: Town, rosa: Desk) -> None:
        case = waits(town, "Abe")
        rosa.posts("/console/next")
        assert rosa.at == rosa.address(case)
        rosa.sees("You are looking at it")
        assert case.history[-1] == "taken"

    def test_is_not_one_that_a_colleague_holds(self, town: Town, rosa: Desk, desk: Callable[..., Desk]) -> None:
        first, second = waits(town, "Abe", hours_ago=3), waits(town, "Bela")
        desk("ravi").posts("/console/next")
        rosa.posts("/console/next")
        assert rosa.at == rosa.address(second)
        rosa.opens("/console").sees("ravi")
        rosa.posts(rosa.address(first, "take")).sees("A colleague is looking at it already.")

    def test_is_another_than_the_one_that_is_open(self, town: Town, rosa: Desk) -> None:
        cases = [waits(town, name, hours_ago=9 - n) for n, name in enumerate(("Abe", "Bela", "Cleo"))]
        rosa.posts("/console/next")
        for following in (*cases[1:], cases[0]):
            rosa.posts("/console/next", besides=rosa.hidden("besides"))
            assert rosa.at == rosa.address(following)

    def test_is_reached_behind_fifty_of_their_own(self, town: Town, rosa: Desk) -> None:
        case = waits(town, "Abe")
        like(case, 51, journey="merge_persons", begun_by=f"staff:{rosa.user.pk}")
        rosa.posts("/console/next")
        assert rosa.at == rosa.address(case)

    def test_behind_the_sixtieth_is_the_one_behind_it(self, town: Town, rosa: Desk) -> None:
        rows = like(waits(town, "Abe"), 62)
        rosa.posts("/console/next", besides=rows[60].reference)
        assert rosa.at == f"/console/requests/{rows[61].reference}"

    def test_is_the_queue_where_only_the_open_one_waits(self, town: Town, rosa: Desk) -> None:
        waits(town, "Abe")
        rosa.posts("/console/next").posts("/console/next", besides=rosa.hidden("besides"))
        rosa.sees("Nothing else waits for you.")
        assert rosa.at == "/console"

    def test_is_not_taken_twice_by_the_same_person(self, town: Town, rosa: Desk) -> None:
        case = waits(town, "Abe")
        rosa.posts("/console/next").posts("/console/next").posts(rosa.address(case, "take"))
        assert case.history.count("taken") == 1

    def test_is_taken_anew_when_the_half_hour_is_over(self, town: Town, rosa: Desk) -> None:
        case, actor = waits(town, "Abe", hours_ago=3), Actor(Role.STAFF, str(rosa.user.pk))
        for minutes_ago in (31, 0):
            assert flow.take(request_id=case.id, actor=actor, now=timezone.now() - timedelta(minutes=minutes_ago))
        assert case.history.count("taken") == 2

    def test_is_free_again_after_half_an_hour(self, town: Town, rosa: Desk, desk: Callable[..., Desk]) -> None:
        case = waits(town, "Abe", hours_ago=3)
        ravi = desk("ravi")
        long_ago = timezone.now() - timedelta(minutes=31)
        flow.take(request_id=case.id, actor=Actor(Role.STAFF, str(ravi.user.pk)), now=long_ago)
        rosa.posts("/console/next")
        assert rosa.at == rosa.address(case)

    def test_is_free_again_when_it_is_put_back(self, town: Town, rosa: Desk, desk: Callable[..., Desk]) -> None:
        case = waits(town, "Abe")
        ravi = desk("ravi")
        ravi.posts("/console/next").posts(ravi.address(case, "put-back"))
        rosa.posts("/console/next")
        assert rosa.at == rosa.address(case)

    def test_is_never_the_reviewers_own(self, town: Town, desk: Callable[..., Desk]) -> None:
        abe = desk("abe", email="abe@example.com")
        waits(town, "Abe")
        abe.posts("/console/next").sees("Nothing else waits for you.")


class TestTheSearch:
    def test_opens_the_request_with_the_reference_however_it_is_typed(self, town: Town, rosa: Desk) -> None:
        case = waits(town, "Abe")
        rosa.posts("/console/search", q=case.request.reference.lower().replace("-", " "))
        assert rosa.at == rosa.address(case)

    def test_finds_by_the_beginning_of_names(self, town: Town, rosa: Desk) -> None:
        abe, bela = waits(town, "Abe", "Zola"), waits(town, "Bela", "Zoltan")
        waits(town, "Cleo", "Brandt")
        rosa.posts("/console/search", q="zol")
        assert set(rosa.rows) == {abe.request.reference, bela.request.reference}
        rosa.posts("/console/search", q="zol be")
        assert rosa.at == rosa.address(bela)

    def test_never_puts_a_name_in_an_address(self, town: Town, rosa: Desk) -> None:
        waits(town, "Abe", "Zola")
        waits(town, "Bela", "Zola")
        rosa.posts("/console/search", q="zola")
        assert rosa.went_to == []
        rosa.sees_nothing_of("q=zola")

    def test_says_what_to_do_when_nothing_fits(self, rosa: Desk) -> None:
        rosa.posts("/console/search", q="nobody at all").sees("No request fits.")
