"""In which words do the tests of `flow` tell their stories?

A `Town` has a clock of its own, premises, persons on file, a CIS that can be told to misbehave, staff and a worker. A
`Case` is one request in it, as a customer, a partner or staff would move it. Nothing is mocked but the clock: the
database, the CIS and the mailbox are real.
"""

import email
import email.policy
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from keyturn import flow
from keyturn.connectors.cis import connector
from keyturn.connectors.cis.faults import FaultyCis, Plan
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.flow import (
    claims,
    duplicates,
    eligibility,
    identity,
    inbound,
    machine,
    merged_values,
    messages,
    outside,
    reconciling,
    repairing,
    same_person,
    upkeep,
)
from keyturn.records.models import Person, Premise
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.request import Actor, Role, Status
from tests import factories
from tests.flow.case import Case

JOBS: Mapping[str, Callable[..., None]] = {
    "keyturn.advance": machine.advance_job,
    "keyturn.check_eligibility": eligibility.check_eligibility_job,
    "keyturn.check_identity": identity.check_identity_job,
    "keyturn.drain_cis": outside.drain_cis_job,
    "keyturn.expire": upkeep.expire_job,
    "keyturn.gather_late": same_person.gather_late_job,
    "keyturn.find_account": claims.find_account_job,
    "keyturn.look_back": duplicates.look_back_job,
    "keyturn.hear_cis": inbound.hear_job,
    "keyturn.look_for_duplicates": duplicates.look_for_duplicates_job,
    "keyturn.probe_cis": outside.probe_cis_job,
    "keyturn.reconcile": reconciling.reconcile_job,
    "keyturn.repair_drift": repairing.repair_drift_job,
    "keyturn.rescue": upkeep.rescue_job,
    "keyturn.send_message": messages.send_message_job,
    "keyturn.tell_cis": outside.tell_cis_job,
    "keyturn.tell_merged_values": merged_values.tell_merged_values_job,
    "keyturn.undo_in_cis": outside.undo_in_cis_job,
}
MONDAY = datetime(2026, 12, 7, 10, tzinfo=UTC)

_browsers = itertools.count(1)

ANA = PersonDetails(
    given_name="Ana",
    family_name="Zelenko",
    date_of_birth=date(1985, 3, 27),
    emails=("ana@example.com",),
    phones=("+15035550142",),
    identifiers=(Identifier("driver_licence", "D1234567"),),
)
BEN = PersonDetails(
    given_name="Ben",
    family_name="Okafor",
    date_of_birth=date(1972, 11, 30),
    emails=("ben@example.com",),
    identifiers=(Identifier("passport", "P7654321"),),
)


def answers_of(who: PersonDetails) -> dict[str, Any]:
    """What this person would type about themselves."""
    identifier = who.identifiers[0] if who.identifiers else None
    found = {
        "kind": str(who.kind),
        "given_name": who.given_name,
        "middle_name": who.middle_name,
        "family_name": who.family_name,
        "suffix": who.suffix,
        "organisation_name": who.organisation_name,
        "date_of_birth": who.date_of_birth.isoformat() if who.date_of_birth else "",
        "email": next(iter(who.emails), ""),
        "phone": next(iter(who.phones), ""),
        "id_type": identifier.id_type if identifier else "none",
        "id_value": identifier.value if identifier else "",
        "mail_elsewhere": False,
        "consents": ["terms"],
    }
    return {name: value for name, value in found.items() if value != ""}


