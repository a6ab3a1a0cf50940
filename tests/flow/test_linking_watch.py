"""Are the machine's links watched: looked at again by somebody who is told nothing, counted, and stopped in time?"""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from keyturn import flow
from keyturn.flow import machine
from keyturn.records import acts, history
from keyturn.records.models import BlindReview, Candidate, LinkSwitch, Person, PersonLink, RedFlag
from keyturn.records.queries import linking
from keyturn.steps.review.again import rules
from keyturn.terms.address import Address
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.request import Actor, Role
from tests.factories import a_person
from tests.flow.town import ANA, BEN, MONDAY, Case, Town

REVA, SAM, SUE = Actor(Role.STAFF, "21"), Actor(Role.STAFF, "22"), Actor(Role.STAFF, "31")
WHY = "The birth dates are of two generations."


@pytest.fixture
def watched(town: Town) -> Town:
    """A town in which every link of the machine is looked at again."""
    town.policy_says(blind_review_share=1.0)
    return town


def linked(town: Town, who: PersonDetails = ANA, **changes: Any) -> Case:
    """A request that the machine linked to somebody on file."""
    a_person(who)
    case = town.moves_in(who, **changes)
    assert PersonLink.objects.get(request=case.id).automatic
    return case


def nth(number: int) -> PersonDetails:
    """One of many people who do not resemble each other."""
    names = ("Abara", "Brandt", "Castellanos", "Dvorak", "Eriksen", "Fontaine", "Grigoryan", "Hashimoto")
    return PersonDetails(
        given_name=("Ines", "Jonas", "Kofi", "Leila", "Marek", "Nadia", "Otis", "Petra")[number % 8],
        family_name=names[number // 8 % 8] + names[number % 7].lower(), date_of_birth=date(1950 + number * 7 % 50, 1 + number % 12, 1 + number % 27),
        emails=(f"nobody.else.{number}@example.com",), phones=(f"+1503555{1000 + number}",),
        identifiers=(Identifier("passport", f"X90{number:04}"),),
    )  # fmt: skip


def shown_to(town: Town, who: Actor) -> BlindReview | None:
    return flow.next_blind(actor=who, now=town.now, policy=town.policy)


def says(town: Town, who: Actor, verdict: str, review: BlindReview | None = None, reason: str = WHY) -> BlindReview:
    """Somebody judges what they are shown."""
    review = review or shown_to(town, who)
    assert review is not None
    flow.decide_blind(review_id=review.pk, verdict=verdict, reason=reason, actor=who, now=town.now, policy=town.policy)
    review.refresh_from_db()
    return review


def judged(town: Town, *, right: int = 0, wrong: int = 0, unsure: int = 0) -> None:
    """Verdicts as they were given an hour ago."""
    case = linked(town)
    BlindReview.objects.all().delete()
    at = town.now - timedelta(hours=1)
    verdicts = ["same"] * right + ["other"] * wrong + ["unsure"] * unsure
    persons = Person.objects.bulk_create(Person(kind="person", created_at=at, updated_at=at) for _each in verdicts)
    BlindReview.objects.bulk_create(
        BlindReview(request_id=case.id, person=person, model_version="m", chosen_at=at, verdict=verdict,
                    decided_by="staff:99", decided_at=at)
        for person, verdict in zip(persons, verdicts, strict=True)
    )  # fmt: skip


# ---------------------------------------------------------------- which links


@pytest.mark.rule("E-40")
def test_every_link_of_the_machine_can_be_chosen_and_nothing_else_is(watched: Town) -> None:
    case = linked(watched)
    newcomer = watched.moves_in(BEN)
    [review] = BlindReview.objects.all()
    link = PersonLink.objects.get(request=case.id)
    assert (review.request_id, review.person_id, review.link_id) == (case.id, link.person_id, link.pk)
    assert (review.decoy, review.verdict, review.model_version) == (False, "", case.request.model_version)
    assert PersonLink.objects.get(request=newcomer.id).created_person


@pytest.mark.rule("E-40")
def test_what_staff_linked_is_not_looked_at_again(watched: Town) -> None:
    person = a_person(ANA)
    watched.policy_says(link_automatically=False)
    case = watched.moves_in(ANA).staff("same_person", person=person)
    assert case.person == person
    assert not BlindReview.objects.exists()


@pytest.mark.rule("E-40")
def test_a_share_is_chosen_that_nobody_can_foresee_and_a_retry_does_not_change() -> None:
    from keyturn.records.crypto import digest
    from keyturn.steps.establish.rules import is_looked_at_again

    marks = [digest("looked at again", str(UUID(int=number))) for number in range(20_000)]
    chosen = [is_looked_at_again(mark, share=0.02) for mark in marks]
    assert 300 < sum(chosen) < 500  # 400 and five standard deviations
    assert chosen == [is_looked_at_again(mark, share=0.02) for mark in marks]
    assert not any(is_looked_at_again(mark, share=0.0) for mark in marks)
    assert all(is_looked_at_again(mark, share=1.0) for mark in marks)


def test_to_be_chosen_costs_no_trip_to_the_database(town: Town) -> None:
    def trips(share: float, who: PersonDetails) -> int:
        town.policy_says(blind_review_share=share)
        a_person(who)
        case = town.asks(who)
        with CaptureQueriesContext(connection) as counted:
            machine.advance(request_id=case.id, now=town.now, policy=town.policy)
        return len(counted)

    assert trips(1.0, ANA) == trips(0.0, replace(BEN, phones=("+15035550199",)))
    assert BlindReview.objects.count() == 1


# ---------------------------------------------------------------- who looks, and what they see


@pytest.mark.rule("R-40")
def test_who_had_a_part_in_the_request_is_not_shown_it(watched: Town) -> None:
    case = linked(watched)
    request = case.request
    history.append(request, "taken", actor=REVA, now=watched.now)
    request.save()
    assert shown_to(watched, REVA) is None
    assert shown_to(watched, SAM) is not None
    with pytest.raises(NotAllowed, match="unknown_review"):
        says(watched, REVA, "same", BlindReview.objects.get())


@pytest.mark.rule("R-40")
def test_nobody_looks_at_their_own_request(watched: Town) -> None:
    from keyturn.records.crypto import digest

    linked(watched)
    own = {"actor": REVA, "now": watched.now, "policy": watched.policy, "email_digest": digest("email", ANA.emails[0])}
    assert flow.next_blind(**own) is None
    with pytest.raises(NotAllowed, match="unknown_review"):
        flow.decide_blind(review_id=BlindReview.objects.get().pk, verdict="same", reason="", **own)


@pytest.mark.parametrize("actor", [Actor(Role.CUSTOMER, "login:5"), Actor(Role.PARTNER, "key")])
def test_only_staff_look_at_links(watched: Town, actor: Actor) -> None:
    linked(watched)
    assert shown_to(watched, actor) is None
    with pytest.raises(NotAllowed, match="unknown_review"):
        says(watched, actor, "same", BlindReview.objects.get())


def test_the_same_is_shown_until_it_is_judged_and_never_twice(watched: Town) -> None:
    linked(watched)
    linked(watched, BEN)
    first = shown_to(watched, REVA)
    assert first == shown_to(watched, REVA)
    says(watched, REVA, "same")
    second = shown_to(watched, REVA)
    assert second is not None and second != first
    with pytest.raises(NotAllowed, match="decided_already"):
        says(watched, SAM, "other", first)


def test_both_sides_are_shown_as_they_were_and_nothing_of_what_was_decided(watched: Town) -> None:
    home = Address("9 Birch Avenue", "", "Millbrook", "OR", "97901")
    person = a_person(replace(ANA, addresses=(home,)))
    watched.moves_in(ANA)
    review = shown_to(watched, REVA)
    assert review is not None
    person.contacts.all().update(value="later@example.com", recorded_at=watched.now + timedelta(days=1))
    sides = flow.blind_sides(review)
    assert sides.applicant.display_name == sides.on_file.display_name == "Ana Zelenko"
    assert sides.on_file.addresses == (home,)
    assert "later@example.com" not in sides.on_file.emails
    assert sides.identifiers_said == sides.identifiers_on_file == (("driver_licence", "4567"),)
    assert sides.same_identifiers == {"driver_licence"}
    assert sides.applicant.identifiers == sides.on_file.identifiers == ()
    told = {each.name for each in fields(sides)}
    assert not told & {"decoy", "weight", "probability", "zone", "link", "verdict", "vetoes"}


def test_a_protected_address_is_not_shown_to_who_looks_again(watched: Town) -> None:
    home = Address("9 Birch Avenue", "", "Millbrook", "OR", "97901")
    person = a_person(replace(ANA, addresses=(home,)))
    watched.moves_in(ANA)
    person.flags = ["protected_address"]
    person.save()
    review = shown_to(watched, REVA)
    assert review is not None
    sides = flow.blind_sides(review)
    assert sides.address_hidden and sides.on_file.addresses == ()


# ---------------------------------------------------------------- decoys


def twins(town: Town) -> None:
    """A request of somebody new who has a twin on file: staff say that they are two."""
    one = replace(nth(40), identifiers=())
    a_person(one)
    case = town.moves_in(replace(one, given_name="Abe", emails=("abe@example.com",), phones=()))
    if case.status == "in_review":
        case.staff("new_person")
    assert Candidate.objects.filter(request=case.id).exists()


@pytest.mark.rule("R-44")
def test_among_the_links_are_pairs_whom_nobody_linked(watched: Town) -> None:
    watched.policy_says(blind_decoy_share=0.5)
    twins(watched)
    linked(watched)
    shown = []
    while shown_to(watched, REVA) is not None:
        shown.append(says(watched, REVA, "unsure"))
    assert sorted(each.decoy for each in shown) == [False, True]
    [decoy] = [each for each in shown if each.decoy]
    assert decoy.link is None
    assert not PersonLink.objects.filter(request=decoy.request_id, person=decoy.person_id).exists()


@pytest.mark.rule("R-44")
def test_as_many_decoys_are_mixed_in_as_the_policy_says() -> None:
    assert rules.decoys_wanted(links=80, decoys=0, share=0.2) == 20
    assert rules.decoys_wanted(links=80, decoys=19, share=0.2) == 1
    assert rules.decoys_wanted(links=80, decoys=30, share=0.2) == 0
    assert rules.decoys_wanted(links=80, decoys=0, share=0.0) == 0
    assert rules.decoys_wanted(links=1, decoys=0, share=0.5) == 1


@pytest.mark.rule("R-40")
def test_nobody_is_shown_one_applicant_beside_two_persons(watched: Town) -> None:
    case = linked(watched)
    other = a_person(BEN)
    BlindReview.objects.create(request_id=case.id, person=other, decoy=True, model_version="m", chosen_at=watched.now)
    says(watched, REVA, "same")
    assert shown_to(watched, REVA) is None
    assert shown_to(watched, SAM) is not None


def test_a_decoy_that_is_called_another_stops_nothing(watched: Town) -> None:
    watched.policy_says(blind_decoy_share=0.5)
    twins(watched)
    linked(watched)
    shown_to(watched, REVA)
    says(watched, REVA, "other", BlindReview.objects.get(decoy=True))
    assert linking.links_are_on() and not RedFlag.objects.exists()


# ---------------------------------------------------------------- verdicts


@pytest.mark.rule("R-41")
@pytest.mark.parametrize(
    ("verdict", "reason", "field"), [("yes", WHY, "verdict"), ("other", "no", "reason"), ("unsure", "  ", "reason")]
)
def test_a_verdict_is_one_of_three_and_says_why(watched: Town, verdict: str, reason: str, field: str) -> None:
    linked(watched)
    with pytest.raises(Invalid) as problem:
        says(watched, REVA, verdict, reason=reason)
    assert [(each.rule, each.field) for each in problem.value.findings] == [("R-41", field)]
    assert all(flow.sentence(each) for each in problem.value.findings)


@pytest.mark.rule("R-41")
def test_the_same_needs_no_reason_and_changes_nothing(watched: Town) -> None:
    case = linked(watched)
    before = case.history
    review = says(watched, REVA, "same", reason="")
    assert (review.verdict, review.decided_by, review.decided_at) == ("same", "staff:21", watched.now)
    assert case.history == before and not RedFlag.objects.exists() and linking.links_are_on()


def test_another_person_opens_a_case_and_leaves_the_link_to_staff(watched: Town) -> None:
    case = linked(watched)
    review = says(watched, REVA, "other")
    link = PersonLink.objects.get(request=case.id)
    assert review.reason == WHY and link.undone_at is None
    [flag] = RedFlag.objects.all()
    assert (flag.trigger, flag.request_id, flag.person_id, flag.state) == (
        "wrong_link",
        case.id,
        link.person_id,
        "open",
    )
    assert case.history[-1] == "link_doubted"
    assert list(history.broken_chains()) == [] and list(acts.broken_chains()) == []
    flow.undo_link(request_id=case.id, reason="They are two: the licence shows it.", actor=SUE, now=watched.now)
    link.refresh_from_db()
    assert link.undone_at == watched.now


def test_a_link_that_staff_undo_was_wrong_whatever_was_said_of_it(watched: Town) -> None:
    case, other = linked(watched), linked(watched, BEN)
    says(watched, REVA, "same", BlindReview.objects.get(request=other.id))
    for each in (case, other):
        flow.undo_link(request_id=each.id, reason="They are two: the licence shows it.", actor=SUE, now=watched.now)
    assert set(BlindReview.objects.values_list("verdict", "decided_by")) == {("other", "staff:31")}
    assert not linking.links_are_on()
    found = linking.precision(at=watched.now, days=90)
    assert (found.links, found.undone, found.counted.wrong) == (2, 2, 2)


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
        with CaptureQueriesContext(connection) as counted:
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
