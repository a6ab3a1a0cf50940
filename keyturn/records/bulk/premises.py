"""How are thousands of premises written at once, and what of those on file changes?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from keyturn.records import ids
from keyturn.records.bulk.staging import array, as_csv, checked_afterwards, stage
from keyturn.records.queries.premises import search_columns
from keyturn.terms.address import Address

_ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
_SEARCH = ("search_number", "search_street", "search_unit", "search_postal")
_COLUMNS = ("ref", "division", "services", *_ADDRESS, *_SEARCH)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One premise to write."""

    ref: str
    address: Address
    division: str
    services: tuple[str, ...]


def refs_on_file(refs: Iterable[str]) -> set[str]:
    """Which of these references are on file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ref FROM premise WHERE ref = ANY(%s)", [list(refs)])
        return {row[0] for row in cursor.fetchall()}


def write(rows: Sequence[Incoming]) -> set[str]:
    """Write premises and their service points, inside the caller's transaction; answers with the references of those
    that are new or changed. A service point that a row no longer names stays: agreements may stand on it."""
    columns = dict.fromkeys(_COLUMNS, "text") | {"services": "text[]"}
    with connection.cursor() as cursor:
        stage(cursor, "staged_premise", {"id": "uuid", **columns}, as_csv(_staged(row) for row in rows))
        names, fresh = ", ".join(_COLUMNS), ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
        new, old = (", ".join(f"{source}.{name}" for name in _COLUMNS[1:]) for source in ("excluded", "premise"))
        cursor.execute(
            f"INSERT INTO premise (id, {names}) SELECT id, {names} FROM staged_premise"
            f" ON CONFLICT (ref) DO UPDATE SET {fresh} WHERE ({old}) IS DISTINCT FROM ({new}) RETURNING ref"
        )
        touched = {row[0] for row in cursor.fetchall()}
        points = ((ids.new_id(), row.ref, service) for row in rows if row.ref in touched for service in row.services)
        stage(cursor, "staged_point", {"id": "uuid", "premise_ref": "text", "service": "text"}, as_csv(points))
        with checked_afterwards(cursor, "service_point"):
            cursor.execute(
                "INSERT INTO service_point (id, premise_id, service) SELECT s.id, p.id, s.service FROM staged_point s"
                " JOIN premise p ON p.ref = s.premise_ref ON CONFLICT (premise_id, service) DO NOTHING"
            )
    return touched


def _staged(row: Incoming) -> tuple[UUID | str, ...]:
    search: Mapping[str, str] = search_columns(row.address)
    address = row.address
    return (
        ids.new_id(), row.ref, row.division, array(row.services), address.line1, address.line2, address.city,
        address.state, address.postal_code, address.country, *(search[name] for name in _SEARCH),
    )  # fmt: skip
