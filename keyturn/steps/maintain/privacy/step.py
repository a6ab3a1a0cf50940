"""How is a privacy request looked at, carried out, and told to the CIS?"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from keyturn.records import crypto, documents
from keyturn.records.bulk import persons as bulk
from keyturn.records.data_map import TABLES, Hold
from keyturn.records.data_map.erasing import Erased, erase
from keyturn.records.data_map.reach import Reach
from keyturn.records.models import (
    Account,
    AccountAccess,
    AccountPerson,
    Consent,
    Invitation,
    Message,
    Person,
    Preference,
    PrivacyCase,
    RedFlag,
    Request,
    ServiceAgreement,
)
from keyturn.records.models.dated import not_over_at
from keyturn.records.queries import access
from keyturn.records.queries.premises import LIVE
from keyturn.steps.maintain.privacy import copy, rules
from keyturn.terms.change import DetailChange
from keyturn.terms.cis import UpdateCustomer
from keyturn.terms.days import local_date
from keyturn.terms.document import CLEAN, Remade
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict

BY = "privacy"
HOLDS = (rules.ERASURE, rules.RESTRICTION, rules.OBJECTION)
"""Kinds of which something holds afterwards; erased details cannot come back at all."""


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Start its clock, and say who must look."""
    _case(request, now=now, policy=policy)
    return Verdict(rules.check(facts_about(request, now=now, policy=policy), policy))


def _case(request: Request, *, now: datetime, policy: Policy) -> PrivacyCase:
    asked = request.submitted_at or now
    case, _new = PrivacyCase.objects.get_or_create(
        request=request,
        defaults={
            "person": request.person, "kind": kind_of(request), "asked_at": asked, "due_at": rules.due_at(asked, policy),
            "proof_level": rules.proof_level(
                by_staff=request.channel == "console", proved_again=request.evidence.filter(kind="login").exists()
            ),
        },
    )  # fmt: skip
    return case


def kind_of(request: Request) -> str:
    return str(request.answers.get("privacy") or "")


def facts_about(request: Request, *, now: datetime, policy: Policy) -> rules.Facts:
    """Read what the rules need."""
    assert request.person
    approvals = _approvals(request)
    mine = Account.objects.filter(people__person=request.person, people__superseded_at=None)
    ends = ServiceAgreement.objects.filter(account__in=mine).exclude(status__in=LIVE)
    flags = Q(person=request.person) | Q(account__in=mine) | Q(user_id=request.user_id, user__isnull=False)
    return rules.Facts(
        kind=kind_of(request),
        is_theirs=_is_theirs(request, now),
        open_flags=RedFlag.objects.filter(flags, state="open").count(),
        warnings=tuple(sorted(set(request.person.flags) - {"restricted", "protected_address"})),
        approved_by=len(set(approvals)),
        looks=request.events.filter(what="reviewed").count(),
        is_served=ServiceAgreement.objects.filter(account__in=mine, status__in=LIVE).exists(),
        owes=mine.filter(balance__gt=0).exists(),
        open_requests=len(_open_requests(request, now)),
        last_account_ended=ends.aggregate(last=Max("end_date"))["last"],
        today=local_date(now, policy),
    )  # fmt: skip


def _open_requests(request: Request, now: datetime) -> list[dict[str, Any]]:
    """All that an erasure would reach; also what staff still look at, whose person nobody knows but whose e-mail is proved."""
    theirs = Reach(persons=[request.person_id], logins=_logins(request, now)).rows(TABLES["request"])
    return [each for each in theirs if each["submitted_at"] and not each["ended_at"] and each["id"] != request.pk]


def _is_theirs(request: Request, now: datetime) -> bool:
    """Whether the login that asks is this person; a member of staff asks for whom they saw."""
    own = {each.pk for each in access.own_persons(request.user_id, at=now)} if request.user_id else set()
    return request.person_id in own or request.user_id is None


