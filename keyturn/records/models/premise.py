"""Where service is delivered: premises and their service points (C.9)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from keyturn.records.models.fields import AddressColumns, Row


class Premise(Row, AddressColumns):
    """One place that can be served: a house, a flat, a shop. The `search_*` columns are derived by
    `matching.addresses` and never shown."""

    ref = models.CharField(max_length=64, unique=True)
    division = models.CharField(max_length=20, blank=True)
    services = ArrayField(models.CharField(max_length=10), default=list)
    search_number = models.CharField(max_length=20, blank=True)
    search_street = models.CharField(max_length=120, blank=True)
    search_unit = models.CharField(max_length=30, blank=True)
    search_postal = models.CharField(max_length=12, blank=True)

    class Meta:
        db_table = "premise"
        indexes = [
            models.Index(fields=["search_number", "search_street"], name="premise_by_number"),
            models.Index(fields=["search_street"], name="premise_by_street"),
            models.Index(fields=["search_postal", "search_number"], name="premise_by_postal"),
        ]


class ServicePoint(Row):
    """Where one kind of service is delivered at a premise."""

    ref = models.CharField(max_length=64, null=True, unique=True)
    premise = models.ForeignKey(Premise, on_delete=models.CASCADE, related_name="service_points")
    service = models.CharField(max_length=10)

    class Meta:
        db_table = "service_point"
        constraints = [
            models.UniqueConstraint(fields=["premise", "service"], name="one_service_point_per_service"),
        ]
