"""What can one do here, what will be needed, and how does one begin?"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.portal import seat as seats
from keyturn.portal.desk import address_of, desk_for, show
from keyturn.records.queries import requests


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """The front page."""
    return render(request, "portal/front.html")


@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """What you will need and why we ask; the button opens a draft, or the one that this browser has."""
    seat, now = seats.of(request), timezone.now()
    draft = requests.by_id(seat.draft_id) if seat.draft_id else None
    is_open = (
        draft is not None
        and draft.submitted_at is None
        and draft.standing == "customer"
        and (not draft.due_at or draft.due_at > now)
    )
    if request.method != "POST":
        return show(request, "before.html", has_draft=is_open, back="/")
    if is_open and not request.POST.get("afresh"):
        return redirect(address_of(desk_for(request, seat, draft, now).walk.furthest()))
    request.session.pop("looked_for", None)
    draft = flow.begin(
        journey="start_service", actor=seat.actor, channel="portal", language=(get_language() or "en")[:2], now=now,
        policy=settings.KEYTURN_POLICY,
    )  # fmt: skip
    return seats.keep(redirect("portal:page", "where"), seat.working_on(draft.pk, now))


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """How we handle personal data; a utility may link its own page instead."""
    return show(request, "privacy.html", back="/")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """How accessible this is, and whom to tell where it is not."""
    return show(request, "accessibility.html", back="/")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """What somebody agrees to, in plain words; a utility may link its own page instead."""
    return show(request, "terms.html", back="/")
