"""Does a merge, or its undoing, give anybody what is not theirs, and does it get through where it should not?"""

from dataclasses import replace

import pytest
from django.db.models import Q

from keyturn import flow
from keyturn.records.models import (
    AccountAccess,
    AccountGroup,
    BlindReview,
    DuplicatePair,
    Person,
    PersonMerge,
    Request,
)
from keyturn.records.queries import access, blind, linking, merging, shelter
from keyturn.terms.errors import NotAllowed
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.one_person import (
    ANNA,
    OTTO,
    ROSA,
    WHY,
    Two,
    a_cis_that_cannot_merge,
    account_of,
    agreed,
    merged,
    proposed,
    two,
    unmerged,
)
from tests.flow.town import ANA, BEN, IN_REVIEW, REFUSED, Case, Town

__all__ = ["two"]  # fixture
CARL = Actor(Role.STAFF, "carl")


def protects(town: Town, person: Person) -> None:
    flow.protect(person_id=person.pk, programme="ACP", reason=WHY, may_see=True, actor=OTTO, now=town.now)


def lifts(town: Town, person: Person) -> None:
    flow.lift_protection(person_id=person.pk, reason=WHY, may_see=True, actor=OTTO, now=town.now)


# ---------------------------------------------------------------- what stands in the way and must not


def test_a_link_and_its_decoy_about_the_two_files_stand_not_in_the_way(town: Town, two: Two) -> None:
    """Whom a request was linked to and who came second are often the two files of one person."""
    ana, anna = two
    case = town.moves_in(BEN)
    for person, decoy in ((ana, False), (anna, True)):
        BlindReview.objects.create(
            request_id=case.id, person=person, decoy=decoy, model_version="m", chosen_at=town.now
        )
    merge = merged(town, ana, anna)
    assert merge.state == "done"
    Request.objects.filter(pk=case.id).update(person=ana)
    BlindReview.objects.filter(person=ana).update(decoy=True)
    assert not blind.due().exists()  # who was a decoy is the very person now
    BlindReview.objects.filter(person=ana).update(decoy=False)
    unmerged(town, merge)
    assert set(BlindReview.objects.values_list("person", "decoy")) == {(ana.pk, False), (anna.pk, True)}


@pytest.mark.parametrize("linked_to", ["survivor", "loser"])
def test_a_look_at_a_link_that_nobody_can_take_any_more_is_closed_in_the_open(
    town: Town, two: Two, linked_to: str
) -> None:
    """It is counted, as no agreement; and it is due again when the two are two again."""
    linked, beside = two if linked_to == "survivor" else two[::-1]
    case = town.moves_in(BEN)
    Request.objects.filter(pk=case.id).update(person=linked)
    for person, decoy in ((linked, False), (beside, True)):
        BlindReview.objects.create(
            request_id=case.id, person=person, decoy=decoy, model_version="m", chosen_at=town.now
        )
    town.waits(hours=1)
    merge = merged(town, *two)
    left = set(blind.due().values_list("decoy", flat=True))
    assert left == ({False} if linked_to == "survivor" else set())
    told = linking.precision(at=town.now, days=7)
    assert (told.void, told.counted.sampled, told.decoys, told.caught) == (2 - len(left), 0, 0, 0)
    assert not BlindReview.objects.filter(verdict="").exclude(pk__in=blind.due()).exists()
    unmerged(town, merge)
    assert set(blind.due().values_list("person", "decoy")) == {(linked.pk, False), (beside.pk, True)}


def test_groups_of_one_name_are_two_again(town: Town, two: Two) -> None:
    for each in two:
        AccountGroup.objects.create(person=each, name="Shops", created_at=town.now)
    merge = merged(town, *two)
    AccountGroup.objects.create(person=two[0], name="Garages", created_at=town.now)
    unmerged(town, merge)
    assert sorted(AccountGroup.objects.filter(person=two[0]).values_list("name", flat=True)) == ["Garages", "Shops"]
    assert AccountGroup.objects.get(person=two[1]).name == "Shops"


# ---------------------------------------------------------------- addresses that are secret


def test_a_programme_of_the_one_protects_the_file_when_that_of_the_other_has_ended(town: Town, two: Two) -> None:
    for each in two:
        protects(town, each)
    merge = flow.agree_merge(
        merge_id=flow.propose_merge(
            survivor_id=two[0].pk, loser_id=two[1].pk, choices={}, reason=WHY, actor=ROSA, now=town.now,
            policy=town.policy, may_see=True,
        ).pk,
        reason=WHY, actor=OTTO, now=town.now, policy=town.policy, may_see=True,
    )  # fmt: skip
    town.works().waits(hours=1)
    lifts(town, two[0])
    assert shelter.is_protected(two[0].pk, at=town.now)
    assert "protected_address" in Person.objects.get(pk=two[0].pk).flags
    unmerged(town, merge)
    assert "protected_address" in Person.objects.get(pk=two[1].pk).flags


@pytest.mark.parametrize("side", ["survivor", "loser"])
def test_an_address_that_became_secret_since_is_open_on_neither_file(town: Town, two: Two, side: str) -> None:
    merge = merged(town, *two)
    town.waits(hours=1)
    protects(town, two[0])
    [item] = merging.undoing(merge, at=town.now).undecided
    unmerged(town, merge, **{item.id: side})
    assert shelter.protected([each.pk for each in two], at=town.now) == {each.pk for each in two}


