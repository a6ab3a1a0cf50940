"""Are all answers of a request well formed and possible today?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.connectors import address_check
from keyturn.journeys.applicant import mailing_address
from keyturn.records.models import Request
from keyturn.steps.validate import rules
from keyturn.terms.days import local_time
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def findings_for(answers: Mapping[str, Any], *, channel: str, now: datetime, policy: Policy) -> list[Finding]:
    """What must be mended in these answers; dates are judged in the utility's own time zone (step 1.6)."""
    local = local_time(now, policy)
    strict = channel == "portal"
    found = rules.check(rules.Form(answers, local.date(), local.hour, policy, strict=strict))
    return found + _foreign_address(answers, found) if strict else found


def _foreign_address(answers: Mapping[str, Any], found: list[Finding]) -> list[Finding]:
    """What a foreign mailing address lacks by its own country's rules (C.5), where ours found nothing to mend."""
    address = mailing_address(answers)
    if address is None or address.country == "US" or any(each.rule == "V-08" for each in found):
        return []
    return list(rules.foreign_address_fits(address_check.check(address).problems))


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    return Verdict(tuple(findings_for(request.answers, channel=request.channel, now=now, policy=policy)))
