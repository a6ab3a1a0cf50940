"""Which proofs does a request have, and is another one needed?"""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from keyturn.journeys import JOURNEYS, Kind
from keyturn.journeys.applicant import applicant
from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.records import ids, person_index, writing
from keyturn.records.crypto import digest, fingerprint
from keyturn.records.models import EmailCode, Evidence, OutsideCheck, Request, ResumeLink
from keyturn.records.queries import proofs
from keyturn.steps.verify import rules
from keyturn.steps.verify.eligibility import step as eligibility
from keyturn.terms.finding import Finding
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role, Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Ask for the proof that is missing; `check` where an outside party must be asked first: who it is ("identity"), or the
    CIS whether it would serve them ("eligibility")."""
    facts = _facts(request)
    to_prove = tuple(rules.email_is_proved(facts))  # first: nobody is checked outside who has not proved their e-mail
    if to_prove:
        return Verdict(to_prove)
    if rules.identity_check_is_due(facts, policy):
        return Verdict(check="identity")
    asked = eligibility.run(request, now=now, policy=policy)
    return asked if asked.check else Verdict((*rules.identity_is_confirmed(facts), *asked.findings))


def _facts(request: Request) -> rules.Facts:
    evidence = {(each.kind, each.subject) for each in proofs.of(request)}
    identity = identity_subject(request)
    checks = [each.outcome for each in proofs.checks_of(request, "identity") if each.subject == identity]
    return rules.Facts(
        channel=request.channel,
        email_proved=("email", request.email_digest) in evidence,
        identity_attested=("identity", identity) in evidence,
        is_new_person=request.match_zone == "new",
        identity_outcome=next(iter(checks), ""),
    )


def identity_subject(request: Request) -> str:
    """A digest of what the identity check is about: other details need another check."""
    details = applicant(request.answers)
    return _identity(details, person_index.digests(details))


def _identity(details: PersonDetails, identifiers: tuple[tuple[str, str], ...]) -> str:
    return digest("identity", repr((details.display_name, details.date_of_birth, identifiers)))


def open_check(request: Request, kind: str, *, now: datetime) -> OutsideCheck:
    """The row of the check that is due; made before the outside party is called."""
    if kind == eligibility.KIND:
        return eligibility.open_one(request, now=now)
    check, _made = OutsideCheck.objects.get_or_create(
        request=request, kind="identity", subject=identity_subject(request), defaults={"asked_at": now}
    )
    return check


def ask_again(request: Request, *, now: datetime) -> None:
    """Forget that a check could not be reached, and what the CIS said: both are asked anew."""
    anew = Q(outcome="unavailable") | Q(kind=eligibility.KIND)
    request.checks.filter(anew).update(outcome="", answered_at=None, asked_at=now)


def attest(request: Request, kinds: list[str], *, actor: Actor, now: datetime) -> None:
    """Enter what a partner vouches for, about the answers as they stand (I-01)."""
    details = applicant(request.answers)
    form = person_index.features(details)
    subjects = {
        "email": [digest("email", normal_email(each)) for each in details.emails],
        "phone": [digest("phone", each) for each in form.phones],
        "identity": [_identity(details, form.identifiers), *(each for _, each in form.identifiers)],
    }
    _enter(request, [(kind, each) for kind in kinds for each in subjects[kind]], "attested", actor, now)


def aim(request: Request) -> None:
    """A contact that stands on file is proved: the code goes there, and proves that contact (BR-17)."""
    if request.answers.get("act") == "prove":
        contact = request.seen.get(f"contact.{request.answers.get('contact_id')}") or {}
        request.email_digest = subject_of(contact) if contact else ""
        request.save(update_fields=["email_digest"])


def subject_of(contact: Mapping[str, Any]) -> str:
    """A digest of a contact on file, as a proof names it."""
    normal = normal_email if contact["channel"] == "email" else normal_phone
    return digest(contact["channel"], normal(contact["value"]))


def send_code(request: Request, purpose: str, *, now: datetime, policy: Policy) -> str | None:
    """Make a new code for the request's e-mail and void the older ones; None where too many were sent (Y-05)."""
    recent = request.email_codes.filter(purpose=purpose, sent_at__gt=now - timedelta(hours=1)).count()
    if not rules.may_send_code(recent, policy):
        return None
    code = ids.new_code()
    request.email_codes.filter(purpose=purpose, used_at=None, expires_at__gt=now).update(expires_at=now)
    EmailCode.objects.create(
        request=request,
        purpose=purpose,
        email_digest=request.email_digest,
        code_digest=_code_digest(request, purpose, code),
        sent_at=now,
        expires_at=now + rules.code_lifetime(purpose, policy),
    )
    return code


