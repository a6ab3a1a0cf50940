"""Whose is a login that came while two files were one, what does it keep when they are two again, and do staff see it?"""

from datetime import timedelta
from typing import Any

import pytest

from keyturn import flow
from keyturn.records.models import AccountAccess, AccountPerson, ClaimCode, Message, Person, PersonMerge, Request, User
from keyturn.records.queries import access, merging, unmerged
from keyturn.records.queries.merging import Undoing
from keyturn.terms.errors import NotAllowed
from keyturn.terms.request import Actor, Role
from tests import factories
from tests.flow.one_person import ANNA, OTTO, WHY, merged
from tests.flow.one_person import unmerged as undone
from tests.flow.town import ANA, Town

Two = tuple[Person, Person]


@pytest.fixture
def two(town: Town) -> Two:
    """Ana and Anna: taken for one human being, each with an account."""
    return town.serves(ANA, town.house()), town.serves(ANNA, town.house())


@pytest.fixture
def merge(town: Town, two: Two) -> PersonMerge:
    made = merged(town, *two)
    town.waits(hours=1)
    return made


@pytest.fixture
def held(two: Two) -> tuple[Any, Any]:
    """The account of each, as before the merge."""
    return tuple(AccountPerson.objects.get(person=each).account for each in two)  # type: ignore[return-value]


def comes_in(town: Town, two: Two, email: str, *accounts: Any, request: Request | None = None) -> User:
    """A login proves that the one person whom the two are is who it is, and gets these accounts."""
    login = factories.a_login(email)
    for each in accounts:
        AccountAccess.objects.create(
            user=login, account=each, person=two[0], level="owner", capacity="self", proof="sms", since=town.now,
            granted_by="machine:", request=request,
        )  # fmt: skip
    return login


def sees(town: Town, login: User) -> list[Any]:
    return [each.account for each in access.accounts_of(login.pk, at=town.now)]


def preview(town: Town, merge: PersonMerge) -> Undoing:
    return merging.undoing(merging.get(merge.pk), at=town.now)  # type: ignore[arg-type]


def test_a_login_keeps_the_accounts_of_whose_mailbox_it_has(
    town: Town, two: Two, held: tuple[Any, Any], merge: PersonMerge
) -> None:
    login = comes_in(town, two, ANNA.emails[0].upper(), *held)
    told = preview(town, merge)
    assert [each.rpartition(" · ")[2] for each in told.ends] == [held[0].ref]
    assert told.undecided == ()
    undone(town, merge)
    assert sees(town, login) == [held[1]]
    assert access.own_persons(login.pk, at=town.now) == [two[1]]
    assert unmerged.left(merging.get(merge.pk)).ended == told.ends  # type: ignore[arg-type]


def test_a_login_keeps_the_accounts_of_whose_telephone_the_code_went_to(
    town: Town, two: Two, held: tuple[Any, Any], merge: PersonMerge
) -> None:
    """A code to Anna's telephone opened both accounts: the account that is Ana's is not Anna's to see."""
    claim = town.moves_in(ANA).request
    for account in held:
        ClaimCode.objects.create(
            request=claim, account=account, person=two[0], channel="sms", code_digest="x", sent_at=town.now,
            expires_at=town.now + timedelta(days=1), used_at=town.now + timedelta(minutes=5),
        )  # fmt: skip
        sent = Message(
            account=account, person=two[0], template="claim_code", channel="sms", language="en", created_at=town.now
        )
        sent.content = {"to": ANNA.phones[0], "values": {}}
        sent.save(force_insert=True)
    login = comes_in(town, two, "somebody@login.example", *held, request=claim)
    undone(town, merge)
    assert sees(town, login) == [held[1]]


def test_a_login_with_one_account_that_it_proved_as_the_other_loses_it(
    town: Town, two: Two, held: tuple[Any, Any], merge: PersonMerge
) -> None:
    login = comes_in(town, two, ANA.emails[0], held[1])
    assert len(preview(town, merge).ends) == 1
    undone(town, merge)
    assert sees(town, login) == []


def test_a_login_of_which_nothing_tells_and_that_has_one_account_keeps_it(
    town: Town, two: Two, held: tuple[Any, Any], merge: PersonMerge
) -> None:
    login = comes_in(town, two, "somebody@login.example", held[1])
    assert preview(town, merge).ends == ()
    undone(town, merge)
    assert sees(town, login) == [held[1]]


def test_whose_login_cannot_be_decided_is_shown_and_staff_decide_before(
    town: Town, two: Two, held: tuple[Any, Any], merge: PersonMerge
) -> None:
    login = comes_in(town, two, "somebody@login.example", *held)
    [item] = preview(town, merge).undecided
    assert (item.id, item.text, item.is_held) == (f"login:{login.pk}", "somebody@login.example", True)
    undone(town, merge, **{item.id: "loser"})
    assert sees(town, login) == [held[1]]
    assert unmerged.left(merging.get(merge.pk)).logins == ()  # type: ignore[arg-type]


@pytest.mark.rule("K-99")
def test_whose_login_nobody_says_it_has_neither_s_accounts_until_a_supervisor_does(
    town: Town, two: Two, held: tuple[Any, Any], merge: PersonMerge
) -> None:
    login = comes_in(town, two, "somebody@login.example", *held)
    undone(town, merge)
    assert sees(town, login) == []
    [waiting] = unmerged.left(merging.get(merge.pk)).logins  # type: ignore[arg-type]
    assert (waiting.user_id, waiting.email) == (str(login.pk), "somebody@login.example")
    assert [len(each) for each in waiting.accounts] == [1, 1]

    def gives(by: Actor = OTTO, *, is_supervisor: bool = True) -> None:
        flow.give_login(
            merge_id=merge.pk, user_id=str(login.pk), side="loser", is_supervisor=is_supervisor, actor=by, now=town.now
        )

    with pytest.raises(NotAllowed, match="only_a_supervisor"):
        gives(is_supervisor=False)
    with pytest.raises(NotAllowed, match="own_request"):
        gives(Actor(Role.STAFF, str(login.pk)))
    gives()
    assert sees(town, login) == [held[1]]
    assert access.own_persons(login.pk, at=town.now) == [two[1]]
    assert unmerged.left(merging.get(merge.pk)).logins == ()  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match="decided_already"):
        gives()


def test_a_login_that_was_both_of_them_before_is_so_again(town: Town, two: Two, held: tuple[Any, Any]) -> None:
    login = factories.a_login("both@login.example", account=held[0], person=two[0])
    AccountAccess.objects.create(
        user=login, account=held[1], person=two[1], level="owner", capacity="self", proof="sms", since=factories.LONG_AGO,
        granted_by="machine:",
    )  # fmt: skip
    merge = merged(town, *two)
    undone(town, merge)
    assert set(sees(town, login)) == set(held)


def test_a_warning_that_came_since_is_shown_to_stand_on_both(town: Town, two: Two, merge: PersonMerge) -> None:
    """Nobody can tell whom of the two it was about: it holds for both, and staff see that it does."""
    flow.protect(person_id=two[0].pk, programme="ACP", reason=WHY, may_see=True, actor=OTTO, now=town.now)
    assert preview(town, merge).on_both == ("protected_address",)
    undone(town, merge)
    assert unmerged.left(merging.get(merge.pk)).on_both == ("protected_address",)  # type: ignore[arg-type]
    assert all("protected_address" in Person.objects.get(pk=each.pk).flags for each in two)
