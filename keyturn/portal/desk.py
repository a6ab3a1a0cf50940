"""What does every page of a draft need: the draft, the walk through it, and the way a page is shown?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from keyturn.journeys import JOURNEYS
from keyturn.portal import seat as seats
from keyturn.portal.seat import Seat
from keyturn.portal.walk import Walk
from keyturn.records.queries import requests
from keyturn.terms.errors import NotAllowed
from keyturn.terms.policy import Policy

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Desk:
    """One browser in front of one draft."""

    request: HttpRequest
    seat: Seat
    draft: Any
    walk: Walk
    now: datetime

    @property
    def policy(self) -> Policy:
        return settings.KEYTURN_POLICY  # type: ignore[no-any-return]

    @property
    def answers(self) -> Mapping[str, Any]:
        return self.walk.answers

    @property
    def from_check(self) -> bool:
        """The page was reached by a "Change" link: then it leads back to the check."""
        return "check" in self.request.GET

    def go(self, name: str) -> HttpResponseRedirect:
        address = address_of(name)
        return redirect(f"{address}?check=yes" if self.from_check and name != "check" else address)

    def show(self, template: str, name: str, *, status: int = 200, **values: Any) -> HttpResponse:
        """A page of the draft. `name` says where on the walk it stands."""
        before = self.walk.before(name)
        back = address_of("check") if self.from_check else address_of(before) if before else "/start"
        values = {"back": back, "progress": self.walk.progress(name), "version": self.draft.version, **values}
        return show(self.request, template, in_draft=True, from_check=self.from_check, status=status, **values)

    def again(self) -> "Desk":
        """The same desk with the draft as it is on disk now."""
        return desk_for(self.request, self.seat, requests.by_id(self.draft.pk), self.now)


def address_of(name: str) -> str:
    return f"/start/{name}"


def show(request: HttpRequest, template: str, *, status: int = 200, **values: Any) -> HttpResponse:
    values = {"idle_seconds": int(seats.IDLE.total_seconds()), **values}
    return render(request, f"portal/{template}", values, status=status)


def desk_for(request: HttpRequest, seat: Seat, draft: Any, now: datetime) -> Desk:
    walk = Walk(JOURNEYS[draft.journey], draft.answers, requests.email_is_proved(draft))
    return Desk(request, seat, draft, walk, now)


def at_desk(view: View) -> View:
    """The view gets a `Desk`; where there is no open draft, the person is sent to where they can go on.

    A page posted at a locked desk is still handled, so that nothing is lost; what follows it is not shown.
    """

    @never_cache
    @wraps(view)
    def seated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now, seat = timezone.now(), seats.of(request)
        draft = requests.by_id(seat.draft_id) if seat.draft_id else None
        if draft is None or draft.begun_by != f"{seat.actor.role}:{seat.ident}"[:80]:
            return redirect("portal:start")
        if draft.submitted_at is not None:
            return redirect("portal:done")
        if draft.due_at and draft.due_at <= now:
            return redirect("portal:expired")
        desk = desk_for(request, seat, draft, now)
        locked = seat.is_locked(now) and bool(draft.email_digest)
        if locked and request.method != "POST":
            return redirect("portal:locked")
        try:
            response = view(desk, *args, **kwargs)
        except NotAllowed as refused:
            return redirect("portal:expired" if refused.code == "draft_expired" else "portal:start")
        if locked:
            return redirect("portal:locked")
        return (
            seats.keep_alive(response, seat, now)
            if not seat.is_locked(now)
            else seats.keep(response, seat.working_on(draft.pk, now))
        )

    return seated
