"""The CIS and we hold different things: whose word counts, as staff say, and how does the CIS hear of it?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from keyturn.flow import duplicates, machine, moves
from keyturn.flow.customer import new_request
from keyturn.flow.handling import is_open_still, not_about_themselves
from keyturn.journeys.put_right import PUT_RIGHT
from keyturn.records import acts, dated
from keyturn.records.models import Account, CisDifference, Person, Request
from keyturn.records.queries import asking
from keyturn.steps.gather.rules import clean_text
from keyturn.steps.maintain.inbound import accounts, base, persons, repair, rules, step
from keyturn.steps.maintain.inbound.fields import folded
from keyturn.terms.days import local_date
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role


def ways_to_settle(difference: CisDifference) -> tuple[str, ...]:
    """Of "ours", "theirs" and "seen", those that make sense for this one: where no two values are shown, or nobody is on
    file under the reference any more, staff see to it by hand."""
    if "theirs" not in difference.values or not _is_on_file(difference):
        return ("seen",)
    return rules.what_settles(difference.field, difference.why)


def _is_on_file(case: CisDifference) -> bool:
    if case.noun == "account":
        return Account.objects.filter(ref=case.ref).exists()
    return _open_files().filter(ref=case.ref).exists()


def _open_files() -> QuerySet[Person]:
    """Files that somebody may still write on: not of whom a merge made part of another, or who was erased."""
    return Person.objects.filter(redirect_to=None).exclude(flags__contains=["erased"])


def settle_difference(
    *,
    difference_id: UUID,
    keep: str,
    reason: str,
    version: int,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> CisDifference:
    """Staff decide: "ours" stays and the CIS is told, "theirs" is taken over, or it was "seen" to by hand.

    Invalid (K-36); StaleVersion where either side has changed it again since it was shown; NotAllowed("settled_already"), ("done_by_you"),
    ("changed_meanwhile"), ("delivery_under_way"), ("not_possible"), ("own_request").
    """
    _bring_up_to_date(difference_id, now=now, policy=policy)
    return _settled(difference_id, keep=keep, reason=reason, version=version, actor=actor, now=now, policy=policy)


@transaction.atomic
def _bring_up_to_date(difference_id: UUID, *, now: datetime, policy: Policy) -> None:
    """What is on file here may have changed since the two were compared: the case says so, or is none any more."""
    case = CisDifference.objects.filter(pk=difference_id, state="open").exclude(field="").first()
    if case is None or "theirs" not in case.values or not _is_held(case):
        return
    case = CisDifference.objects.select_for_update().get(pk=difference_id)
    ours, theirs = _ours(case, now=now, policy=policy), case.values["theirs"]
    if case.state != "open" or ours == case.values.get("ours"):
        return
    if (
        ours
        and theirs
        and folded(case.field, ours, country=policy.country) == folded(case.field, theirs, country=policy.country)
    ):
        base.keep_agreed(case.noun, case.ref, {case.field: theirs}, now=now)
        base.no_longer_differ(case.noun, case.ref, fields=[case.field], now=now)
    else:
        base.differs(case.noun, case.ref, field=case.field, why=case.why, values={**case.values, "ours": ours}, now=now)


def _is_held(case: CisDifference) -> bool:
    """Lock whom or what it is about; False where that is not on file."""
    model: Any = {"person": Person, "account": Account}.get(case.noun)
    key = model.objects.filter(ref=case.ref).values_list("pk", flat=True).first() if model else None
    if key is not None:
        dated.hold(**{f"{case.noun}s": [key]})
    return key is not None


def _ours(case: CisDifference, *, now: datetime, policy: Policy) -> Any:
    """What is on file now in the field of this case."""
    if case.noun == "person":
        return persons.ours(Person.objects.get(ref=case.ref), at=now).get(case.field)
    said = {case.field: case.values["theirs"]}
    today = local_date(now, policy)
    return accounts.ours(Account.objects.get(ref=case.ref), said, at=now, today=today).get(case.field)


@transaction.atomic
def _settled(
    difference_id: UUID, *, keep: str, reason: str, version: int, actor: Actor, now: datetime, policy: Policy
) -> CisDifference:
    case = CisDifference.objects.select_for_update().filter(pk=difference_id).first()
    if case is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_difference")
    is_open_still(case, actor=actor, else_says="settled_already")
    if case.version != version:
        raise StaleVersion(case.version)
    if problems := list(rules.settling_has_a_reason(reason)):
        raise Invalid(problems)
    if keep not in ways_to_settle(case):
        raise NotAllowed("not_possible")
    subject = _settle(case, keep, actor=actor, now=now, policy=policy)
    case.state, case.decided_by, case.decided_at, case.version = keep, actor.origin, now, case.version + 1
    case.reason = clean_text(reason)[:4000]
    case.save()
    acts.note(
        subject=subject, what="difference_settled", actor=actor, now=now,
        data={"difference": str(case.pk), "field": case.field.partition(".")[0], "kept": keep},
    )  # fmt: skip
    return case


def _settle(case: CisDifference, keep: str, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """Write it down; about whom it is, for the history."""
    if case.noun == "account":
        return _settle_account(case, keep, actor=actor, now=now, policy=policy)
    person = Person.objects.filter(ref=case.ref).first()
    if person is None:
        return f"{case.noun}:{case.ref}"
    not_about_themselves(actor=actor, now=now, person_id=person.pk)
    if keep == "seen":
        return f"person:{person.pk}"
    dated.hold(persons=[person.pk])
    person = _open_files().filter(pk=person.pk).first()
    if person is None:
        raise NotAllowed("not_possible")
    _nothing_is_on_its_way(person_id=person.pk)
    held = persons.ours(person, at=now).get(case.field)
    if held != case.values.get("ours"):
        raise NotAllowed("changed_meanwhile")
    if keep == "theirs" and not step.fits(person, case.field, case.values["theirs"], now=now, policy=policy):
        raise NotAllowed("not_possible")
    base.keep_agreed("person", case.ref, {case.field: case.values["theirs"]}, now=now)
    if keep == "theirs":
        persons.write(person, {case.field: case.values["theirs"]}, now=now, policy=policy)
        duplicates.look_later([person.pk])
    else:
        tell_again(person, {case.field: (held, case.values["theirs"])}, actor=actor, now=now, policy=policy)
    return f"person:{person.pk}"


def _settle_account(case: CisDifference, keep: str, *, actor: Actor, now: datetime, policy: Policy) -> str:
    account = Account.objects.filter(ref=case.ref).first()
    if account is None:
        return f"account:{case.ref}"
    concerned = [asking.main_person(account.pk, at=now)]
    if case.field == "main_customer":
        concerned.append(Person.objects.filter(ref=case.values.get("theirs")).first())
    for each in filter(None, concerned):
        not_about_themselves(actor=actor, now=now, person_id=each.pk)
    if keep == "theirs":
        dated.hold(accounts=[account.pk])
        _nothing_is_on_its_way(account_id=account.pk)
        if _ours(case, now=now, policy=policy) != case.values.get("ours"):
            raise NotAllowed("changed_meanwhile")
        if not accounts.is_possible(case.field, case.values["theirs"]):
            raise NotAllowed("not_possible")
        try:
            with transaction.atomic():
                accounts.write(account, {case.field: case.values["theirs"]}, now=now)
        except IntegrityError:
            raise NotAllowed("not_possible") from None
        base.keep_agreed("account", case.ref, {case.field: case.values["theirs"]}, now=now)
    return f"account:{account.pk}"


def _nothing_is_on_its_way(**whom: Any) -> None:
    if not rules.may_be_compared(step.open_deliveries(**whom)):
        raise NotAllowed("delivery_under_way")


def tell_again(
    person: Person, differing: Mapping[str, tuple[Any, Any]], *, actor: Actor, now: datetime, policy: Policy
) -> Request | None:
    """Have the CIS told of what we hold: field to ours and theirs. Within the caller's transaction, under the person's lock.

    A request of its own under its own key, in order behind what is on its way; None where there is nothing to tell.
    """
    wishes, before = repair.wishes(differing, country=policy.country)
    if not wishes:
        return None
    request = new_request(
        PUT_RIGHT.name, actor=actor, channel="console", language=person.language, now=now, policy=policy
    )
    request.person, request.seen = person, before
    request.written = [each.as_json() for each in wishes]
    request.answers = {"fields": sorted({field.partition(".")[0] for field in differing})}
    moves.begin(request, actor=actor, now=now)
    moves.hand_in(request, actor=actor, now=now)
    machine.advance(request_id=request.pk, now=now, policy=policy)
    return Request.objects.get(pk=request.pk)
