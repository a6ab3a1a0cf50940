"""What does an accepted change write about a person and their accounts, and in which order?

Every write goes through `records.dated`: what stood before can be read as of any day. Runs in the transaction that
decided, under the person's lock, and writes the wishes that are left after the merge.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings

from keyturn.journeys.wordings import VERSION, wording
from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.matching.identifiers import PARTIAL_TYPES, normal_identifier
from keyturn.records import consents, dated
from keyturn.records.bulk import persons as bulk
from keyturn.records.crypto import digest
from keyturn.records.dated import Changes
from keyturn.records.models import (
    Account,
    AccountPerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonName,
    Preference,
    Request,
)
from keyturn.records.models.dated import holds_at, not_over_at
from keyturn.records.queries import on_file
from keyturn.steps.establish.change import plans
from keyturn.terms.address import Address
from keyturn.terms.days import day_begins, day_of
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Verdict
from keyturn.terms.slots import ALL, Wish


def run(request: Request, wishes: tuple[Wish, ...], *, now: datetime, policy: Policy) -> Verdict:
    """Write the wishes; keep on the request what was written, for the CIS."""
    assert request.person
    with dated.changing(person=request.person, now=now, source=f"request:{request.pk}") as file:
        _name(file, [each for each in wishes if each.family == "name"], now=now, policy=policy)
        for wish in wishes:
            write = _WRITERS.get(wish.slot.partition(".")[0])
            if write:
                write(file, wish, request, now, policy)
    request.written = [each.as_json() for each in wishes]
    request.established_at = now
    return Verdict(data={"person": str(request.person_id), "families": sorted({each.family for each in wishes})})


def take_back(request: Request, *, actor: Actor, now: datetime) -> None:
    """Put back what a change wrote that ends in a refusal (I6), where nobody has changed it again since; call off what it
    planned."""
    if request.established_at is None:
        return
    plans.call_off(request, now=now, policy=settings.KEYTURN_POLICY)
    there, before = on_file.slots(request.person, at=now), request.seen
    back = []
    for each in request.written:
        wish = Wish(**each)
        slot = _slot_now(wish, settings.KEYTURN_POLICY)
        if wish.family in ("alias", "identifier") or there.get(slot) != _as_on_file(wish):
            continue  # what was added stays on file as somebody's word; what was changed since is not ours any more
        back.append(Wish(slot, before.get(wish.slot, _nothing(wish)), kind=wish.family))
    written = request.written
    run(request, tuple(back), now=now, policy=settings.KEYTURN_POLICY)
    request.written = written


def stays(request: Request, *, now: datetime) -> frozenset[str]:
    """What an undoing leaves: what was added beside what there was, and what somebody has changed since."""
    there, before = on_file.slots(request.person, at=now), request.seen
    found = set()
    for each in (Wish(**row) for row in request.written):
        if each.family in ("alias", "identifier"):
            found.add("added")
        elif each.family != "proof" and there.get(each.slot, _nothing(each)) != before.get(each.slot, _nothing(each)):
            found.add("changed_since")
    return frozenset(found)


def _slot_now(wish: Wish, policy: Policy) -> str:
    """Where a value stands after it was written: a contact is named by what it is."""
    if wish.slot.startswith("contact.") and wish.value:
        return f"contact.{on_file.contact_key(wish.value['channel'], _normal(wish.value, policy))}"
    return wish.slot


def _as_on_file(wish: Wish) -> Any:
    """An address stands there with all its lines, the empty ones too."""
    is_address = wish.slot.startswith(("mailing.", "season.")) and wish.value is not None
    return Address.from_mapping(wish.value).as_json() if is_address else wish.value


def _nothing(wish: Wish) -> Any:
    """What a slot says that nothing stands in."""
    return {"preference": "off", "detail": ""}.get(wish.slot.partition(".")[0])


def _name(file: Changes, wishes: list[Wish], *, now: datetime, policy: Policy) -> None:
    """All parts together, since the day that was named; what was changed in other parts meanwhile stays. The old name
    stays on file as a former one."""
    if not wishes:
        return
    old = file.holding(PersonName, name_type="primary")[0]
    parts = {part: getattr(old, part) for part in on_file.NAME_PARTS}
    changed = {**parts, **{each.slot.partition(".")[2]: each.value for each in wishes}}
    day = day_of(wishes[0].from_day)
    start = max(day_begins(day, policy), old.valid_from) if day else now
    file.enter(PersonName(name_type="primary", **changed), start=start)
    file.enter(PersonName(name_type="former", **parts), start=start)


def _alias(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    file.enter(PersonName(**wish.value))


def _contact(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    key = wish.slot.partition(".")[2]
    old = next((row for row in file.holding(PersonContact) if _key(row) == key), None)
    new = wish.value
    proved = bool(new) and _is_proved(request, new)
    if old and new and _normal(new, policy) == old.normalised:
        file.alter(
            old,
            value=new["value"],
            contact_type=new["contact_type"],
            is_primary=new["is_primary"],
            **_status(proved, now),
        )
        return
    if old:
        file.end(old)
    if new:
        file.enter(_contact_row(new, proved=proved, now=now, policy=policy))
    elif old.is_primary:
        _next_is_first(file, old.channel)


def _proof(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    """A code that was sent there came back: from now on texts may go to it (BR-17)."""
    key = wish.slot.partition(".")[2]
    for row in file.holding(PersonContact):
        if _key(row) == key:
            file.alter(row, **_status(True, now))


def _key(row: PersonContact) -> str:
    return on_file.contact_key(row.channel, row.normalised)


def _contact_row(new: dict[str, Any], *, proved: bool, now: datetime, policy: Policy) -> PersonContact:
    row = PersonContact(
        channel=new["channel"], value=new["value"], contact_type=new["contact_type"], is_primary=new["is_primary"],
        normalised=_normal(new, policy), status="pending",
    )  # fmt: skip
    for name, value in _status(proved, now).items():
        setattr(row, name, value)
    return row


def _status(proved: bool, now: datetime) -> dict[str, Any]:
    return {"status": "verified", "verified_at": now} if proved else {}


def _normal(new: dict[str, Any], policy: Policy) -> str:
    value = str(new["value"])
    if new["channel"] == "email":
        return normal_email(value) or value.casefold()
    return normal_phone(value, country=policy.country) or value


def _is_proved(request: Request, new: dict[str, Any]) -> bool:
    """By a code that was sent to it for this request."""
    subject = digest(
        new["channel"], normal_email(new["value"]) if new["channel"] == "email" else normal_phone(new["value"])
    )
    return request.evidence.filter(kind=new["channel"], subject=subject).exists()


def _next_is_first(file: Changes, channel: str) -> None:
    """The oldest of those that are left takes the first place (BR-15)."""
    left = sorted(
        file.holding(PersonContact, channel=channel), key=lambda row: (row.status != "verified", row.valid_from)
    )
    if left:
        file.alter(left[0], is_primary=True)


def _mailing(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    """BR-22: address and address source in one step. None: letters go to the service address again."""
    scope = wish.slot.split(".")[1]
    account_id = None if scope == ALL else scope
    start, until = plans.start_of(wish, now, policy), plans.end_of(wish, policy)
    if wish.value is None:
        for row in file.rows(PersonAddress, purpose="mailing", season_from=None):
            if str(row.account_id or ALL) == scope and (row.valid_to is None or row.valid_to > start):
                file.end(row, at=max(start, row.valid_from))
        source = "premise"
    else:
        row = PersonAddress(purpose="mailing", account_id=account_id, **Address.from_mapping(wish.value).as_json())
        file.enter(row, start=start, until=until, keep_planned=False)
        source = "account" if account_id else "person"
    _switch(request, scope, source, now, start=start)


def _season(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    _kind, scope, days = wish.slot.split(".")
    first, _, last = days.partition("-")
    ends = {"season_from": int(first), "season_to": int(last)}
    account_id = None if scope == ALL else scope
    if wish.value is None:
        for row in file.holding(PersonAddress, purpose="mailing", **ends):
            if str(row.account_id or ALL) == scope:
                file.end(row)
        return
    row = PersonAddress(purpose="mailing", account_id=account_id, **ends, **Address.from_mapping(wish.value).as_json())
    file.enter(row)
    if account_id:
        _switch(request, scope, "account", now, start=now)


def _switch(request: Request, scope: str, source: str, now: datetime, *, start: datetime) -> None:
    """Where the CIS and we look for an account's mailing address from then on (C.8): what is planned already counts."""
    roles = AccountPerson.objects.filter(holds_at(start), person=request.person, is_main=True).exclude(
        address_source=source
    )
    if scope != ALL:
        roles = roles.filter(account_id=scope)
    for role in roles.select_related("account"):
        with dated.changing(account=role.account, now=now, source=f"request:{request.pk}") as file:
            then = next(row for row in file.rows(AccountPerson) if row.pk == role.pk)
            file.alter(then, start=start, address_source=source)


