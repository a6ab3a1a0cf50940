"""Which cases look like fraud, and what do staff say of each?"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from keyturn.console.access import DECIDERS, SUPERVISORS, acting, actor_of, only, role_of
from keyturn.console.maintained import FLAG_STATES, TRIGGERS
from keyturn.console.meanwhile import DONE_BY_YOU
from keyturn.console.paging import Part
from keyturn.console.queue import page
from keyturn.console.vocabulary import say
from keyturn.console.wanted import kind_of
from keyturn.flow import cases
from keyturn.flow.sentences import sentence
from keyturn.look.parts import Problem
from keyturn.records.queries import console, persons, red_flags
from keyturn.terms.errors import Invalid, NotAllowed


@require_safe
@only(DECIDERS)
def show(request: HttpRequest) -> HttpResponse:
    """The open cases and the decided ones."""
    return _page(request)


def _page(request: HttpRequest, typed: Mapping[str, str] | None = None, *, status: int = 200) -> HttpResponse:
    state = "decided" if request.GET.get("state") == "decided" else "open"
    address = reverse("console:cases") + ("" if state == "open" else "?state=decided")
    part = Part.of(request, address, total=red_flags.of_state(state).count())
    found = red_flags.only(typed["case"]) if typed else red_flags.listed(state, start=part.start, most=part.most)
    now = timezone.now()
    people = persons.names_of({each.person_id for each in found if each.person_id}, at=now)
    deciders = console.names_of({("staff", each.decided_by.partition(":")[2]) for each in found if each.decided_by})
    rows = [_row(each, people, deciders, typed or {}) for each in found]
    return page(
        request, "console/cases.html", status=status, rows=rows, state=state, part=None if typed else part, open=red_flags.open_cases(),
        may_say_fraud=role_of(request) in SUPERVISORS, problems=(typed or {}).get("problems", ()),
    )  # fmt: skip


def _row(case: Any, people: Mapping[Any, str], deciders: Mapping[Any, str], typed: Mapping[str, Any]) -> dict[str, Any]:
    mine = typed.get("case") == str(case.pk)
    return {
        "id": str(case.pk),
        "trigger": say(TRIGGERS, case.trigger),
        "rule": case.trigger if "-" in case.trigger else "",
        "at": case.opened_at,
        "name": people.get(case.person_id, ""),
        "person_id": str(case.person_id or ""),
        "reference": case.request.reference if case.request else "",
        "kind": kind_of(case.request) if case.request else "",
        "account": case.account.ref if case.account else "",
        "login": case.user.email if case.user else "",
        "state": case.state,
        "word": say(FLAG_STATES, case.state),
        "decided_at": case.decided_at,
        "decided_by": deciders.get(("staff", case.decided_by.partition(":")[2]), ""),
        "note": case.note if case.decided_at else typed.get("note", "") if mine else "",
        "error": typed.get("error", "") if mine else "",
    }


@acting
@only(DECIDERS)
@sensitive_post_parameters()
def decide(request: HttpRequest, case: UUID) -> HttpResponse:
    """Fraud or harmless, with a note."""
    note, verdict = request.POST.get("note", ""), request.POST.get("verdict", "")
    if verdict not in ("fraud", "harmless"):
        text = _("Say whether it is fraud or harmless.")
        typed = {"case": str(case), "note": note, "error": text, "problems": (Problem(text, f"#note-{case}"),)}
        return _page(request, typed, status=422)
    try:
        cases.decide_case(
            case_id=case, verdict=verdict, note=note, is_supervisor=role_of(request) in SUPERVISORS,
            actor=actor_of(request), now=timezone.now(),
        )  # fmt: skip
    except Invalid as problem:
        lines = [sentence(each, for_staff=True) for each in problem.findings]
        problems = tuple(Problem(text, f"#note-{case}") for text in lines)
        typed = {"case": str(case), "note": note, "error": lines[0], "problems": problems}
        return _page(request, typed, status=422)
    except NotAllowed as problem:
        if problem.code == "decided_already":
            messages.warning(request, _("A colleague has decided this case already."))
            return redirect("console:cases")
        if problem.code == "done_by_you":
            messages.info(request, _(DONE_BY_YOU))
            return redirect("console:cases")
        if problem.code == "own_request":
            messages.warning(request, _("This is about yourself: a colleague decides it."))
            return redirect("console:cases")
        raise Http404 from None
    messages.success(request, _("The case is closed."))
    return redirect("console:cases")
