"""What has been proved, by whom and when; and what has been consented to."""

from django.db import models

from keyturn.records.models.account import Account
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


class ClaimCode(Row):
    """A code sent to a contact on file, so that somebody proves an account theirs. Without `account` none was sent:
    the row is there so that a wrong guess costs and counts the same (I7)."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="claim_codes")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8)  # sms, email, letter
    code_digest = models.CharField(max_length=32)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "claim_code"
        indexes = [models.Index(fields=["request", "sent_at"], name="claim_code_latest")]


class Consent(Row):
    """An entry of the ledger: somebody agreed to something, or took it back (C.19, BR-65..67). Never changed; the last
    entry for a purpose and channel holds."""

    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="consents")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=20)  # terms, texts, marketing, paperless, designee, ...
    channel = models.CharField(max_length=8, blank=True)  # email, sms, phone, letter; empty: none in particular
    contact_digest = models.CharField(max_length=32, blank=True)  # the number or address it is about (STOP by SMS)
    act = models.CharField(max_length=10, default="given")  # given, withdrawn
    basis = models.CharField(max_length=10, default="express")  # express, implied (BR-66)
    wording = models.TextField(blank=True)  # as it was read
    wording_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    how = models.CharField(max_length=20)  # portal, api, console, sms, link, import
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)  # an implied consent ends by itself

    class Meta:
        db_table = "consent"
        indexes = [
            models.Index(fields=["person", "purpose", "at"], name="consent_of_person"),
            models.Index(fields=["contact_digest"], name="consent_of_contact"),
        ]


class Preference(Row):
    """By which channel, and at which contact, a person wants to hear of a topic (C.19, BR-17, BR-18)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="preferences")
    topic = models.CharField(max_length=16)  # bills, payments, outages, appointments, account, offers
    channel = models.CharField(max_length=8)  # email, sms, phone, letter
    state = models.CharField(max_length=8)  # off, pending, on
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "preference"
        constraints = [models.UniqueConstraint(fields=["person", "topic", "channel"], name="one_preference_each")]
