"""Are the answers of a change good, and do they change anything?"""

from datetime import datetime

from keyturn.journeys import JOURNEYS
from keyturn.records.models import Request
from keyturn.steps.validate.change import rules
from keyturn.steps.validate.step import findings_for
from keyturn.terms.days import local_date
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


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
    form = rules.Form(answers, asked, journey.wishes(answers, seen), seen, local_date(now, policy), policy)
    return Verdict(tuple(found or rules.check(form)))
