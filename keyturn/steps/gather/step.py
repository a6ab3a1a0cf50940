"""How are answers taken into a draft?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.journeys import JOURNEYS
from keyturn.matching.contacts import normal_email
from keyturn.records.crypto import digest
from keyturn.records.models import Request
from keyturn.steps.gather import rules
from keyturn.steps.gather.documents import step as documents
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import PASS, Verdict


def take(request: Request, answers: Mapping[str, Any]) -> list[Finding]:
    """Merge `answers` into the draft (JSON merge patch: None removes). What cannot be kept is named and left out."""
    journey = JOURNEYS[request.journey]
    findings = [*rules.questions_are_known(journey, answers), *rules.shapes_are_right(journey, answers)]
    shapeless = {found.field for found in findings}
    # Only then: a value of another shape may be nested as deep as its sender likes.
    shaped = {name: rules.cleaned(value) for name, value in answers.items() if str(name)[:60] not in shapeless}
    too_long = list(rules.lengths_are_right(journey, shaped))
    strange = list(documents.are_its_own(request, journey, shaped))
    barred = {found.field.partition(".")[0] for found in (*too_long, *strange)}
    merged = {**request.answers, **{name: value for name, value in shaped.items() if name not in barred}}
    findings += [*too_long, *strange]
    request.answers = {name: value for name, value in merged.items() if value is not None}
    email = normal_email(request.answers.get("email", ""))
    request.email_digest = digest("email", email) if email else ""
    return findings


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Is everything there that must be asked?"""
    journey = JOURNEYS[request.journey]
    findings = tuple(rules.answers_are_complete(journey, request.answers, strict=request.channel == "portal"))
    return Verdict(findings) if findings else PASS
