"""Who pays for what: accounts, the persons on them, and service agreements (C.7, C.8, C.10)."""

from django.db import models
from django.db.models import Q

from keyturn.records.models.dated import Dated
from keyturn.records.models.fields import Row
from keyturn.records.models.person import STANDS, Person
from keyturn.records.models.premise import Premise, ServicePoint


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


class AccountPerson(Dated):
    """A person's part in an account. The main customer is always responsible and never guarantor (BR-19).

    `owned_by`: a row that the portal made is the portal's to delete, until staff take it over for good (BR-21).
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts")
    is_main = models.BooleanField(default=True)
    is_responsible = models.BooleanField(default=True)
    is_guarantor = models.BooleanField(default=False)
    relationship = models.CharField(max_length=20, default="main")
    receives_bill = models.BooleanField(default=True)
    address_source = models.CharField(max_length=8, default="person")  # person, account, premise (BR-22)
    owned_by = models.CharField(max_length=6, default="cis")  # cis, portal

    class Meta:
        db_table = "account_person"
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(is_main=True) & STANDS, name="one_main_customer"),
            models.UniqueConstraint(fields=["account", "person"], condition=STANDS, name="person_once_per_account"),
            models.CheckConstraint(
                condition=Q(is_main=False) | Q(is_responsible=True, is_guarantor=False),
                name="main_customer_is_responsible",
            ),
        ]


class AccountGroup(Row):
    """Accounts of an organisation that its administrator gives to members together."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="account_groups")
    name = models.CharField(max_length=100)
    accounts = models.ManyToManyField(Account, related_name="groups", db_table="account_group_account")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # given up: what was once given through it still leads here

    class Meta:
        db_table = "account_group"
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], condition=Q(ended_at=None), name="group_name_once")
        ]


class LandlordAgreement(Row):
    """What happens at a landlord's premise when a tenant leaves (C.11): which services go back to `account`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="landlord_agreements")
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="landlord_agreements")
    services = models.JSONField(default=list)  # those that revert
    version = models.PositiveIntegerField(default=1)
    started_on = models.DateField()
    ended_on = models.DateField(null=True)

    class Meta:
        db_table = "landlord_agreement"
        constraints = [
            models.UniqueConstraint(fields=["premise"], condition=Q(ended_on=None), name="one_landlord_per_premise")
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
