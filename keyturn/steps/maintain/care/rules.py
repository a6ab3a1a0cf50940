"""When is a certificate asked for again, who may say that something was fraud, and what must be said for it?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Held:
    """One protection for life support, as far as its clock goes."""

    state: str
    temporary_until: datetime
    certified_until: date | None
    reminded_at: datetime | None


@rule("K-80", "Who depends on service is reminded of the certificate before the time is over", implements=("BR-63",))
def reminder_is_due(held: Held, *, now: datetime, today: date, policy: Policy) -> bool:
    """Once for each time that runs out: of the temporary protection, and of a certificate."""
    if held.state == "temporary":
        opens = held.temporary_until - timedelta(hours=policy.medical_reminder_hours)
        return opens <= now < held.temporary_until and (held.reminded_at is None or held.reminded_at < opens)
    if held.state == "certified" and held.certified_until:
        opens_on = held.certified_until - timedelta(days=policy.medical_reminder_days)
        fresh = held.reminded_at is not None and held.reminded_at.date() >= opens_on
        return opens_on <= today <= held.certified_until and not fresh
    return False


@rule("K-81", "A certificate holds as long as the policy allows, and not before it began", implements=("BR-63",))
def validity_is_possible(*, first: date | None, last: date | None, today: date, policy: Policy) -> Iterator[Finding]:
    """30 days to a year, by most laws; it holds already and has not run out."""
    if first is None or last is None:
        yield Finding("K-81", "certified_until", params={"why": "no_date"})
        return
    days = (last - first).days
    shortest, longest = policy.medical_shortest_days, policy.medical_longest_days
    if not shortest <= days <= longest:
        yield Finding("K-81", "certified_until", params={"why": "length", "least": str(shortest), "most": str(longest)})
    elif first > today or last < today:
        yield Finding("K-81", "certified_from" if first > today else "certified_until", params={"why": "not_now"})


@rule("K-82", "Nobody is cut off because a certificate is late: staff look at it", implements=("ER-33", "BR-63"))
def certificate_is_there(held: Held, *, now: datetime, today: date) -> Iterator[Finding]:
    """The protection stays until a person has ended it."""
    late = held.state == "temporary" and held.temporary_until <= now
    late = late or (held.state == "certified" and held.certified_until is not None and held.certified_until < today)
    if late:
        yield Finding("K-82", "", Effect.REFER)


@rule("K-83", "Who decides a case of fraud says why", implements=("BR-60",))
def case_has_a_note(note: str) -> Iterator[Finding]:
    if len(note.strip()) < 10:
        yield Finding("K-83", "note")


@rule("K-84", "That something was fraud is said by a supervisor", implements=("BR-60",))
def fraud_is_said_by_a_supervisor(verdict: str, *, is_supervisor: bool) -> Iterator[Finding]:
    if verdict == "fraud" and not is_supervisor:
        yield Finding("K-84", "verdict")


@rule(
    "K-85",
    "What staff change on a file has a reason, and says whether it was wrong or has changed",
    implements=("BR-32",),
)
def change_has_a_reason(how: str, reason: str) -> Iterator[Finding]:
    if how not in ("wrong", "changed"):
        yield Finding("K-85", "how", params={"why": "how"})
    if len(reason.strip()) < 10:
        yield Finding("K-85", "reason", params={"why": "reason"})


@rule("K-86", "An address is protected, or shown again, only with a reason")
def protection_has_a_reason(reason: str) -> Iterator[Finding]:
    if len(reason.strip()) < 10:
        yield Finding("K-86", "reason")


@rule(
    "K-87", "Access for another is given by staff for a document that names them, and for a time", implements=("BR-32",)
)
def grant_is_possible(
    *, capacity: str, level: str, document: bool, known: bool, until: date | None, needs_end: bool, today: date
) -> Iterator[Finding]:
    """An executor or a guardian acts until the estate or the court ends it; a representative until a day."""
    if capacity not in ("representative", "executor", "guardian"):
        yield Finding("K-87", "capacity", params={"why": "capacity"})
    if level not in ("owner", "manage", "pay", "view"):
        yield Finding("K-87", "level", params={"why": "level"})
    if not known:
        yield Finding("K-87", "email", params={"why": "login"})
    if not document:
        yield Finding("K-87", "document", params={"why": "document"})
    if (needs_end and until is None) or (until is not None and until <= today):
        yield Finding("K-87", "until", params={"why": "until"})
