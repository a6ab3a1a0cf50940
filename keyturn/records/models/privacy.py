"""What has somebody asked about their own data, and until when must they have an answer?"""

from django.db import models

from keyturn.records.models.document import Document
from keyturn.records.models.fields import Row
from keyturn.records.models.person import Person
from keyturn.records.models.request import Request


class PrivacyCase(Row):
    """A request for a copy, a correction, erasure, restriction, or an objection; its clock, proof and outcome."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="privacy")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="privacy_cases")
    kind = models.CharField(max_length=12)  # copy, correction, erasure, restriction, objection
    proof_level = models.PositiveSmallIntegerField()  # 1: signed in, 2: proved again just now, 3: staff saw a document
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    extended = models.BooleanField(default=False)
    outcome = models.CharField(max_length=10, blank=True)  # done, partly, refused
    kept = models.JSONField(default=list)  # [{"what", "why", "until"}]: what the law makes us keep
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    cis_told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_case"
        indexes = [models.Index(fields=["outcome", "due_at"], name="privacy_clock")]
