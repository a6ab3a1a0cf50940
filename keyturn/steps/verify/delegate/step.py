"""Has the owner proved again that it is they?"""

from datetime import datetime

from keyturn.records.models import Request
from keyturn.records.queries import proofs
from keyturn.steps.verify.change.step import PROOF, sent_at
from keyturn.steps.verify.delegate import rules
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    proved_at = max((each.at for each in proofs.of(request) if each.kind == PROOF), default=None)
    return Verdict(tuple(rules.was_proved_again(proved_at, sent_at(request, now), policy)))