class Town:
    """Where the stories happen."""

    def __init__(self, mailbox: Path) -> None:
        self.now = MONDAY
        self.mailbox = mailbox
        self.cis = connector()
        self.slept = 0.0
        self.jobs_done = 0
        self.in_hand: Any = None  # the job that is being done
        self.cis_is("")

    # What the utility is like

    @property
    def policy(self) -> Policy:
        return settings.KEYTURN_POLICY  # type: ignore[no-any-return]

    def policy_says(self, **values: Any) -> None:
        """The utility sets these; the fixture puts everything back."""
        settings.KEYTURN_POLICY = replace(self.policy, **values)

    def cis_is(self, always: str = "", **spec: Any) -> None:
        """From now on the CIS misbehaves like this (`faults.py`); without a word it behaves."""
        plan = Plan({"always": always, **spec} if always else spec)
        self.faulty = FaultyCis(self.cis, plan, sleep=self._sleep, clock=lambda: self.now.timestamp())
        self.guarded = GuardedCis(self.faulty)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    # What is on file

    def house(self, **changes: Any) -> Premise:
        return factories.a_premise(**changes)

    def knows(self, who: PersonDetails = ANA, **changes: Any) -> Person:
        return factories.a_person(who, **changes)

    def serves(self, who: Person | PersonDetails, premise: Premise, **changes: Any) -> Person:
        """Somebody is served there."""
        person = who if isinstance(who, Person) else self.knows(who)
        factories.an_account(person, premise, **changes)
        return person

    # Who comes

    def a_customer(self) -> Actor:
        return Actor(Role.CUSTOMER, f"browser{next(_browsers)}")

    def starts_to_fill_in(self, who: PersonDetails = ANA, at: Premise | None = None, **changes: Any) -> "Case":
        """A draft on the portal with every page filled in, and nothing proved."""
        actor = self.a_customer()
        request = flow.begin(
            journey="start_service", actor=actor, channel="portal", language="en", now=self.now, policy=self.policy
        )
        case = Case(self, request, actor)
        case.answers(**{**answers_of(who), **self._place(at), "start_date": self.day(3), **changes})
        return case

    def asks(self, who: PersonDetails = ANA, at: Premise | None = None, **changes: Any) -> "Case":
        """The whole way on the portal: fill in, prove the e-mail, send."""
        return self.starts_to_fill_in(who, at, **changes).proves_email().submits()

    def moves_in(self, who: PersonDetails = ANA, at: Premise | None = None, **changes: Any) -> "Case":
        """Ask, and let the machine do all that it can."""
        case = self.asks(who, at, **changes)
        self.works()
        return case

    def a_partner_asks(
        self, who: PersonDetails = ANA, at: Premise | None = None, *, attested: tuple[str, ...] = (), **changes: Any
    ) -> "Case":
        """A call centre sends a whole request through the API."""
        actor = Actor(Role.PARTNER, f"key{next(_browsers)}")
        request = flow.begin(
            journey="start_service", actor=actor, channel="api", language="en", now=self.now, policy=self.policy
        )
        case = Case(self, request, actor)
        case.answers(**{**answers_of(who), **self._place(at), "start_date": self.day(3), **changes})
        flow.attest(request_id=case.id, kinds=list(attested), may_attest=True, actor=actor, now=self.now)
        return case.submits()

    def _place(self, at: Premise | None) -> dict[str, Any]:
        place = at or self.house()
        return {"service_address": {"premise_id": str(place.pk)}, "services": list(place.services)[:2]}

    def day(self, days: int) -> str:
        """The utility's local date in so many days."""
        return (self.now.astimezone(ZoneInfo(self.policy.time_zone)).date() + timedelta(days=days)).isoformat()

    # Time and work

    def waits(self, **time: float) -> Self:
        """The clock goes on; whatever falls due meanwhile is done."""
        until = self.now + timedelta(**time)
        while (due := self._next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.works()
        self.now = until
        return self

    def works(self, *, most: int = 500) -> Self:
        """Do every job that is due now, and those that they make due."""
        for _ in range(most):
            if not self.works_once():
                return self
        raise AssertionError("the queue does not come to rest")

    def works_once(self) -> bool:
        """Do the first job that is due; False where there is none."""
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM procrastinate_jobs WHERE id = (SELECT id FROM procrastinate_jobs WHERE status = 'todo'"
                " AND (scheduled_at IS NULL OR scheduled_at <= %s) ORDER BY id LIMIT 1)"
                " RETURNING task_name, args::text, queue_name, queueing_lock",
                [self.now],
            )
            self.in_hand = cursor.fetchone()
        if self.in_hand is None:
            return False
        self.jobs_done += 1
        JOBS[self.in_hand[0]](now=self.now, **json.loads(self.in_hand[1]))
        self.in_hand = None
        return True

    def gets_back_the_job_of_the_dead(self) -> None:
        """Whoever had it in hand is gone: it waits again, unless one of its name waits already."""
        if self.in_hand is not None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO procrastinate_jobs (task_name, args, queue_name, queueing_lock)"
                    " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    self.in_hand,
                )
        self.in_hand = None

    def jobs(self, name: str = "") -> int:
        """How many jobs are in the queue, due or not."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE %s", [f"keyturn.{name}%"])
            return int(cursor.fetchone()[0])

    def loses_its_jobs(self) -> None:
        """Somebody emptied the queue by mistake."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")

    def _next_due(self) -> datetime | None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(coalesce(scheduled_at, %s)) FROM procrastinate_jobs WHERE status = 'todo'", [self.now]
            )
            return cursor.fetchone()[0]  # type: ignore[no-any-return]

    # What can be seen afterwards

    def mails(self, to: str = "") -> list[email.message.EmailMessage]:
        """Every e-mail in the mailbox, oldest first."""
        files = sorted(self.mailbox.glob("*.eml"), key=lambda path: path.name)
        found = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]
        return [mail for mail in found if not to or mail["To"] == to]

    def letters(self) -> list[str]:
        return [path.read_text() for path in sorted(self.mailbox.glob("*.letter.txt"))]

    def texts(self) -> list[str]:
        return [path.read_text() for path in sorted(self.mailbox.glob("*.sms.txt"))]

    def cis_holds(self) -> dict[str, int]:
        """How many persons, accounts and agreements the CIS has."""
        counts = self.cis.counts()
        return {name: counts[name] for name in ("persons", "accounts", "agreements")}


COMPLETED, IN_REVIEW, PROCESSING, REFUSED = Status.COMPLETED, Status.IN_REVIEW, Status.PROCESSING, Status.REFUSED
NEEDS_CUSTOMER, DRAFT, STUCK, WITHDRAWN = Status.NEEDS_CUSTOMER, Status.DRAFT, Status.STUCK, Status.WITHDRAWN
