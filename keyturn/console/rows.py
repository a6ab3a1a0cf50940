"""What does one line of the queue say about a request?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keyturn.console import wanted
from keyturn.console.answers import day
from keyturn.console.vocabulary import DECISIONS, RULES, SERVICES, STATUS_TONES, STATUSES, say
from keyturn.flow.handling import HELD_FOR
from keyturn.flow.sentences import sentence
from keyturn.journeys.applicant import applicant, service_address
from keyturn.records.queries import console, persons, shelter
from keyturn.records.queries.console import Decided, Held
from keyturn.terms.finding import Effect, Finding
from keyturn.terms.request import Outcome, Standing, Step, public_status


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that sent a request to staff: its number, two words, and the whole sentence."""

    rule: str
    short: str
    sentence: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """By when staff mean to have decided. `text` is relative ("in 3 hours"), `tone` overdue, soon or calm."""

    at: datetime
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    """One request in the queue."""

    reference: str
    name: str
    address: str
    services: str
    start: str
    reasons: tuple[Reason, ...]
    promise: Promise | None
    status: str
    tone: str
    looked_at_by: str
    mine: bool
    answered: bool
    decided: str
    decided_by: str
    since: datetime
    age: str
    lapses: str
    kind: str = ""  # "" where it is about starting service


def rows_of(requests: Iterable[Any], *, now: datetime, user_id: str) -> list[Row]:
    """The lines for one page of the queue, with three queries for all of them."""
    page = list(requests)
    last = console.last_events(each.pk for each in page)
    decided = console.last_decisions(each.pk for each in page)
    holders = {("staff", held.actor) for held in last.values() if held.actor}
    names = console.names_of(holders | {(each.role, each.actor) for each in decided.values()})
    changes = {each.person_id for each in page if each.person_id and wanted.is_change(each)}
    people = persons.names_of(changes, at=now) if changes else {}
    hidden = shelter.protected({each.person_id for each in page if each.person_id}, at=now)
    return [
        _row(each, last.get(each.pk), decided.get(each.pk), names, people, hidden, now=now, user_id=user_id)
        for each in page
    ]


def _row(
    request: Any,
    held: Held | None,
    decided: Decided | None,
    names: Mapping[tuple[str, str], str],
    people: Mapping[Any, str],
    hidden: Collection[Any],
    *,
    now: datetime,
    user_id: str,
) -> Row:
    holder = holder_of(held, now=now)
    return Row(
        reference=request.reference,
        name=people.get(request.person_id, "") or name_of(request) or _("(no name yet)"),
        address=_("Protected address") if request.person_id in hidden else short_address(request),
        services=services_of(request),
        start=day(request.answers.get("start_date", ""), "SHORT_DATE_FORMAT"),
        reasons=reasons_of(request),
        promise=promise_of(request, now=now),
        status=status_word(request),
        tone=STATUS_TONES.get(status_of(request), ""),
        looked_at_by=names.get(("staff", holder), "") if holder else "",
        mine=holder == user_id,
        answered=held is not None and held.what == "replied",
        decided=say(DECISIONS, decided.decision) if decided else "",
        decided_by=names.get((decided.role, decided.actor), "") if decided else "",
        since=request.updated_at,
        age=_("sent %(time)s ago") % {"time": in_words(now - request.submitted_at)},
        lapses=_lapses(request, now=now),
        kind=wanted.kind_of(request) if wanted.is_change(request) else "",
    )


def holder_of(held: Held | None, *, now: datetime) -> str:
    """The staff user who took it less than half an hour ago and has done nothing since (R-08); "" for nobody."""
    fresh = held is not None and held.what == "taken" and now - held.at < HELD_FOR
    return held.actor if held is not None and fresh else ""


def name_of(request: Any) -> str:
    return applicant(request.answers).display_name


def short_address(request: Any) -> str:
    """The service address in one line: the premise's where it is known, else as it was typed."""
    address = request.premise.address if request.premise else service_address(request.answers)
    return ", ".join(part for part in (address.line1, address.line2, address.city) if part) if address else ""


def services_of(request: Any) -> str:
    asked = request.answers.get("services")
    return ", ".join(say(SERVICES, each) for each in asked) if isinstance(asked, list) else ""


def reasons_of(request: Any) -> tuple[Reason, ...]:
    """What sent it to staff, and is not settled yet; each rule once for each field, its services together."""
    seen = {(each["rule"], each["field"]) for each in request.approved}
    found = [Finding.from_json(row) for row in request.findings]
    still = [each for each in found if each.effect is Effect.REFER and (each.rule, each.field) not in seen]
    alike: dict[tuple[str, str], list[Finding]] = {}
    for each in still:
        alike.setdefault((each.rule, each.field), []).append(each)
    return tuple(reason_for(group) for group in alike.values())


def reason_for(alike: Sequence[Finding]) -> Reason:
    """One reason for findings of one rule about one field."""
    found = alike[0]
    services = ", ".join(
        dict.fromkeys(say(SERVICES, each.params["service"]) for each in alike if "service" in each.params)
    )
    params = {**found.params, **({"service": services} if services else {})}
    spoken = Finding(found.rule, found.field, found.effect, params)
    return Reason(found.rule, say(RULES, found.rule), sentence(spoken, for_staff=True), found.field)


def _lapses(request: Any, *, now: datetime) -> str:
    """How long the customer still has to answer."""
    if request.due_at is None or request.standing != Standing.CUSTOMER:
        return ""
    return _("lapses in %(time)s") % {"time": in_words(request.due_at - now)}


def status_of(request: Any) -> str:
    return str(public_status(Step(request.step), Standing(request.standing), Outcome(request.outcome)))


def status_word(request: Any) -> str:
    return say(STATUSES, status_of(request))


def promise_of(request: Any, *, now: datetime) -> Promise | None:
    """How long staff still have, or are late, in words."""
    if request.promised_at is None or request.standing != Standing.STAFF:
        return None
    left = request.promised_at - now
    if left < timedelta(0):
        return Promise(request.promised_at, _("overdue by %(time)s") % {"time": in_words(-left)}, "overdue")
    text = _("in %(time)s") % {"time": in_words(left)}
    return Promise(request.promised_at, text, "soon" if left < timedelta(hours=4) else "calm")


def in_words(time: timedelta) -> str:
    """A length of time with one unit, as people say it; never "0 minutes"."""
    minutes = max(1, int(time.total_seconds() // 60))
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}
