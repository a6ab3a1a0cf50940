"""Are the answers of a change good, and do they change anything?"""

from collections.abc import Collection
from datetime import datetime

from keyturn.journeys import JOURNEYS
from keyturn.records.models import Request
from keyturn.steps.validate.change import rules
from keyturn.steps.validate.step import findings_for
from keyturn.terms.days import local_date
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict
from keyturn.terms.slots import ALL


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """The rules for every form, for what this journey asks; then those for changes."""
    journey, answers = JOURNEYS[request.journey], request.answers
    asked = {
        question.name
        for page in journey.pages_for(answers)
        for question in page.questions
        if question.asked_if(answers)
    }
    found = [
        each
        for each in findings_for(answers, channel=request.channel, now=now, policy=policy)
        if each.field.partition(".")[0] in asked
    ]
    seen = request.seen
    form = rules.Form(
        answers, asked, journey.wishes(answers, seen), seen, local_date(now, policy), policy, _offered(request, asked)
    )
    return Verdict(tuple(found or rules.check(form)))


def _offered(request: Request, asked: Collection[str]) -> dict[str, set[str]]:
    """What can be chosen: as the journey says; of accounts the one that it is about, or those of the person."""
    if request.user_id is None:
        return {}  # staff ask for what they saw on paper
    journey = JOURNEYS[request.journey]
    names = {*asked, *(each.name for each in journey.given)}
    found = {
        name: {each.value for each in q.choices} for name, q in journey.questions.items() if q.choices and name in names
    }
    own = {slot.partition(".")[2] for slot in request.seen if slot.startswith("paperless.")}
    accounts = {str(request.account_id)} if request.account_id else own
    if "accounts" in found:
        found["accounts"] = accounts if request.account_id else {ALL, *own}
    if "account_id" in names:
        found["account_id"] = accounts
    return found
