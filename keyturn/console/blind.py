"""Is a link of the machine right, in the eyes of somebody who is not told what was decided?"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from keyturn import flow
from keyturn.console import comparison, kept
from keyturn.console.access import DECIDERS, actor_of, only
from keyturn.console.case import uuid_or_none
from keyturn.console.comparison import Line, Side
from keyturn.console.people import refused
from keyturn.console.queue import page
from keyturn.console.vocabulary import AGREEMENT, say
from keyturn.console.weighing import weigh
from keyturn.look.parts import Problem
from keyturn.records.queries import blind, console
from keyturn.terms.errors import Invalid, NotAllowed

ANCHORS = {"verdict": "#decision-1", "reason": "#reason"}
VERDICTS = ("same", "other", "unsure")


@only(DECIDERS)
@sensitive_post_parameters()
def look(request: HttpRequest) -> HttpResponse:
    """The next pair (GET), or a verdict (POST); then the next. Where it could not be taken, this one again."""
    if request.method == "POST":
        return _decide(request)
    waiting = kept.take_back(request, "blind")
    before = uuid_or_none(waiting.get("review", ""))
    review = _next(request, before)
    if before and not (review and review.pk == before):  # what was typed is about that pair, and no other
        messages.info(request, _("That pair is decided. Here is the next one."))
        return _shown(request, review)
    return _shown(request, review, verdict=waiting.get("decision", ""), reason=waiting.get("reason", ""))


def _next(request: HttpRequest, before: UUID | None = None) -> Any:
    return flow.next_blind(
        actor=actor_of(request), now=timezone.now(), policy=settings.KEYTURN_POLICY,
        email_digest=console.email_digest_of(request.user), before=before,
    )  # fmt: skip


def _decide(request: HttpRequest) -> HttpResponse:
    verdict, reason = request.POST.get("decision", ""), request.POST.get("reason", "")[: kept.LONGEST]
    ident = uuid_or_none(request.POST.get("review", ""))
    try:
        if ident is None:
            raise NotAllowed("unknown_review")
        flow.decide_blind(
            review_id=ident, verdict=verdict, reason=reason, actor=actor_of(request), now=timezone.now(),
            policy=settings.KEYTURN_POLICY, email_digest=console.email_digest_of(request.user),
        )  # fmt: skip
    except Invalid as problem:
        lines = tuple(Problem(each.text, ANCHORS.get(each.href.lstrip("#"), "")) for each in refused(problem))
        review = _next(request, ident)
        if review is None or review.pk != ident:  # a colleague was faster
            return redirect("console:blind")
        return _shown(request, review, verdict=verdict, reason=reason, problems=lines, status=422)
    except NotAllowed as problem:
        if problem.code == "decided_already":
            messages.info(request, _("That pair is decided. Here is the next one."))
        else:
            messages.warning(request, _("That pair is not yours to judge. Here is another one."))
        return redirect("console:blind")
    messages.success(request, _("Kept. Here is the next one."))
    return redirect("console:blind")


def _shown(
    request: HttpRequest, review: Any, *, verdict: str = "", reason: str = "", problems: tuple[Problem, ...] = (),
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """One pair and nothing of what was decided: no weight, no reference, no link to the request or the file."""
    common: dict[str, Any] = {"waiting": blind.due_to(actor_of(request).ident).count(), "problems": problems}
    if review is None:
        return page(request, "console/blind.html", status=status, review=None, **common)
    errors = {each.href.lstrip("#"): each.text for each in problems}
    return page(
        request, "console/blind.html", status=status, review=str(review.pk), lines=_lines(review), chosen=verdict,
        reason=reason, errors=errors, verdict_error=errors.get("decision-1", ""), reason_error=errors.get("reason", ""),
        **common,
    )  # fmt: skip


def _lines(review: Any) -> list[Line]:
    sides = flow.blind_sides(review)
    ours = Side(sides.applicant, _masked(sides.identifiers_said), _("The applicant did not say."))
    theirs = Side(sides.on_file, _masked(sides.identifiers_on_file), _("Not on file."), sides.address_hidden)
    lines, _unknown = comparison.side_by_side(ours, theirs, weigh(None), None)
    return [_identifier(each, sides.same_identifiers) if each.field == "identifier" else each for each in lines]


def _masked(rows: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple(("", kind, last) for kind, last in rows)


def _identifier(line: Line, same: frozenset[str]) -> Line:
    """The last four characters may be the same by chance: what counts is the whole number, which is compared unseen."""
    if line.agreement == "missing":
        return line
    agreement = "agrees" if same else "differs"
    text = "" if same else _("The whole numbers are different, or of another kind.")
    return Line(
        line.field, line.label, line.ours, line.theirs, agreement, say(AGREEMENT, agreement), text, None, line.told
    )
