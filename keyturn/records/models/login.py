"""Which login may do what for which account, and who is invited (C.12, C.13)?"""

from django.db import models
from django.db.models import Q

from keyturn.records.models.access import User
from keyturn.records.models.account import Account, AccountGroup
from keyturn.records.models.fields import Row, Sealed, sealed_column
from keyturn.records.models.person import Person
from keyturn.records.models.request import Request

OPEN = Q(ended_at=None)


class AccountAccess(Row):
    """What a login may do for one account, or for a group of them. It ends, it is never deleted.

    `person` is who the login is on the account, known for owners. `owned_by` as for AccountPerson (BR-21).
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="accesses")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="accesses")
    group = models.ForeignKey(AccountGroup, null=True, on_delete=models.PROTECT, related_name="accesses")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="accesses")
    level = models.CharField(max_length=8)  # owner, manage, pay, view
    capacity = models.CharField(max_length=16)  # self, delegate, member, representative, executor, manager
    proof = models.CharField(max_length=12)  # sms, email, letter, federated, staff, request, invitation
    nickname = models.CharField(max_length=60, blank=True)
    owned_by = models.CharField(max_length=6, default="portal")  # portal, cis
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)
    granted_by = models.CharField(max_length=80)  # role:ident
    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="accesses")

    class Meta:
        db_table = "account_access"
        indexes = [models.Index(fields=["account", "ended_at"], name="access_of_account")]
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], condition=OPEN, name="one_access_per_account"),
            models.UniqueConstraint(fields=["user", "group"], condition=OPEN, name="one_access_per_group"),
            models.CheckConstraint(
                condition=Q(account=None, group__isnull=False) | Q(account__isnull=False, group=None),
                name="access_to_an_account_or_a_group",
            ),
        ]


class Invitation(Row):
    """Somebody is asked to act for an account (`delegate`) or to get its shut-off notices (`designee`, BR-64)."""

    kind = models.CharField(max_length=10)  # delegate, designee
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="invitations")
    group = models.ForeignKey(AccountGroup, null=True, on_delete=models.PROTECT, related_name="invitations")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="invitations")
    sealed_invitee = sealed_column()
    invitee = Sealed(dict)  # {"name", "email"}
    email_digest = models.CharField(max_length=32)
    fingerprint = models.CharField(max_length=64, unique=True)
    level = models.CharField(max_length=8, blank=True)
    until = models.DateTimeField(null=True)
    language = models.CharField(max_length=10, default="en")
    state = models.CharField(max_length=10, default="sent")  # sent, accepted, declined, expired, revoked
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    access = models.ForeignKey(AccountAccess, null=True, on_delete=models.PROTECT, related_name="invitations")

    class Meta:
        db_table = "invitation"
        indexes = [models.Index(fields=["state", "expires_at"], name="invitation_state")]


class Designee(Row):
    """A third party who gets copies of an account's shut-off notices and owes nothing (BR-64)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="designees")
    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, related_name="designee")
    sealed_contact = sealed_column()
    contact = Sealed(dict)  # {"name", "email"}
    wording_version = models.CharField(max_length=20)
    accepted_at = models.DateTimeField()
    effective_from = models.DateField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "designee"


class Attempt(models.Model):
    """One try at something that must not be guessed. `subject` is a digest of what was tried, or of who tried it."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12)  # find, code
    subject = models.CharField(max_length=32)
    failed = models.BooleanField(default=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "attempt"
        indexes = [models.Index(fields=["subject", "kind", "at"], name="attempts_at_subject")]
