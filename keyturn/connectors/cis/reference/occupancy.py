"""May a new agreement begin at a service point, and what gives way to it (BR-41, BR-43)?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from keyturn.connectors.cis.reference import changes as feed
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.terms.errors import Rejected

LANDLORD = "landlord"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an agreement that was there before."""

    agreement_ref: int
    service_point_ref: int
    account_ref: str
    old_status: str
    old_end_date: date | None
    new_status: str
    new_end_date: date | None


def standing_in_the_way(cursor: Cursor, points: Iterable[int], start: date) -> list[dict[str, Any]]:
    """The live agreements on `points` that would still run on or after `start`, locked."""
    cursor.execute(
        "SELECT g.ref, g.service_point_ref, g.account_ref, g.status, g.start_date, g.end_date, a.customer_class,"
        " ARRAY(SELECT person_ref FROM account_person l WHERE l.account_ref = a.ref AND financially_responsible) AS payers"
        " FROM agreement g JOIN account a ON a.ref = g.account_ref"
        " WHERE g.service_point_ref = ANY(%s) AND g.status IN ('pending_start', 'active', 'pending_stop')"
        " AND (g.end_date IS NULL OR g.end_date >= %s) ORDER BY g.ref FOR UPDATE OF g",
        (list(points), start),
    )
    return cursor.fetchall()


def give_way(row: Mapping[str, Any], *, person_ref: str, customer_class: str, start: date) -> Change:
    """How the agreement `row` makes room for one that begins on `start`, or Rejected.

    A landlord's agreement ends the day before, or is cancelled where it had not begun by then; a stop that another
    customer has already asked for is pulled back to the day before (BR-41). What nobody asked to stop stays.
    """
    landlord = row["customer_class"] == LANDLORD and customer_class != LANDLORD
    if not landlord:
        if person_ref and person_ref in row["payers"]:
            raise Rejected("already_served")
        if row["end_date"] is None or row["start_date"] >= start:
            raise Rejected("premise_occupied")
    eve = start - timedelta(days=1)
    begun = row["start_date"] < start
    status = ("pending_stop" if row["status"] == "active" else row["status"]) if begun else "cancelled"
    end = eve if begun else row["end_date"]
    return Change(row["ref"], row["service_point_ref"], row["account_ref"], row["status"], row["end_date"], status, end)


def apply(cursor: Cursor, changes: Iterable[Change]) -> None:
    cursor.executemany(
        "UPDATE agreement SET status = %s, end_date = %s WHERE ref = %s",
        [(each.new_status, each.new_end_date, each.agreement_ref) for each in changes],
    )


def remember(cursor: Cursor, changes: Iterable[Change], *, by: Mapping[int, int]) -> None:
    """Keep what was changed, under the new agreement of the same service point: `by` maps point to agreement."""
    cursor.executemany(
        "INSERT INTO adjustment (by_agreement, agreement_ref, old_status, old_end_date, new_status, new_end_date)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [
            (by[c.service_point_ref], c.agreement_ref, c.old_status, c.old_end_date, c.new_status, c.new_end_date)
            for c in changes
        ],
    )


def put_back(cursor: Cursor, agreement_refs: Iterable[int]) -> list[int]:
    """Undo what `agreement_refs` changed on earlier agreements, unless somebody has changed those since; which they are."""
    cursor.execute(
        "UPDATE agreement g SET status = c.old_status, end_date = c.old_end_date FROM adjustment c"
        " WHERE c.by_agreement = ANY(%s) AND g.ref = c.agreement_ref AND g.status = c.new_status"
        " AND g.end_date IS NOT DISTINCT FROM c.new_end_date RETURNING g.ref",
        (list(agreement_refs),),
    )
    return [row["ref"] for row in cursor.fetchall()]


def touched(cursor: Cursor, agreement_refs: Iterable[int]) -> tuple[list[str], list[str]]:
    """The accounts and the premises of these agreements."""
    cursor.execute(
        "SELECT g.account_ref, s.premise_ref FROM agreement g JOIN service_point s ON s.ref = g.service_point_ref"
        " WHERE g.ref = ANY(%s) ORDER BY g.ref",
        (list(agreement_refs),),
    )
    rows = cursor.fetchall()
    return [row["account_ref"] for row in rows], [row["premise_ref"] for row in rows]


def turn_the_day(cursor: Cursor, today: date) -> tuple[int, int]:
    """Begin what is due to begin and stop what is due to stop; how many began and how many stopped.

    An end date is the last day of service: the agreement stops on the day after.
    """
    cursor.execute(
        "UPDATE agreement SET status = CASE WHEN end_date IS NULL THEN 'active' ELSE 'pending_stop' END"
        " WHERE status = 'pending_start' AND start_date <= %s RETURNING ref",
        (today,),
    )
    began = [row["ref"] for row in cursor.fetchall()]
    cursor.execute(
        "UPDATE agreement SET status = 'stopped' WHERE status = 'pending_stop' AND end_date < %s RETURNING ref",
        (today,),
    )
    stopped = [row["ref"] for row in cursor.fetchall()]
    accounts, premises = touched(cursor, [*began, *stopped])
    feed.note(cursor, accounts=accounts, premises=premises)
    return len(began), len(stopped)
