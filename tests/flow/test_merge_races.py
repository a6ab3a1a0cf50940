"""What happens when two decide about the same two files at the same moment?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from keyturn import flow
from keyturn.flow import machine
from keyturn.records import acts, history
from keyturn.records.models import AccountAccess, AccountPerson, Person, PersonLink, PersonMerge, User
from keyturn.records.queries import access
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.one_person import ANNA, OTTO, ROSA, WHY, agreed, merged, proposed
from tests.flow.town import ANA, BEN, Town

CARL = Actor(Role.STAFF, "carl")


@pytest.fixture
def open_town(transactional_db: None, town: Town) -> Town:
    """Commits are real, so that others see them."""
    town.loses_its_jobs()
    return town


@pytest.fixture
def two(open_town: Town) -> tuple[Person, Person]:
    return open_town.serves(ANA, open_town.house()), open_town.serves(ANNA, open_town.house())


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do them together; what each answered, or the code with which it was refused."""
    start = Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        except NotAllowed as no:
            return no.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as together:
        return list(together.map(do, deeds))


def nothing_is_broken(town: Town) -> None:
    """No row leads to somebody merged, no redirect leads to one who leads on, and every chain holds."""
    gone = Person.objects.filter(redirect_to__isnull=False)
    assert not gone.filter(redirect_to__redirect_to__isnull=False).exists()
    assert not AccountPerson.objects.filter(person__in=gone).exists()
    assert not PersonLink.objects.filter(person__in=gone).exists()
    assert list(acts.broken_chains()) == []
    assert list(history.broken_chains()) == []
    town.works()
    town.loses_its_jobs()


def test_two_colleagues_agree_at_once_and_it_is_done_once(open_town: Town, two: tuple[Person, Person]) -> None:
    merge = proposed(open_town, *two)
    said = at_once(*(lambda who=who: agreed(open_town, merge, by=who).state for who in (OTTO, CARL) * 2))
    assert sorted(said) == ["decided_already"] * 3 + ["done"]
    nothing_is_broken(open_town)


def test_one_agrees_while_the_other_refuses(open_town: Town, two: tuple[Person, Person]) -> None:
    merge = proposed(open_town, *two)
    said = at_once(
        lambda: agreed(open_town, merge).state,
        lambda: flow.refuse_merge(merge_id=merge.pk, reason=WHY, actor=CARL, now=open_town.now).state,
    )
    assert sorted(said) in (["decided_already", "done"], ["decided_already", "refused"])
    nothing_is_broken(open_town)


def test_each_into_the_other_at_once_is_one_proposal(open_town: Town, two: tuple[Person, Person]) -> None:
    ana, anna = two
    said = at_once(lambda: proposed(open_town, ana, anna).state, lambda: proposed(open_town, anna, ana, by=OTTO).state)
    assert sorted(said) == ["merge_proposed", "proposed"]
    nothing_is_broken(open_town)


def test_three_files_merged_in_a_ring_at_once_end_in_no_ring(open_town: Town, two: tuple[Person, Person]) -> None:
    ana, anna = two
    ben = open_town.serves(BEN, open_town.house())
    said = at_once(
        lambda: proposed(open_town, ana, anna).state,
        lambda: proposed(open_town, anna, ben, by=OTTO).state,
        lambda: proposed(open_town, ben, ana, by=CARL).state,
    )
    assert sorted(said) == ["merge_proposed", "merge_proposed", "proposed"]
    agreed(open_town, PersonMerge.objects.get(state="proposed"), by=Actor(Role.STAFF, "dora"))
    nothing_is_broken(open_town)


