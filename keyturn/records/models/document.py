"""Which papers have been given to us, and who has looked at them?"""

from django.db import models

from keyturn.records.models.account import Account
from keyturn.records.models.fields import Row, Sealed, sealed_column
from keyturn.records.models.person import Person
from keyturn.records.models.request import Request


class Document(Row):
    """A photo or PDF, made anew from what was sent, without its metadata, encrypted (C.21). Gone when `erased_at` is set."""

    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="documents")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="documents")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="documents")
    purpose = models.CharField(max_length=20)  # name, identity, lease, medical, authority, estate, privacy_copy
    sealed_name = sealed_column()
    name = Sealed(str)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()  # bytes, of what is kept
    checksum = models.CharField(max_length=64)  # keyed, of what was sent: the same file twice is kept once
    content = models.BinaryField(null=True, editable=False)  # AES-GCM, bound to the row
    scan = models.CharField(max_length=12)  # clean, not_scanned
    uploaded_by = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField()
    retain_until = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "document"
        indexes = [models.Index(fields=["retain_until"], name="document_retention")]
        constraints = [
            models.UniqueConstraint(fields=["request", "purpose", "checksum"], name="document_once_per_request")
        ]
