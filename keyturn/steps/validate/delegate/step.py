"""Are the answers of an invitation good?"""

from datetime import datetime

from keyturn.journeys import JOURNEYS
from keyturn.records.models import AccountAccess, Request
from keyturn.records.queries import access
from keyturn.steps.validate.delegate import rules
from keyturn.terms.days import local_date
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    journey, answers = JOURNEYS[request.journey], request.answers
    asked = frozenset(
        each.name for page in journey.pages_for(answers) for each in page.questions if each.asked_if(answers)
    )
    taken = frozenset(each.user.email.casefold() for each in _logins(request, now)) if "level" in asked else frozenset()
    return Verdict(tuple(rules.check(rules.Form(answers, asked, taken, local_date(now, policy), policy))))


def _logins(request: Request, now: datetime) -> list[AccountAccess]:
    group = request.answers.get("group_id")
    if group:
        return list(AccountAccess.objects.filter(access.live(now), group_id=group).select_related("user"))
    return access.logins_of(request.account_id, at=now)
