"""What waits for staff, in which order, and who is looking at it?"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from keyturn.matching.contacts import normal_email
from keyturn.records.crypto import digest
from keyturn.records.models import ApiKey, Event, Request
from keyturn.records.queries.requests import normal_reference
from keyturn.terms.request import Outcome, Standing, Step

DRAFT = (Step.IDENTIFY, Step.GATHER)
RECENTLY = timedelta(days=14)
MOST_SEARCHED = 3000
MOST_FOUND = 50
TABS = ("review", "customer", "stuck", "decided")
OPENED = ("identifier_viewed", "document_viewed")


@dataclass(frozen=True, slots=True)
class Held:
    """What happened last to a request, for the queue: who took it, or that its customer has answered."""

    what: str
    actor: str
    at: datetime


def listed(
    tab: str, *, now: datetime, reason: str = "", mine: str = "", overdue: bool = False, journeys: Collection[str] = (),
    start: int = 0, most: int = 25,
) -> tuple[list[Request], int]:  # fmt: skip
    """One page of a tab and how many it has in all. `mine` is a staff user's id, `reason` a rule number."""
    rows = of_tab(tab, since=now - RECENTLY)
    if reason:
        rows = rows.filter(findings__contains=[{"rule": reason, "effect": "refer"}])
    if mine:
        rows = rows.filter(Exists(Event.objects.filter(request=OuterRef("pk"), role="staff", actor=mine)))
    if overdue:
        rows = rows.filter(promised_at__lt=now)
    if journeys:
        rows = rows.filter(journey__in=journeys)
    return list(_in_order(tab, rows).select_related("premise", "person")[start : start + most]), rows.count()


def of_tab(tab: str, *, since: datetime) -> QuerySet[Request]:
    """`since`: what was decided before is not shown any more."""
    match tab:
        case "customer":
            return Request.objects.filter(standing=Standing.CUSTOMER).exclude(step__in=DRAFT)
        case "stuck":
            return Request.objects.filter(standing=Standing.ENGINEER)
        case "decided":
            reviewed = Event.objects.filter(request=OuterRef("pk"), what="reviewed", at__gte=since)
            gone = ~Q(standing__in=(Standing.STAFF, Standing.CUSTOMER))
            return Request.objects.filter(Exists(reviewed), gone, updated_at__gte=since)
        case _:
            return Request.objects.filter(standing=Standing.STAFF)


def _in_order(tab: str, rows: QuerySet[Request]) -> QuerySet[Request]:
    """Staff's own: the oldest promise first. What waits for others: what lapses, or has rested, longest first."""
    if tab == "decided":
        return rows.order_by("-updated_at", "-id")
    first = {"customer": "due_at", "stuck": "updated_at"}.get(tab, "promised_at")
    return rows.order_by(F(first).asc(nulls_first=True), "id")


def reasons(tab: str, *, now: datetime) -> dict[str, int]:
    """Which rules sent the tab's requests to staff, and how many each; the commonest first."""
    found: Counter[str] = Counter()
    for rows in of_tab(tab, since=now - RECENTLY).values_list("findings", flat=True)[:MOST_SEARCHED]:
        found.update({row["rule"] for row in rows if row["effect"] == "refer"})
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def waiting(*, besides: str = "", at_once: int = 50) -> Iterator[Request]:
    """The requests that staff should open next, in order. `besides`: the reference of the one that they are leaving.

    Those behind it come first, so that who goes on and on sees every one, and not two in turn. However many wait, they are
    read as they are wanted.
    """
    in_order = list(_in_order("review", Request.objects.filter(standing=Standing.STAFF)).values_list("reference", "pk"))
    here = next((at for at, (reference, _pk) in enumerate(in_order) if reference == besides), -1)
    keys = [pk for _reference, pk in in_order[here + 1 :] + in_order[: max(here, 0)]]
    for start in range(0, len(keys), at_once):
        found = Request.objects.in_bulk(keys[start : start + at_once])
        yield from (found[pk] for pk in keys[start : start + at_once] if pk in found)


def last_events(request_ids: Iterable[Any]) -> dict[UUID, Held]:
    """The last thing that happened to each, opened identifiers left aside."""
    rows = (
        Event.objects.filter(request_id__in=list(request_ids))
        .exclude(what__in=OPENED)
        .order_by("request_id", "-number")
        .distinct("request_id")
    )
    return {each.request_id: _held(each) for each in rows}


def last_of(events: Sequence[Event]) -> Held | None:
    """The same, of one request whose events were read, oldest first."""
    return next((_held(each) for each in reversed(events) if each.what not in OPENED), None)


def _held(event: Event) -> Held:
    return Held(event.what, event.actor if event.role == "staff" else "", event.at)


@dataclass(frozen=True, slots=True)
class Decided:
    """What staff decided last about a request, and who; `role` is "partner" where it came through the API."""

    decision: str
    role: str
    actor: str


def last_decisions(request_ids: Iterable[Any]) -> dict[UUID, Decided]:
    """The last word of staff on each."""
    rows = (
        Event.objects.filter(request_id__in=list(request_ids), what="reviewed")
        .order_by("request_id", "-number")
        .distinct("request_id")
    )
    return {each.request_id: Decided(str(each.data.get("decision", "")), each.role, each.actor) for each in rows}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the latest first. `more`: it is not all that fits; `unsearched`: there are older ones, in which
    no name was looked for."""

    rows: list[Request]
    more: bool = False
    unsearched: bool = False


def search(text: str, *, name_of: Callable[[Request], str]) -> Found:
    """Submitted requests by reference or by the applicant's name (`name_of` reads it).

    Names in a request are sealed, so the newest `MOST_SEARCHED` are opened and looked at; a reference is an index away.
    """
    wanted = text.strip()[:100]
    if not wanted:
        return Found([])
    sent = Request.objects.exclude(submitted_at=None).select_related("premise")
    reference = normal_reference(wanted)
    by_reference = list(sent.filter(reference=reference)) if reference else []
    if by_reference:
        return Found(by_reference)
    words = wanted.casefold().split()
    newest = Request.objects.exclude(submitted_at=None).exclude(outcome=Outcome.EXPIRED).order_by("-submitted_at")
    sealed = list(newest.only("pk", "sealed_answers")[: MOST_SEARCHED + 1])
    named = [each.pk for each in sealed[:MOST_SEARCHED] if _is_named(name_of(each), words)]
    rows = list(sent.filter(pk__in=named[:MOST_FOUND]).order_by("-submitted_at"))
    return Found(rows, more=len(named) > MOST_FOUND, unsearched=len(sealed) > MOST_SEARCHED)


def _is_named(name: str, words: list[str]) -> bool:
    parts = name.casefold().split()
    return all(any(part.startswith(word) for part in parts) for word in words)


def email_digest_of(user: Any) -> str:
    """The blind index of a staff user's e-mail address, as requests keep theirs; "" where they have none."""
    normal = normal_email(user.email or "")
    return digest("email", normal) if normal else ""


def names_of(actors: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """What to call those who acted: {(role, ident): name}. Customers and the machine have no name of their own here."""
    wanted = set(actors)
    staff = [ident for role, ident in wanted if role == "staff" and ident.isdigit()]
    keys = [ident for role, ident in wanted if role == "partner" and _is_uuid(ident)]
    found = {
        ("staff", str(each.pk)): each.get_full_name() or each.username
        for each in get_user_model().objects.filter(pk__in=staff)
    }
    found |= {("partner", str(each.pk)): each.name for each in ApiKey.objects.filter(pk__in=keys)}
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
