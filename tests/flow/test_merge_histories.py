"""Whatever two files have been through: made one and two again, is it as if nothing had been?

Histories are generated. The oracle is a world in which the two were never one: the same later edits are made there, each
on the file that it belongs to, and both worlds must end alike, row by row, in every table that leads to either person.
KEYTURN_MERGE_EXAMPLES sets how many histories are tried (CI: a few seconds' worth).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from keyturn import flow
from keyturn.records import dated
from keyturn.records.models import (
    Account,
    AccountAccess,
    AccountPerson,
    Consent,
    Document,
    Message,
    Person,
    PersonAddress,
    PersonContact,
    PersonMerge,
    Preference,
    RedFlag,
    Request,
)
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import merging
from keyturn.terms.merging import FIELDS
from tests.flow.histories import MERGED, SIDES, World, a_history, a_world
from tests.flow.one_person import OTTO, ROSA, WHY, believed_rows, differences, told_apart

EXAMPLES = int(os.environ.get("KEYTURN_MERGE_EXAMPLES", "6"))
QUICK = trying(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None,
    phases=(Phase.explicit, Phase.generate),  # to shrink takes minutes here: a history is a hundred statements
)  # fmt: skip
LATER = datetime(2026, 11, 9, 9, tzinfo=UTC)
UNDONE = datetime(2026, 11, 20, 9, tzinfo=UTC)


# ---------------------------------------------------------------- one, and two again


def joined(world: World, choices: dict[str, str], *, at: datetime = MERGED) -> PersonMerge:
    policy = settings.KEYTURN_POLICY
    proposal = flow.propose_merge(
        survivor_id=world.survivor.pk, loser_id=world.loser.pk, choices=choices, reason=WHY, actor=ROSA, now=at,
        policy=policy, may_see=True,
    )  # fmt: skip
    merge = flow.agree_merge(merge_id=proposal.pk, reason=WHY, actor=OTTO, now=at, policy=policy, may_see=True)
    flow.tell_cis(request_id=merge.request_id, now=at, policy=policy)
    return merge


def parted(merge: PersonMerge, choices: dict[str, str] | None = None, *, at: datetime = UNDONE) -> frozenset[Any]:
    policy = settings.KEYTURN_POLICY
    done = flow.unmerge(
        merge_id=merge.pk, choices=choices or {}, reason=WHY, is_supervisor=True, actor=OTTO, now=at, policy=policy
    )  # fmt: skip
    told = Request.objects.filter(journey="merged_values").values_list("pk", flat=True)
    return frozenset({done.request_id, done.undo_request_id, *told})


def choices_for(world: World, draw: Any) -> dict[str, str]:
    return draw(st.dictionaries(st.sampled_from(FIELDS), SIDES, max_size=4))  # type: ignore[no-any-return]


@contextmanager
def passing() -> Iterator[None]:
    """A world that is not to stay."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.rule("K-93")
@trying(QUICK)
@given(st.data())
def test_made_one_and_two_again_every_row_is_as_it_was(data: Any) -> None:
    with passing():
        world = a_world()
        a_history(world, data.draw)
        three = (world.survivor, world.loser, world.third)
        before = believed_rows(*three)
        merge = joined(world, choices_for(world, data.draw))
        once = merging.get(merge.pk)
        assert once is not None
        assert merging.undoing(once, at=UNDONE).undecided == ()
        assert not any(row for row in PersonContact.objects.filter(person=world.loser))
        own = parted(merge)
        said = told_apart(world.survivor, world.loser)
        assert differences(before, believed_rows(*three, own=own), but=said) == {}


# ---------------------------------------------------------------- with edits and logins in between


Apply = Callable[[World, Person, datetime], None]


@dataclass(frozen=True)
class Edit:
    """Something that is done to one of the two after the merge, or, in the other world, to that one alone."""

    side: str
    apply: Apply


def edits_of(world: World, draw: Any, choices: dict[str, str]) -> list[Edit]:
    """Edits whose side the rows themselves tell, each of something else; chosen before the merge."""
    possible = [
        *_contact_edits(world, choices), *_address_edits(world, choices), *_account_edits(world), *_login_edits(world),
        *_row_edits(world),
    ]  # fmt: skip
    if not possible:
        return []
    numbers = draw(st.lists(st.integers(0, len(possible) - 1), min_size=1, max_size=6, unique=True))
    return [possible[n] for n in sorted(numbers)]


def _contact_edits(world: World, choices: dict[str, str]) -> list[Edit]:
    """A contact that is on one file only: another status, or another value in its place."""
    found = []
    for side, other in (("survivor", "loser"), ("loser", "survivor")):
        elsewhere = set(PersonContact.objects.filter(person=world.who(other)).values_list("channel", "normalised"))
        rows = PersonContact.objects.filter(holds_at(LATER), person=world.who(side))
        for n, row in enumerate(rows.order_by("channel", "normalised")):
            key = (row.channel, row.normalised)
            if key in elsewhere:
                continue
            found.append(Edit(side, _bounce(key) if n % 2 else _replace(key, f"{side}-{n}@new.org")))
    return found


def _bounce(key: tuple[str, str]) -> Apply:
    def apply(world: World, person: Person, now: datetime) -> None:
        with dated.changing(person=person, now=now, source="staff:2") as file:
            for row in file.holding(PersonContact, channel=key[0], normalised=key[1]):
                file.alter(row, status="bounced")

    return apply


def _replace(key: tuple[str, str], value: str) -> Apply:
    def apply(world: World, person: Person, now: datetime) -> None:
        with dated.changing(person=person, now=now, source="staff:2") as file:
            for row in file.holding(PersonContact, channel=key[0], normalised=key[1]):
                file.end(row)
                file.enter(PersonContact(channel=key[0], value=value, normalised=value, is_primary=row.is_primary))

    return apply


