"""What is written when somebody depends on service: protection, a certificate, an end?

One row for each account that is protected. What the CIS is to hear of it is kept on the request.
"""

from datetime import datetime, timedelta

from keyturn.records import acts
from keyturn.records.models import MedicalCertification, Request, ServiceAgreement
from keyturn.records.queries.premises import LIVE
from keyturn.terms.days import business_days_after, day_ends, day_of, local_date
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Outcome, Role, Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """By the answers' `act`: "" the claim, "certify" what staff read on the certificate, "end"."""
    act = str(request.answers.get("act") or "")
    row = live_for(request.account_id)
    if act == "end":
        _end(row, request, now)
    elif act == "certify":
        _certify(row, request)
    else:
        row = _claim(row, request, now, policy)
    _tell_later(request, row, policy)
    request.established_at = now
    if row is not None:
        note = {"": "care_claimed", "certify": "care_certified", "end": "care_ended"}[act]
        acts.note(
            subject=f"account:{request.account_id}", what=note, actor=_actor(request), now=now,
            data={"care": str(row.pk), "state": row.state},
        )  # fmt: skip
    return Verdict(data={"act": act or "claim", "care": str(row.pk) if row else ""})


def live_for(account_id: object) -> MedicalCertification | None:
    """The protection that holds for an account, locked."""
    rows = MedicalCertification.objects.select_for_update(of=("self",)).filter(account_id=account_id, ended_at=None)
    return rows.order_by("-claimed_at").first()


def _claim(row: MedicalCertification | None, request: Request, now: datetime, policy: Policy) -> MedicalCertification:
    """Protection at once. Where it holds already, a certificate is added to it; its clock does not begin anew."""
    paper = request.documents.filter(erased_at=None, purpose="medical").order_by("-uploaded_at").first()
    if row is None:
        row = _new(request, now, policy)
    if paper is not None:
        row.document = paper
    row.details = {**(row.details or {}), **_details(request)}
    row.version += 0 if row._state.adding else 1
    row.save()
    return row


def _new(request: Request, now: datetime, policy: Policy) -> MedicalCertification:
    last = business_days_after(local_date(now, policy), policy.medical_temporary_days)
    return MedicalCertification(
        account=request.account, person=request.person, request=request, premise=_premise(request),
        kind=str(request.answers.get("medical_kind") or "life_support"), state="temporary", claimed_at=now,
        temporary_until=day_ends(last, policy) + timedelta(microseconds=1),
    )  # fmt: skip


def _details(request: Request) -> dict[str, str]:
    names = ("patient", "device", "phone")
    return {name: str(request.answers[name]) for name in names if request.answers.get(name)}


def _premise(request: Request) -> object:
    served = ServiceAgreement.objects.filter(account=request.account, status__in=LIVE).order_by("start_date", "id")
    first = served.select_related("service_point__premise").first()
    return first.service_point.premise if first else None


def _certify(row: MedicalCertification | None, request: Request) -> None:
    if row is None:
        return
    answers = request.answers
    row.renewals += 1 if row.state == "certified" else 0
    row.state = "certified"
    row.certified_from, row.certified_until = day_of(answers["first"]), day_of(answers["last"])
    row.details = {**row.details, "certified_by": str(answers.get("certified_by") or "")}
    row.reminded_at, row.version = None, row.version + 1
    row.save()


def _end(row: MedicalCertification | None, request: Request, now: datetime) -> None:
    if row is None:
        return
    row.state = "expired" if request.answers.get("why") == "expired" else "withdrawn"
    row.ended_at, row.version = now, row.version + 1
    row.save()


def _tell_later(request: Request, row: MedicalCertification | None, policy: Policy) -> None:
    """For the CIS: yes until a day, or no."""
    if row is None:
        request.written = []
        return
    until = row.certified_until or local_date(row.temporary_until - timedelta(seconds=1), policy)
    holds = row.ended_at is None
    request.written = [{"value": "yes" if holds else "no", "until": until.isoformat() if holds else ""}]


def _actor(request: Request) -> Actor:
    role, _colon, ident = request.begun_by.partition(":")
    return Actor(Role(role), ident)


def take_back(request: Request, *, actor: Actor, now: datetime) -> None:
    """What a request began that ends in a refusal protects nobody any more, and what it ended holds again (I6); unless somebody
    else has claimed it, too.

    A certificate that staff have read stays, whichever request brought it: no undoing takes it from somebody who may
    depend on service to live; staff end it by name (`stays`).
    """
    if request.established_at is None:
        return
    act = str(request.answers.get("act") or "")
    if act == "":
        rows = MedicalCertification.objects.select_for_update(of=("self",)).filter(
            request=request, ended_at=None, state="temporary"
        )
        over = [_withdrawn(each, now) for each in rows if not _goes_over(each, request)]
        _note_undone(over, "care_taken_back", actor=actor, now=now)
    elif act == "end":
        _note_undone(_hold_again(request), "care_holds_again", actor=actor, now=now)


def _goes_over(row: MedicalCertification, request: Request) -> bool:
    """Somebody has claimed the same since, by telephone perhaps: the protection is that request's now."""
    since = Request.objects.filter(
        account=request.account_id, journey=request.journey, established_at__gte=row.claimed_at,
        outcome__in=(Outcome.NONE, Outcome.COMPLETED),
    )  # fmt: skip
    others = since.exclude(pk=request.pk).order_by("established_at", "pk")
    other = next((each for each in others if not each.answers.get("act")), None)
    if other is not None:
        row.request, row.version = other, row.version + 1
        row.save(update_fields=["request", "version"])
    return other is not None


def _withdrawn(row: MedicalCertification, now: datetime) -> MedicalCertification:
    row.state, row.ended_at, row.version = "withdrawn", now, row.version + 1
    row.save(update_fields=["state", "ended_at", "version"])
    return row


def _hold_again(request: Request) -> list[MedicalCertification]:
    """The protection that this request ended; not where another has begun since."""
    if live_for(request.account_id) is not None:
        return []
    rows = MedicalCertification.objects.select_for_update(of=("self",)).filter(account_id=request.account_id)
    row = rows.filter(ended_at=request.established_at).first()
    if row is None:
        return []
    row.state, row.ended_at = "certified" if row.certified_until else "temporary", None
    row.version += 1
    row.save(update_fields=["state", "ended_at", "version"])
    return [row]


def _note_undone(rows: list[MedicalCertification], what: str, *, actor: Actor, now: datetime) -> None:
    for row in rows:
        data = {"care": str(row.pk), "state": row.state}
        acts.note(subject=f"account:{row.account_id}", what=what, actor=actor, now=now, data=data)


def stays(request: Request, *, now: datetime) -> frozenset[str]:
    """What an undoing leaves: a certificate that staff have read."""
    held = MedicalCertification.objects.filter(account=request.account_id, ended_at=None, state="certified")
    mine = request.answers.get("act") == "certify" or held.filter(request=request).exists()
    return frozenset({"certificate"}) if mine and held.exists() else frozenset()
