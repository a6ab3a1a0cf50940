"""Are the machine's links right, may it make any now, and who turns that on and off?"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.console import chart, kept
from keyturn.console.access import STAFF, SUPERVISORS, acting, actor_of, only, role_of
from keyturn.console.people import refused
from keyturn.console.queue import page
from keyturn.console.told_apart import called
from keyturn.console.weighing import bits, sentence_for
from keyturn.matching.model import load
from keyturn.records.queries import linking
from keyturn.terms.errors import Invalid, NotAllowed
from keyturn.terms.words import gettext_noop

DAYS = 13 * 7
WHY = {
    "precision_fell": gettext_noop("Too many of the links that were looked at again were wrong."),
    "by_hand": gettext_noop("By hand."),
    "policy": gettext_noop("The utility’s settings link nobody automatically."),
    "": "",
}


@require_safe
@only(STAFF)
def show(request: HttpRequest) -> HttpResponse:
    return links_page(request)


def links_page(request: HttpRequest, typed: Mapping[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
    now, policy, said = timezone.now(), settings.KEYTURN_POLICY, typed or {}
    found = linking.precision(at=now, days=DAYS)
    turns = linking.switchings()
    labels = [date_format(each.starts, "SHORT_DATE_FORMAT") for each in found.weeks]
    switch = linking.switch(policy)
    who = called([each.by for each in (*turns, switch)])
    return page(
        request, "console/links.html", status=status, found=found, rows=[_row(each) for each in found.weeks if each.links or each.counted.sampled or each.decided],
        chart=chart.drawn(found.weeks, floor=policy.link_precision_floor, labels=labels), problems=said.get("problems", ()),
        precision=share(found.counted.estimate), bounds=_bounds(found.counted), floor=share(policy.link_precision_floor),
        load=share(found.review_load), unsure=share(found.counted.share_of_unsure), switch=_turn(switch, who),
        turns=[_turn(each, who) for each in turns], typed=said, window=policy.link_precision_window_days,
        model=_model(),
        may_switch=role_of(request) in SUPERVISORS and switch.by != "policy",
    )  # fmt: skip


def _model() -> dict[str, Any]:
    """What the machine goes by: its version, from where on it links or asks, and what always keeps it from linking."""
    found = load(settings.KEYTURN_POLICY.match_profile)
    return {
        "version": found.version, "link": share(found.thresholds.link), "review": share(found.thresholds.review),
        "margin": bits(found.thresholds.margin), "vetoes": [sentence_for(each) for each in sorted(found.vetoes)],
    }  # fmt: skip


def _row(week: Any) -> dict[str, Any]:
    return {
        "starts": week.starts, "links": week.links, "counted": week.counted, "precision": share(week.counted.estimate),
        "bounds": _bounds(week.counted), "decided": week.decided, "to_staff": week.to_staff,
        "load": share(week.to_staff / week.decided) if week.decided else "–",
        "bar": round(week.to_staff / week.decided * 100) if week.decided else 0,
    }  # fmt: skip


def _bounds(counted: Any) -> str:
    if counted.estimate is None:
        return ""
    low, high = counted.bounds
    return _("%(low)s to %(high)s") % {"low": share(low), "high": share(high)}


def share(value: float | None) -> str:
    """As many digits as it takes to tell 99.9 % from 99.95 %; nothing below 100 is shown as 100."""
    if value is None:
        return "–"
    percent = round((value if value == 1.0 else min(value, 0.9999)) * 100, 2)
    places = len(f"{percent:g}".partition(".")[2])
    return f"{number_format(percent, places)} %"


def _turn(each: Any, who: Mapping[str, str]) -> dict[str, Any]:
    return {
        "on": each.on, "at": each.at, "who": _("Keyturn") if each.by == "machine" else who.get(each.by, ""),
        "why": _(WHY[each.why]) if WHY.get(each.why) else "", "sampled": each.sampled, "wrong": each.wrong,
        "reason": each.reason, "by_policy": each.by == "policy",
    }  # fmt: skip


@acting
@only(SUPERVISORS)
@sensitive_post_parameters()
def switch(request: HttpRequest) -> HttpResponse:
    """Turn automatic links on or off, with a reason."""
    on, reason = request.POST.get("on") == "yes", request.POST.get("reason", "")[: kept.LONGEST]
    try:
        flow.switch_links(
            on=on, reason=reason, is_supervisor=role_of(request) in SUPERVISORS, actor=actor_of(request), now=timezone.now()
        )  # fmt: skip
    except Invalid as problem:
        lines = refused(problem)
        return links_page(request, {"reason": reason, "problems": lines, "error": lines[0].text}, status=422)
    except NotAllowed as problem:
        if problem.code != "switched_already":
            raise
        messages.warning(request, _("That is how it stands already."))
        return redirect("console:links")
    messages.success(
        request, _("The machine makes links again.") if on else _("The machine makes no links: staff look at each.")
    )
    return redirect("console:links")
