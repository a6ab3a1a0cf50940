"""What do staff see of one request before they decide?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.console import (
    answers,
    comparison,
    delivery,
    kept,
    papers,
    story,
    told_apart,
    undone,
    vocabulary,
    wanted,
    weighing,
)
from keyturn.console.access import DECIDERS, RETRIERS, STAFF, SUPERVISORS, actor_of, may_see_protected, only, role_of
from keyturn.console.maintained import STAYS
from keyturn.console.people import proposal_row
from keyturn.console.queue import page
from keyturn.console.rows import (
    holder_of,
    name_of,
    promise_of,
    reasons_of,
    services_of,
    short_address,
    status_of,
    status_word,
)
from keyturn.console.vocabulary import say
from keyturn.flow import cases
from keyturn.flow.deliveries import common_time
from keyturn.journeys.applicant import applicant, held_against_file
from keyturn.look.parts import Problem
from keyturn.matching.model import load
from keyturn.matching.score import odds
from keyturn.records.queries import console, dossier, merges, persons, premises, requests, shelter
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.request import Standing


@dataclass(frozen=True, slots=True)
class Typed:
    """What was sent with a decision that could not be taken: it stays in the form. `problems` lead to the fields."""

    decision: str = ""
    reason: str = ""
    template: str = ""
    person: str = ""
    problems: tuple[Problem, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    changed: Sequence[story.Happening] = ()
    revealed: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, str] = field(default_factory=dict)  # of a form about the delivery: "act", and its fields


NOTHING = Typed()


def typed_in(form: Mapping[str, str]) -> Typed:
    """What stands in the form of the decision."""
    decision = form.get("decision", "")
    reason, template = form.get("reason", "")[: kept.LONGEST], form.get(f"template_{decision}", "")
    return Typed(decision, reason, template, form.get("person_id", ""))


def find(reference: str) -> Any:
    """The request with this reference; drafts are nobody's business but their owner's."""
    found = requests.by_reference(reference)
    if found is None or found.submitted_at is None:
        raise Http404
    return found


@require_safe
@only(STAFF)
def show(request: HttpRequest, reference: str) -> HttpResponse:
    case = find(reference)
    merge = merges.of_request(case.pk) if case.standing == Standing.STAFF and "whole" not in request.GET else None
    if merge is not None and role_of(request) in DECIDERS:
        return redirect("console:merge_made", merge.pk)  # agreed to by a verb of its own
    waiting = kept.take_back(request, reference) if role_of(request) in DECIDERS else {}
    if waiting:
        messages.warning(request, _("Nothing was sent yet. What you typed is still here: look at it, then decide."))
        return case_page(request, case, typed_in(waiting))
    return case_page(request, case, Typed(person=request.GET.get("person", "")))


def case_page(request: HttpRequest, case: Any, typed: Typed = NOTHING, *, status: int = 200) -> HttpResponse:
    """The whole page, also when a decision could not be taken."""
    now = timezone.now()
    written = dossier.written(case)
    events, notes = written.events, written.notes
    names = story.names_in(events, notes)
    people = _people(case, written.candidates, typed, now=now)
    hidden = _is_hidden(request, case, now=now)
    return page(
        request,
        "console/request.html",
        status=status,
        case=case,
        name=_named_on_file(case, now) or name_of(case),
        services=services_of(case),
        start=answers.day(case.answers.get("start_date", "")),
        address=_("Protected address") if hidden else short_address(case),
        hidden=hidden,
        state=status_of(case),
        status_word=status_word(case),
        tone=vocabulary.STATUS_TONES.get(status_of(case), ""),
        promise=promise_of(case, now=now),
        channel=say(vocabulary.CHANNELS, case.channel),
        reasons=reasons_of(case),
        differing=_differences(case, now),
        debts=_debts(case, people, now),
        living_there=_agreements(case),
        premise_facts=premises.facts(case.premise) if case.premise and not hidden else None,
        premise_services=", ".join(say(vocabulary.SERVICES, each) for each in case.premise.services)
        if case.premise
        else "",
        sections=answers.sections_of(case, hidden=hidden),
        proofs=_proofs(written),
        papers=papers.of_request(case),
        notes=story.spoken(notes, names=names),
        sent=_messages(written),
        delivery=delivery.of(case, now=now),
        undone=undone.of(case, events),
        events=story.told(events, journey=case.journey, names=names),
        seen=case.events_written,
        typed=typed,
        problems=typed.problems,
        revealed=typed.revealed,
        **people,
        **(wanted.values_of(case, now=now, hidden=hidden) if wanted.is_change(case) else {}),
        **_powers(request, case, typed, people, held=console.last_of(events), now=now),
    )


def _is_hidden(request: HttpRequest, case: Any, *, now: datetime) -> bool:
    """Whether the address of whom it is about is kept from this reader. Who has the right is written down (C.20)."""
    if not shelter.is_protected(case.person_id, at=now):
        return False
    if not may_see_protected(request):
        return True
    flow.look_at_protected(person_id=case.person_id, may_see=True, actor=actor_of(request), now=now)
    return False


# ---------------------------------------------------------------- whom it may be


def _people(case: Any, candidates: Sequence[Any], typed: Typed, *, now: datetime) -> dict[str, Any]:
    """The candidates by name, the one that is shown, and how the two compare."""
    found = [] if wanted.is_change(case) else [each for each in candidates if _concerns(case, each)]
    names = persons.names_of((each.person_id for each in found), at=now)
    shown = next((each for each in found if str(each.person_id) == typed.person), None)
    if shown is None:
        linked = next((each for each in found if each.person_id == case.person_id), None)
        shown = linked or (found[0] if found else None)
    person_id = shown.person_id if shown else case.person_id
    person = dossier.on_file(person_id, request=case, at=now, candidate=shown) if person_id else None
    # Made by this very request, or known who it is: there is nobody to compare with.
    new_here = (bool(case.account_id) and not found) or wanted.is_change(case)
    details = applicant(case.answers)
    return {
        "candidates": [(str(each.person_id), names.get(each.person_id, "?"), each is shown) for each in found],
        "compared": comparison.compare(details, person, zone=case.match_zone) if person and not new_here else None,
        "margin": weighing.margin(
            shown, [(each, names.get(each.person_id, "?")) for each in found if each is not shown]
        ),
        "earlier": told_apart.sentences(
            shown.person_id, at=now, among=[each.person_id for each in found if each is not shown]
        )
        if shown
        else [],
        "linked": case.person_id is not None,
        "is_left_open": any(row["rule"] in ("M-02", "M-04") for row in case.findings),
        "is_linked_one": bool(person and case.person_id == person.person_id),
        "other_requests": [
            (each.reference, status_word(each), "" if person.protected else short_address(each))
            for each in person.requests
        ]
        if person
        else [],
    }


def _named_on_file(case: Any, now: datetime) -> str:
    """Whose file a change is about; "" where it starts service."""
    if case.person_id is None or not wanted.is_change(case):
        return ""
    return persons.names_of([case.person_id], at=now).get(case.person_id, "")


def _concerns(case: Any, candidate: Any) -> bool:
    """Whether staff need to see this person: no more of a stranger's file than the question asks for."""
    if any(row["rule"] in ("M-02", "M-04") for row in case.findings) or candidate.person_id == case.person_id:
        return True
    return bool(odds(candidate.weight) >= load(settings.KEYTURN_POLICY.match_profile).thresholds.review)


