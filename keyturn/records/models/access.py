"""Who may come in: staff and API keys."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models

from keyturn.records.models.fields import Row, Sealed, sealed_column


class User(AbstractUser):
    """Somebody with a login. `staff_role` says what the console lets them do; customers have none."""

    class StaffRole(models.TextChoices):
        NONE = ""
        REVIEWER = "reviewer"  # decides requests
        SUPERVISOR = "supervisor"  # decides, and sees everybody's work
        ENGINEER = "engineer"  # deliveries and what is stuck; no customer decisions

    staff_role = models.CharField(max_length=20, choices=StaffRole, blank=True, default=StaffRole.NONE)
    language = models.CharField(max_length=10, default="en")

    class Meta:
        db_table = "staff_user"


class ApiKey(Row):
    """A bearer key of the API. Only its fingerprint is kept; `prefix` lets people tell keys apart."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    fingerprint = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_key"


class IdempotentCall(Row):
    """The first answer to a write under a key (I2): kept for ever, sealed, because an answer may hold what was typed."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT)
    key = models.CharField(max_length=200)
    call = models.CharField(max_length=80)  # method and route
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)  # null while the first call is under way
    about = models.UUIDField(null=True, db_index=True)  # the request that it answered with, so that an erasure finds it
    sealed_answer = sealed_column()
    answer = Sealed(dict)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "idempotent_call"
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="one_call_per_key")]
