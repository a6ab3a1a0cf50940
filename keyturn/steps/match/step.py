"""Who is the applicant, and which premise do they mean? Looked up under the locks that make the answer final.

Everything from here to `establish` happens in one transaction (quality.md section 2): whoever else decides about the
same identity waits, and then finds what was written here.
"""

from dataclasses import replace
from datetime import datetime
from functools import partial

from keyturn.journeys.applicant import applicant
from keyturn.matching.decide import LINK, Decision, decide
from keyturn.matching.features import Features
from keyturn.matching.identifiers import PARTIAL_TYPES
from keyturn.records import person_index, writing
from keyturn.records.crypto import digest
from keyturn.records.models import Candidate, Person, Request
from keyturn.records.queries import linking, persons, premises, proofs
from keyturn.steps.match import rules
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Set the request's premise, zone and (where linked) person; keep the candidates with what speaks for and against."""
    details = applicant(request.answers)
    probe = person_index.features(details)
    request.premise = premises.resolve(request.answers.get("service_address") or {})  # before anybody must wait for us
    decision, best, holders = _search(request, details, probe, now, policy)
    looked_before = bool(request.match_zone)
    request.match_zone = rules.zone(decision, request.person_decision)
    request.model_version = person_index.model(policy).version
    request.person = _person(request, decision, best)
    _keep_candidates(request, decision, looked_before=looked_before)
    findings = (
        *rules.person_is_clear(request.match_zone),
        *rules.identifier_is_free(holders, person_id=str(request.person_id) if request.person_id else None),
        *rules.premise_is_known(request.premise is not None),
    )
    return Verdict(
        findings, {"zone": request.match_zone, "candidates": len(decision.ranked), "model": request.model_version}
    )


def _search(
    request: Request, details: PersonDetails, probe: Features, now: datetime, policy: Policy
) -> tuple[Decision, Person | None, list[str]]:
    """The decision, where the machine links to whom, and whose file an identifier stands on that only one can have.

    The switch that turns automatic links off holds here.
    """
    numbers = [value for kind, value in probe.identifiers if kind not in PARTIAL_TYPES]
    candidates, (found,) = person_index.search_under_locks(
        probe, request.premise.pk if request.premise else None, persons.holders_of.asked(digests=numbers, at=now)
    )
    holders = list(map(str, found))
    proved = (rules.Proof(each.kind, each.subject) for each in proofs.of(request))
    decided = partial(
        decide,
        probe,
        candidates,
        model=person_index.model(policy),
        verified=rules.verified(details, proved, digest=digest),
        not_same=persons.ends_of(request.person_decision.get("new", ())),
    )
    decision = decided(policy=policy)
    said = request.person_decision
    if decision.zone != LINK or decision.best is None or "same" in said or "new" in said:
        return decision, None, holders
    best, may_link = linking.whom_to_link(decision.best.person_id, request)  # in one trip, and only where it matters
    if not may_link or decision.best.person_id in persons.ends_of(said.get("ruled_out", ())):
        return decided(policy=replace(policy, link_automatically=False)), None, holders
    return decision, best, holders


def _person(request: Request, decision: Decision, best: Person | None) -> object:
    if request.match_zone != "link":
        return None
    if best is not None:
        return best
    chosen = request.person_decision.get("same") or (decision.best.person_id if decision.best else "")
    return persons.by_id(chosen)


def _keep_candidates(request: Request, decision: Decision, *, looked_before: bool) -> None:
    if looked_before:
        request.candidates.all().delete()
    writing.beside(
        request,
        (
            Candidate(
                request=request,
                person_id=each.person_id,
                rank=rank,
                weight=each.scored.weight,
                probability=each.scored.probability,
                linkable=each.linkable,
                fields=[{"field": f.field, "level": f.level, "weight": round(f.weight, 2)} for f in each.scored.fields],
                vetoes=list(each.scored.vetoes),
                why=[*each.why, *each.relation],
                missing=[field for field, _where in each.missing],
                model_version=request.model_version,
            )
            for rank, each in enumerate(decision.ranked, start=1)
        ),
    )
