"""What must reach the outside world, and what became of it."""

from django.db import models

from keyturn.records.models.access import User
from keyturn.records.models.account import Account
from keyturn.records.models.fields import Row, Sealed, sealed_column
from keyturn.records.models.person import Person
from keyturn.records.models.request import Request


class Delivery(Row):
    """What the CIS must be told about one request, under one key (I3): the intent before the call, the outcome after."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="delivery")
    key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=12, default="intended")  # intended, sent, in_doubt, done, rejected
    tries = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)  # a call is under way; nobody else calls until then
    next_try_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)  # it waits for the CIS, without a job, until it is let go (S-08)
    in_doubt_since = models.DateTimeField(null=True)  # nobody knows what became of a call since then
    answer = models.JSONField(default=dict)  # references only
    problem = models.CharField(max_length=80, blank=True)  # a code, never the CIS's text
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cis_delivery"
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="delivery_state"),
            models.Index(
                fields=["created_at", "id"], condition=models.Q(parked_at__isnull=False), name="delivery_parked"
            ),
        ]


class CisBreaker(Row):
    """Whether a CIS is called at all (S-07): one row each, seen by all workers. It changes when calls fail, not else."""

    cis = models.CharField(max_length=40, unique=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    opened_at = models.DateTimeField(null=True)  # since when nobody calls it
    problem = models.CharField(max_length=80, blank=True)  # the last code
    probing_until = models.DateTimeField(null=True)  # somebody pings it; nobody else does until then
    probed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)  # when it last answered again

    class Meta:
        db_table = "cis_breaker"


class CisPlace(Row):
    """One of the calls that a CIS is given at once (S-09): taken until `until`, or free."""

    cis = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    until = models.DateTimeField(null=True)
    calls = models.BigIntegerField(db_default=0)  # how often it was taken

    class Meta:
        db_table = "cis_place"
        constraints = [models.UniqueConstraint(fields=["cis", "number"], name="cis_place_once")]


class CisTurn(Row):
    """The last time that some of what waited for a CIS was let go (S-08): how many, and how many calls its places had seen."""

    cis = models.CharField(max_length=40, unique=True)
    let_go = models.PositiveIntegerField()
    calls = models.BigIntegerField()

    class Meta:
        db_table = "cis_turn"


class CisCalls(Row):
    """How many calls took how long and came to what; processes add what they counted every few seconds."""

    cis = models.CharField(max_length=40)
    operation = models.CharField(max_length=12)  # send, find, read, ...
    outcome = models.CharField(max_length=80)  # ok, or the code of what it raised
    at_most = models.FloatField()  # seconds: the upper end of the bucket
    calls = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        db_table = "cis_calls"
        constraints = [
            models.UniqueConstraint(fields=["cis", "operation", "outcome", "at_most"], name="cis_calls_once")
        ]


class OutsideCheck(Row):
    """A question to an outside party about an applicant (identity), and its answer."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="checks")
    kind = models.CharField(max_length=12)  # identity
    subject = models.CharField(max_length=32)  # digest of what was asked about: other details need another check
    outcome = models.CharField(max_length=12, blank=True)  # passed, failed, unsure, unavailable; empty: under way
    reference = models.CharField(max_length=80, blank=True)
    reasons = models.JSONField(default=list)  # codes
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outside_check"
        constraints = [models.UniqueConstraint(fields=["request", "kind", "subject"], name="one_check_per_subject")]


class Message(Row):
    """A mail, text message or letter to somebody: committed with what caused it, sent by a job."""

    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="messages")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="messages")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="messages")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="messages")
    template = models.CharField(max_length=40)
    channel = models.CharField(max_length=8)  # email, sms, letter
    language = models.CharField(max_length=10)
    sealed_content = sealed_column()
    content = Sealed(dict)  # {"to": ..., "values": {...}}
    state = models.CharField(max_length=8, default="due")  # due, sent, failed, stopped (they said STOP)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "message"
        indexes = [
            models.Index(fields=["state", "created_at"], name="message_state"),
            models.Index(
                fields=["person", "created_at"], condition=models.Q(person__isnull=False), name="message_of_person"
            ),
        ]
