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
    answer = models.JSONField(default=dict)  # references only
    problem = models.CharField(max_length=80, blank=True)  # a code, never the CIS's text
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cis_delivery"
        indexes = [models.Index(fields=["state", "next_try_at"], name="delivery_state")]


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
    state = models.CharField(max_length=8, default="due")  # due, sent, failed
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
