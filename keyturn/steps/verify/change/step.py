"""Which proofs does a change have, and is another one needed?"""

from datetime import datetime

from keyturn.journeys import JOURNEYS
from keyturn.records.models import Evidence, Request
from keyturn.records.queries import proofs
from keyturn.steps.verify import step as verify
from keyturn.steps.verify.change import rules
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Standing, Verdict

PROOF = "login"


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    return Verdict(rules.check(_facts(request, now), policy))


def _facts(request: Request, now: datetime) -> rules.Facts:
    wishes = JOURNEYS[request.journey].wishes(request.answers, request.seen)
    evidence = proofs.of(request)
    return rules.Facts(
        families=frozenset(each.family for each in wishes),
        proved_at=max((each.at for each in evidence if each.kind == PROOF), default=None),
        submitted_at=sent_at(request, now),
        new_email=any(each.family == "email" and (each.value or {}).get("value") for each in wishes)
        and request.answers.get("act") == "set",
        contact_proved=any((each.kind, each.subject) == _to_prove(request) for each in evidence),
        email_proved=any(each.kind == "email" and each.subject == request.email_digest for each in evidence),
    )


def _to_prove(request: Request) -> tuple[str, str] | None:
    """The very contact on file that is to be proved: a code that went anywhere else proves nothing about it."""
    contact = request.seen.get(f"contact.{request.answers.get('contact_id')}")
    return (contact["channel"], verify.subject_of(contact)) if contact else None


def sent_at(request: Request, now: datetime) -> datetime:
    """When it was sent as it stands; now where it is about to be sent, for the first time or once more."""
    if request.submitted_at is None or request.standing == Standing.CUSTOMER:
        return now
    last = request.events.filter(what="submitted").order_by("-number").values_list("at", flat=True).first()
    return last or request.submitted_at


def proved_again(request: Request, *, actor: Actor, now: datetime) -> None:
    """Enter that the customer has just proved again that it is they (a password, a code, a passkey)."""
    request.evidence.filter(kind=PROOF).delete()
    Evidence.objects.create(
        request=request, kind=PROOF, subject=f"{now.timestamp():.0f}", source="sign_in", actor=actor.ident[:80], at=now
    )
