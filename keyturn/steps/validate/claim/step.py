"""Are the answers of a claim good enough to look for an account?"""

from datetime import datetime

from keyturn.records.models import Request
from keyturn.records.queries import access
from keyturn.signin.logins import federated
from keyturn.steps.validate.claim import rules
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    mine = [each.account.ref or "" for each in access.accounts_of(request.user_id, at=now) if each.is_own]
    form = rules.Form(request.answers, rules.own(mine), offered(request.user, policy), policy)
    return Verdict(tuple(rules.check(form)))


def offered(user: object, policy: Policy) -> tuple[str, ...]:
    """The proofs that this login can choose."""
    came_by = federated(user)
    counts = came_by is not None and came_by.provider in policy.federated_providers
    return rules.offered(policy, has_federated=counts)
