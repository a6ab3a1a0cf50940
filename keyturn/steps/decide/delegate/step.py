"""How does an invitation stand?"""

from datetime import datetime

from keyturn.records.models import Invitation, Request
from keyturn.records.queries import access
from keyturn.steps.decide.delegate import rules
from keyturn.terms.levels import Level
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    invitation = Invitation.objects.filter(request=request).first()
    facts = rules.Facts(
        is_owner=_is_owner(request, now),
        state=invitation.state if invitation else "",
        expires_at=invitation.expires_at if invitation else None,
        now=now,
        flags=frozenset(request.person.flags) if request.person else frozenset(),
    )
    return Verdict(rules.check(facts, policy))


def _is_owner(request: Request, now: datetime) -> bool:
    """Of the account or, for a group, of every account in it."""
    owned = {str(each.account.pk) for each in access.accounts_of(request.user_id, at=now) if each.level == Level.OWNER}
    return access.accounts_meant(request.account_id, request.answers.get("group_id") or "") <= owned