def _identifier(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    """A new one takes the place of the one of its type; staff may have let one pass that stands elsewhere (D-25)."""
    kind = wish.slot.partition(".")[2]
    normal = normal_identifier(str(wish.value))
    elsewhere = PersonIdentifier.objects.filter(not_over_at(now), id_type=kind, digest=digest(kind, normal))
    row = PersonIdentifier(
        id_type=kind, digest=digest(kind, normal), last_four=normal[-4:],
        is_primary=kind not in PARTIAL_TYPES and not file.holding(PersonIdentifier, is_primary=True),
        unique_by_nature=kind in policy.unique_identifiers and not elsewhere.exclude(person=request.person).exists(),
        verified_at=now if request.approved else None,
    )  # fmt: skip
    row.value = str(wish.value)
    file.enter(row)


def _detail(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    name = wish.slot.partition(".")[2]
    value = day_of(wish.value) if name == "date_of_birth" else wish.value
    Person.objects.filter(pk=request.person_id).update(**{name: value}, updated_at=now)
    if name == "date_of_birth":  # no dated row says that somebody is found by another day now
        bulk.reindex([request.person_id], now=now)


def _paperless(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    """BR-67: paperless bills rest on a consent whose wording is kept; going back to paper withdraws it."""
    Account.objects.filter(pk=wish.slot.partition(".")[2]).update(paperless=bool(wish.value))
    _consent(request, "paperless", "email", given=bool(wish.value), now=now)


def _preference(file: Changes, wish: Wish, request: Request, now: datetime, policy: Policy) -> None:
    _kind, topic, channel = wish.slot.split(".")
    state = "on" if wish.value == "on" else "off"
    Preference.objects.update_or_create(
        person=request.person, topic=topic, channel=channel, defaults={"state": state, "changed_at": now}
    )
    _consent(request, topic, channel, given=state == "on", now=now)


def _consent(request: Request, purpose: str, channel: str, *, given: bool, now: datetime) -> None:
    """An entry in the ledger; it says what was read, in which language."""
    consents.entry(
        purpose, person=request.person, given=given, how=request.channel, language=request.language,
        wording=wording(purpose), version=VERSION, now=now, channel=channel, request=request,
    ).save(force_insert=True)  # fmt: skip


_WRITERS: dict[str, Callable[[Changes, Wish, Request, datetime, Policy], None]] = {
    "alias": _alias,
    "contact": _contact,
    "proof": _proof,
    "mailing": _mailing,
    "season": _season,
    "identifier": _identifier,
    "detail": _detail,
    "paperless": _paperless,
    "preference": _preference,
}
