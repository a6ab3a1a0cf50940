"""What follows where the CIS and we hold different things, and whom of ours may somebody be who is new there?

A three-way merge, field by field: what both last held (`agreed`), what we hold, what the CIS holds.
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from keyturn.steps.maintain.inbound.fields import LISTS, folded
from keyturn.terms import owners
from keyturn.terms.finding import Finding, rule

REMOVABLE: Final = frozenset({*LISTS, "mailing"})
"""Fields that the CIS may empty. A birth date, a name or a document that it no longer shows stays on file."""

REMEMBERED = timedelta(days=30)
"""A delivery that the CIS answered within these days must still be known there by its key."""

WINDOW = timedelta(minutes=5)
"""How old, or how far ahead, the time of a word from outside may be."""

IMPORT_LASTS = timedelta(hours=1)


class Verdict(StrEnum):
    """What becomes of one field."""

    SAME = "same"  # nothing to do
    SILENT = "silent"  # the CIS says nothing
    TAKE = "take"  # what the CIS holds is ours from now on
    KEEP = "keep"  # what we hold stays, and the CIS should be told
    REVIEW = "review"  # staff decide


NOT_AGREED: Final = object()
"""Nothing is known of what both last held: whatever we hold came from the CIS, or the CIS has been told of it."""


@rule("K-30", "What the CIS alone has changed since both agreed is taken over; what both changed is shown to staff")
def verdict(field: str, *, agreed: Any, ours: Any, theirs: Any, owner: str, country: str) -> Verdict:
    """`ours` and `agreed` may be None or NOT_AGREED: nothing of that field is on file, or was ever compared."""
    if is_silent(field, agreed=agreed, theirs=theirs):
        return Verdict.SILENT
    now, there = _folded(field, ours, country), _folded(field, theirs, country)
    if now == there:
        return Verdict.SAME
    before = now if agreed is NOT_AGREED else _folded(field, agreed, country)
    if owner == owners.NEWEST:
        if there == before:
            return Verdict.KEEP
        return Verdict.TAKE if now == before else Verdict.REVIEW
    return {owners.CIS: Verdict.TAKE, owners.KEYTURN: Verdict.KEEP}.get(owner, Verdict.REVIEW)


@rule("K-31", "The silence of the CIS removes nothing that it never held")
def is_silent(field: str, *, agreed: Any, theirs: Any) -> bool:
    """An empty value means that something went only where both held something before, and only of what may go."""
    if not _is_empty(theirs):
        return False
    return field not in REMOVABLE or agreed is NOT_AGREED or _is_empty(agreed)


def joined(field: str, *, own: Iterable[str], theirs: Any, agreed: Any, country: str) -> Any:
    """What is written where the CIS's word is taken. Of contacts that were never compared those that did not come from the
    CIS or an import (`own`) stay, behind the CIS's: it may never have held them."""
    if field not in LISTS or agreed is not NOT_AGREED:
        return theirs
    known = {folded(field, [each], country=country) for each in theirs}
    return [*theirs, *(each for each in own if folded(field, [each], country=country) not in known)]


def _folded(field: str, value: Any, country: str) -> Any:
    return None if value is None or _is_empty(value) else folded(field, value, country=country)


def _is_empty(value: Any) -> bool:
    return not value or (isinstance(value, Mapping) and not any(value.values()))


@rule("K-32", "What is on its way to the CIS comes first: until it has arrived, a difference is none")
def may_be_compared(open_deliveries: Iterable[str]) -> bool:
    """`open_deliveries` are the states of those about this person or account that are not done, and not over."""
    return not any(open_deliveries)


@rule(
    "K-33",
    "Somebody new in the CIS comes in as by an import, once they cannot be somebody whom we have just told it of",
)
def why_to_wait(*, key: str, our_delivery: str, alike_on_their_way: bool, waited: timedelta) -> str:
    """A code, or "". `our_delivery` is the state of the delivery whose key changed them, "" where none of ours did.

    A CIS that shows no keys is met by `alike_on_their_way`: somebody on file whom it does not know yet looks like them.
    """
    if our_delivery and not is_ours_by_the_way(our_delivery=our_delivery):
        return "delivery"
    if key == "import" and waited < IMPORT_LASTS:
        return "import"
    return "newcomer" if alike_on_their_way else ""


def is_ours_by_the_way(*, our_delivery: str) -> bool:
    """Somebody whom a command of ours made beside the person it is about (a delegate is no customer on file here), or for
    a request that came to nothing since."""
    return our_delivery in ("done", "over")


@rule("K-34", "What we had delivered and the CIS no longer knows of is lost there, and is not taken for its change")
def is_lost(*, known_there: bool | None, answered_at: datetime | None, now: datetime) -> bool:
    """`known_there`: does the CIS know the key of the last delivery? None: it cannot say, or was not asked."""
    return known_there is False and answered_at is not None and now - answered_at < REMEMBERED


@rule("K-36", "Whoever settles a difference says why")
def settling_has_a_reason(reason: str) -> Iterator[Finding]:
    """Whoever looks at it later reads it."""
    if not reason.strip():
        yield Finding("K-36", "reason")


SETTLED: Final = ("ours", "theirs", "seen")


def what_settles(field: str, why: str) -> tuple[str, ...]:
    """Which ways there are to settle a difference: whose value counts, or that somebody has seen to it by hand."""
    if not field or why in ("unfit", "against_the_rules"):
        return ("seen",)
    if field.partition(".")[0] not in TOLD:
        return ("theirs", "seen")
    return ("ours", "seen") if why == "identifier_in_use" else ("ours", "theirs")


TOLD: Final = frozenset({"name", "date_of_birth", "language", *LISTS, "identifier", "mailing"})
"""What the CIS can be told of a person. What is an account's is its own to put right."""


@rule("K-37", "A repair looks again before it changes anything, and leaves to staff what no machine can say")
def kind_of(verdict: Verdict) -> str:
    """The kind of drift that a field shows; "" where it shows none. Where both changed, looking again opens the case."""
    kinds = {
        Verdict.TAKE: "theirs_is_newer",
        Verdict.KEEP: "ours_is_newer",
        Verdict.REVIEW: "both_changed",
    }
    return kinds.get(verdict, "")


@rule(
    "K-38",
    "Many differences with the CIS are put right at once when one of staff proposes it and a supervisor, another, agrees",
)
def who_agrees(*, proposed_by: str, who: str, is_supervisor: bool) -> str:
    """ "" or the code that keeps this colleague from agreeing. `proposed_by` and `who` are "role:ident"."""
    if proposed_by == who:
        return "own_proposal"
    return "" if is_supervisor else "only_a_supervisor"


@rule("K-35", "A word from outside that something changed is only a reason to look, and only with the right signature")
def is_from_the_cis(*, secret: str, body: bytes, at: str, signature: str, now: datetime) -> bool:
    """`signature`: hex HMAC-SHA256 under `secret` of the time, a full stop, and the body; `at`: seconds since 1970.

    An old one that somebody has recorded is not heard again once its time is over.
    """
    if not (secret and at.isascii() and at.isdigit() and len(at) <= 12):
        return False
    expected = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return False
    return abs(now.timestamp() - int(at)) <= WINDOW.total_seconds()
