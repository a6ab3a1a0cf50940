"""What needs staff, in which order, and how does one get to the next?"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.console.access import DECIDERS, STAFF, acting, actor_of, only, role_of
from keyturn.console.maintained import GROUPS
from keyturn.console.rows import name_of, rows_of
from keyturn.console.vocabulary import RULES, say
from keyturn.journeys import JOURNEYS
from keyturn.records.queries import at_a_glance, console, linking
from keyturn.terms.days import local_date
from keyturn.terms.errors import NotAllowed
from keyturn.terms.words import gettext_noop

TABS = {
    "review": gettext_noop("Needs review"),
    "customer": gettext_noop("Waiting for the customer"),
    "stuck": gettext_noop("Stuck"),
    "decided": gettext_noop("Recently decided"),
}
EMPTY = {
    "review": gettext_noop("Nothing needs review. New requests appear here, the oldest promise first."),
    "customer": gettext_noop("No question is open. When you ask a customer something, the request waits here."),
    "stuck": gettext_noop("Nothing is stuck. A request that the machine gave up on would show here."),
    "decided": gettext_noop("Nobody has decided anything in the last 14 days."),
}
WHEN = {
    "review": gettext_noop("Decide"),
    "customer": gettext_noop("Status"),
    "stuck": gettext_noop("Status"),
    "decided": gettext_noop("Outcome"),
}
"""What the column of times is about."""
DECIDERS_SEE = ("late_care", "open_cases", "pairs", "differences", "said", "blind")
PAGE = 25


def number_of_page(request: HttpRequest) -> int:
    """Which page of a list is asked for: what is no number is the first."""
    text = request.GET.get("page", "1")
    return max(1, min(int(text), 10_000)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the queue somebody wants to see; nothing personal, so it may stand in the address."""

    tab: str = "review"
    reason: str = ""
    mine: bool = False
    overdue: bool = False
    page: int = 1
    kind: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Wanted":
        asked = request.GET
        return cls(
            tab=asked.get("tab", "review") if asked.get("tab") in TABS else "review",
            reason=asked.get("reason", "") if asked.get("reason") in RULES else "",
            mine=asked.get("mine") == "yes",
            overdue=asked.get("overdue") == "yes",
            kind=asked.get("kind", "") if asked.get("kind") in GROUPS else "",
            page=number_of_page(request),
        )

    def address(self, **changes: Any) -> str:
        """The same view with something changed, as a link."""
        values = {"tab": self.tab, "reason": self.reason, "kind": self.kind, "mine": self.mine, "overdue": self.overdue}
        values |= changes
        plain = {name: "yes" if value is True else value for name, value in values.items() if value}
        if plain.get("tab") == "review":
            del plain["tab"]
        return reverse("console:queue") + (f"?{urlencode(plain)}" if plain else "")


