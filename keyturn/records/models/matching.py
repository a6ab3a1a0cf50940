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
        indexes = [
            models.Index(fields=["keys_version"], name="person_features_version")
        ]  # is anybody left to be rekeyed?


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
    why = ArrayField(models.CharField(max_length=40), default=list)  # what keeps it from being linked; relations too
    missing = ArrayField(models.CharField(max_length=20), default=list)  # fields that one side or both did not give
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
    """Somebody looked and said: these two are not the same. Kept with the smaller id first; every door respects it.

    `relation`: how they belong together, where that was said too (household, twin, parent_child, namesake, ...).
    """

    one = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    relation = models.CharField(max_length=20, blank=True)
    said_by = models.CharField(max_length=80)
    said_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "not_same_person"
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], condition=Q(withdrawn_at=None), name="not_same_said_once")
        ]


class DuplicatePair(Row):
    """Two persons on file who may be one, found by a door that made or changed one of them, or by a search of everything.

    Kept with the smaller id first, once for each pair. `held`: waits until staff have room; `open`: in their queue.
    """

    one = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=10)  # dedupe, import, edit, request
    weight = models.FloatField()
    probability = models.FloatField()
    zone = models.CharField(max_length=8)  # link, review
    fields = models.JSONField(default=list)  # as for Candidate
    missing = ArrayField(models.CharField(max_length=20), default=list)
    vetoes = ArrayField(models.CharField(max_length=40), default=list)
    why = ArrayField(models.CharField(max_length=40), default=list)
    model_version = models.CharField(max_length=60)
    state = models.CharField(max_length=10, default="held")  # held, open, merged, not_same, gone
    found_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "duplicate_pair"
        indexes = [models.Index(fields=["state", "-weight"], name="duplicate_pair_queue")]
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="duplicate_pair_once")]


class BlindReview(Row):
    """A link that the machine made, looked at again by somebody who is not told what was decided (2 % of all).

    `decoy`: nobody linked these two; it keeps the answer open. `verdict`: same, other, unsure; void: nobody's, the
    two files were made one before anybody looked.
    """

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="blind_reviews")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    link = models.OneToOneField(PersonLink, null=True, on_delete=models.CASCADE, related_name="blind_review")
    decoy = models.BooleanField(default=False)
    model_version = models.CharField(max_length=60)
    chosen_at = models.DateTimeField()
    verdict = models.CharField(max_length=8, blank=True)
    sealed_reason = sealed_column()
    reason = Sealed(str)
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "blind_review"
        constraints = [models.UniqueConstraint(fields=["request", "person"], name="blind_review_once")]
        indexes = [
            models.Index(fields=["chosen_at"], condition=Q(verdict=""), name="blind_reviews_due"),
            models.Index(fields=["decided_at"], name="blind_reviews_done"),
        ]


class LinkSwitch(models.Model):
    """Automatic links were turned off, or on again; the newest row holds. Append-only."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    on = models.BooleanField()
    by = models.CharField(max_length=80)  # role:ident; machine: the sampled precision fell
    why = models.CharField(max_length=40)  # a code
    sampled = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=400, blank=True)  # in the words of whoever turned it; about nobody on file

    class Meta:
        db_table = "link_switch"


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
        indexes = [models.Index(fields=["created_at", "id"], condition=models.Q(state="open"), name="proposal_open")]
