"""Are the machine's links right, as far as they were looked at again, and does it make any now?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncWeek
from django.utils.timezone import localtime

from keyturn.records.models import (
    AccountAccess,
    BlindReview,
    Decision,
    LinkSwitch,
    NotSamePerson,
    Person,
    PersonLink,
    Request,
)
from keyturn.records.prepared import Prepared
from keyturn.records.queries import blind
from keyturn.terms import bounds
from keyturn.terms.policy import Policy

# ---------------------------------------------------------------- the switch


def links_are_on() -> bool:
    """Whether the switch lets the machine make links; the policy has a word of its own. One look at an index's end."""
    return LinkSwitch.objects.order_by("-id").values_list("on", flat=True).first() is not False


def whom_to_link(ident: str, request: Request) -> tuple[Person | None, bool]:
    """The person as `persons.by_id` finds them, and whether the machine may link: one trip.

    It may not where the switch is off, nor where staff have said of an earlier request by the same login or e-mail
    that it was not this person, nor of whoever the login is on file that the two are two: a person looks again.
    """
    by = {"email": request.email_digest, "user": request.user_id}
    known = {name: value for name, value in by.items() if value}
    found = _to_link(*known).first(pk=ident, **known)
    person = found.redirect_to if found and found.redirect_to else found
    return person, found is None or (found.may_link is not False and not found.said_not)


@cache
def _to_link(*known: str) -> Prepared[Any]:
    """By what is known of who asks: an e-mail, a login, both or neither."""

    def build(pk: Any, email: Any = None, user: Any = None) -> QuerySet[Person]:
        turned = LinkSwitch.objects.order_by("-id").values("on")[:1]
        same = Q(request__email_digest=email) if "email" in known else Q(pk=None)
        same |= Q(request__user=user) if "user" in known else Q(pk=None)
        undone = PersonLink.objects.filter(same, person=OuterRef("pk"), undone_at__isnull=False)
        said: Any = Exists(undone.filter(request__events__what="link_undone"))
        said_not = said | _told_apart(user) if "user" in known else said
        rows = Person.objects.annotate(may_link=Subquery(turned), said_not=said_not)
        return rows.select_related("redirect_to").filter(pk=pk)

    return Prepared(build)


def _told_apart(user: Any) -> Exists:
    """Whether the person and somebody whom this login is on file were said to be two."""
    rows = NotSamePerson.objects.filter(withdrawn_at=None)
    own = AccountAccess.objects.filter(user=user, capacity="self", person__isnull=False).values("person")
    return Exists(rows.filter(Q(one=OuterRef("pk"), other__in=own) | Q(other=OuterRef("pk"), one__in=own)))


@dataclass(frozen=True, slots=True)
class Switch:
    """How it stands. `on`: links are made, by the switch and the policy. `by`: "machine", `role:ident`, or "policy" where
    the profile turned links off; "" where nobody ever touched it. `why`: precision_fell, by_hand, policy or "".
    `sampled` and `wrong` are what the machine saw when it turned them off; `reason` a person's own words."""

    on: bool
    at: datetime | None = None
    by: str = ""
    why: str = ""
    sampled: int = 0
    wrong: int = 0
    reason: str = ""


def switch(policy: Policy) -> Switch:
    """For the banner, the page and `keyturn doctor`."""
    last = LinkSwitch.objects.order_by("-id").first()
    if not policy.link_automatically:
        return Switch(on=False, by="policy", why="policy")
    return _as_switch(last) if last else Switch(on=True)


def switchings(*, most: int = 20) -> list[Switch]:
    """Every turn of the switch, the latest first."""
    return [_as_switch(row) for row in LinkSwitch.objects.order_by("-id")[:most]]


def _as_switch(row: LinkSwitch) -> Switch:
    return Switch(row.on, row.at, row.by, row.why, row.sampled, row.wrong, row.reason)


# ---------------------------------------------------------------- how right they are


@dataclass(frozen=True, slots=True)
class Counted:
    """Verdicts on links that the machine made. Who was unsure counts neither for nor against."""

    right: int = 0
    wrong: int = 0
    unsure: int = 0

    @property
    def sampled(self) -> int:
        return self.right + self.wrong + self.unsure

    @property
    def estimate(self) -> float | None:
        """The share of right ones; None where nobody has said anything."""
        said = self.right + self.wrong
        return self.right / said if said else None

    @property
    def bounds(self) -> tuple[float, float]:
        """Where the precision of all the machine's links lies, at 95 % (Clopper-Pearson)."""
        low, high = bounds.exact(self.wrong, self.right + self.wrong)
        return 1 - high, 1 - low

    @property
    def share_of_unsure(self) -> float | None:
        return self.unsure / self.sampled if self.sampled else None


