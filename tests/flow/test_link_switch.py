"""Are automatic links stopped in time, turned on again with a reason, and counted as they are?"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from keyturn import flow
from keyturn.flow import machine
from keyturn.records import acts
from keyturn.records.models import BlindReview, Candidate, LinkSwitch, PersonLink, RedFlag
from keyturn.records.queries import linking
from keyturn.steps.review.again import rules
from keyturn.terms import bounds
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.policy import from_mapping
from keyturn.terms.request import Actor, Role
from tests.factories import a_person
from tests.flow.town import ANA, BEN, MONDAY, Case, Town
from tests.flow.watching import REVA, SAM, SUE, judged, linked, nth, says, shown_to, twins
from tests.trips import Trips


@pytest.fixture
def watched(town: Town) -> Town:
    """A town in which every link of the machine is looked at again."""
    town.policy_says(blind_review_share=1.0)
    return town


# ---------------------------------------------------------------- the switch


@pytest.mark.rule("R-42")
@pytest.mark.parametrize(
    ("right", "wrong", "holds"),
    [(0, 0, True), (5, 0, True), (0, 1, False), (998, 1, False), (999, 1, True), (1997, 2, False), (1998, 2, True)],
)
def test_links_are_made_while_999_of_1000_are_right(right: int, wrong: int, holds: bool) -> None:
    assert rules.precision_holds(right=right, wrong=wrong, floor=0.999) is holds


@pytest.mark.rule("R-42")
def test_one_wrong_of_few_turns_links_off_at_once_and_who_comes_next_goes_to_staff(watched: Town) -> None:
    linked(watched)
    says(watched, REVA, "other")
    now = linking.switch(watched.policy)
    assert (now.on, now.by, now.why, now.sampled, now.wrong) == (False, "machine", "precision_fell", 1, 1)
    a_person(BEN)
    case = watched.moves_in(BEN)
    assert case.status == "in_review" and "M-02" in case.rules
    best = Candidate.objects.get(request=case.id, rank=1)
    assert "links_switched_off" in best.why and not best.linkable


@pytest.mark.rule("R-42")
def test_a_wrong_one_among_enough_right_ones_stops_nothing(watched: Town) -> None:
    watched.policy_says(link_precision_floor=0.75)
    judged(watched, right=3)
    linked(watched, BEN)
    says(watched, REVA, "other")
    assert linking.links_are_on()
    linked(watched, nth(1))
    says(watched, REVA, "other")
    assert not linking.links_are_on()


@pytest.mark.rule("R-42")
def test_a_verdict_outside_the_window_says_nothing_today(watched: Town) -> None:
    watched.policy_says(link_precision_floor=0.5, link_precision_window_days=30)
    judged(watched, wrong=3)
    watched.now += timedelta(days=31)
    judged_now = linked(watched, BEN)
    says(watched, SAM, "same", BlindReview.objects.get(request=judged_now.id))
    linked(watched, nth(2))
    says(watched, SAM, "other")
    assert linking.links_are_on(), "one right and one wrong are half; the three are over"


@pytest.mark.rule("R-42")
def test_the_verdict_and_the_switch_are_kept_together_or_not_at_all(
    watched: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyturn.flow import linking_watch

    def fails(*_said: object, **_more: object) -> None:
        raise RuntimeError("the power went")

    linked(watched)
    review = shown_to(watched, REVA)
    monkeypatch.setattr(linking_watch, "_stop_where_too_many_are_wrong", fails)
    with pytest.raises(RuntimeError):
        says(watched, REVA, "other", review)
    assert BlindReview.objects.get().verdict == "" and not RedFlag.objects.exists()


def test_what_staff_say_is_the_same_person_is_linked_with_the_switch_off_too(watched: Town) -> None:
    LinkSwitch.objects.create(at=watched.now, on=False, by="machine", why="precision_fell")
    person = a_person(ANA)
    case = watched.moves_in(ANA).staff("same_person", person=person)
    assert case.person == person and not PersonLink.objects.get(request=case.id).automatic


@pytest.mark.rule("R-43")
def test_a_supervisor_turns_links_on_again_and_what_was_wrong_before_does_not_turn_them_off(watched: Town) -> None:
    linked(watched)
    says(watched, REVA, "other")
    watched.now += timedelta(hours=1)
    flow.switch_links(on=True, reason="The file had two people in one.", is_supervisor=True, actor=SUE, now=watched.now)
    now = linking.switch(watched.policy)
    assert (now.on, now.by, now.why, now.reason) == (True, "staff:31", "by_hand", "The file had two people in one.")
    watched.now += timedelta(hours=1)
    linked(watched, BEN)
    says(watched, REVA, "same")
    assert linking.links_are_on()
    linked(watched, nth(3))
    says(watched, REVA, "other")
    assert not linking.links_are_on(), "a wrong one that is said now counts"
    assert [each.on for each in linking.switchings()] == [False, True, False]
    assert linking.switchings()[0].sampled == 2, "one right and one wrong since it was turned on"
    assert list(acts.broken_chains()) == []


@pytest.mark.rule("R-43")
@pytest.mark.parametrize(
    ("is_supervisor", "reason", "field"), [(False, "We looked into it.", "on"), (True, "ok", "reason")]
)
def test_links_are_not_turned_off_without_a_supervisor_and_a_reason(
    town: Town, is_supervisor: bool, reason: str, field: str
) -> None:
    with pytest.raises(Invalid) as problem:
        flow.switch_links(on=False, reason=reason, is_supervisor=is_supervisor, actor=SUE, now=town.now)
    assert [(each.rule, each.field) for each in problem.value.findings] == [("R-43", field)]
    assert linking.links_are_on()


@pytest.mark.rule("R-43")
def test_links_are_turned_off_by_hand_once(town: Town) -> None:
    by_hand = {"reason": "Too many moved at once.", "is_supervisor": True, "actor": SUE, "now": town.now}
    flow.switch_links(on=False, **by_hand)
    with pytest.raises(NotAllowed, match="switched_already"):
        flow.switch_links(on=False, **by_hand)
    assert not linking.links_are_on()
    with pytest.raises(NotAllowed, match="not_allowed"):
        flow.switch_links(on=True, **{**by_hand, "actor": Actor(Role.PARTNER, "key")})


def test_the_switch_is_looked_at_only_where_the_machine_would_link(town: Town) -> None:
    def asked(case: Case) -> int:
        with Trips(connection) as counted:
            machine.advance(request_id=case.id, now=town.now, policy=town.policy)
        return sum("link_switch" in each["sql"] for each in counted.captured_queries)

    assert asked(town.asks(BEN)) == 0
    a_person(ANA)
    assert asked(town.asks(ANA)) == 1


def test_engineers_see_whether_links_are_made(watched: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyturn.commands import doctor

    def metric() -> bytes:
        page: bytes = Client().get("/metrics").content
        [line] = [each for each in page.splitlines() if each.startswith(b"keyturn_links_on")]
        return line

    assert metric() == b"keyturn_links_on 1.0"
    assert doctor.links().startswith("on; in 90 days 0 of 0 looked at again were wrong")
    linked(watched)
    says(watched, REVA, "other")
    assert metric() == b"keyturn_links_on 0.0"
    with pytest.raises(doctor.Ill, match="1 of 1 that were looked at again were wrong"):
        doctor.links()
    flow.switch_links(on=True, reason="We looked into it.", is_supervisor=True, actor=SUE, now=watched.now)
    assert metric() == b"keyturn_links_on 1.0"
    watched.policy_says(link_automatically=False)
    assert metric() == b"keyturn_links_on 0.0"
    assert (doctor.links(), linking.switch(watched.policy).by) == ("off, by the policy", "policy")


def test_nothing_of_anybody_is_logged_when_links_are_turned_off(watched: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyturn.flow import linking_watch

    said: list[tuple[str, dict[str, Any]]] = []

    class Log:
        def error(self, what: str, **more: Any) -> None:
            said.append((what, more))

        warning: Callable[..., None] = error

    monkeypatch.setattr(linking_watch, "log", Log())
    linked(watched)
    says(watched, REVA, "other")
    assert said == [("automatic links are off", {"sampled": 1, "wrong": 1, "floor": 0.999})]


# ---------------------------------------------------------------- the chart


def test_precision_is_counted_with_its_bounds(town: Town) -> None:
    judged(town, right=97, wrong=1, unsure=2)
    found = linking.precision(at=town.now, days=90).counted
    assert (found.sampled, found.right, found.wrong, found.unsure) == (100, 97, 1, 2)
    assert found.estimate == pytest.approx(97 / 98)
    assert found.share_of_unsure == pytest.approx(0.02)
    assert found.bounds == pytest.approx((0.94446, 0.99974), abs=1e-5)  # R: binom.test(97, 98)


def test_without_a_verdict_nothing_is_claimed(town: Town) -> None:
    found = linking.precision(at=town.now, days=90)
    assert (found.counted.estimate, found.counted.bounds, found.review_load) == (None, (0.0, 1.0), None)
    assert found.counted.share_of_unsure is None


def test_each_week_of_the_window_has_its_numbers(watched: Town) -> None:
    linked(watched)
    watched.moves_in(BEN)
    watched.now += timedelta(days=7)
    says(watched, REVA, "same")
    twins(watched)
    found = linking.precision(at=watched.now, days=20)
    assert [each.starts for each in found.weeks] == [MONDAY.date() + timedelta(days=days) for days in (-14, -7, 0, 7)]
    assert [(each.links, each.counted.right) for each in found.weeks] == [(0, 0), (0, 0), (1, 0), (0, 1)]
    assert [each.decided for each in found.weeks] == [0, 0, 2, 1]
    assert (found.links, found.decided, found.waiting) == (1, 3, 0)
    assert found.to_staff == sum(each.to_staff for each in found.weeks)


def test_how_well_reviewers_look_is_told_by_the_decoys(watched: Town) -> None:
    case = linked(watched)
    for number, verdict in enumerate(("same", "other", "unsure")):
        BlindReview.objects.create(
            request_id=case.id, person=a_person(nth(number)), decoy=True, model_version="m", chosen_at=watched.now,
            verdict=verdict, decided_by="staff:9", decided_at=watched.now,
        )  # fmt: skip
    found = linking.precision(at=watched.now, days=90)
    assert (found.decoys, found.caught, found.counted.sampled, found.waiting) == (3, 2, 0, 1)


def test_a_person_who_is_gone_waits_for_nobody(watched: Town) -> None:
    case = linked(watched)
    case.person.flags = ["erased"]
    case.person.__class__.objects.filter(pk=case.person.pk).update(flags=["erased"])
    assert shown_to(watched, REVA) is None
    assert linking.precision(at=watched.now, days=90).waiting == 0


# ---------------------------------------------------------------- two at once


@pytest.fixture
def open_town(transactional_db: None, town: Town) -> Iterator[Town]:
    """Commits are real, so that others see them."""
    town.loses_its_jobs()
    yield town
    town.loses_its_jobs()


@pytest.mark.rule("R-42")
def test_of_two_wrong_ones_that_are_said_at_once_the_second_counts_the_first(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_town.policy_says(blind_review_share=1.0, link_precision_floor=0.6)
    judged(open_town, right=2)
    for number in (5, 6):
        linked(open_town, nth(number))
    reviews = list(BlindReview.objects.filter(verdict=""))
    counts, go, real = Event(), Event(), rules.precision_holds

    def holds(**numbers: Any) -> bool:
        found = real(**numbers)
        if not counts.is_set():
            counts.set()
            assert go.wait(20)
        return found

    def one_says(who: Actor, review: BlindReview) -> None:
        try:
            says(open_town, who, "other", review)
        finally:
            connection.close()

    monkeypatch.setattr(rules, "precision_holds", holds)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(one_says, REVA, reviews[0])
        assert counts.wait(20)
        second = pool.submit(one_says, SAM, reviews[1])
        assert _somebody_waits_for_a_lock()
        go.set()
        first.result(20)
        second.result(20)
    assert not linking.links_are_on(), "two right and two wrong are half"
    assert LinkSwitch.objects.count() == 1


def _somebody_waits_for_a_lock() -> bool:
    for _try in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), pg_sleep(0.02) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return True
    return False


# ---------------------------------------------------------------- what a profile may say


@pytest.mark.parametrize(
    "said",
    [
        {"blind_review_share": 1.5},
        {"blind_decoy_share": 0.6},
        {"link_precision_floor": 1.01},
        {"blind_review_share": -0.1},
    ],
)
def test_a_share_that_is_none_is_refused(said: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(said))):
        from_mapping(said)


def test_none_and_all_of_them_are_shares() -> None:
    said = {"blind_review_share": 1, "blind_decoy_share": 0, "link_precision_floor": 1}
    assert from_mapping(said).blind_review_share == 1.0


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 100, 0.0, 0.036217), (100, 100, 0.963783, 1.0), (1, 1000, 0.0000253, 0.005559), (0, 0, 0.0, 1.0)],
)
def test_bounds_are_exact(hits: int, of: int, low: float, high: float) -> None:
    """R: binom.test."""
    assert bounds.exact(hits, of) == pytest.approx((low, high), abs=1e-6)
