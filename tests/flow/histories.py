"""What can two files have been through before they are made one? Histories, drawn by Hypothesis, on the real tables."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from keyturn.records import dated
from keyturn.records.bulk.persons import reindex
from keyturn.records.models import (
    Account,
    AccountAccess,
    AccountGroup,
    AccountPerson,
    Consent,
    Document,
    DuplicatePair,
    MedicalCertification,
    Message,
    NotSamePerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonLink,
    PersonName,
    PersonPerson,
    Preference,
    PrivacyCase,
    Proposal,
    Protection,
    RedFlag,
    Request,
    User,
)

PAST = datetime(2026, 1, 5, 9, tzinfo=UTC)
MERGED = datetime(2026, 11, 2, 9, tzinfo=UTC)
SIDES = st.sampled_from(["survivor", "loser"])


@dataclass
class World:
    """Two files that may be one person, a third that is not, and what hangs on them."""

    survivor: Person
    loser: Person
    third: Person
    logins: list[User]
    accounts: dict[str, list[Account]] = field(default_factory=lambda: {"survivor": [], "loser": [], "both": []})
    made: int = 0

    def who(self, side: str) -> Person:
        return self.survivor if side == "survivor" else self.loser

    def ident(self) -> UUID:
        """Ids that are the same in both worlds."""
        self.made += 1
        return UUID(int=(0x0190 << 112) + self.made)

    def request(self, person: Person, account: Account | None, now: datetime, **more: Any) -> Request:
        self.made += 1
        request = Request(
            pk=self.ident(), reference=f"KT-TEST-{self.made:04}", journey="start_service", step="confirm",
            standing="nobody", outcome="completed", channel="portal", begun_by="customer:x", created_at=now,
            updated_at=now, ended_at=now, person=person, account=account, **more,
        )  # fmt: skip
        request.answers = {}
        request.save(force_insert=True)
        return request


def a_world() -> World:
    made = [
        Person.objects.create(kind="person", created_at=PAST, updated_at=PAST, date_of_birth=date(1985, 3, n))
        for n in (1, 2, 3)
    ]
    for person, given_name in zip(made, ("Ana", "Anna", "Berta"), strict=True):
        with dated.changing(person=person, now=PAST, source="import") as file:
            file.enter(PersonName(given_name=given_name, family_name="Zelenko"))
    return World(*made, logins=[User.objects.create_user(f"login{n}") for n in range(4)])


# ---------------------------------------------------------------- what a file can go through before


def contact(world: World, draw: Any, side: str, now: datetime) -> None:
    channel, value = draw(st.sampled_from([("email", "a@x.org"), ("email", "b@x.org"), ("phone", "+1503555010"), ("phone", "+1503555011")]))  # fmt: skip
    primary, planned = draw(st.booleans()), draw(st.sampled_from([None, None, timedelta(days=400)]))
    verified = draw(st.booleans())
    with dated.changing(person=world.who(side), now=now, source="staff:1") as file:
        file.enter(
            PersonContact(channel=channel, value=value, normalised=value, is_primary=primary,
                          status="verified" if verified else "pending", verified_at=now if verified else None),
            start=now + planned if planned else None,
        )  # fmt: skip


def contact_ends(world: World, draw: Any, side: str, now: datetime) -> None:
    with dated.changing(person=world.who(side), now=now, source="staff:1") as file:
        rows = file.holding(PersonContact)
        if rows:
            file.end(draw(st.sampled_from(rows)))


def name(world: World, draw: Any, side: str, now: datetime) -> None:
    kind = draw(st.sampled_from(["primary", "legal", "alias", "former"]))
    parts = draw(st.sampled_from([("Ana", "Zelenko"), ("Anna", "Zelenko"), ("Ana", "Ruiz")]))
    later = draw(st.sampled_from([None, None, timedelta(days=500)]))
    with dated.changing(person=world.who(side), now=now, source="staff:1") as file:
        row = PersonName(name_type=kind, given_name=parts[0], family_name=parts[1])
        file.enter(row, start=now + later if later else None)


def identifier(world: World, draw: Any, side: str, now: datetime) -> None:
    kind, value = draw(
        st.sampled_from([("passport", "P1"), ("passport", "P2"), ("ssn", "123456789"), ("state_id", "S1")])
    )
    taken = PersonIdentifier.objects.filter(id_type=kind, digest=value, unique_by_nature=True, valid_to=None)
    unique = draw(st.booleans()) and not taken.exclude(person=world.who(side)).exists()
    with dated.changing(person=world.who(side), now=now, source="staff:1") as file:
        row = PersonIdentifier(
            id_type=kind, digest=value, last_four=value[-4:], unique_by_nature=unique, is_primary=draw(st.booleans())
        )
        row.value = value
        file.enter(row)


def address(world: World, draw: Any, side: str, now: datetime) -> None:
    own = world.accounts[side] + world.accounts["both"]
    account = draw(st.sampled_from([None, *own]))
    season = draw(st.sampled_from([(None, None), (None, None), (1101, 331)]))
    later = draw(st.sampled_from([None, None, timedelta(days=450)]))
    purpose = draw(st.sampled_from(["mailing", "mailing", "previous"]))
    row = PersonAddress(
        purpose=purpose, account=account, line1=draw(st.sampled_from(["1 Elm", "2 Oak", "3 Ash"])), country="US",
        season_from=season[0] if purpose == "mailing" else None, season_to=season[1] if purpose == "mailing" else None,
    )  # fmt: skip
    with dated.changing(person=world.who(side), now=now, source="staff:1") as file:
        file.enter(row, start=now + later if later else None)


def account(world: World, draw: Any, side: str, now: datetime) -> None:
    """One of their own, or one on which both stand."""
    shared = draw(st.integers(0, 3)) == 0
    found = Account.objects.create(pk=world.ident(), set_up_on=date(2025, 1, 1))
    with dated.changing(account=found, now=now, source="cis") as file:
        source = draw(st.sampled_from(["person", "account", "premise"]))
        file.enter(AccountPerson(person=world.who(side), address_source=source))
        if shared:
            other = world.who("loser" if side == "survivor" else "survivor")
            file.enter(
                AccountPerson(
                    person=other,
                    is_main=False,
                    is_responsible=draw(st.booleans()),
                    relationship="spouse",
                    owned_by="cis",
                )
            )
    world.accounts["both" if shared else side].append(found)


def access(world: World, draw: Any, side: str, now: datetime) -> None:
    own = world.accounts[side]
    if not own:
        return
    user, held = draw(st.sampled_from(world.logins)), draw(st.sampled_from(own))
    if AccountAccess.objects.filter(user=user, account=held, ended_at=None).exists():
        return
    AccountAccess.objects.create(
        pk=world.ident(), user=user, account=held, person=world.who(side), level="owner", capacity="self", proof="staff",
        since=now, granted_by="staff:1",
    )  # fmt: skip


def relation(world: World, draw: Any, side: str, now: datetime) -> None:
    who = world.who(side)
    one, other = draw(st.sampled_from([(who, world.third), (world.third, who), (world.survivor, world.loser)]))
    with dated.changing(person=one, now=now, source="staff:1") as file:
        file.enter(PersonPerson(other=other, relationship=draw(st.sampled_from(["spouse", "executor"]))))


def preference(world: World, draw: Any, side: str, now: datetime) -> None:
    Preference.objects.update_or_create(
        person=world.who(side), topic=draw(st.sampled_from(["bills", "offers"])), channel="email",
        defaults={"state": draw(st.sampled_from(["off", "pending", "on"])), "changed_at": now},
        create_defaults={"pk": world.ident(), "state": draw(st.sampled_from(["off", "on"])), "changed_at": now},
    )  # fmt: skip


def consent(world: World, draw: Any, side: str, now: datetime) -> None:
    Consent.objects.create(
        pk=world.ident(), person=world.who(side), purpose=draw(st.sampled_from(["texts", "marketing"])), channel="sms",
        act=draw(st.sampled_from(["given", "withdrawn"])), wording_version="1", language="en", how="portal", at=now,
    )  # fmt: skip


def asked(world: World, draw: Any, side: str, now: datetime) -> None:
    held = draw(st.sampled_from([None, *world.accounts[side]]))
    request = world.request(world.who(side), held, now)
    PersonLink.objects.create(
        pk=world.ident(), request=request, person=world.who(side), created_person=False, automatic=True, made_by="worker",
        made_at=now,
    )  # fmt: skip
    Proposal.objects.create(pk=world.ident(), request=request, person=world.who(side), field="phone", created_at=now)
    Document.objects.create(
        pk=world.ident(), request=request, person=world.who(side), purpose="name", media_type="image/png", size=1,
        checksum="x", scan="clean", uploaded_by="x", uploaded_at=now,
    )  # fmt: skip


def told(world: World, draw: Any, side: str, now: datetime) -> None:
    Message.objects.create(
        pk=world.ident(), person=world.who(side), template="received", channel="email", language="en", created_at=now
    )


def cared_for(world: World, draw: Any, side: str, now: datetime) -> None:
    who, own = world.who(side), world.accounts[side]
    if own:
        MedicalCertification.objects.create(
            pk=world.ident(), account=draw(st.sampled_from(own)), person=who, kind="life_support", state="temporary",
            claimed_at=now, temporary_until=now,
        )  # fmt: skip
    if not Protection.objects.filter(person=who, ended_at=None).exists() and draw(st.booleans()):
        Protection.objects.create(pk=world.ident(), person=who, programme="acp", set_by="staff:1", since=now)
        Person.objects.filter(pk=who.pk).update(flags=["protected_address"])
    RedFlag.objects.create(pk=world.ident(), person=who, trigger="V-17", opened_at=now)
    PrivacyCase.objects.create(
        pk=world.ident(), request=world.request(who, None, now), person=who, kind="copy", proof_level=1, asked_at=now,
        due_at=now,
    )  # fmt: skip


def group(world: World, draw: Any, side: str, now: datetime) -> None:
    found, new = AccountGroup.objects.get_or_create(
        person=world.who(side), name=draw(st.sampled_from(["Shops", "Houses"])), ended_at=None,
        defaults={"pk": world.ident(), "created_at": now},
    )  # fmt: skip
    if new:
        found.accounts.set(world.accounts[side])


def told_apart(world: World, draw: Any, side: str, now: datetime) -> None:
    one, other = sorted((world.who(side).pk, world.third.pk), key=str)
    if not NotSamePerson.objects.filter(one_id=one, other_id=other, withdrawn_at=None).exists():
        withdrawn = draw(st.sampled_from([None, now]))
        NotSamePerson.objects.create(
            pk=world.ident(), one_id=one, other_id=other, said_by="staff:1", said_at=now, withdrawn_at=withdrawn
        )
    others = draw(st.sampled_from([(world.survivor, world.loser), (world.who(side), world.third)]))
    one, other = sorted((each.pk for each in others), key=str)
    DuplicatePair.objects.get_or_create(
        one_id=one, other_id=other,
        defaults={"pk": world.ident(), "source": "dedupe", "weight": 9.0, "probability": 0.9, "zone": "review",
                  "model_version": "1", "state": draw(st.sampled_from(["open", "gone"])), "found_at": now},
    )  # fmt: skip


def about_them(world: World, draw: Any, side: str, now: datetime) -> None:
    who = Person.objects.get(pk=world.who(side).pk)
    flags = {*who.flags, *draw(st.sets(st.sampled_from(["deceased", "fraud_flag"]), max_size=1))}
    Person.objects.filter(pk=who.pk).update(
        language=draw(st.sampled_from(["en", "es"])), formats=draw(st.sampled_from([[], ["braille"]])),
        flags=sorted(flags), date_of_birth=draw(st.sampled_from([None, date(1985, 3, 1), date(1990, 1, 1)])),
    )  # fmt: skip


BEFORE: list[Callable[..., None]] = [
    contact, contact, contact, contact_ends, name, name, identifier, address, address, address, account, account, access,
    relation, preference, consent, asked, told, cared_for, group, told_apart, about_them,
]  # fmt: skip


def a_history(world: World, draw: Any) -> None:
    for side in ("survivor", "loser"):
        account(world, draw, side, PAST)
    for n in range(draw(st.integers(2, 14))):
        draw(st.sampled_from(BEFORE))(world, draw, draw(SIDES), PAST + timedelta(days=10 * (n + 1)))
    reindex([world.survivor.pk, world.loser.pk, world.third.pk], now=MERGED)