@dataclass(frozen=True, slots=True)
class Week:
    """`starts` is a Monday. `links` the machine made in it; `counted` the verdicts that were given in it; `decided`
    requests were looked at by the machine in it, of which `to_staff` because of whom they may be."""

    starts: date
    links: int
    counted: Counted
    decided: int
    to_staff: int


@dataclass(frozen=True, slots=True)
class Precision:
    """The chart's data: of a window by the day of the verdict. `waiting` links and decoys are still to be looked at,
    whenever they were chosen. `decoys`: pairs that nobody linked were judged so often, and `caught` of them not called
    the same: how well reviewers look. `void`: closed without a verdict,
    because the two files were made one. `undone`: links of the window that staff undid, sampled or not."""

    since: datetime
    counted: Counted
    links: int
    waiting: int
    decoys: int
    caught: int
    void: int
    undone: int
    decided: int
    to_staff: int
    weeks: tuple[Week, ...]

    @property
    def review_load(self) -> float | None:
        """The share of requests that went to staff because of whom they may be."""
        return self.to_staff / self.decided if self.decided else None


def precision(*, at: datetime, days: int) -> Precision:
    """What was found in the last `days` days."""
    since = at - timedelta(days=days)
    verdicts = BlindReview.objects.filter(decided_at__gt=since, decided_at__lte=at)
    links = _made_by_machine().filter(made_at__gt=since, made_at__lte=at)
    decisions = Decision.objects.filter(at__gt=since, at__lte=at, request__journey="start_service")
    decoys = (
        verdicts.filter(decoy=True)
        .exclude(verdict=blind.VOID)
        .aggregate(all=Count("id"), caught=Count("id", filter=~Q(verdict="same")))
    )
    load = decisions.aggregate(**_LOAD)
    return Precision(
        since=since,
        counted=counted(since=since, until=at),
        links=links.count(),
        waiting=blind.due().count(),
        decoys=decoys["all"],
        caught=decoys["caught"],
        void=verdicts.filter(verdict=blind.VOID).count(),
        undone=links.filter(undone_by__startswith="staff:", request__events__what="link_undone").distinct().count(),
        decided=load["decided"],
        to_staff=load["to_staff"],
        weeks=tuple(_weeks(verdicts.filter(decoy=False), links, decisions, since, at)),
    )


_LOAD = {
    "decided": Count("request", distinct=True),
    "to_staff": Count("request", distinct=True, filter=Q(rules__contains=["M-02"])),
}
_VERDICTS = {
    name: Count("id", filter=Q(verdict=word)) for name, word in (("right", "same"), ("wrong", "other"), ("unsure", "unsure"))
}  # fmt: skip


def counted(*, since: datetime, until: datetime | None = None) -> Counted:
    """Verdicts on links, not on decoys, after a moment."""
    rows = BlindReview.objects.filter(decoy=False, decided_at__gt=since)
    rows = rows.filter(decided_at__lte=until) if until else rows
    return Counted(**rows.aggregate(**_VERDICTS))


def _made_by_machine() -> QuerySet[PersonLink]:
    return PersonLink.objects.filter(automatic=True, created_person=False)


def _weeks(verdicts: Any, links: Any, decisions: Any, since: datetime, until: datetime) -> Iterable[Week]:
    """Every week of the window, those without anything too."""
    said = _by_week(verdicts, "decided_at", **_VERDICTS)
    made = _by_week(links, "made_at", links=Count("id"))
    load = _by_week(decisions, "at", **_LOAD)
    monday, last = _monday(since), localtime(until).date()
    while monday <= last:
        yield Week(
            monday,
            links=made.get(monday, {}).get("links", 0),
            counted=Counted(**said.get(monday, {})),
            decided=load.get(monday, {}).get("decided", 0),
            to_staff=load.get(monday, {}).get("to_staff", 0),
        )
        monday += timedelta(days=7)


def _monday(moment: datetime) -> date:
    day = localtime(moment).date()
    return day - timedelta(days=day.weekday())


def _by_week(rows: Any, column: str, **numbers: Any) -> dict[date, dict[str, int]]:
    """By the Monday where the utility is."""
    grouped = rows.order_by().annotate(week=TruncWeek(column)).values("week").annotate(**numbers)
    return {row.pop("week").date(): row for row in grouped}
