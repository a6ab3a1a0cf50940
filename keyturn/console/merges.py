"""Which merges wait for a second pair of eyes, what does a colleague see of one, and how is it undone?"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.console import kept
from keyturn.console.access import DECIDERS, SUPERVISORS, acting, actor_of, may_see_protected, only, role_of
from keyturn.console.merge import choices_in, look_at, rows_of, shown
from keyturn.console.merging_words import STATES, TONES, lines_of, refusal, spoken
from keyturn.console.paging import Part
from keyturn.console.people import refused
from keyturn.console.queue import page
from keyturn.console.told_apart import called
from keyturn.console.vocabulary import FLAGS, say
from keyturn.look.parts import Problem
from keyturn.records.queries import dossier, merges, merging, unmerged
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.merging import Side

DECISIONS = ("agree", "refuse")


def find(merge: UUID) -> Any:
    found = merging.get(merge)
    if found is None:
        raise Http404
    return found


@require_safe
@only(DECIDERS)
def show_all(request: HttpRequest) -> HttpResponse:
    """Those that wait, the oldest first."""
    part = Part.of(request, reverse("console:merges"), total=merges.waiting())
    rows = lines_of(merges.proposed(start=part.start, most=part.most), mine=_me(request))
    return page(request, "console/merges.html", rows=rows, part=part)


def _me(request: HttpRequest) -> str:
    return f"staff:{actor_of(request).ident}"


@require_safe
@only(DECIDERS)
def show(request: HttpRequest, merge: UUID) -> HttpResponse:
    return _page(request, find(merge))


def _page(
    request: HttpRequest, merge: Any, *, typed: Mapping[str, str] | None = None, problems: tuple[Problem, ...] = (),
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    said = typed or {}
    waits = merge.state == "proposed" and merge.request.ended_at is None
    who = called([merge.proposed_by, merge.decided_by, merge.undone_by])
    values: dict[str, Any] = {}
    if waits:
        look_at(request, (merge.survivor, merge.loser))
        found = merging.preview(
            merge.survivor, merge.loser, at=timezone.now(), may_see=may_see_protected(request), but=merge.pk
        )
        values = {**shown(found, merge.request.answers.get("choices") or {}),
                  "obstacles": [refusal(each) for each in found.obstacles]}  # fmt: skip
    survivor_name, loser_name = (each or "?" for each in merges.names_of(merge))
    return page(
        request, "console/merge_made.html", status=status, merge=merge, merge_id=str(merge.pk), waits=waits,
        state=say(STATES, merge.state), tone=TONES.get(merge.state, ""), mine=merge.proposed_by == _me(request),
        proposed_by=who.get(merge.proposed_by, ""), decided_by=who.get(merge.decided_by, ""),
        undone_by=who.get(merge.undone_by, ""), notes=_notes(merge), typed=said, problems=problems,
        errors={each.href.lstrip("#"): each.text for each in problems if each.href},
        survivor_name=survivor_name, loser_name=loser_name,
        may_undo=role_of(request) in SUPERVISORS and not merging.in_the_way_of_undoing(merge),
        left=_left(merge), may_say=role_of(request) in SUPERVISORS,
        rows_moved=sum(len(each) for each in merge.moved.values()) if merge.state == "done" else 0, **values,
    )  # fmt: skip


def _left(merge: Any) -> dict[str, Any]:
    """What the undoing left to be seen, and to be said."""
    found = unmerged.left(merge)
    return {
        "ended": [spoken(each) for each in found.ended], "on_both": [say(FLAGS, each) for each in found.on_both],
        "logins": [
            {"id": each.user_id, "email": each.email, "mine": ", ".join(each.accounts[0]), "theirs": ", ".join(each.accounts[1])}
            for each in found.logins
        ],
    }  # fmt: skip


def _notes(merge: Any) -> list[tuple[Any, str, str]]:
    """What those who proposed, agreed, refused and undid wrote."""
    requests = [each for each in (merge.request, merge.undo_request) if each is not None]
    rows = [note for each in requests for note in dossier.notes(each)]
    who = called({f"{each.role}:{each.actor}" for each in rows})
    return [(each.at, who.get(f"{each.role}:{each.actor}", ""), each.text) for each in rows]


@acting
@only(DECIDERS)
@sensitive_post_parameters()
def decide(request: HttpRequest, merge: UUID) -> HttpResponse:
    """Agree, or refuse: with the words why. A proposer may take their own back, and agree to none of theirs."""
    found, typed = find(merge), request.POST
    decision = typed.get("decision", "")
    if decision not in DECISIONS:
        line = Problem(_("Choose what to do."), "#decision-1")
        return _page(request, found, typed=typed, problems=(line,), status=422)
    common = {
        "merge_id": found.pk,
        "reason": typed.get("reason", ""),
        "actor": actor_of(request),
        "now": timezone.now(),
    }
    try:
        if decision == "agree":
            flow.agree_merge(**common, policy=settings.KEYTURN_POLICY, may_see=may_see_protected(request))
        else:
            flow.refuse_merge(**common)
    except Invalid as problem:
        return _page(request, found, typed=typed, problems=refused(problem), status=422)
    except NotAllowed as problem:
        found = find(merge)
        if not _pressed_twice(found, decision, _me(request)):
            status = 403 if problem.code in ("own_proposal", "own_request") else 409
            return _page(request, found, typed=typed, problems=(Problem(refusal(problem.code)),), status=status)
    done = _("They are one file now. The CIS is told.") if decision == "agree" else _("Both files stay as they are.")
    messages.success(request, done)
    return redirect("console:merge_made", merge)


def _pressed_twice(merge: Any, decision: str, me: str) -> bool:
    return merge.decided_by == me and merge.state == {"agree": "done", "refuse": "refused"}[decision]


@acting
@only(SUPERVISORS)
@sensitive_post_parameters()
def whose_login(request: HttpRequest, merge: UUID) -> HttpResponse:
    """Whose a login is that came while the two were one file, and that nobody could tell when they were two again."""
    found, login, side = find(merge), request.POST.get("login", ""), request.POST.get("side", "")
    if side not in list(Side):
        line = Problem(_("Choose whose login it is."), f"#login-{login}-1" if login.isdigit() else "")
        return _page(request, found, problems=(line,), status=422)
    try:
        flow.give_login(
            merge_id=found.pk, user_id=login, side=side, is_supervisor=role_of(request) in SUPERVISORS,
            actor=actor_of(request), now=timezone.now(),
        )  # fmt: skip
    except NotAllowed as problem:
        return _page(request, found, problems=(Problem(refusal(problem.code)),), status=409)
    messages.success(request, _("Kept. The login has that person’s accounts again."))
    return redirect("console:merge_made", merge)


@only(SUPERVISORS)
@sensitive_post_parameters()
def undo(request: HttpRequest, merge: UUID) -> HttpResponse:
    """What goes back, and what came since that somebody must give to one of the two (GET); two files again (POST)."""
    found = find(merge)
    if request.method != "POST":
        return _undo_page(request, found, typed=kept.take_back(request, kept.place("undo_merge", merge)))
    typed = request.POST
    try:
        flow.unmerge(
            merge_id=found.pk, choices=choices_in(typed), reason=typed.get("reason", ""),
            is_supervisor=role_of(request) in SUPERVISORS, actor=actor_of(request), now=timezone.now(),
            policy=settings.KEYTURN_POLICY,
        )  # fmt: skip
    except Invalid as problem:
        lines = tuple(
            each if each.href == "#reason" else Problem(
                _("Something else came to the file meanwhile. Look at the list again."), "#items-title") for each in refused(problem)
        )  # fmt: skip
        return _undo_page(request, found, typed=typed, problems=lines, status=422)
    except NotAllowed as problem:
        found = find(merge)
        if not (found.state == "undone" and found.undone_by == _me(request)):
            line = Problem(refusal(problem.code))
            return _undo_page(request, found, typed=typed, problems=(line,), status=409)
    messages.success(request, _("They are two files again. The CIS is told."))
    return redirect("console:merge_made", merge)


def _undo_page(
    request: HttpRequest, merge: Any, *, typed: Mapping[str, str], problems: tuple[Problem, ...] = (), status: int = 200
) -> HttpResponse:
    look_at(request, (merge.survivor, merge.loser))
    chosen = choices_in(typed)
    found = merging.undoing(merge, at=timezone.now())
    survivor_name, loser_name = (each or "?" for each in merges.names_of(merge))
    return page(
        request, "console/undo_merge.html", status=status, merge=merge, merge_id=str(merge.pk), problems=problems,
        goes_back=rows_of(found.goes_back), obstacles=[refusal(each) for each in found.obstacles],
        items=[{"id": each.id, "label": _(each.label), "text": spoken(each.text), "is_held": each.is_held,
                "chosen": chosen.get(each.id, "" if each.is_held else "survivor")} for each in found.undecided],
        ends=[spoken(each) for each in found.ends], on_both=[say(FLAGS, each) for each in found.on_both],
        survivor_name=survivor_name, loser_name=loser_name, typed=typed,
        errors={each.href.lstrip("#"): each.text for each in problems if each.href},
    )  # fmt: skip