@require_safe
@only(STAFF)
def queue(request: HttpRequest) -> HttpResponse:
    """The queue: one tab, filtered, a page of it."""
    now, wanted = timezone.now(), Wanted.of(request)
    default = "stuck" if role_of(request) == "engineer" and "tab" not in request.GET else wanted.tab
    wanted = replace(wanted, tab=default)
    found, total = console.listed(
        wanted.tab,
        now=now,
        reason=wanted.reason,
        mine=str(request.user.pk) if wanted.mine else "",
        overdue=wanted.overdue,
        journeys=_journeys(wanted.kind),
        start=(wanted.page - 1) * PAGE,
        most=PAGE,
    )
    if total and not found:  # the last line of the last page has been settled meanwhile
        return redirect(wanted.address(page=-(-total // PAGE)))
    counts = _counts(request, now)
    return page(
        request,
        "console/queue.html",
        counts=counts,
        needs_you=counts["review" if role_of(request) in DECIDERS else "stuck"],
        tabs=[
            (name, _(title), counts[name], wanted.address(tab=name, reason="", overdue=False))
            for name, title in TABS.items()
        ],
        wanted=wanted,
        title=_(TABS[wanted.tab]),
        when=_(WHEN[wanted.tab]),
        rows=rows_of(found, now=now, user_id=str(request.user.pk)),
        total=total,
        first=(wanted.page - 1) * PAGE + 1,
        last=(wanted.page - 1) * PAGE + len(found),
        reasons=[(rule, say(RULES, rule), n) for rule, n in console.reasons(wanted.tab, now=now).items()],
        kinds=[(name, say(GROUPS, name)) for name in GROUPS],
        links=linking.switch(settings.KEYTURN_POLICY),
        **{name: counts[name] for name in DECIDERS_SEE},
        is_filtered=bool(wanted.reason or wanted.kind or wanted.mine or wanted.overdue),
        clear=wanted.address(reason="", kind="", mine=False, overdue=False),
        before=wanted.address(page=wanted.page - 1) if wanted.page > 1 else "",
        after=wanted.address(page=wanted.page + 1) if wanted.page * PAGE < total else "",
        empty=_(EMPTY[wanted.tab]),
    )


def _counts(request: HttpRequest, now: datetime) -> dict[str, int]:
    """What waits; of what only who decides may open, nothing for others."""
    today = local_date(now, settings.KEYTURN_POLICY)
    found = at_a_glance.counts(actor_of(request).ident, now=now, today=today)
    return found if role_of(request) in DECIDERS else found | dict.fromkeys(DECIDERS_SEE, 0)


def _journeys(kind: str) -> tuple[str, ...]:
    """The journeys of this kind; an end of access counts as acting for somebody."""
    kinds = {"delegate": ("delegate", "grant", "end")}.get(kind, (kind,))
    return tuple(each.name for each in JOURNEYS.values() if each.kind in kinds)


@acting
@only(STAFF)
def search(request: HttpRequest) -> HttpResponse:
    """By reference or name. A form that is posted, because a name in an address would stay in logs and histories."""
    text = request.POST.get("q", "").strip()[:100]
    found = console.search(text, name_of=name_of)
    if len(found.rows) == 1 and not (found.more or found.unsearched):
        return redirect("console:request", found.rows[0].reference)
    rows = rows_of(found.rows, now=timezone.now(), user_id=str(request.user.pk))
    return page(
        request, "console/found.html", rows=rows, text=text, title=_("Search"), when=_("Status"), more=found.more,
        searched=console.MOST_SEARCHED if found.unsearched else 0,
    )  # fmt: skip


@acting
@only(DECIDERS)
def next_one(request: HttpRequest) -> HttpResponse:
    """Take the next request that nobody is looking at, and open it."""
    return redirect(address_of_next(request, besides=request.POST.get("besides", "")))


def address_of_next(request: HttpRequest, *, besides: str = "") -> str:
    """Take the oldest promise that no colleague holds, or the next one behind the request that is left (`besides`, a
    reference); the queue where there is none."""
    now = timezone.now()
    digest = console.email_digest_of(request.user)
    for each in console.waiting(besides=besides):
        if flow.is_own(request=each, actor=actor_of(request), email_digest=digest) or _proposed_by(request, each):
            continue
        try:
            if flow.take(request_id=each.pk, actor=actor_of(request), now=now):
                return reverse("console:request", args=[each.reference])
        except NotAllowed:  # somebody was faster
            continue
    messages.info(request, _("Nothing else waits for you."))
    return reverse("console:queue")


def _proposed_by(request: HttpRequest, case: Any) -> bool:
    """A merge that they proposed themselves: a colleague looks at it."""
    return bool(case.journey == "merge_persons" and case.begun_by == f"staff:{actor_of(request).ident}")


def page(request: HttpRequest, template: str, *, status: int = 200, **values: Any) -> HttpResponse:
    """Any page of the console, with what its header needs."""
    role = role_of(request)
    return render(request, template, {"role": role, "may_decide": role in DECIDERS, **values}, status=status)
