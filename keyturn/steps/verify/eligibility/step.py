"""Has the CIS been asked whether it would serve this person, and what did it say?"""

from datetime import datetime

from keyturn.connectors.cis import cis
from keyturn.journeys.applicant import applicant
from keyturn.records import person_index
from keyturn.records.crypto import digest
from keyturn.records.models import OutsideCheck, Request
from keyturn.steps.verify.eligibility import rules
from keyturn.terms.policy import Policy
from keyturn.terms.request import PASS, Verdict

KIND = "eligibility"


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """`check="eligibility"` where the CIS must be asked first; else what follows from its answer (Y-07, Y-08)."""
    if not policy.cis_eligibility:  # without a look at anything: most requests are not asked about
        return PASS
    facts = _facts(request)
    if rules.is_due(facts, now=now, policy=policy):
        return Verdict(check=KIND)
    if not (facts.is_offered and facts.is_clear):
        return PASS
    return Verdict((*rules.would_be_served(facts), *rules.is_answered(facts, policy)))


def _facts(request: Request) -> rules.Facts:
    is_clear = request.premise_id is not None and request.match_zone in ("new", "link")
    if not is_clear or not is_offered():
        return rules.Facts(is_offered=False, is_clear=is_clear)
    check = request.checks.filter(kind=KIND, subject=subject(request)).first()
    if check is None:
        return rules.Facts(is_offered=True, is_clear=True)
    return rules.Facts(True, True, check.outcome, tuple(check.reasons), check.answered_at)


def is_offered() -> bool:
    """Whether the configured CIS can be asked."""
    return "check" in getattr(cis(), "offers", ())


def subject(request: Request) -> str:
    """A digest of what the CIS is asked: about somebody else, another place, day or service it is asked anew."""
    answers, person = request.answers, request.person
    if person is not None:
        whom = repr((str(person.pk), person.ref))
    else:
        details = applicant(answers)
        whom = repr((details.display_name, details.date_of_birth, person_index.digests(details)))
    what = (str(request.premise_id), sorted(answers["services"]), answers["start_date"])
    return digest(KIND, repr((whom, what)))


def open_one(request: Request, *, now: datetime) -> OutsideCheck:
    """The row of the question that is due; what was answered too long ago is asked anew, in the same row."""
    check, _made = OutsideCheck.objects.get_or_create(
        request=request, kind=KIND, subject=subject(request), defaults={"asked_at": now}
    )
    if check.outcome:
        check.outcome, check.reference, check.reasons, check.asked_at, check.answered_at = "", "", [], now, None
        check.save()
    return check


def asked_about(request: Request) -> OutsideCheck | None:
    """The question that waits for its answer, about the request as it stands."""
    return request.checks.filter(kind=KIND, outcome="", subject=subject(request)).first()


def answer(waiting: OutsideCheck, outcome: str, codes: list[str], *, now: datetime) -> None:
    """Keep what the CIS said to a question that waited, under the request's lock."""
    waiting.outcome, waiting.reasons, waiting.answered_at = outcome, codes, now
    waiting.save(update_fields=["outcome", "reasons", "answered_at"])
