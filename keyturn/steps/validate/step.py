"""Are all answers of a request well formed and possible today?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from keyturn.records.models import Request
from keyturn.steps.validate import rules
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def findings_for(answers: Mapping[str, Any], *, channel: str, now: datetime, policy: Policy) -> list[Finding]:
    """What must be mended in these answers; dates are judged in the utility's own time zone (step 1.6)."""
    local = now.astimezone(ZoneInfo(policy.time_zone))
    return rules.check(rules.Form(answers, local.date(), local.hour, policy, strict=channel == "portal"))


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    return Verdict(tuple(findings_for(request.answers, channel=request.channel, now=now, policy=policy)))
