"""What did the CIS tell us, what did we last agree on with it, and where do the two differ?

People and accounts are named here as the CIS names them (`noun`, `ref`): what it says of one that we do not know, or that
has become part of another meanwhile, has its place, too.
"""

from django.db import models
from django.db.models import Q

from keyturn.records.models.fields import Row, Sealed, sealed_column

LONGEST_REF = 64
LONGEST_FIELD = 80
"""Room for "agreement." and a reference."""


class CisCursor(models.Model):
    """How far the feed of changes has been heard. One row."""

    name = models.CharField(primary_key=True, max_length=20)
    cursor = models.TextField(blank=True)  # the CIS's own text, as long as it is
    asked_at = models.DateTimeField(null=True)  # when it was last asked and answered
    problem = models.CharField(max_length=80, blank=True)  # a code: why it could not be asked since

    class Meta:
        db_table = "cis_cursor"


class CisNews(Row):
    """One thing of which the CIS said that it is not as it was, and that has not been looked at yet. It goes when it has."""

    noun = models.CharField(max_length=10)  # person, account, premise
    ref = models.CharField(max_length=LONGEST_REF)
    key = models.CharField(max_length=120, blank=True)  # of our own command that changed it; "": somebody there did
    told_at = models.DateTimeField()
    told_again = models.PositiveIntegerField(default=0)  # counts up while it waits
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    waits_for = models.CharField(max_length=40, blank=True)  # a code

    class Meta:
        db_table = "cis_news"
        constraints = [models.UniqueConstraint(fields=["noun", "ref"], name="cis_news_once")]
        indexes = [models.Index(fields=["due_at"], name="cis_news_due")]


class CisAgreed(Row):
    """What the CIS and we both held when we last compared: the base of a three-way merge, field by field."""

    noun = models.CharField(max_length=10)
    ref = models.CharField(max_length=LONGEST_REF)
    sealed_values = sealed_column()
    values = Sealed(dict)
    agreed_at = models.DateTimeField()

    class Meta:
        db_table = "cis_agreed"
        constraints = [models.UniqueConstraint(fields=["noun", "ref"], name="cis_agreed_once")]


class CisDifference(Row):
    """The CIS and we hold different things and no rule says which is right: a case that staff settle.

    `field` is "" where it is about the whole person or account (`why`: gone_there, merged_there, effect_missing, ...); the
    longest is "agreement." with a reference behind it.
    """

    noun = models.CharField(max_length=10)
    ref = models.CharField(max_length=LONGEST_REF)
    field = models.CharField(max_length=LONGEST_FIELD, blank=True)
    why = models.CharField(max_length=30)
    sealed_values = sealed_column()
    values = Sealed(dict)  # {"agreed": ..., "ours": ..., "theirs": ...}; shown, and what is written when it is settled
    state = models.CharField(max_length=8, default="open")  # open, ours, theirs, seen, gone
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    sealed_reason = sealed_column()
    reason = Sealed(str)

    class Meta:
        db_table = "cis_difference"
        constraints = [
            models.UniqueConstraint(
                fields=["noun", "ref", "field", "why"], condition=Q(state="open"), name="cis_difference_open_once"
            )
        ]
        indexes = [models.Index(fields=["state", "opened_at"], name="cis_difference_queue")]


class Reconciliation(Row):
    """One comparison of the whole registry with the CIS, or of a part; resumed where it stopped."""

    begun_by = models.CharField(max_length=80)  # role:ident; machine: the nightly run
    kinds = models.JSONField(default=list)
    started_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    position = models.JSONField(default=dict)  # which part it is at, and behind which id or cursor
    compared = models.JSONField(default=dict)  # noun -> how many
    drift = models.JSONField(default=dict)  # kind -> how many

    class Meta:
        db_table = "reconciliation"
        indexes = [models.Index(fields=["-started_at"], name="reconciliation_newest")]


class Drift(Row):
    """One thing that a reconciliation found to differ. It holds references and words of ours, no value."""

    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="found")
    kind = models.CharField(max_length=30)
    noun = models.CharField(max_length=10)
    ref = models.CharField(max_length=LONGEST_REF)
    field = models.CharField(max_length=LONGEST_FIELD, blank=True)
    state = models.CharField(max_length=10, default="found")  # found, repaired, review, gone

    class Meta:
        db_table = "drift"
        constraints = [
            models.UniqueConstraint(fields=["reconciliation", "kind", "noun", "ref", "field"], name="drift_once")
        ]


class BulkRepair(Row):
    """One member of staff wants everything of one kind put right that a reconciliation has found; another agrees (four eyes,
    quality.md section 4)."""

    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="repairs")
    kind = models.CharField(max_length=30)
    number = models.PositiveIntegerField()  # how many there were when it was proposed
    state = models.CharField(max_length=8, default="proposed")  # proposed, agreed, refused
    proposed_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)  # the second pair of eyes
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bulk_repair"
        constraints = [
            models.UniqueConstraint(
                fields=["reconciliation", "kind"],
                condition=Q(state__in=["proposed", "agreed"]),
                name="bulk_repair_once",
            )
        ]
