"""Which two persons on file may be one, and how does one get to the next pair?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from keyturn.console.access import DECIDERS, acting, actor_of, only
from keyturn.console.case import uuid_or_none
from keyturn.console.queue import page
from keyturn.console.rows import in_words
from keyturn.console.vocabulary import say
from keyturn.console.weighing import bits
from keyturn.records.queries import duplicates, merges, merging, person_pages, persons, shelter
from keyturn.terms.words import gettext_noop

TABS = {
    "open": gettext_noop("To decide"),
    "held": gettext_noop("Waiting for room"),
    "merged": gettext_noop("Merged"),
    "not_same": gettext_noop("Not the same"),
}
SOURCES = {
    "dedupe": gettext_noop("Search of everything"),
    "import": gettext_noop("Import"),
    "edit": gettext_noop("Edit"),
    "request": gettext_noop("Request"),
}
EMPTY = {
    "open": gettext_noop("No pair waits. Whoever seems to be on file twice appears here, the likeliest first."),
    "held": gettext_noop("Nothing waits behind the open pairs."),
    "merged": gettext_noop("Nobody was merged from this list yet."),
    "not_same": gettext_noop("No pair was told apart yet."),
}
SKIPPED = "console_skipped"
MOST_SKIPPED = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pairs somebody wants to see; nothing personal, so it may stand in the address."""

    tab: str = "open"
    source: str = ""
    after: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Wanted":
        tab, source = request.GET.get("tab", ""), request.GET.get("source", "")
        return cls(
            tab if tab in TABS else "open", source if source in SOURCES else "", request.GET.get("after", "")[:80]
        )

    def address(self, **changes: str) -> str:
        values = {"tab": self.tab, "source": self.source} | changes
        plain = {name: value for name, value in values.items() if value and (name, value) != ("tab", "open")}
        return reverse("console:duplicates") + (f"?{urlencode(plain)}" if plain else "")


@require_safe
@only(DECIDERS)
def show(request: HttpRequest) -> HttpResponse:
    """One page of the pairs, the likeliest first."""
    now, wanted = timezone.now(), Wanted.of(request)
    found = duplicates.listed(state=wanted.tab, after=wanted.after, source=wanted.source)
    counts = duplicates.waiting()
    return page(
        request, "console/duplicates.html", rows=rows_of(found.pairs, now=now), wanted=wanted, open=counts["open"],
        tabs=[(name, _(title), counts[name], wanted.address(tab=name)) for name, title in TABS.items()],
        sources=[(name, _(title)) for name, title in SOURCES.items()], title=_(TABS[wanted.tab]),
        clear=wanted.address(source=""), first=wanted.address() if wanted.after else "",
        more=wanted.address(after=found.next) if found.next else "", empty=_(EMPTY[wanted.tab]),
        to_agree=merges.waiting(),
    )  # fmt: skip


def rows_of(pairs: list[Any], *, now: datetime) -> list[dict[str, Any]]:
    """The lines of the list, with the same few queries for any number."""
    ids = {each for pair in pairs for each in (pair.one_id, pair.other_id)}
    people = {each.pk: each for each in persons.with_parts(at=now).filter(pk__in=ids)}
    accounts, hidden = person_pages.accounts_of(ids, at=now), shelter.protected(ids, at=now)
    return [
        {
            "id": str(pair.pk),
            "two": [_who(people.get(each), accounts, hidden) for each in (pair.one_id, pair.other_id)],
            "bits": bits(pair.weight), "bar": round(min(max(pair.weight, 0.0), 30.0) / 30 * 100),
            "source": say(SOURCES, pair.source), "at": pair.found_at,
            "age": _("%(time)s ago") % {"time": in_words(now - pair.found_at)},
        }
        for pair in pairs
    ]  # fmt: skip


def _who(person: Any, accounts: Mapping[Any, list[Any]], hidden: frozenset[Any]) -> dict[str, Any]:
    if person is None:
        return {"name": "?", "place": "", "accounts": 0, "born": None}
    details = persons.details_of(person, open_identifiers=False)
    cities = list(dict.fromkeys(each.city for each in details.addresses if each.city))
    place = _("Protected address") if person.pk in hidden else ", ".join(cities[:2])
    return {
        "name": details.display_name or _("(no name)"), "born": person.date_of_birth, "place": place,
        "accounts": len(accounts.get(person.pk, ())),
    }  # fmt: skip


@acting
@only(DECIDERS)
def next_one(request: HttpRequest) -> HttpResponse:
    """Open the next pair; `skip` is one that somebody wants to leave to later, or to a colleague."""
    if uuid := uuid_or_none(request.POST.get("skip", "")):
        before = [each for each in request.session.get(SKIPPED, ()) if each != str(uuid)]
        request.session[SKIPPED] = [*before, str(uuid)][-MOST_SKIPPED:]
    return redirect(address_of_next(request))


def address_of_next(request: HttpRequest) -> str:
    """The pair that waits for them; those that they skipped in this session again when nothing else is left."""
    skipped = list(request.session.get(SKIPPED, ()))
    pair = _next(request, skipped)
    if pair is None and skipped:
        request.session[SKIPPED] = []
        pair = _next(request, skipped[-1:])
    if pair is None:
        messages.info(request, _("No other pair waits for you."))
        return reverse("console:duplicates")
    return reverse("console:duplicate", args=[pair.pk])


def _next(request: HttpRequest, besides: list[str]) -> Any:
    """The next open pair whom nobody has proposed to merge."""
    left_out = list(besides)
    for _try in range(20):
        pair = duplicates.next_for(actor_of(request).ident, besides=left_out)
        if pair is None or merging.open_between(pair.one_id, pair.other_id) is None:
            return pair
        left_out.append(str(pair.pk))
    return None
