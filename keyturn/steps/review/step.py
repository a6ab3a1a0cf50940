"""How does a staff decision change what is known about a request?"""

from datetime import datetime, timedelta

from keyturn.journeys.applicant import applicant
from keyturn.records.crypto import digest
from keyturn.records.models import Note, Request
from keyturn.steps.review import rules
from keyturn.steps.review.rules import Decision
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Staff are due when anything on the request still asks for them; the promise is kept from the first time."""
    standing = tuple(Finding.from_json(row) for row in request.findings)
    if any(found.effect is Effect.REFER for found in standing) and request.promised_at is None:
        request.promised_at = now + timedelta(hours=policy.review_promise_hours)
    return Verdict(standing)


def apply(request: Request, decision: Decision, *, person_id: str | None, by: str) -> None:
    """Keep staff's word on the request: whom it is, who says so (`by`, an actor's origin) and of which applicant, and which
    findings they let pass."""
    if decision not in (Decision.SAME_PERSON, Decision.NEW_PERSON, Decision.APPROVE):
        return
    if decision is Decision.SAME_PERSON:
        request.person_decision = {"same": person_id, "by": by, "of": _who(request)}
    if decision is Decision.NEW_PERSON:
        shown = {
            str(each.person_id): rules.relation_shown([*each.vetoes, *each.why]) for each in request.candidates.all()
        }
        before = request.person_decision.get("related", {})
        related = {**before, **{ident: code for ident, code in shown.items() if code}}
        request.person_decision = {
            "new": sorted({*shown, *request.person_decision.get("new", ())}),
            "by": by,
            "of": _who(request),
            **({"related": related} if related else {}),
        }
    of_another = bool(request.person_id) and decision is not Decision.APPROVE and person_id != str(request.person_id)
    request.approved = rules.can_be_let_pass([*request.approved, *request.findings], of_another=of_another)


def sent_again(request: Request) -> None:
    """The customer has sent it again: what staff let pass is looked at anew, and of whom it is, what still holds."""
    request.approved = []
    request.person_decision = rules.still_holds(request.person_decision, of=_who(request))


def _who(request: Request) -> str:
    return digest("applicant", repr(applicant(request.answers)))


def say(request: Request, kind: str, text: str, *, actor: Actor, now: datetime) -> None:
    """Keep a question, its answer or a reason with the request."""
    note = Note(request=request, at=now, kind=kind, role=str(actor.role), actor=actor.ident[:80])
    note.text = text
    note.save()
