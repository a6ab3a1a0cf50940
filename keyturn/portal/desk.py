"""What does every page of a draft need: the draft, the walk through it, and the way a page is shown?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from keyturn.journeys import JOURNEYS, Page
from keyturn.portal import left_open
from keyturn.portal import seat as seats
from keyturn.portal.forms import Setting
from keyturn.portal.seat import Seat
from keyturn.portal.walk import Walk
from keyturn.records.queries import requests
from keyturn.terms.errors import NotAllowed
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody in front of one draft. Where its pages lie, and what surrounds them, the kind of desk says."""

    request: HttpRequest
    draft: Any
    walk: Walk
    now: datetime
    actor: Actor

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
        address = self.address(name)
        return redirect(f"{address}?check=yes" if self.from_check and name != "check" else address)

    def show(self, template: str, name: str, *, status: int = 200, **values: Any) -> HttpResponse:
        """A page of the draft. `name` says where on the walk it stands."""
        before = self.walk.before(name)
        back = self.address("check") if self.from_check else self.address(before) if before else self.entrance
        values = {"back": back, "progress": self.walk.progress(name), "version": self.draft.version, **values}
        values = {**self.surroundings(), **values}
        return show(self.request, template, in_draft=True, from_check=self.from_check, status=status, **values)

    # What differs between who is signed in and who is not

    entrance: ClassVar[str] = "/"

    def address(self, name: str) -> str:
        """Where a page of the walk lies."""
        raise NotImplementedError

    def surroundings(self) -> dict[str, Any]:
        """What the pages show around the questions."""
        return {}

    def setting(self, asked: Page) -> Setting:
        """What is left open on the page."""
        raise NotImplementedError

    def again(self) -> "Desk":
        """The same desk with the draft as it is on disk now."""
        raise NotImplementedError

    def typed_before(self) -> Any:
        """What was typed here before one had to sign in again; None where nothing was."""
        return None


@dataclass(frozen=True, slots=True)
class StartDesk(Desk):
    """One browser in front of a draft for starting service. Nobody is signed in; the seat says whose draft it is."""

    seat: Seat
    entrance: ClassVar[str] = "/start"

    def address(self, name: str) -> str:
        return address_of(name)

    def surroundings(self) -> dict[str, Any]:
        return {"later": reverse("portal:later"), "stay": reverse("portal:stay")}

    def setting(self, asked: Page) -> Setting:
        return left_open.setting_of(asked, self.answers, now=self.now, policy=self.policy)

    def again(self) -> "StartDesk":
        draft, proved = requests.with_proof(self.draft.pk)
        return StartDesk(self.request, draft, _walk(draft, proved), self.now, self.actor, self.seat)


def address_of(name: str) -> str:
    return f"/start/{name}"


def show(request: HttpRequest, template: str, *, status: int = 200, **values: Any) -> HttpResponse:
    values = {"idle_seconds": int(seats.IDLE.total_seconds()), **values}
    return render(request, f"portal/{template}", values, status=status)


def desk_for(request: HttpRequest, seat: Seat, draft: Any, now: datetime) -> StartDesk:
    return StartDesk(request, draft, _walk(draft, requests.email_is_proved(draft)), now, seat.actor, seat)


def _walk(draft: Any, proved: bool) -> Walk:
    """The journey as the draft's answers lead through it."""
    return Walk(JOURNEYS[draft.journey], draft.answers, proved)


SHUT = frozenset({"email", "check"})
"""Not even posted at a locked desk: the code that opens it goes to that e-mail address, and only its owner sends it in."""


def at_desk(view: View) -> View:
    """The view gets a `StartDesk`; where there is no open draft, the person is sent to where they can go on.

    A page posted at a locked desk is still handled, so that nothing is lost; what follows it is not shown.
    """

    @never_cache
    @wraps(view)
    def seated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now, seat = timezone.now(), seats.of(request)
        draft, proved = requests.with_proof(seat.draft_id) if seat.draft_id else (None, False)
        if draft is None or draft.begun_by != f"{seat.actor.role}:{seat.ident}"[:80]:
            return redirect("portal:start")
        if draft.submitted_at is not None:
            return redirect("portal:done")
        if draft.due_at and draft.due_at <= now:
            return redirect("portal:expired")
        desk = StartDesk(request, draft, _walk(draft, proved), now, seat.actor, seat)
        locked = seat.is_locked(now) and bool(draft.email_digest)
        if locked and (request.method != "POST" or request.path_info.rpartition("/")[2] in SHUT):
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
