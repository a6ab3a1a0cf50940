"""When may a login be linked without a claim, and when may a link go?"""

from collections.abc import Iterator
from dataclasses import dataclass

from keyturn.terms.finding import Finding, rule
from keyturn.terms.policy import Policy


@dataclass(frozen=True, slots=True)
class Ended:
    """A request that is over, as far as a login may be linked by it. Of the login: that its proved e-mail is the same."""

    is_completed: bool
    email_was_proved: bool
    same_email: bool
    person_is_new: bool
    identity_was_verified: bool
    flags: frozenset[str] = frozenset()


@rule(
    "E-20",
    "Who was just established by a request, with a proved e-mail, gets a login to the account without a claim",
    implements=("BR-28",),
)
def request_links(ended: Ended, policy: Policy) -> bool:
    """2.20 for somebody new; 2.21, where the policy is seamless, for somebody on file whose document was verified."""
    if not (ended.is_completed and ended.email_was_proved and ended.same_email) or ended.flags:
        return False
    return ended.person_is_new or (policy.claim_seamless and ended.identity_was_verified)


@rule("E-21", "The last owner of an account does not give it up alone")
def is_not_the_last_owner(is_last: bool) -> Iterator[Finding]:
    """Nobody could let anybody in again. Staff can."""
    if is_last:
        yield Finding("E-21", "account")


@rule("E-22", "A login has one access of its own to an account: who acted for its owner does so no more")
def replaces(capacity: str) -> bool:
    return capacity != "self"