def try_code(request: Request, purpose: str, typed: str, *, now: datetime, policy: Policy) -> list[Finding]:
    """Use a code. Wrong guesses are counted; a right one is used up and, to prove an e-mail, entered as evidence."""
    code = (
        EmailCode.objects.select_for_update()
        .filter(request=request, purpose=purpose, email_digest=request.email_digest)
        .order_by("-sent_at", "-id")
        .first()
    )
    problem = rules.code_problem(
        found=code is not None,
        used=code is not None and code.used_at is not None,
        expires_at=code.expires_at if code else None,
        tries=code.tries if code else 0,
        now=now,
        policy=policy,
    )
    if problem or code is None:
        return [Finding("Y-04", "code", params={"why": problem})]
    if not hmac.compare_digest(code.code_digest, _code_digest(request, purpose, rules.normal_code(typed))):
        code.tries += 1
        code.save(update_fields=["tries"])
        return [Finding("Y-04", "code")]
    code.used_at = now
    code.save(update_fields=["used_at"])
    contact = (
        request.seen.get(f"contact.{request.answers.get('contact_id')}")
        if request.answers.get("act") == "prove"
        else None
    )
    kind = str(contact["channel"]) if contact else "email"
    _enter(request, [(kind, request.email_digest)], "code", Actor(Role.CUSTOMER), now)
    return []


def was_proved_just_now(request: Request, purpose: str, *, now: datetime) -> bool:
    """Whether a code for this purpose, sent to the address that the request bears now, was used within a minute."""
    used = {"purpose": purpose, "email_digest": request.email_digest, "used_at__gt": now - timedelta(minutes=1)}
    return request.email_codes.filter(**used).exists()


def _code_digest(request: Request, purpose: str, code: str) -> str:
    return digest("code", f"{request.pk}:{purpose}:{code}")


def _enter(request: Request, proved: list[tuple[str, str]], source: str, actor: Actor, now: datetime) -> None:
    """Each proof once: who proves the same thing again has proved it already."""
    rows = [
        Evidence(request=request, kind=kind, subject=subject, source=source, actor=actor.ident[:80], at=now)
        for kind, subject in dict.fromkeys(proved)
    ]
    if request._state.adding:
        writing.beside(request, rows)
    else:
        Evidence.objects.bulk_create(rows, ignore_conflicts=True)


def open_draft_of(email: str, *, now: datetime) -> Request | None:
    """The latest draft of a browser that bears this e-mail address and has not expired; first those in which it was
    proved. What a login or a partner's key began belongs to them (I-04).

    Anybody can type an address into a draft of theirs: it must not stand before the owner's own.
    """
    normal = normal_email(email)
    if not normal:
        return None
    bearing = digest("email", normal)
    of_browsers = Request.objects.filter(channel="portal", user=None)
    drafts = of_browsers.filter(email_digest=bearing, standing="customer", submitted_at=None, due_at__gt=now)
    proved = Evidence.objects.filter(request=OuterRef("pk"), kind="email", subject=bearing)
    return drafts.order_by(Exists(proved).desc(), "-updated_at").first()


def make_resume_link(request: Request, *, now: datetime, policy: Policy) -> str:
    """A link's token; only its fingerprint is kept. Empty where several were sent in the last hour (Y-05)."""
    hours = timedelta(hours=policy.resume_link_hours)
    recent = request.resume_links.filter(expires_at__gt=now + hours - timedelta(hours=1)).count()
    if not rules.may_send_code(recent, policy):
        return ""
    token = ids.new_secret()
    ResumeLink.objects.create(request=request, fingerprint=fingerprint(token), expires_at=now + hours)
    return token


def make_stop_link(request: Request, *, until: datetime) -> str:
    """The token by which whoever is told of a coming change stops it; it holds while the change rests."""
    token = ids.new_secret()
    ResumeLink.objects.create(request=request, fingerprint=fingerprint(token), expires_at=until)
    return token


def resting(token: str, *, now: datetime) -> Request | None:
    """The resting change that a stop link leads to."""
    link = (
        ResumeLink.objects.filter(fingerprint=fingerprint(token), expires_at__gt=now).select_related("request").first()
    )
    if link is None or link.request.standing != "calendar" or JOURNEYS[link.request.journey].kind is not Kind.CHANGE:
        return None  # a link by which something else is gone on with stops nothing
    return link.request


def resume(token: str, *, now: datetime) -> Request | None:
    """The draft that a link leads to, while both hold."""
    link = (
        ResumeLink.objects.filter(fingerprint=fingerprint(token), expires_at__gt=now).select_related("request").first()
    )
    if link is None or link.request.standing != "customer" or link.request.submitted_at is not None:
        return None
    return link.request
