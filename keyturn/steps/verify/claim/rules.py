"""Which contacts on file may bear a proof, when is a code good, and how often may somebody try?

Proof is what was on file and good before the attempt, never what is typed now (ASVS 6.4.2; NIST SP 800-63A-4).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from keyturn.matching.text import fold, squeezed
from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy

IMPORTED = ("import", "cis")


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone number or e-mail address on file. `since`: when it was entered or last changed. `came_with_them`: in the
    same import as the person, so that it is as old as the CIS's own record."""

    channel: str
    value: str = field(repr=False)
    contact_type: str
    status: str
    source: str
    since: datetime
    is_primary: bool = False
    came_with_them: bool = False


@rule(
    "Y-20",
    "A code goes only to a contact on file that is good, and was so long before the attempt",
    implements=("BR-28", "BR-61"),
)
def bears_proof(contact: Contact, *, now: datetime, policy: Policy) -> bool:
    """Verified, or the CIS's own; not bounced; not changed lately. Bounced: the number may be somebody else's by now."""
    if contact.status == "bounced":
        return False
    is_good = contact.status == "verified" or contact.source in IMPORTED
    is_old = contact.came_with_them or contact.since <= now - timedelta(days=policy.fresh_contact_days)
    return is_good and is_old


def best(contacts: Iterable[Contact], channel: str, *, now: datetime, policy: Policy) -> Contact | None:
    """The contact that a code goes to: the first one of its kind that bears a proof; texts go to no telephone at home."""
    wanted = "phone" if channel == "sms" else "email"
    fitting = [
        each
        for each in contacts
        if each.channel == wanted
        and not (channel == "sms" and each.contact_type in ("home", "work"))
        and bears_proof(each, now=now, policy=policy)
    ]
    return max(
        fitting,
        key=lambda each: (each.is_primary, each.contact_type == "mobile", each.status == "verified"),
        default=None,
    )


@dataclass(frozen=True, slots=True)
class Post:
    """Where letters about an account go. `changed_at`: when that last became so; `is_service_address` with `lives_there`:
    whether the account is served there today."""

    lines: tuple[str, ...] = field(repr=False)
    changed_at: datetime | None
    is_service_address: bool
    lives_there: bool


@rule(
    "Y-21",
    "A letter goes to where letters went before, and to a service address only while they are served there",
    implements=("BR-28", "BR-61"),
)
def letter_may_go(post: Post | None, *, now: datetime, policy: Policy) -> bool:
    """The next tenant opens what comes for the last one. Who moved the mailing address yesterday comes to the desk."""
    if post is None or not post.lines or (post.is_service_address and not post.lives_there):
        return False
    return post.changed_at is None or post.changed_at <= now - timedelta(days=policy.fresh_contact_days)


@rule(
    "Y-22",
    "A code is the newest of its claim, holds its time, works once and allows few guesses",
    implements=("ER-08",),
)
def code_can_be_tried(*, used: bool, expires_at: datetime | None, tries: int, now: datetime, policy: Policy) -> bool:
    """One answer for every cause: who guesses learns nothing from it."""
    return not used and expires_at is not None and expires_at > now and tries < policy.claim_code_tries


def lifetime(channel: str, policy: Policy) -> timedelta:
    """How long a code holds: ten minutes, a day, three weeks (NIST SP 800-63A-4, 3.8)."""
    match channel:
        case "sms":
            return timedelta(minutes=policy.claim_sms_minutes)
        case "email":
            return timedelta(hours=policy.claim_email_hours)
        case _:
            return timedelta(days=policy.claim_letter_days)


@rule("Y-23", "Who tries often waits longer each time", implements=("ER-08", "BR-29"))
def next_try_at(times: Sequence[datetime], *, free: int, policy: Policy) -> datetime | None:
    """When they may try next; None: now. `times` are the tries in the window, the latest first; all count alike."""
    if len(times) < free:
        return None
    doublings = min(len(times) - free, 10)
    minutes = policy.claim_pause_minutes << doublings
    return times[0] + min(timedelta(minutes=minutes), timedelta(hours=policy.claim_window_hours))


@rule(
    "Y-24", "What an identity provider says proves an account only where it agrees with the file", implements=("BR-28",)
)
def provider_agrees(
    claims: Mapping[str, Any],
    *,
    counts: bool,
    names: Iterable[tuple[str, str]],
    date_of_birth: str,
    identifiers: Iterable[str],
    claimed_identifiers: Iterable[str],
) -> bool:
    """Name and birth date, or an identifier that stands on file; from a provider that counts and that knows its user's
    e-mail to be theirs. Identifiers are compared by their digests."""
    if not counts or claims.get("email_verified") is not True:
        return False
    if set(identifiers) & set(claimed_identifiers):
        return True
    said = (_plain(claims.get("given_name")), _plain(claims.get("family_name")))
    same_name = all(said) and said in {(_plain(given), _plain(family)) for given, family in names}
    return bool(same_name and date_of_birth and claims.get("birthdate") == date_of_birth)


def _plain(text: Any) -> str:
    return squeezed(fold(str(text or "")))


@rule("Y-25", "An account is given only to who has proved that it is theirs", implements=("BR-28",))
def is_proved(proved: bool) -> Iterator[Finding]:
    if not proved:
        yield Finding("Y-25", "code", Effect.ASK)