def _differences(case: Any, now: datetime) -> list[tuple[str, str, str]]:
    """What the applicant says otherwise than the file: open proposals, or what would become one (D-10)."""
    if case.person is None or not any(row["rule"] == "D-10" for row in case.findings):
        return []
    served = case.premise.address if case.premise else None
    theirs = held_against_file(case.answers, served)
    return [
        (say(vocabulary.PROPOSED, name), _shown(name, said), _shown(name, held))
        for name, said, held in dossier.differences(theirs, case.person, served=served, at=now)
    ]


def _shown(name: str, value: str) -> str:
    return comparison.masked(value) if name in vocabulary.IDENTIFIERS else value.replace("\n", ", ")


def _debts(case: Any, people: Mapping[str, Any], now: datetime) -> list[Any]:
    """Unpaid final bills: of the linked person, else of the candidate who is shown."""
    compared = people["compared"]
    person_id = case.person_id or (compared.person.person_id if compared else None)
    return [
        {"ref": account.ref, "balance": account.balance, "ended": ended}
        for account, ended in (dossier.unpaid(person_id, at=now) if person_id else [])
    ]


def _agreements(case: Any) -> list[dict[str, Any]]:
    """Who is served at the premise, without saying who: one household's services with the same dates in one line."""
    lines: dict[tuple[Any, ...], list[str]] = {}
    for each in dossier.agreements_at(case.premise_id) if case.premise_id else []:
        landlord, own = each.account.customer_class == "landlord", each.account_id == case.account_id
        key = (say(vocabulary.AGREEMENTS, each.status), each.start_date, each.end_date, landlord, own, each.account_id)
        lines.setdefault(key, []).append(say(vocabulary.SERVICES, each.service_point.service))
    names = ("status", "start", "end", "landlord", "own")
    return [{"service": ", ".join(services), **dict(zip(names, key, strict=False))} for key, services in lines.items()]


# ---------------------------------------------------------------- what is known besides


def _proofs(written: dossier.Written) -> list[tuple[str, str, datetime]]:
    """One act proves who somebody is, and each document that they gave: two rows, one line."""
    proved = {
        (say(vocabulary.PROOFS, each.kind), say(vocabulary.SOURCES, each.source), each.at): None
        for each in written.evidence
    }
    return [*proved, *map(_checked, written.checks)]


