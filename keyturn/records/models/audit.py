"""What was done outside of a request, who read what, and how much of all that there was at each hour? Append-only tables."""

from django.db import models


class Act(models.Model):
    """Something done to an account, a person or a login outside of any request, chained by subject as events are (I5)."""

    id = models.BigAutoField(primary_key=True)
    subject = models.CharField(max_length=60)  # account:<id>, person:<id>, login:<id>, group:<id>
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    what = models.CharField(max_length=30)
    role = models.CharField(max_length=10)
    actor = models.CharField(max_length=80, blank=True)
    on_behalf_of = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict)  # ids, codes, counts
    hash = models.BinaryField()

    class Meta:
        db_table = "act"
        constraints = [models.UniqueConstraint(fields=["subject", "number"], name="act_numbers_are_unique")]


class Reading(models.Model):
    """Somebody looked at something that not everybody may see: a document, an identifier, a protected address."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    role = models.CharField(max_length=10)
    actor = models.CharField(max_length=80)
    what = models.CharField(max_length=20)  # document, identifier, protected, export
    subject = models.CharField(max_length=60)
    person = models.ForeignKey("Person", null=True, on_delete=models.PROTECT, related_name="readings")
    reason = models.CharField(max_length=20, blank=True)  # a code; words are sealed with the request

    class Meta:
        db_table = "reading"
        indexes = [models.Index(fields=["person", "at"], name="readings_of_person")]


class Seal(models.Model):
    """How many requests had been sent, and how many acts, readings and events written, up to a moment (`records/seals.py`).

    `events` and `last_event` are null where a release sealed that did not look at events yet.
    """

    number = models.PositiveIntegerField(primary_key=True)
    at = models.DateTimeField()
    upto = models.DateTimeField()  # what was written later is not under it
    requests = models.PositiveBigIntegerField()
    acts = models.PositiveBigIntegerField()
    readings = models.PositiveBigIntegerField()
    events = models.PositiveBigIntegerField(null=True)
    last_event = models.PositiveBigIntegerField(null=True)  # the id up to which events are under it
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_seal"
