"""Are the answers well formed? Nothing more is asked of somebody in need."""

from datetime import datetime

from keyturn.records.models import Request
from keyturn.steps.validate.step import findings_for
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    found = findings_for({"phone": request.answers.get("phone")}, channel=request.channel, now=now, policy=policy)
    return Verdict(tuple(each for each in found if each.field.partition(".")[0] == "phone"))
