"""What would an erasure leave, who has agreed to it, and until when must a request about somebody's own data be answered?"""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from keyturn import flow
from keyturn.console.access import DECIDERS, actor_of, only
from keyturn.console.case import find
from keyturn.console.queue import page
from keyturn.terms.errors import Invalid, NotAllowed


@only(DECIDERS)
def own_data(request: HttpRequest, reference: str) -> HttpResponse:
    """Shown before anybody agrees. Posted, it sets the clock on, once, with a reason that the customer reads (K-67)."""
    case = find(reference)
    if request.method == "POST":
        return _extend(request, case)
    return _show(request, case)


def _extend(request: HttpRequest, case: object) -> HttpResponse:
    reason = request.POST.get("reason", "")
    try:
        flow.extend_privacy(
            request_id=case.pk, reason=reason, actor=actor_of(request), now=timezone.now(), policy=settings.KEYTURN_POLICY  # type: ignore[attr-defined]
        )  # fmt: skip
    except Invalid:
        wrong = _("Say why in a sentence. The clock is set on only once, and only before the day is over.")
        return _show(request, case, typed=reason, error=wrong, status=422)
    except NotAllowed:
        raise Http404 from None
    messages.success(request, _("The customer is being told."))
    return redirect("console:own_data", case.reference)  # type: ignore[attr-defined]


def _show(request: HttpRequest, case: object, *, typed: str = "", error: str = "", status: int = 200) -> HttpResponse:
    try:
        found = flow.would_stay(request_id=case.pk, now=timezone.now(), policy=settings.KEYTURN_POLICY)  # type: ignore[attr-defined]
    except NotAllowed:
        raise Http404 from None
    found["sentences"] = [gettext(each) for each in found["sentences"]]
    may_extend = not found["extended"] and found["ended_at"] is None and found["due_at"] >= timezone.now()
    return page(
        request,
        "console/own_data.html",
        status=status,
        case=case,
        found=found,
        typed=typed,
        error=error,
        may_extend=may_extend,
    )
