"""How a person is found again, which candidates a request had, and what was concluded about them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from keyturn.records.models.fields import Row, Sealed, sealed_column
from keyturn.records.models.person import Person
from keyturn.records.models.request import Request


class MatchKey(models.Model):
    """A blocking key of a person: a plain b-tree look-up finds everybody who shares it."""

    pk = models.CompositePrimaryKey("key", "person_id")
    key = models.BigIntegerField()
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "match_key"


class PersonFeatures(models.Model):
    """A person in the matcher's normal form, so that a candidate is one row to read."""

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="features")
    features = models.JSONField()
    keys_version = models.CharField(max_length=20)

    class Meta:
        db_table = "person_features"


class Candidate(Row):
    """A person whom a request's applicant may be, with what speaks for and against, as last looked at."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="candidates")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField()
    weight = models.FloatField()
    probability = models.FloatField()
    linkable = models.BooleanField(default=False)
    fields = models.JSONField(default=list)  # [{field, level, weight}]
    vetoes = ArrayField(models.CharField(max_length=40), default=list)
    why = ArrayField(models.CharField(max_length=40), default=list)  # what keeps it from being linked
    model_version = models.CharField(max_length=60)

    class Meta:
        db_table = "match_candidate"
        constraints = [models.UniqueConstraint(fields=["request", "person"], name="candidate_once_per_request")]


class PersonLink(Row):
    """A request is this person: one reversible row (I6; quality.md section 2, point 4)."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="links")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="links")
    created_person = models.BooleanField()  # the person was new, made by this request
    automatic = models.BooleanField()
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "person_link"
        constraints = [
            models.UniqueConstraint(fields=["request"], condition=Q(undone_at=None), name="one_person_per_request")
        ]


class NotSamePerson(Row):
    """Somebody looked and said: these two are not the same. Kept with the smaller id first."""

    one = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    said_by = models.CharField(max_length=80)
    said_at = models.DateTimeField()

    class Meta:
        db_table = "not_same_person"
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="not_same_said_once")]


class Proposal(Row):
    """What an applicant said about a person on file that differs from the file (I4): stored beside, changes nothing."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="proposals")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="proposals")
    field = models.CharField(max_length=30)
    sealed_value = sealed_column()
    value = Sealed(str)
    state = models.CharField(max_length=10, default="open")  # open, accepted, declined
    created_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "proposal"
