"""How do staff give somebody access to another's account for a document, and how do they end access?"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from keyturn.console.access import DECIDERS, acting, actor_of, only
from keyturn.console.maintained import CAPACITIES, LEVELS
from keyturn.console.people import find, person_page, refused
from keyturn.console.queue import page
from keyturn.console.vocabulary import say
from keyturn.flow import granting
from keyturn.look.parts import Problem
from keyturn.records.queries import asking
from keyturn.terms.days import day_of
from keyturn.terms.errors import Invalid, NotAllowed

CAN_BE = ("representative", "executor", "guardian")


@only(DECIDERS)
@sensitive_post_parameters()
def grant(request: HttpRequest, person: UUID, account: UUID) -> HttpResponse:
    """The form (GET), or the access (POST); the file must be chosen again when something else was wrong."""
    now = timezone.now()
    held = find(person, now=now)
    if account not in {each.account_id for each in held.roles if each.is_main}:
        raise Http404
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            _give(request, account)
        except Invalid as problem:
            problems = refused(problem)
        except NotAllowed:
            problems = (Problem(_("This is your own file, or your own login: a colleague must do it.")),)
        else:
            messages.success(request, _("They have access. The owner and the CIS are told."))
            return redirect("console:keep", held.person.pk)
    errors = {each.href.lstrip("#"): each.text for each in problems if each.href}
    return page(
        request, "console/grant.html", status=422 if problems else 200, name=held.name, person_id=str(held.person.pk),
        account=asking.account_ref(account), problems=problems, errors=errors, typed=request.POST,
        capacities=[(code, say(CAPACITIES, code)) for code in CAN_BE],
        levels=[(code, say(LEVELS, code)) for code in reversed(LEVELS)],
    )  # fmt: skip


def _give(request: HttpRequest, account: UUID) -> None:
    typed, paper = request.POST, request.FILES.get("document")
    most = settings.KEYTURN_POLICY.document_max_mb * 1024 * 1024
    data: bytes = paper.read(most + 1) if paper else b""
    granting.grant_by_staff(
        account_id=account, email=typed.get("email", ""), capacity=typed.get("capacity", ""), level=typed.get("level", ""),
        until=day_of(typed.get("until", "")), reason=typed.get("reason", ""), data=data, actor=actor_of(request),
        file_name=(paper.name or "") if paper else "", now=timezone.now(), policy=settings.KEYTURN_POLICY,
    )  # fmt: skip


@acting
@only(DECIDERS)
@sensitive_post_parameters()
def end(request: HttpRequest, person: UUID, access: UUID) -> HttpResponse:
    """End an access at once."""
    held: Any = find(person, now=timezone.now())
    if access not in {each.pk for each in held.accesses}:
        raise Http404
    try:
        granting.end_access_by_staff(
            access_id=access, reason=request.POST.get("reason", ""), actor=actor_of(request), now=timezone.now(),
            policy=settings.KEYTURN_POLICY,
        )  # fmt: skip
    except Invalid as problem:
        lines = tuple(Problem(each.text, f"#why-{access}") for each in refused(problem))
        return person_page(request, person, typed={"problems": lines}, status=422)
    except NotAllowed as problem:
        if problem.code != "own_request":
            raise Http404 from None
        messages.warning(request, _("This is your own file, or your own login: a colleague must do it."))
        return redirect("console:keep", person)
    messages.success(request, _("The access has ended. They and the owners are told."))
    return redirect("console:keep", person)


grant.takes_files = True  # type: ignore[attr-defined]  # site/uploads.py: files come only where a view takes them
