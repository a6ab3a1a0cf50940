"""How are answers taken into a draft?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keyturn.journeys import JOURNEYS
from keyturn.matching.contacts import normal_email
from keyturn.records.crypto import digest
from keyturn.records.models import Request
from keyturn.steps.gather import rules
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from keyturn.terms.request import PASS, Verdict


def take(request: Request, answers: Mapping[str, Any]) -> list[Finding]:
    """Merge `answers` into the draft (JSON merge patch: None removes). What cannot be kept is named and left out."""
    journey = JOURNEYS[request.journey]
    kept = {name: rules.cleaned(value) for name, value in answers.items()}
    findings = [
        *rules.questions_are_known(journey, kept),
        *rules.shapes_are_right(journey, kept),
        *rules.lengths_are_right(journey, kept),
    ]
    barred = {found.field.partition(".")[0] for found in findings}
    merged = {**request.answers, **{name: value for name, value in kept.items() if name not in barred}}
    request.answers = {name: value for name, value in merged.items() if value is not None}
    email = normal_email(request.answers.get("email", ""))
    request.email_digest = digest("email", email) if email else ""
    return findings


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Is everything there that must be asked?"""
    journey = JOURNEYS[request.journey]
    findings = tuple(rules.answers_are_complete(journey, request.answers, strict=request.channel == "portal"))
    return Verdict(findings) if findings else PASS
