"""What is, and was, on file about a person, and who is on file whom a name or number fits?"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from keyturn import flow
from keyturn.console import told_apart as told_apart_words
from keyturn.console.access import DECIDERS, acting, actor_of, only
from keyturn.console.comparison import masked
from keyturn.console.merging_words import lines_of, refusal
from keyturn.console.person_words import CONTACTS, HISTORY, NAMES, ROLES, SOURCES, THINGS
from keyturn.console.queue import page
from keyturn.console.vocabulary import FLAGS, IDENTIFIERS, RELATIONS, say
from keyturn.records.queries import as_of, merges, merging, person_pages, persons, told_apart
from keyturn.records.queries.as_of import Moments
from keyturn.records.queries.person_history import Change, history
from keyturn.terms.days import day_ends, day_of, local_date
from keyturn.terms.errors import NotAllowed

FOUND_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """Which day the page is about, and on which day's knowledge; nothing personal, so it may stand in the address."""

    as_of: str = ""
    known_on: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        return cls(*(text if _day(text := request.GET.get(name, "")) else "" for name in ("as_of", "known_on")))

    def moments(self, now: datetime) -> Moments:
        """The ends of these days; what is not asked is now."""
        ends = [
            day_ends(day, settings.KEYTURN_POLICY) if day else now for day in map(day_of, (self.as_of, self.known_on))
        ]
        return Moments(*ends)


def _day(text: str) -> date | None:
    """A day with a day after it."""
    day = day_of(text)
    return day if day and day < date.max else None


@require_http_methods(["GET", "HEAD", "POST"])
@only(DECIDERS)
def search(request: HttpRequest) -> HttpResponse:
    """By name, contact or the CIS's id. A form that is posted: a name in an address would stay in logs and histories."""
    text = request.POST.get("q", "").strip()[:100]
    now = timezone.now()
    found = person_pages.listed(at=now, text=text, most=FOUND_AT_MOST + 1) if text else []
    if len(found) == 1:
        return redirect("console:person", found[0].pk)
    rows = [found_row(each) for each in found[:FOUND_AT_MOST]]
    return page(request, "console/persons.html", rows=rows, asked=text, more=len(found) > FOUND_AT_MOST)


def found_row(person: Any) -> dict[str, Any]:
    details = persons.details_of(person, open_identifiers=False)
    is_protected = as_of.is_protected(person)
    return {
        "id": person.pk,
        "ref": person.ref or "",
        "name": details.display_name or _("(no name)"),
        "born": person.date_of_birth,
        "address": ", ".join(details.addresses[0].lines()) if details.addresses and not is_protected else "",
        "protected": is_protected,
    }


@require_safe
@only(DECIDERS)
def show(request: HttpRequest, person: UUID) -> HttpResponse:
    """Everything on file about one person: now, or on another day, as far as was known then."""
    now, asked = timezone.now(), Asked.of(request)
    when = asked.moments(now)
    found = as_of.person(str(person), when)
    if found is None:
        raise Http404
    apart = told_apart.of_person(found.pk, at=now)
    who = told_apart_words.names(apart)
    details = persons.details_of(found, open_identifiers=False)
    return page(
        request,
        "console/person.html",
        person=found,
        name=details.display_name or _("(no name)"),
        asked=asked,
        came_from=_redirected(person, found.pk),
        merges=lines_of(merging.merges_of(found)),
        apart=[
            {"row": each, "relation": say(RELATIONS, each.relation) if each.relation else "", "by": who[each.said_by]}
            for each in apart
        ],
        today=local_date(now, settings.KEYTURN_POLICY),
        flags=[say(FLAGS, each) for each in found.flags],
        names=[(say(NAMES, each.name_type), _name(each), each) for each in found.names.all()],
        contacts=[(say(CONTACTS, each.contact_type or each.channel), each) for each in found.contacts.all()],
        identifiers=[
            (say(IDENTIFIERS, each.id_type), masked(each.last_four), each) for each in found.identifiers.all()
        ],
        is_protected=as_of.is_protected(found),
        **_addresses(found, when),
        parts=[(say(ROLES, each.relationship), each) for each in as_of.accounts_of(found.pk, when)],
        history=[_told(each) for each in reversed(history(found)) if each.at <= when.known_at],
    )


def _redirected(asked: UUID, found: Any) -> str:
    """Whose file was asked for, where it has become part of this one."""
    return "" if asked == found else merges.last_name_of(asked) or _("Another file")


@acting
@only(DECIDERS)
def take_back(request: HttpRequest, person: UUID, other: UUID) -> HttpResponse:
    """That two are not the same is said no longer: the searches may ask again."""
    try:
        flow.take_back_not_same(
            one_id=person, other_id=other, reason="", actor=actor_of(request), now=timezone.now()
        )  # fmt: skip
    except NotAllowed as problem:
        if problem.code == "unknown_person":
            raise Http404 from None
        messages.warning(request, refusal(problem.code))
        return redirect("console:person", person)
    messages.success(request, _("Taken back. They may be asked about again."))
    return redirect("console:person", person)


def _name(row: Any) -> str:
    parts = (row.given_name, row.middle_name, row.family_name, row.suffix)
    return row.organisation_name or " ".join(filter(None, parts))


def _addresses(person: Any, when: Moments) -> dict[str, Any]:
    """Nothing where they are protected: who has the right opens them elsewhere, one by one, and that is written down."""
    if as_of.is_protected(person):
        return {}
    return {
        "addresses": [_address(each) for each in person.addresses.all()],
        "to_come": [_address(each) for each in as_of.addresses_to_come(person.pk, when)],
    }


def _address(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "lines": row.address.lines(),
        "is_previous": row.purpose == "previous",
        "account": row.account.ref if row.account else "",
        "season": (_day_of_year(row.season_from), _day_of_year(row.season_to)) if row.season_from else None,
    }


def _day_of_year(number: int) -> date:
    """A day of a leap year, to be shown without its year."""
    return date(2024, number // 100, number % 100)


def _told(change: Change) -> dict[str, Any]:
    """One line of the history: what was recorded when, and from when until when it holds."""
    thing, _sep, act = change.what.rpartition("_")
    known = {**NAMES, **CONTACTS, **IDENTIFIERS, **ROLES}.get(change.detail)
    return {
        "change": change,
        "what": say(HISTORY, change.what) if change.what in HISTORY else f"{say(THINGS, thing)}: {say(HISTORY, act)}",
        "detail": _(known) if known and known != THINGS.get(thing) else "",
        "source": say(SOURCES, change.source) if change.source else "",
    }
