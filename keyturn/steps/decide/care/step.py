"""Which facts does it rest on that somebody is protected at once?"""

from datetime import datetime, timedelta

from keyturn.records.models import MedicalCertification, Request
from keyturn.records.queries import access
from keyturn.steps.decide.care import rules
from keyturn.terms.levels import Level, allows
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict

LOOKED_BACK = timedelta(days=365)


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """What staff themselves enter is decided."""
    if request.begun_by.startswith("staff:"):
        return Verdict()
    seen = access.to_account(request.user_id, request.account_id, at=now)
    ended = MedicalCertification.objects.filter(
        account=request.account, certified_until=None, ended_at__gt=now - LOOKED_BACK
    )
    papers = request.documents.filter(erased_at=None, purpose="medical")
    facts = rules.Facts(
        may_act=seen is not None and allows(seen.level, Level.MANAGE), lapsed=ended.count(), certificate=papers.exists()
    )
    return Verdict(rules.check(facts, policy))