def _approvals(request: Request) -> list[str]:
    """Members of staff who agreed to what was sent last: an earlier yes was to something else, a program's is none."""
    sent = request.events.filter(what="submitted").aggregate(last=Max("number"))["last"] or 0
    said_yes = request.events.filter(what="reviewed", role="staff", number__gt=sent, data__decision="approve")
    return list(said_yes.values_list("actor", flat=True))


def carry_out(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Do what was asked, and keep how it ended."""
    case = _case(request, now=now, policy=policy)
    kind = case.kind
    request.established_at = now
    facts = facts_about(request, now=now, policy=policy)
    kept: list[dict[str, Any]] = []
    if kind == rules.COPY:
        _copy(request, case, now=now, policy=policy)
    elif kind == rules.ERASURE:
        kept = _forget(request, facts, now=now, policy=policy)
    elif kind == rules.RESTRICTION:
        _restrict(request, now=now)
    elif kind == rules.OBJECTION:
        _object(request, now=now)
    why = tuple(sorted({each["why"] for each in kept} - {"record"}))
    case.kept, case.outcome, case.ended_at = kept, rules.outcome(kind=kind, reasons=why), now
    case.save()
    return Verdict(data={"privacy": kind, "privacy_outcome": case.outcome, "kept": len(kept)})


def _copy(request: Request, case: PrivacyCase, *, now: datetime, policy: Policy) -> None:
    content = copy.make(persons=[case.person_id], logins=_logins(request, now), now=now, policy=policy)
    made = Remade("application/zip", content)
    document = documents.keep(
        request=request, purpose="privacy_copy", name="about-you.zip", made=made, checksum=crypto.checksum(content),
        scan=CLEAN, uploaded_by=BY, now=now,
    )  # fmt: skip
    document.retain_until = now + timedelta(days=policy.privacy_copy_days)
    document.save(update_fields=["retain_until"])
    case.document = document


def _logins(request: Request, now: datetime) -> list[int]:
    """The login that asks, where it is nobody else's as well."""
    if request.user_id is None:
        return []
    own = {person.pk for person in access.own_persons(request.user_id, at=now)}
    return [request.user_id] if own <= {request.person_id} else []


def hold_for(facts: rules.Facts, policy: Policy) -> tuple[Hold, tuple[str, ...], date | None]:
    """How much must stay, why, and the books until when."""
    needed, until = rules.is_needed(facts), rules.books_until(facts, policy)
    if needed:
        return Hold.SERVED, needed, until
    return (Hold.BOOKS, ("books",), until) if until else (Hold.NONE, (), None)


def _forget(request: Request, facts: rules.Facts, *, now: datetime, policy: Policy) -> list[dict[str, Any]]:
    hold, _why, until = hold_for(facts, policy)
    person = Person.objects.select_for_update().get(pk=request.person_id)
    reach = Reach(persons=[person.pk], logins=_logins(request, now))
    theirs = [row["id"] for row in reach.rows(TABLES["message"])]
    Message.objects.filter(pk__in=theirs, state="due").delete()  # emptied, it could not be sent
    if hold is not Hold.SERVED:
        _close_doors(reach, now=now)
    erased = erase(reach, hold=hold, now=now, spare=request.pk)
    if hold is Hold.SERVED:
        bulk.reindex([person.pk], now=now)
    else:
        person.refresh_from_db()
        person.flags, person.updated_at, person.version = ["erased"], now, person.version + 1
        person.save(update_fields=["flags", "updated_at", "version"])
    return _remainders(erased, facts, until)


def forget_books(*, now: datetime, policy: Policy) -> int:
    """What an erasure left for the books alone, once the law asks for them no more and its day has come (K-65)."""
    today = local_date(now, policy).isoformat()
    left = PrivacyCase.objects.filter(kind=rules.ERASURE, kept__contains=[{"why": "books"}])
    over = [case.pk for case in left if max(each["until"] for each in case.kept) <= today]
    return sum(_forget_books(pk, now=now, policy=policy) for pk in over)


@transaction.atomic
def _forget_books(case_id: UUID, *, now: datetime, policy: Policy) -> int:
    case = PrivacyCase.objects.select_related("request").get(pk=case_id)
    person = case.request.person = Person.objects.select_for_update().get(pk=case.person_id)
    facts = facts_about(case.request, now=now, policy=policy)
    if "erased" not in person.flags or facts.open_flags or hold_for(facts, policy)[0] is not Hold.NONE:
        return 0
    erased = erase(Reach(persons=[person.pk], logins=[]), hold=Hold.NONE, now=now)
    case.kept, case.outcome = _remainders(erased, facts, None), rules.outcome(kind=case.kind, reasons=())
    case.save(update_fields=["kept", "outcome"])
    return 1


def _close_doors(reach: Reach, *, now: datetime) -> None:
    """Nobody goes on acting for somebody who is forgotten, or knows their account by a name; nobody is invited any more."""
    own = Q(person_id__in=reach.persons) | Q(user_id__in=reach.logins)
    given = Q(request__user_id__in=reach.logins) | Q(group__person_id__in=reach.persons)
    doors = own | given | Q(account__in=_theirs_alone(reach, now))
    AccountAccess.objects.filter(doors, ended_at=None).update(ended_at=now, ended_by=BY, nickname="")
    Invitation.objects.filter(invited_by_id__in=reach.logins, state="sent").update(state="revoked", answered_at=now)


def _theirs_alone(reach: Reach, now: datetime) -> Any:
    """Whoever acts on a joint account may do so for the other, who stays."""
    others = AccountPerson.objects.filter(not_over_at(now), account=OuterRef("account")).exclude(
        person_id__in=reach.persons
    )
    return AccountPerson.objects.filter(~Exists(others), person_id__in=reach.persons).values("account")


def _remainders(erased: Erased, facts: rules.Facts, until: date | None) -> list[dict[str, Any]]:
    """What stays, by table, with a code that says why (words.REASONS) and until when."""
    needed = rules.is_needed(facts)
    return [
        {
            "what": each.table, "rows": each.rows, "why": needed[0] if each.why == "served" and needed else each.why,
            "until": until.isoformat() if until and each.why == "books" else "",
        }
        for each in erased.kept
    ]  # fmt: skip


def _restrict(request: Request, *, now: datetime) -> None:
    """From now on staff change what is on file, not a machine (D-27)."""
    person = Person.objects.select_for_update().get(pk=request.person_id)
    if "restricted" not in person.flags:
        person.flags = [*person.flags, "restricted"]
        person.version, person.updated_at = person.version + 1, now
        person.save(update_fields=["flags", "version", "updated_at"])


def _object(request: Request, *, now: datetime) -> None:
    """Take back every consent to marketing; the ledger is added to, never changed."""
    given = Consent.objects.filter(person=request.person, purpose="marketing").order_by("at")
    for channel in sorted({"", *given.values_list("channel", flat=True)}):
        last = given.filter(channel=channel).last()
        Consent.objects.create(
            request=request, person=request.person, purpose="marketing", channel=channel, act="withdrawn",
            contact_digest=last.contact_digest if last else "", wording_version=last.wording_version if last else "-",
            language=request.language, how=request.channel, at=now,
        )  # fmt: skip
    Preference.objects.filter(person=request.person, topic="offers").update(state="off", changed_at=now)


def command_for(request: Request, policy: Policy) -> UpdateCustomer:
    """What the CIS is told: that it was asked, and what of it holds there too. No value of the person's."""
    assert request.person
    case = request.privacy
    day = case.asked_at.date().isoformat()
    said = {
        rules.COPY: DetailChange("privacy.copy", day),
        rules.CORRECTION: DetailChange("privacy.correction", day),
        rules.ERASURE: DetailChange("privacy.erasure", f"{case.outcome}:{day}"),
        rules.RESTRICTION: DetailChange("restricted", "yes"),
        rules.OBJECTION: DetailChange("marketing", "no"),
    }
    return UpdateCustomer(
        request_reference=request.reference, person_ref=request.person.ref or "", changes=(said[case.kind],),
        origin={"channel": request.channel},
    )  # fmt: skip


def cis_told(request: Request, *, now: datetime) -> None:
    PrivacyCase.objects.filter(request=request, cis_told_at=None).update(cis_told_at=now)
