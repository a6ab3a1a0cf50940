"""Who pays for what: accounts, the persons on them, and service agreements (C.7, C.8, C.10)."""

from django.db import models
from django.db.models import Q

from keyturn.records.models.fields import Row
from keyturn.records.models.person import Person
from keyturn.records.models.premise import ServicePoint


class Account(Row):
    """An account as the CIS keeps it. `balance` is what is owed; on an ended account it is an unpaid final bill."""

    ref = models.CharField(max_length=64, null=True, unique=True)
    division = models.CharField(max_length=20, blank=True)
    customer_class = models.CharField(max_length=20, default="residential")
    balance = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    language = models.CharField(max_length=10, default="en")
    paperless = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    set_up_on = models.DateField()

    class Meta:
        db_table = "account"


class AccountPerson(Row):
    """A person's part in an account. The main customer is always responsible and never guarantor (BR-19)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts")
    is_main = models.BooleanField(default=True)
    is_responsible = models.BooleanField(default=True)
    is_guarantor = models.BooleanField(default=False)
    relationship = models.CharField(max_length=20, default="main")

    class Meta:
        db_table = "account_person"
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(is_main=True), name="one_main_customer"),
            models.UniqueConstraint(fields=["account", "person"], name="person_once_per_account"),
            models.CheckConstraint(
                condition=Q(is_main=False) | Q(is_responsible=True, is_guarantor=False),
                name="main_customer_is_responsible",
            ),
        ]


class ServiceAgreement(Row):
    """One service for one account at one service point (B.4)."""

    ref = models.CharField(max_length=64, null=True, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="agreements")
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="agreements")
    status = models.CharField(max_length=14)
    start_date = models.DateField()
    end_date = models.DateField(null=True)

    class Meta:
        db_table = "service_agreement"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "service_point"],
                condition=Q(status__in=["pending_start", "active", "pending_stop"]),
                name="one_live_agreement_per_account",  # BR-43
            )
        ]
