"""How is delivery to the CIS going, what needs an engineer, and what was left there?"""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from keyturn.console.access import RETRIERS, acting, actor_of, only
from keyturn.console.delivery import word_of
from keyturn.console.paging import Part
from keyturn.console.queue import page
from keyturn.console.rows import status_word
from keyturn.console.vocabulary import say
from keyturn.flow import deliveries as acts
from keyturn.flow import gate
from keyturn.flow.deliveries import Hand
from keyturn.records.queries import deliveries
from keyturn.records.queries.deliveries import Calls
from keyturn.terms.words import gettext_noop

OPERATIONS = {
    "send": gettext_noop("Tell it something"),
    "find": gettext_noop("Ask what became of a key"),
    "read": gettext_noop("Read a person or an account"),
    "search": gettext_noop("Look for a person"),
    "check": gettext_noop("Ask whether it would be taken"),
    "changes": gettext_noop("Hear what changed there"),
    "ping": gettext_noop("Ask whether it is there"),
}
KINDS = {
    "advance": gettext_noop("Decide about a request"),
    "tell_cis": gettext_noop("Tell the CIS"),
    "undo_in_cis": gettext_noop("Undo in the CIS"),
    "send_message": gettext_noop("Send a message"),
    "check_identity": gettext_noop("Check an identity"),
    "check_eligibility": gettext_noop("Ask the CIS whether it would serve somebody"),
    "find_account": gettext_noop("Find a claimed account"),
    "look_for_duplicates": gettext_noop("Look for duplicates"),
    "probe_cis": gettext_noop("Ask whether the CIS is back"),
    "drain_cis": gettext_noop("Let go what waited for the CIS"),
    "hear_cis": gettext_noop("Hear what changed in the CIS"),
    "reconcile": gettext_noop("Compare the CIS and the registry"),
    "repair_drift": gettext_noop("Put right what differs from the CIS"),
}
LEFT_AT_MOST = 50
LATE_SECONDS = 60.0
"""How long a job may wait before the page says so; the alarm of docs/howto/operate.md."""


@require_safe
@only(RETRIERS)
def show(request: HttpRequest) -> HttpResponse:
    """Numbers and lists; nothing of them is personal."""
    now = timezone.now()
    left, left_in_all = deliveries.left_in_cis(most=LEFT_AT_MOST)
    to_look_at = deliveries.to_look_at()
    part = Part.of(request, reverse("console:operations"), total=to_look_at.count())
    doubtful, doubt_since = deliveries.in_doubt()
    return page(
        request,
        "console/operations.html",
        gate=deliveries.gate(gate.which(), now=now),
        kept={each.state: each for each in deliveries.kept()},
        parked=deliveries.parked(),
        doubtful=doubtful,
        doubt_since=doubt_since,
        stuck=deliveries.stuck(),
        to_look_at=[_line(each) for each in to_look_at[part.start : part.start + part.most]],
        part=part,
        left=[{"reference": each.reference, "at": each.ended_at, "what": status_word(each)} for each in left],
        left_in_all=left_in_all,
        left_more=left_in_all > len(left),
        jobs=[_job(each, now) for each in deliveries.queue_age(now=now)],
        calls=_calls(deliveries.calls()),
    )


@acting
@only(RETRIERS)
def ask(request: HttpRequest) -> HttpResponse:
    """Do not wait for the next probe."""
    acts.ask_cis_now(by=Hand(actor_of(request)), now=timezone.now())
    messages.success(request, _("The CIS is being asked. Open this page again in a moment."))
    return redirect("console:operations")


def _line(found: Any) -> dict[str, Any]:
    return {
        "reference": found.request.reference,
        "status": status_word(found.request),
        "word": word_of(found, found.request.standing),
        "problem": found.problem,
        "tries": found.tries,
        "since": found.in_doubt_since or found.created_at,
        "doubt": found.in_doubt_since is not None,
    }


def _job(found: Any, now: datetime) -> dict[str, Any]:
    return {
        "kind": say(KINDS, found.kind),
        "number": found.number,
        "age": _span(found.seconds),
        "late": found.seconds > LATE_SECONDS,
    }


def _calls(counted: list[Calls]) -> list[dict[str, Any]]:
    """One line for each operation, with its codes, the commonest first."""
    lines = []
    for (_cis, operation), rows in groupby(counted, key=lambda each: (each.cis, each.operation)):
        group = list(rows)
        number = sum(each.number for each in group)
        failed = sorted((each for each in group if each.outcome != "ok"), key=lambda each: -each.number)
        lines.append(
            {
                "what": say(OPERATIONS, operation),
                "number": number,
                "half": _at_most(deliveries.quantile(group, 0.5)),
                "most": _at_most(deliveries.quantile(group, 0.95)),
                "mean": _seconds(sum(each.seconds for each in group) / number) if number else "",
                "codes": [(each.outcome, each.number) for each in failed],
            }
        )
    return lines


def _at_most(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return _("over %(time)s") % {"time": _seconds(30.0)} if seconds > 30 else f"≤ {_seconds(seconds)}"


def _seconds(seconds: float) -> str:
    values: Mapping[str, Any] = {"n": number_format(round(seconds * 1000))}
    if seconds < 1:
        return _("%(n)s ms") % values
    return _("%(n)s s") % {"n": number_format(round(seconds, 1), decimal_pos=1 if seconds % 1 else 0)}


def _span(seconds: float) -> str:
    """Two figures are enough to see whether something is amiss."""
    if seconds < 60:
        return _("%(n)s s") % {"n": round(seconds)}
    if seconds < 5400:
        return _("%(n)s min") % {"n": round(seconds / 60)}
    return _("%(n)s h") % {"n": round(seconds / 3600)}
