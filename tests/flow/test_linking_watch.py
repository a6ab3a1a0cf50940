"""Are the machine's links looked at again: which, by whom, told what, and what follows from what they say?"""

from dataclasses import fields, replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from keyturn import flow
from keyturn.flow import deliveries, machine
from keyturn.flow.deliveries import Hand
from keyturn.records import acts, history
from keyturn.records.models import BlindReview, PersonLink, RedFlag
from keyturn.records.queries import linking
from keyturn.steps.review.again import rules
from keyturn.terms.address import Address
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.person import PersonDetails
from keyturn.terms.request import Actor, Role
from tests.factories import a_person
from tests.flow.town import ANA, BEN, Town
from tests.flow.watching import REVA, SAM, SUE, WHY, linked, says, shown_to, twins
from tests.trips import Trips


@pytest.fixture
def watched(town: Town) -> Town:
    """A town in which every link of the machine is looked at again."""
    town.policy_says(blind_review_share=1.0)
    return town


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
def test_who_is_linked_anew_after_a_correction_is_asked_about_once(watched: Town) -> None:
    ana = watched.serves(replace(ANA, identifiers=()), watched.house())
    watched.cis_is(script=[{"fault": "refuses"}])
    case = watched.moves_in(ANA)
    deliveries.correct(
        request_id=case.id, answers={"start_date": watched.day(9)}, reason=WHY, by=Hand(Actor(Role.STAFF, "5")),
        now=watched.now, policy=watched.policy,
    )  # fmt: skip
    watched.works()
    link = PersonLink.objects.get(request=case.id, undone_at=None)
    assert (case.request.person, link.automatic) == (ana, True)
    assert list(BlindReview.objects.values_list("link", "verdict")) == [(link.pk, "")]


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
        with Trips(connection) as counted:
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
    with pytest.raises(NotAllowed, match="unknown_review"):
        says(watched, REVA, "same", BlindReview.objects.get(verdict=""))


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