def _checked(check: Any) -> tuple[str, str, datetime]:
    """What an outside party, or the CIS, was asked and said; of the CIS the codes as well."""
    asked_cis = check.kind == "eligibility"
    said = say(vocabulary.ELIGIBLE if asked_cis else vocabulary.CHECKS, check.outcome)
    codes = f" ({', '.join(check.reasons)})" if asked_cis and check.reasons else ""
    return say(vocabulary.ASKED, check.kind), f"{said}{codes}", check.answered_at or check.asked_at


def _messages(written: dossier.Written) -> list[dict[str, Any]]:
    return [
        {
            "what": say(vocabulary.MESSAGES, each.template),
            "channel": say(vocabulary.CHANNELS, each.channel),
            "state": each.state,
            "word": say(vocabulary.MESSAGE_STATES, each.state),
            "at": each.sent_at or each.created_at,
        }
        for each in written.messages
    ]


# ---------------------------------------------------------------- what may be done


def _powers(
    request: HttpRequest, case: Any, typed: Typed, people: Mapping[str, Any], *, held: Any, now: datetime
) -> dict[str, Any]:
    """Who is looking at it, and which buttons there are. `held`: what happened last."""
    role, actor = role_of(request), actor_of(request)
    own = flow.is_own(request=case, actor=actor, email_digest=console.email_digest_of(request.user))
    holder = holder_of(held, now=now)
    in_review = case.standing == Standing.STAFF
    decidable = in_review and role in DECIDERS and not own
    return {
        "is_own": own,
        "in_review": in_review,
        "decidable": decidable,
        "options": _options(case, people=bool(people["candidates"])) if decidable else [],
        "chosen": typed.decision,
        "holder": console.names_of([("staff", holder)]).get(("staff", holder), "") if holder else "",
        "held_by_me": bool(holder) and holder == actor.ident,
        "may_take": in_review and role in DECIDERS and not own and not holder,
        "may_retry": case.standing == Standing.ENGINEER and role in RETRIERS,
        "acts": delivery.acts(case, role=role, own=own, now=common_time()),
        "may_look_again": decidable and case.established_at is None,
        "premise_missing": any(row["rule"] == "M-05" for row in case.findings),
        "proposals": _open_proposals(case),
        "person_id": str(case.person_id or ""),
        "back": case.reference,
        "link": _link(case) if role in SUPERVISORS else None,
        "texts": _texts(case),
        "their_language": {"en": _("English"), "es": _("Spanish")}.get(language_of(case), language_of(case)),
        "their_language_code": language_of(case),
    }


def _open_proposals(case: Any) -> list[dict[str, Any]]:
    """What this applicant said otherwise than the file, and nobody has decided yet (I4)."""
    rows = case.proposals.filter(state="open").select_related("request").order_by("created_at", "id")
    hidden = shelter.protected({each.person_id for each in rows}, at=timezone.now())
    return [proposal_row(each, hidden=each.person_id in hidden) for each in rows]


def _link(case: Any) -> list[str] | None:
    """Whether the request's link to somebody on file can be undone, and what would stay (I6)."""
    if not case.links.filter(undone_at=None, created_person=False).exists():
        return None
    return [say(STAYS, each) for each in cases.what_stays(case)]


def _options(case: Any, *, people: bool) -> list[str]:
    """Which words are open to staff, in the order of the form (R-04, R-05, R-09)."""
    if wanted.is_change(case) and not any(row["rule"] == "S-10" for row in case.findings):
        return ["approve", "ask", "refuse"]
    findings = [Finding.from_json(row) for row in case.findings]
    rules = {each.rule for each in findings if each.effect is Effect.REFER}
    if {"M-05", "S-10"} & rules:
        return ["ask", "refuse"]
    if "M-02" in rules:
        return ["same_person", "new_person", "ask", "refuse"]
    open_still = people and case.account_id is None
    other = (["new_person"] if case.person_id else ["same_person"]) if open_still else []
    return [*([] if "D-04" in rules else ["approve"]), *other, "ask", "refuse"]


def language_of(case: Any) -> str:
    """The language in which the applicant reads (C-03)."""
    chosen = case.answers.get("language") or case.language
    return chosen if chosen in settings.KEYTURN_POLICY.languages else str(settings.KEYTURN_POLICY.languages[0])


def _texts(case: Any) -> list[dict[str, str]]:
    """Sentences to start from, in the applicant's language."""
    with override(language_of(case)):
        texts = {kind: {key: _(text) for key, text in words.items()} for kind, words in TEXTS.items()}
    return [
        {"kind": kind, "key": key, "name": say(vocabulary.TEMPLATE_NAMES, key), "text": text}
        for kind, words in texts.items()
        for key, text in words.items()
    ]


TEXTS = {"ask": vocabulary.QUESTIONS, "refuse": vocabulary.REFUSALS}


def text_of(case: Any, decision: str, key: str) -> str:
    """The chosen sentence in the applicant's language; "" where none was chosen."""
    text = TEXTS.get(decision, {}).get(key, "")
    with override(language_of(case)):
        return _(text) if text else ""


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
