"""What is asked for: a request, its history, what was decided about it, and what was said about it."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from keyturn.records.ids import new_reference
from keyturn.records.models.account import Account
from keyturn.records.models.fields import Row, Sealed, sealed_column
from keyturn.records.models.person import Person
from keyturn.records.models.premise import Premise


class Request(Row):
    """One ask, from the first page to its end. Only `flow.py` writes `step`, `standing` and `outcome`."""

    reference = models.CharField(max_length=16, unique=True, default=new_reference)
    journey = models.CharField(max_length=40)
    step = models.CharField(max_length=12)
    standing = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12, blank=True)
    version = models.PositiveIntegerField(default=1)
    language = models.CharField(max_length=10, default="en")
    channel = models.CharField(max_length=10)  # portal, api, console
    begun_by = models.CharField(max_length=80)  # role:ident
    sealed_answers = sealed_column()
    answers = Sealed(dict)
    sealed_seen = sealed_column()
    seen = Sealed(dict)  # a change: what was on file for each question when the customer began (three-way merge)
    sealed_written = sealed_column()
    written = Sealed(list)  # a change: what was written into the registry, for the CIS to be told
    user = models.ForeignKey("User", null=True, on_delete=models.PROTECT, related_name="requests")
    email_digest = models.CharField(max_length=32, blank=True)

    findings = models.JSONField(default=list)  # as the last look at it left them
    approved = models.JSONField(default=list)  # the findings that staff have seen and let pass
    person_decision = models.JSONField(
        default=dict
    )  # staff's word: {"same": person id} or {"new": [ids seen]}; "ruled_out"
    match_zone = models.CharField(max_length=8, blank=True)
    policy_version = models.CharField(max_length=60, blank=True)
    model_version = models.CharField(max_length=60, blank=True)

    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="requests")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="requests")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="requests")

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    established_at = models.DateTimeField(null=True)  # written into the registry; the CIS is told from then on
    promised_at = models.DateTimeField(null=True)  # by when staff mean to have decided
    due_at = models.DateTimeField(null=True)  # a draft expires, a question lapses, a waiting request wakes
    ended_at = models.DateTimeField(null=True)
    events_written = models.PositiveIntegerField(default=0)
    chain_head = models.BinaryField(default=b"")

    held: "Held | None" = None  # while a verb writes all at once (`flow.moves.written_at_once`)
    proofs: tuple[list[Any], list[Any]] | None = None  # read together with the request (`records.queries.proofs`)

    class Meta:
        db_table = "request"
        indexes = [
            models.Index(fields=["standing", "promised_at"], name="request_queue"),
            models.Index(fields=["standing", "due_at"], name="request_due"),
            models.Index(fields=["email_digest"], name="request_email"),
            models.Index(fields=["created_at", "id"], name="request_created"),
            models.Index(
                fields=["user", "created_at"], condition=models.Q(user__isnull=False), name="request_of_login"
            ),
            models.Index(fields=["person", "journey"], name="request_of_person"),
        ]


@dataclass(slots=True)
class Held:
    """What is written about a request in one trip, at the end of what a verb does: new rows, others that changed, other
    statements, jobs."""

    rows: list[models.Model] = field(default_factory=list)
    changed: list[models.Model] = field(default_factory=list)
    also: list[Any] = field(default_factory=list)
    jobs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Event(models.Model):
    """One move of a request, written in the same transaction as the move and never changed (I5).

    `hash` covers the row and the hash before it, under a key that the database does not have.
    """

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    what = models.CharField(max_length=30)
    role = models.CharField(max_length=10)
    actor = models.CharField(max_length=80, blank=True)
    on_behalf_of = models.CharField(max_length=80, blank=True)
    step = models.CharField(max_length=12)
    standing = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12, blank=True)
    data = models.JSONField(default=dict)
    hash = models.BinaryField()

    class Meta:
        db_table = "request_event"
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="event_numbers_are_unique")]


class Decision(Row):
    """What a step concluded, by which rules, under which policy and model."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField()
    step = models.CharField(max_length=12)
    effect = models.CharField(max_length=10)
    rules = ArrayField(models.CharField(max_length=8), default=list)
    findings = models.JSONField(default=list)
    policy_version = models.CharField(max_length=60)
    model_version = models.CharField(max_length=60, blank=True)

    class Meta:
        db_table = "decision"


class Note(Row):
    """A sentence between staff and applicant: a question, its answer, a reason."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="notes")
    at = models.DateTimeField()
    kind = models.CharField(max_length=10)  # question, reply, reason, internal
    role = models.CharField(max_length=10)
    actor = models.CharField(max_length=80, blank=True)
    sealed_text = sealed_column()
    text = Sealed(str)

    class Meta:
        db_table = "request_note"