@pytest.mark.parametrize("n", range(3))
def test_a_request_that_is_being_decided_for_the_one_ends_with_the_other(
    open_town: Town, two: tuple[Person, Person], n: int
) -> None:
    """However the two cross: nobody is linked to a file that leads elsewhere, and no third file is made."""
    ana, anna = two
    merge = proposed(open_town, ana, anna)
    case = open_town.asks(ANNA, open_town.house())
    open_town.loses_its_jobs()

    def decides() -> str:
        machine.advance(request_id=case.id, now=open_town.now, policy=open_town.policy)
        return "advanced"

    def agrees() -> str:
        try:
            return agreed(open_town, merge).state
        except NotAllowed as no:  # the request came first: the CIS is being told of it, or the file has changed
            return no.code

    said = at_once(decides, agrees)
    assert said[0] == "advanced"
    assert said[1] in ("done", "cis_is_being_told", "changed_meanwhile")
    person = case.request.person
    assert person is None or person.redirect_to is None
    assert Person.objects.count() == 2
    nothing_is_broken(open_town)


def test_a_file_that_is_being_erased_is_not_merged(open_town: Town, two: tuple[Person, Person]) -> None:
    """Either the erasure was first, and the merge is refused; or the merge was, and the erasure finds both."""
    ana, anna = two
    merge = proposed(open_town, ana, anna)

    def erases() -> str:
        with transaction.atomic():
            person = Person.objects.select_for_update().get(pk=anna.pk)
            if person.redirect_to_id is not None:
                return "merged before"
            Person.objects.filter(pk=anna.pk).update(flags=["erased"], version=person.version + 1)
        return "erased"

    said = at_once(erases, lambda: agreed(open_town, merge).state)
    assert said in (["erased", "changed_meanwhile"], ["erased", "erased"], ["merged before", "done"])
    if said[0] == "erased":
        assert Person.objects.get(pk=anna.pk).redirect_to is None
    nothing_is_broken(open_town)


def test_two_undo_it_at_once_and_it_is_undone_once(open_town: Town, two: tuple[Person, Person]) -> None:
    merge = merged(open_town, *two)
    said = at_once(
        *(
            lambda who=who: (
                flow.unmerge(
                    merge_id=merge.pk,
                    choices={},
                    reason=WHY,
                    is_supervisor=True,
                    actor=who,
                    now=open_town.now,
                    policy=open_town.policy,
                ).state
            )
            for who in (ROSA, OTTO)
        )
    )
    assert sorted(said) == ["not_merged", "undone"]
    nothing_is_broken(open_town)


def test_a_login_is_linked_while_the_files_become_one(open_town: Town, two: tuple[Person, Person]) -> None:
    """A row that names the other file at that moment waits, and is not left behind."""
    ana, anna = two
    merge = proposed(open_town, ana, anna)
    account = AccountPerson.objects.get(person=anna).account

    def links() -> str:
        factories.a_login("late@login.example", account=account, person=Person.objects.get(pk=anna.pk))
        return "linked"

    said = at_once(links, lambda: agreed(open_town, merge).state)
    assert said == ["linked", "done"]
    (login,) = User.objects.all()
    assert access.own_persons(login.pk, at=open_town.now) == [ana]
    open_town.waits(minutes=5)  # what was written at that very moment is gathered
    assert {each.person for each in AccountAccess.objects.all()} == {ana}
    nothing_is_broken(open_town)


@pytest.mark.parametrize("n", range(3))
def test_a_login_is_given_up_while_the_files_become_one(open_town: Town, two: tuple[Person, Person], n: int) -> None:
    """Who ends an access and who merges its person take their locks in one order: neither is thrown out."""
    ana, anna = two
    merge = proposed(open_town, ana, anna)
    account = AccountPerson.objects.get(person=anna).account
    owners = [factories.a_login(f"owner{each}@login.example", account=account, person=anna) for each in range(2)]

    def gives_up(user: User) -> str:
        try:
            flow.unlink(user=user, account_id=account.pk, now=open_town.now)
        except Invalid:
            return "the last owner"
        return "given up"

    said = at_once(lambda: gives_up(owners[0]), lambda: gives_up(owners[1]), lambda: agreed(open_town, merge).state)
    assert sorted(said) == ["done", "given up", "the last owner"]
    nothing_is_broken(open_town)
