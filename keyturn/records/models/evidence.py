"""What has been proved, by whom and when; and what has been consented to."""

from django.db import models

from keyturn.records.models.fields import Row
from keyturn.records.models.person import Person
from keyturn.records.models.request import Request


class Evidence(Row):
    """Something verified for one request. `subject` is the digest of what was verified, not the value."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=12)  # email, phone, identity
    subject = models.CharField(max_length=32)
    source = models.CharField(max_length=20)  # code, attested, identity_check
    actor = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "evidence"
        constraints = [models.UniqueConstraint(fields=["request", "kind", "subject"], name="evidence_once_per_subject")]


class EmailCode(Row):
    """A one-time code sent to an e-mail address for one request and one purpose. Only its digest is kept."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="email_codes")
    purpose = models.CharField(max_length=8)  # prove, resume, status
    email_digest = models.CharField(max_length=32)
    code_digest = models.CharField(max_length=32)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "email_code"
        indexes = [models.Index(fields=["request", "purpose", "sent_at"], name="email_code_latest")]


class ResumeLink(Row):
    """The link in a mail by which a draft is taken up again on another device; the e-mail is still to be proved."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="resume_links")
    fingerprint = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "resume_link"


class Consent(Row):
    """What somebody agreed to: purpose, wording and its version, language, when and how (C.19)."""

    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="consents")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=20)
    wording_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    how = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "consent"
