"""How are thousands of persons written at once, and what of those on file changes?

What a row does not say stays as it is: silence removes nothing. What it says differently ends the old value today and
begins the new one (C.2 to C.5; `known_persons`), so that the file's past can still be read.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Q

from keyturn.matching.features import Features
from keyturn.matching.identifiers import PARTIAL_TYPES
from keyturn.matching.keys import KEYS_VERSION, blocking_keys
from keyturn.records import crypto, ids, person_index
from keyturn.records.bulk import known_persons
from keyturn.records.bulk.known_persons import ADDRESS, NAME
from keyturn.records.bulk.staging import as_csv, checked_afterwards, copy, stage
from keyturn.records.models import Person
from keyturn.records.queries import persons as queries
from keyturn.records.queries import shelter
from keyturn.terms.person import PersonDetails

WRITTEN_AT_ONCE = 4000
REINDEXED_AT_ONCE = 1000
_ERASED = Q(flags__contains=["erased"])

_DATED = "valid_from, recorded_at, source"
_STAGED = {
    "person_id": "uuid", "is_new": "boolean", "row_id": "uuid", "phone_id": "uuid", "ref": "text", "kind": "text",
    "date_of_birth": "date null", **dict.fromkeys(NAME, "text"),
    "email": "text", "email_normalised": "text", "phone": "text", "phone_normalised": "text",
    "id_type": "text", "sealed": "bytea null", "digest": "text", "last_four": "text", "unique_by_nature": "boolean",
    "may_be_primary": "boolean", **dict.fromkeys(ADDRESS, "text"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Incoming:
    """One person to write: who they are, and in the matcher's normal form. `person_id` is None for somebody new."""

    ref: str
    details: PersonDetails
    features: Features
    person_id: UUID | None = None
    unique_identifier: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Ids of the persons made, by reference, and of those on file whose record changed."""

    created: Mapping[str, UUID]
    changed: frozenset[UUID]


def ids_by_ref(refs: Sequence[str]) -> dict[str, UUID]:
    """Which of these references are on file, and under which id."""
    with connection.cursor() as cursor:  # an array: a parameter for each of thousands would be parsed one by one
        cursor.execute("SELECT ref, id FROM person WHERE ref = ANY(%s)", [list(refs)])
        return dict(cursor.fetchall())


def merged(person_ids: Iterable[UUID]) -> frozenset[str]:
    """The references of those of them who have become part of another person."""
    led = Person.objects.filter(redirect_to__isnull=False, pk__in=list(person_ids))
    return frozenset(led.exclude(ref=None).values_list("ref", flat=True))


def anybody_on_file() -> bool:
    return Person.objects.exists()


def ref_of(person_id: str) -> str:
    """The CIS's reference of a person on file; "" while the CIS has not given one."""
    return Person.objects.values_list("ref", flat=True).get(pk=person_id) or ""


def holders_by_digest(digests: Sequence[str]) -> dict[str, str]:
    """On whose file each of these full identifiers stands: digest to reference ("" where the CIS has not given one)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.digest, coalesce(p.ref, '') FROM person_identifier i JOIN person p ON p.id = i.person_id"
            " WHERE i.digest = ANY(%s) AND i.unique_by_nature AND i.valid_to IS NULL AND i.superseded_at IS NULL",
            [list(digests)],
        )
        return dict(cursor.fetchall())


def write(rows: Sequence[Incoming], *, now: datetime) -> Written:
    """Write persons with their names, contacts, identifiers, addresses and keys, inside the caller's transaction.

    Full identifiers must have been found free before. An IntegrityError says that somebody else was quicker.
    """
    created = {row.ref: ids.new_id() for row in rows if row.person_id is None}
    parts = [rows[start : start + WRITTEN_AT_ONCE] for start in range(0, len(rows), WRITTEN_AT_ONCE)]
    changed: set[UUID] = set()
    first_load = bool(created) and not anybody_on_file()  # later on nobody who decides may wait for an altered table
    with ThreadPoolExecutor(1) as beside, connection.cursor() as cursor:
        prepared = beside.map(partial(_prepared, created=created), parts)  # the next while PostgreSQL has this one
        with checked_afterwards(cursor, *_NEW, "person_features", "match_key") if first_load else nullcontext():
            for part in prepared:
                stage(cursor, "staged_person", _STAGED, part.rows)
                _insert_new(cursor, part, now)
                changed |= known_persons.update(cursor, now) if part.has_known else frozenset()
    if changed:
        reindex(changed, now=now)
    return Written(created, frozenset(changed))


@dataclass(frozen=True, slots=True)
class _Index:
    """Normal forms and keys of some persons, as COPY takes them: CSV, and text."""

    features: str
    keys: str


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows as COPY takes them (CSV), and what makes those persons findable who are new."""

    rows: str
    index: _Index
    has_known: bool


def _prepared(rows: Sequence[Incoming], *, created: Mapping[str, UUID]) -> _Part:
    new = [(created[row.ref], row.features) for row in rows if row.person_id is None]
    return _Part(as_csv(_staged(rows, created)), _indexed(new), has_known=len(new) < len(rows))


def _staged(rows: Iterable[Incoming], created: Mapping[str, UUID]) -> Iterator[tuple[Any, ...]]:
    """`row_id` becomes the id of a new row in each table that needs one: ids are unique within a table only."""
    for row in rows:
        details, row_id = row.details, ids.new_id()
        email, phone = (said[0] if said else "" for said in (details.emails, details.phones))
        address = details.addresses[0] if details.addresses else None
        yield (
            row.person_id or created[row.ref], row.person_id is None, row_id, ids.new_id(), row.ref, details.kind.value,
            details.date_of_birth, details.given_name, details.middle_name, details.family_name, details.suffix,
            details.organisation_name, email, next(iter(row.features.emails), email.casefold()),
            phone, next(iter(row.features.phones), phone), *_identifier(row, row_id),
            *((address.line1, address.line2, address.city, address.state, address.postal_code, address.country)
              if address else ("",) * 6),
        )  # fmt: skip


