"""What is a request, where can it stand, who must act next, and what may a step answer?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from keyturn.terms.finding import Effect, Finding


class Step(StrEnum):
    """The boxes of process 3.3.1, each a folder in `keyturn/steps/`."""

    IDENTIFY = "identify"
    GATHER = "gather"
    VALIDATE = "validate"
    MATCH = "match"
    VERIFY = "verify"
    DECIDE = "decide"
    REVIEW = "review"
    ESTABLISH = "establish"
    SYNC = "sync"
    CONFIRM = "confirm"


class Standing(StrEnum):
    """Who must act next. A request is never in no queue (I8): each standing names someone who moves it on."""

    CUSTOMER = "customer"  # a draft to fill in, or a question to answer; expires
    MACHINE = "machine"  # a job is due; the worker and its rescue
    STAFF = "staff"  # the console's queue
    CALENDAR = "calendar"  # rests until a date; the worker looks daily
    ENGINEER = "engineer"  # gave up; visible, alarms, retried by hand
    NOBODY = "nobody"  # over


class Outcome(StrEnum):
    """How a request ended; empty while it lives."""

    NONE = ""
    COMPLETED = "completed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Status(StrEnum):
    """The public word for where a request is (surface.md)."""

    DRAFT = "draft"
    PROCESSING = "processing"
    NEEDS_CUSTOMER = "needs_customer"
    IN_REVIEW = "in_review"
    WAITING = "waiting"
    COMPLETED = "completed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    STUCK = "stuck"


def public_status(step: Step, standing: Standing, outcome: Outcome) -> Status:
    """The one word that customers and API callers see."""
    if standing is Standing.NOBODY:
        return Status.WITHDRAWN if outcome is Outcome.EXPIRED else Status(outcome.value)
    if standing is Standing.CUSTOMER:
        return Status.DRAFT if step in (Step.IDENTIFY, Step.GATHER) else Status.NEEDS_CUSTOMER
    return {
        Standing.MACHINE: Status.PROCESSING,
        Standing.STAFF: Status.IN_REVIEW,
        Standing.CALENDAR: Status.WAITING,
        Standing.ENGINEER: Status.STUCK,
    }[standing]


class Role(StrEnum):
    """In what capacity somebody acts."""

    CUSTOMER = "customer"  # through the portal
    STAFF = "staff"  # through the console
    PARTNER = "partner"  # through the API, under a key
    MACHINE = "machine"  # the worker


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and for whom: stored with every event. `ident` is an opaque id, never a name or an address."""

    role: Role
    ident: str = ""
    on_behalf_of: str = ""

    @property
    def origin(self) -> str:
        """The opaque `role:ident` that is stored beside what somebody did or began."""
        return f"{self.role}:{self.ident}"[:80]


MACHINE = Actor(Role.MACHINE, "worker")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a step answers after looking at a request; `flow.py` alone acts on it.

    `findings` are the objections of the step's rules. The gravest effect decides; no finding means: go on.
    `data` are values for the event row (ids, counts, versions; nothing personal).
    `check` asks `flow.py` to call an outside party first and to come back (the transaction is given up meanwhile).
    """

    findings: tuple[Finding, ...] = ()
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    check: str = ""

    @property
    def effect(self) -> Effect | None:
        """The gravest effect among the findings, or None: nothing stands in the way."""
        for effect in (Effect.REFUSE, Effect.FIX, Effect.ASK, Effect.REFER, Effect.WAIT):
            if any(found.effect is effect for found in self.findings):
                return effect
        return None


PASS = Verdict()
