"""Which two persons were made one, what moved, and was it undone?"""

from django.db import models
from django.db.models import Q

from keyturn.records.models.fields import Row, Sealed, sealed_column
from keyturn.records.models.person import Person
from keyturn.records.models.request import Request


class PersonMerge(Row):
    """Two persons on file were one, said one member of staff, and another agreed (quality.md section 2, point 4).

    The loser stays, redirected to the survivor. `moved` says which rows went over ({table: [row ids]}), `kept` holds
    what must be put back as it was: all that an unmerge needs, and nothing that later edits could make untrue.
    """

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="merge")
    undo_request = models.OneToOneField(Request, null=True, on_delete=models.PROTECT, related_name="unmerge")
    survivor = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_won")
    loser = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_lost")
    state = models.CharField(max_length=10, default="proposed")  # proposed, done, refused, undone
    proposed_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)  # the second pair of eyes
    decided_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, blank=True)
    undone_at = models.DateTimeField(null=True)
    moved = models.JSONField(default=dict)
    sealed_kept = sealed_column()
    kept = Sealed(dict)

    class Meta:
        db_table = "person_merge"
        constraints = [
            models.UniqueConstraint(
                fields=["loser"], condition=Q(state__in=["proposed", "done"]), name="merged_away_once"
            )
        ]