# ---------------------------------------------------------------- who may come in


def test_a_login_of_the_one_keeps_nothing_of_the_other_that_it_was_given_as_them(town: Town, two: Two) -> None:
    """A wrong merge lets Ana prove by her own telephone that Anna's account is hers."""
    ana, anna = two
    hers, theirs = account_of(ana).account, account_of(anna).account
    login = factories.a_login("ana@login.example", account=hers, person=ana)
    merge = merged(town, ana, anna)
    town.waits(hours=1)
    AccountAccess.objects.create(
        user=login, account=theirs, person=ana, level="owner", capacity="self", proof="sms", since=town.now,
        granted_by="machine:",
    )  # fmt: skip
    unmerged(town, merge)
    assert [each.account for each in access.accounts_of(login.pk, at=town.now)] == [hers]
    assert access.own_persons(login.pk, at=town.now) == [ana]


# ---------------------------------------------------------------- who agrees to what


@pytest.mark.rule("K-97")
def test_what_one_colleague_was_told_of_another_has_not_seen(town: Town, two: Two) -> None:
    merge = proposed(town, *two)
    Person.objects.filter(pk=two[1].pk).update(version=9)
    with pytest.raises(NotAllowed, match="changed_meanwhile"):
        agreed(town, merge)
    with pytest.raises(NotAllowed, match="changed_meanwhile"):
        agreed(town, merge, by=CARL)  # whose page was opened before
    assert agreed(town, merge, by=CARL).state == "done"


def test_a_merge_that_the_cis_refused_is_not_taken_back_after_an_erasure(town: Town, two: Two) -> None:
    with a_cis_that_cannot_merge():
        merge = merged(town, *two)
    PersonMerge.objects.filter(pk=merge.pk).update(moved={}, sealed_kept=None)  # as an erasure leaves it
    Person.objects.filter(pk__in=[each.pk for each in two]).update(flags=["erased"])
    case = Case(town, merge.request, ROSA).staff("refuse", WHY)
    assert case.status == REFUSED
    assert Person.objects.get(pk=two[1].pk).redirect_to == two[0]


# ---------------------------------------------------------------- who may still be one


def test_a_third_file_of_the_one_who_went_is_a_question_about_the_one_who_stays(town: Town, two: Two) -> None:
    ana, anna = two
    third = town.knows(replace(ANNA, emails=("third@example.net",)), in_cis=False)
    flow.duplicates.look_for_duplicates(person_id=third.pk, now=town.now, policy=town.policy)
    merged(town, ana, anna)
    assert asked_about(ana, third)


def test_whom_the_one_file_may_be_besides_is_asked_when_two_become_one_and_two_again(town: Town, two: Two) -> None:
    """What both held together may be somebody else; nobody had to be edited for that."""
    ana, anna = two
    third = town.knows(replace(ANNA, emails=("third@example.net",)), in_cis=False)
    merge = merged(town, ana, anna)
    assert asked_about(ana, third)
    DuplicatePair.objects.all().delete()
    unmerged(town, merge)
    assert asked_about(ana, third)
    assert asked_about(anna, third)


def test_whom_they_may_be_is_asked_again_when_the_cis_would_not_make_them_one(town: Town, two: Two) -> None:
    third = town.knows(replace(ANNA, emails=("third@example.net",)), in_cis=False)
    with a_cis_that_cannot_merge():
        merge = merged(town, *two)
    assert not asked_about(two[1], third)
    Case(town, merge.request, ROSA).staff("refuse", WHY)
    assert asked_about(two[1], third)


def asked_about(one: Person, other: Person) -> bool:
    pairs = DuplicatePair.objects.filter(state__in=("held", "open"))
    return pairs.filter(Q(one=one, other=other) | Q(one=other, other=one)).exists()


def test_a_login_is_not_linked_to_whom_it_was_told_apart_from(town: Town) -> None:
    """Two share a mailbox: what the login of the one asks for in the other's name is for staff to look at."""
    ana, ben = town.serves(ANA, town.house()), town.serves(BEN, town.house())
    login = factories.a_login("both@login.example", account=account_of(ben).account, person=ben)
    flow.not_same(one_id=ana.pk, other_id=ben.pk, relation="household", actor=OTTO, now=town.now)
    case = town.starts_to_fill_in(ANA).proves_email()
    Request.objects.filter(pk=case.id).update(user=login)
    case.submits()
    town.works()
    assert (case.status, case.request.person) == (IN_REVIEW, None)


def test_two_who_were_told_apart_while_merged(town: Town, two: Two) -> None:
    ana, anna = two
    ben = town.serves(BEN, town.house())
    merge = merged(town, ana, anna)
    town.waits(hours=1)
    flow.not_same(one_id=ana.pk, other_id=ben.pk, relation="", actor=OTTO, now=town.now)
    unmerged(town, merge)
    for each in two:
        with pytest.raises(NotAllowed, match="said_not_same"):
            proposed(town, each, ben)
