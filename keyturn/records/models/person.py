"""Who is known: persons and organisations, their names, identifiers, contacts and addresses (C.1-C.6)."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from keyturn.records.models.dated import Dated
from keyturn.records.models.fields import AddressColumns, Row, Sealed, sealed_column

BELIEVED = Q(superseded_at=None)
STANDS = Q(valid_to=None) & BELIEVED


class Person(Row):
    """A party the utility deals with. `ref` is the CIS's own id once the CIS knows them."""

    ref = models.CharField(max_length=64, null=True, unique=True)
    kind = models.CharField(max_length=12)
    date_of_birth = models.DateField(null=True)
    language = models.CharField(max_length=10, default="en")
    formats = ArrayField(models.CharField(max_length=12), default=list)  # large_print, braille, audio, easy_read
    flags = ArrayField(models.CharField(max_length=20), default=list)  # deceased, fraud_flag, protected_address
    redirect_to = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    parts: list[Any] | None = None  # names, contacts, identifiers and addresses, once read (`queries.persons.parts_of`)

    class Meta:
        db_table = "person"


class PersonName(Dated):
    """A name with its type; exactly one primary (C.2)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="names")
    name_type = models.CharField(max_length=12, default="primary")  # primary, legal, former, alias, dba, alternate
    given_name = models.CharField(max_length=100, blank=True)
    middle_name = models.CharField(max_length=100, blank=True)
    family_name = models.CharField(max_length=100, blank=True)
    suffix = models.CharField(max_length=20, blank=True)
    organisation_name = models.CharField(max_length=254, blank=True)

    class Meta:
        db_table = "person_name"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(name_type="primary") & STANDS, name="one_primary_name"
            )
        ]


class PersonIdentifier(Dated):
    """A government or tax identifier: sealed, found by its digest, shown by its last four (C.3)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identifiers")
    id_type = models.CharField(max_length=30)
    sealed_value = sealed_column()
    value = Sealed(str)
    digest = models.CharField(max_length=32)
    last_four = models.CharField(max_length=4)
    unique_by_nature = models.BooleanField(default=False)  # BR-08: may stand on one person only
    is_primary = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "person_identifier"
        indexes = [models.Index(fields=["digest"], name="person_identifier_digest")]
        constraints = [
            models.UniqueConstraint(
                fields=["id_type", "digest"],
                condition=Q(unique_by_nature=True) & STANDS,
                name="identifier_on_one_person",
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(is_primary=True) & STANDS, name="one_primary_identifier"
            ),
        ]


class PersonContact(Dated):
    """A phone number or e-mail address (C.4). `normalised` is E.164 or the folded address."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contacts")
    channel = models.CharField(max_length=8)  # email, phone
    contact_type = models.CharField(max_length=8, blank=True)  # home, mobile, work
    value = models.CharField(max_length=254)
    normalised = models.CharField(max_length=254)
    status = models.CharField(max_length=12, default="pending")  # pending, verified, bounced
    is_primary = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "person_contact"
        indexes = [models.Index(fields=["normalised"], name="person_contact_normalised")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "channel"],
                condition=Q(is_primary=True) & STANDS,
                name="one_primary_contact_per_channel",  # BR-15
            ),
            models.UniqueConstraint(
                fields=["person", "channel", "normalised"], condition=STANDS, name="contact_once_per_person"
            ),
        ]


class PersonAddress(Dated, AddressColumns):
    """Where a person gets post, or lived before (C.5), with the dates between which it holds.

    `account` null: for every account of theirs. `season_from` and `season_to` (month * 100 + day, both included): each
    year between these two days, before any address that has no season.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="addresses")
    account = models.ForeignKey("Account", null=True, on_delete=models.CASCADE, related_name="addresses")
    purpose = models.CharField(max_length=10, default="mailing")  # mailing, previous
    season_from = models.PositiveSmallIntegerField(null=True)
    season_to = models.PositiveSmallIntegerField(null=True)

    class Meta:
        db_table = "person_address"
        constraints = [
            models.CheckConstraint(
                condition=Q(season_from=None, season_to=None) | Q(season_from__isnull=False, season_to__isnull=False),
                name="a_season_has_two_ends",
            ),
            # That spans of one scope never overlap is planned under the person's lock (`records/dated.py`); this is the
            # part of it that an index can hold for a tenth of what an exclusion constraint costs the import.
            models.UniqueConstraint(
                fields=["person", "account"],
                condition=Q(purpose="mailing", season_from=None) & STANDS,
                nulls_distinct=False,
                name="one_mailing_address_per_account",
            ),
        ]


class PersonPerson(Dated):
    """How two persons stand to each other (C.6): `person` acts for, or belongs to, `other`."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="related_by")
    relationship = models.CharField(max_length=20)  # representative, executor, guardian, spouse, member

    class Meta:
        db_table = "person_person"
