"""Is it truly them? Which evidence is needed, and does what we have suffice?

*Matched*, *identity proven*, *authorised* and *approved* are four different things (quality.md section 2): nothing here
grants access to anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """What has been proved. `identity_outcome` is the outside check's: "", passed, failed, unsure, unavailable."""

    channel: str
    email_proved: bool
    identity_attested: bool
    is_new_person: bool
    identity_outcome: str


@rule("Y-01", "Who applies on the web has proved their e-mail address", implements=("BR-30",))
def email_is_proved(facts: Facts) -> Iterator[Finding]:
    """A partner may apply for somebody without an e-mail; then nothing is proved, and nobody is linked by machine."""
    if facts.channel == "portal" and not facts.email_proved:
        yield Finding("Y-01", "email", Effect.ASK)


@rule("Y-02", "The outside identity check is asked when the utility's policy says so", implements=("BR-60",))
def identity_check_is_due(facts: Facts, policy: Policy) -> bool:
    if facts.identity_attested or facts.identity_outcome:
        return False
    return policy.identity_check == "always" or (policy.identity_check == "new" and facts.is_new_person)


@rule("Y-03", "An identity check that failed or could not tell is settled by staff", implements=("ER-14", "ER-15"))
def identity_is_confirmed(facts: Facts) -> Iterator[Finding]:
    if facts.identity_outcome in ("failed", "unsure", "unavailable") and not facts.identity_attested:
        yield Finding("Y-03", "", Effect.REFER, {"outcome": facts.identity_outcome})


@rule("Y-04", "A code is for one purpose, holds for a short time and allows few guesses", implements=("ER-07", "ER-31"))
def code_problem(
    *, found: bool, used: bool, expires_at: datetime | None, tries: int, now: datetime, policy: Policy
) -> str:
    """Why a code cannot be tried: "used", "expired", "too_many" or "" where it can."""
    if not found or expires_at is None or expires_at <= now:
        return "expired"
    if used:
        return "used"
    return "too_many" if tries >= policy.email_code_tries else ""


@rule("Y-05", "Only so many codes are sent for one draft in an hour", implements=("ER-31",))
def may_send_code(sent_in_last_hour: int, policy: Policy) -> bool:
    return sent_in_last_hour < policy.email_codes_per_hour


def code_lifetime(purpose: str, policy: Policy) -> timedelta:
    """How long a code of this purpose holds."""
    return timedelta(minutes=policy.status_code_minutes if purpose == "status" else policy.email_code_minutes)


def normal_code(text: str) -> str:
    """A code as people type it: small letters, blanks and dashes do not matter."""
    return "".join(char for char in text.upper()[:40] if char.isalnum())