def _address_edits(world: World, choices: dict[str, str]) -> list[Edit]:
    """Letters about an account that only one of them stands on."""
    found = []
    for side in ("survivor", "loser"):
        for held in world.accounts[side]:
            parts = AccountPerson.objects.filter(account=held, person=world.who(side), address_source="account")
            if parts.exists():
                found.append(Edit(side, _move_to(held)))
    return found


def _move_to(held: Account) -> Apply:
    def apply(world: World, person: Person, now: datetime) -> None:
        with dated.changing(person=person, now=now, source="staff:2") as file:
            file.enter(PersonAddress(account=held, line1="9 New", country="US"), keep_planned=False)

    return apply


def _account_edits(world: World) -> list[Edit]:
    def no_bill(held: Account) -> Apply:
        def apply(world: World, person: Person, now: datetime) -> None:
            with dated.changing(person=person, account=held, now=now, source="staff:2") as file:
                for row in file.holding(AccountPerson, person=person):
                    file.alter(row, receives_bill=False)

        return apply

    # Only where letters go by the account's own address anyway: the merge changes nothing about the row itself then.
    return [
        Edit(side, no_bill(held))
        for side in ("survivor", "loser")
        for held in world.accounts[side]
        if AccountPerson.objects.filter(account=held, person=world.who(side), address_source="premise").exists()
    ]


def _login_edits(world: World) -> list[Edit]:
    """A login is given an account, somebody asks for something about it, a paper and a message belong to it."""

    def new_login(held: Account, n: int, who: int) -> Apply:
        def apply(world: World, person: Person, now: datetime) -> None:
            AccountAccess.objects.create(
                pk=UUID(int=n), user=world.logins[who], account=held, person=person, level="owner", capacity="self",
                proof="sms", since=LATER, granted_by="machine:",
            )  # fmt: skip
            request = Request(
                pk=UUID(int=n + 1), reference=f"KT-L{n:08}"[-16:], journey="change_paperless", step="confirm",
                standing="nobody", outcome="completed", channel="portal", begun_by="customer:x", created_at=LATER,
                updated_at=LATER, ended_at=LATER, person=person, account=held, user=world.logins[who],
            )  # fmt: skip
            request.save(force_insert=True)
            Document.objects.create(
                pk=UUID(int=n + 2), request=request, person=person, purpose="name", media_type="image/png", size=1,
                checksum="x", scan="clean", uploaded_by="x", uploaded_at=LATER,
            )  # fmt: skip
            Message.objects.create(
                pk=UUID(int=n + 3), person=person, account=held, template="x", channel="email", language="en",
                created_at=LATER,
            )  # fmt: skip
            Consent.objects.create(
                pk=UUID(int=n + 4), person=person, request=request, purpose="paperless", channel="email", act="given",
                wording_version="1", language="en", how="portal", at=LATER,
            )  # fmt: skip

        return apply

    return [
        Edit(side, new_login(held, 10_000 * (n + 1) + (5_000 if side == "loser" else 0), who))
        for side, who in (
            ("survivor", 2),
            ("loser", 3),
        )  # one that has accounts of both is nobody's (test_unmerge_logins)
        for n, held in enumerate(world.accounts[side][:1])
        if not AccountAccess.objects.filter(user=world.logins[who]).exists()
    ]


def _row_edits(world: World) -> list[Edit]:
    """What went over as it is: a request ends, an access ends, a flag is decided, a wish that nobody else had changes."""

    def update(model: Any, ident: Any, **values: Any) -> Apply:
        def apply(world: World, person: Person, now: datetime) -> None:
            model.objects.filter(pk=ident).update(**values)

        return apply

    found = []
    for side, other in (("survivor", "loser"), ("loser", "survivor")):
        person = world.who(side)
        for row in AccountAccess.objects.filter(person=person)[:1]:
            found.append(Edit(side, update(AccountAccess, row.pk, ended_at=LATER, ended_by="staff:2")))
        for flag in RedFlag.objects.filter(person=person)[:1]:
            found.append(Edit(side, update(RedFlag, flag.pk, state="harmless")))
        theirs = set(Preference.objects.filter(person=world.who(other)).values_list("topic", flat=True))
        for wish in Preference.objects.filter(person=person).exclude(topic__in=theirs)[:1]:
            found.append(Edit(side, update(Preference, wish.pk, state="pending", changed_at=LATER)))
    return found


@pytest.mark.django_db
@trying(QUICK)
@given(st.data())
def test_what_was_edited_in_between_ends_where_it_would_have_without_the_merge(data: Any) -> None:
    expected: dict[str, list[Any]] = {}
    with passing():
        world = a_world()
        a_history(world, data.draw)
        three = (world.survivor, world.loser, world.third)
        choices = {
            name: side for name, side in choices_for(world, data.draw).items() if name not in ("email", "phone", "mailing_address")
        }  # fmt: skip
        edits = edits_of(world, data.draw, choices)
        with passing():
            for n, edit in enumerate(edits):
                edit.apply(world, world.who(edit.side), LATER + timedelta(hours=n))
            expected = believed_rows(*three)
        merge = joined(world, choices)
        for n, edit in enumerate(edits):
            edit.apply(world, world.survivor, LATER + timedelta(hours=n))
        once = merging.get(merge.pk)
        assert once is not None
        assert merging.undoing(once, at=UNDONE).undecided == ()
        own = parted(merge)
        said = told_apart(world.survivor, world.loser)
        assert differences(expected, believed_rows(*three, own=own), but=said) == {}