def _identifier(row: Incoming, row_id: UUID) -> tuple[Any, ...]:
    if not row.details.identifiers:
        return ("", None, "", "", False, False)
    said = row.details.identifiers[0]
    sealed = crypto.seal(said.value, place=f"person_identifier:{row_id}:sealed_value")
    digest = dict(row.features.identifiers).get(said.id_type, "")
    return (
        said.id_type, "\\x" + sealed.hex(), digest, said.value[-4:], row.unique_identifier,
        said.id_type not in PARTIAL_TYPES,
    )  # fmt: skip


# ---------------------------------------------------------------- persons who are not on file yet

_NEW = {
    "person": "(id, ref, kind, date_of_birth, language, formats, flags, version, created_at, updated_at)"
    " SELECT person_id, ref, kind, date_of_birth, 'en', '{{}}', '{{}}', 1, %(now)s, %(now)s FROM staged_person WHERE is_new",
    "person_name": "(id, person_id, name_type, {name}, {dated})"
    " SELECT row_id, person_id, 'primary', {name}, %(now)s, %(now)s, 'import' FROM staged_person WHERE is_new",
    "person_contact": "(id, person_id, channel, contact_type, value, normalised, status, is_primary, {dated})"
    " SELECT said.id, person_id, said.channel, '', said.value, said.normalised, 'pending', true, %(now)s, %(now)s, 'import'"
    " FROM staged_person, LATERAL (VALUES (row_id, 'email', email, email_normalised), (phone_id, 'phone', phone, phone_normalised))"
    " AS said (id, channel, value, normalised) WHERE is_new AND said.value <> ''",
    "person_identifier": "(id, person_id, id_type, sealed_value, digest, last_four, unique_by_nature, is_primary, {dated})"
    " SELECT row_id, person_id, id_type, sealed, digest, last_four, unique_by_nature, may_be_primary, %(now)s, %(now)s, 'import'"
    " FROM staged_person WHERE is_new AND id_type <> ''",
    "person_address": "(id, person_id, purpose, {address}, {dated})"
    " SELECT row_id, person_id, 'mailing', {address}, %(now)s, %(now)s, 'import' FROM staged_person WHERE is_new AND country <> ''",
}


def _insert_new(cursor: CursorWrapper, part: _Part, now: datetime) -> None:
    for table, statement in _NEW.items():
        filled = statement.format(name=", ".join(NAME), address=", ".join(ADDRESS), dated=_DATED)
        cursor.execute(f"INSERT INTO {table} {filled}", {"now": now})
    _enter(cursor, part.index)


def _indexed(entries: Iterable[tuple[UUID, Features]]) -> _Index:
    """What makes these persons findable."""
    found = [(person_id, features, blocking_keys(features)) for person_id, features in entries]
    return _Index(
        as_csv((ident, json.dumps(form.as_json(), ensure_ascii=False), KEYS_VERSION) for ident, form, _ in found),
        "".join(_key_lines(ident, keys) for ident, _, keys in found),
    )


def _enter(cursor: CursorWrapper, index: _Index) -> None:
    """Make persons findable who have no keys yet."""
    copy(cursor, "person_features (person_id, features, keys_version) FROM STDIN (FORMAT csv)", index.features)
    copy(cursor, "match_key (key, person_id) FROM STDIN", index.keys)


def _key_lines(person_id: UUID, keys: Iterable[int]) -> str:
    end = f"\t{person_id}\n"
    return "".join(f"{key}{end}" for key in keys)


def _findable(person: Person, hidden: Collection[UUID]) -> PersonDetails:
    """What a person is found by: not by an address that is protected (C.20)."""
    details = queries.details_of(person)
    return replace(details, addresses=()) if person.pk in hidden else details


def turned(*, since: datetime, until: datetime) -> set[UUID]:
    """Persons of whom something that was planned began or ended in that time: they are found by other keys now."""
    statement = " UNION ".join(
        f"SELECT person_id FROM {table} WHERE superseded_at IS NULL AND (valid_from > recorded_at AND valid_from"
        " BETWEEN %(since)s AND %(until)s OR valid_to > recorded_at AND valid_to BETWEEN %(since)s AND %(until)s)"
        for table in ("person_name", "person_contact", "person_identifier", "person_address")
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": since, "until": until})
        return {row[0] for row in cursor.fetchall()}


def reindex(person_ids: Iterable[UUID], *, now: datetime) -> None:
    """Bring the keys of persons on file up to date with everything that the file says about them.

    The merged are not found, nor the erased by the name and address that stay for the books (K-65).
    """
    left = iter(sorted(person_ids))
    while some := list(islice(left, REINDEXED_AT_ONCE)):
        hidden = shelter.protected(some, at=now)
        forms = [
            (person.pk, person_index.features(_findable(person, hidden)))
            for person in queries.with_parts(at=now).filter(pk__in=some, redirect_to=None).exclude(_ERASED)
        ]
        with connection.cursor() as cursor:
            for table in ("match_key", "person_features"):
                cursor.execute(f"DELETE FROM {table} WHERE person_id = ANY(%s)", [some])
            _enter(cursor, _indexed(forms))
