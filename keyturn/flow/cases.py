"""What do staff decide besides a request: a case of fraud, a proposal about a file, a link that was a mistake?"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from keyturn.flow import desk, linking_watch, moves, taking_back
from keyturn.flow.handling import is_open_still, is_own, not_about_themselves
from keyturn.records import acts, history
from keyturn.records.models import PersonLink, Proposal, RedFlag, Request
from keyturn.records.queries import shelter
from keyturn.steps.establish.undoing import step as undoing
from keyturn.steps.gather.rules import clean_text
from keyturn.steps.maintain.care import rules
from keyturn.steps.review import step as review
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role

STAYS = ("account", "agreements", "messages", "accepted")
"""What an undone link leaves as it is: `undo_link` answers with those of them that there are."""


@transaction.atomic
def decide_case(*, case_id: UUID, verdict: str, note: str, is_supervisor: bool, actor: Actor, now: datetime) -> RedFlag:
    """Say once of a red-flag case that it was fraud or harmless. NotAllowed("unknown_case"), ("decided_already"),
    ("done_by_you"), ("own_request") about oneself."""
    case = RedFlag.objects.select_for_update(of=("self",)).filter(pk=case_id).first()
    if case is None or actor.role != Role.STAFF or verdict not in ("fraud", "harmless"):
        raise NotAllowed("unknown_case")
    is_open_still(case, actor=actor)
    not_about_themselves(
        actor=actor, now=now, person_id=case.person_id, account_id=case.account_id, user_id=case.user_id
    )
    words = clean_text(note)[:4000]
    problems = [
        *rules.fraud_is_said_by_a_supervisor(verdict, is_supervisor=is_supervisor),
        *rules.case_has_a_note(words),
    ]
    if problems:
        raise Invalid(problems)
    case.state, case.decided_by, case.decided_at = verdict, actor.origin, now
    case.note = words
    case.save()
    subject = f"person:{case.person_id}" if case.person_id else f"account:{case.account_id}"
    acts.note(subject=subject, what=f"case_{verdict}", actor=actor, now=now, data={"case": str(case.pk)})
    return case


@transaction.atomic
def decide_proposal(
    *, proposal_id: UUID, accept: bool, actor: Actor, now: datetime, policy: Policy, may_see: bool = False
) -> Proposal:
    """Take what an applicant said about a person on file (I4), or leave the file as it is.

    What is taken is a change at the desk like any other: written with its history, told to the old and the new contact,
    told to the CIS. NotAllowed("unknown_proposal"), ("decided_already"), ("done_by_you"), ("own_request"), ("protected") about an
    address that is kept secret, to who has not the right to see it (`may_see`); Invalid where the value is not good.
    """
    found = Proposal.objects.select_for_update(of=("self",)).filter(pk=proposal_id).first()
    if found is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_proposal")
    is_open_still(found, actor=actor)
    not_about_themselves(actor=actor, now=now, person_id=found.person_id)
    if found.field == "address" and not may_see and shelter.is_protected(found.person_id, at=now):
        raise NotAllowed("protected")
    found.state = "accepted" if accept else "declined"
    found.decided_by, found.decided_at = actor.origin, now
    found.save(update_fields=["state", "decided_by", "decided_at"])
    if accept:
        desk.accept_proposal(found, actor=actor, now=now, policy=policy)
    acts.note(
        subject=f"person:{found.person_id}", what=f"proposal_{found.state}", actor=actor, now=now,
        data={"proposal": str(found.pk), "field": found.field},
    )  # fmt: skip
    return found


@transaction.atomic
def undo_link(*, request_id: UUID, reason: str, actor: Actor, now: datetime, email_digest: str = "") -> tuple[str, ...]:
    """The request was not this person after all (I6): the link, its proposals and the access that it gave end.

    Answers what stays as it is and must be put right in the CIS (`STAYS`). NotAllowed("nothing_to_undo") where the
    person was made by this very request, or the link is undone already; ("own_request") where it is their own, as their
    `email_digest` says, too.
    """
    request = Request.objects.select_for_update().filter(pk=request_id).exclude(submitted_at=None).first()
    link = PersonLink.objects.filter(request_id=request_id, undone_at=None).first()
    if request is None or actor.role != Role.STAFF:
        raise NotAllowed("unknown_request")
    if link is None or link.created_person:
        raise NotAllowed("nothing_to_undo")
    if is_own(request=request, actor=actor, email_digest=email_digest):
        raise NotAllowed("own_request")
    not_about_themselves(actor=actor, now=now, person_id=link.person_id)
    words = clean_text(reason)[:4000]
    if problems := list(rules.protection_has_a_reason(words)):
        raise Invalid(problems)
    who = actor.origin
    link.undone_at, link.undone_by = now, who
    link.save(update_fields=["undone_at", "undone_by"])
    request.proposals.filter(state="open").update(state="declined", decided_by=who, decided_at=now)
    given = taking_back.let_in(request)
    undoing.take_back(request, actor=actor, now=now)
    for held in given:
        taking_back.end_let_in(held, actor=actor, now=now, policy=moves.policy())
    review.say(request, "internal", words, actor=actor, now=now)
    history.append(request, "link_undone", actor=actor, now=now, data={"person": str(link.person_id)})
    request.save(update_fields=["events_written", "chain_head"])
    acts.note(
        subject=f"person:{link.person_id}", what="link_undone", actor=actor, now=now, data={"request": str(request.pk)}
    )
    linking_watch.note_undone(link, actor=actor, now=now, policy=moves.policy())
    return what_stays(request)


def what_stays(request: Request) -> tuple[str, ...]:
    """What no undoing of a link takes back."""
    account = request.account
    there = {
        "account": account is not None,
        "agreements": account is not None and account.agreements.exists(),
        "messages": request.messages.filter(state="sent").exists(),
        "accepted": request.proposals.filter(state="accepted").exists(),
    }
    return tuple(name for name in STAYS if there[name])
