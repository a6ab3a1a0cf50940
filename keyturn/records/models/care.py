"""Whom must the utility take special care of, and which cases look like fraud (C.20)?"""

from django.db import models
from django.db.models import Q

from keyturn.records.models.access import User
from keyturn.records.models.account import Account
from keyturn.records.models.document import Document
from keyturn.records.models.fields import Row, Sealed, sealed_column
from keyturn.records.models.person import Person
from keyturn.records.models.premise import Premise
from keyturn.records.models.request import Request


class MedicalCertification(Row):
    """Somebody at a premise depends on service to live (BR-63). Temporary at once, certified by a deadline, renewed."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="medical")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="medical")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="medical")
    request = models.OneToOneField(Request, null=True, on_delete=models.PROTECT, related_name="medical")
    kind = models.CharField(max_length=16)  # life_support, serious_illness
    sealed_details = sealed_column()
    details = Sealed(dict)  # {"patient", "device", "certified_by"}
    state = models.CharField(max_length=10)  # temporary, certified, expired, withdrawn
    claimed_at = models.DateTimeField()
    temporary_until = models.DateTimeField()
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    certified_from = models.DateField(null=True)
    certified_until = models.DateField(null=True)
    renewals = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "medical_certification"
        indexes = [models.Index(fields=["state", "temporary_until"], name="medical_state")]


class Protection(Row):
    """A person whose address nobody sees without the right (an address confidentiality programme; BR-70)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="protections")
    programme = models.CharField(max_length=40)
    sealed_safe_contact = sealed_column()
    safe_contact = Sealed(dict)  # {"how", "text"}
    set_by = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "protection"
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="one_protection_per_person")
        ]


class RedFlag(Row):
    """A case that looks like somebody taking over what is not theirs (BR-60, BR-61)."""

    trigger = models.CharField(max_length=30)  # the rule's number, or a code
    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="red_flags")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="red_flags")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="red_flags")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="red_flags")
    data = models.JSONField(default=dict)  # codes and counts
    state = models.CharField(max_length=10, default="open")  # open, fraud, harmless
    opened_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    sealed_note = sealed_column()
    note = Sealed(str)

    class Meta:
        db_table = "red_flag"
        indexes = [models.Index(fields=["state", "opened_at"], name="red_flag_state")]
