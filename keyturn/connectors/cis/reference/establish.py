"""What does the reference CIS write when Keyturn asks it to establish or to cancel service?"""

from collections.abc import Callable, Mapping
from typing import Any

from keyturn.connectors.cis.reference import changes as feed
from keyturn.connectors.cis.reference import details as single_values
from keyturn.connectors.cis.reference import numbers, occupancy
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.terms.address import Address
from keyturn.terms.change import DetailChange
from keyturn.terms.cis import Answer, CancelService, EstablishService
from keyturn.terms.errors import Rejected
from keyturn.terms.person import PersonDetails

Number = Callable[[Cursor], str]
"""Draws the next number of a person or an account."""


def establish(
    cursor: Cursor, command: EstablishService, *, number: Number, person_ref: str = "", contact: bool = True
) -> Answer:
    """Person (new or known), account, link, pending agreements, customer contact; all or nothing.

    `person_ref` is the person that a partial delivery has already made; without `contact` whoever calls leaves the
    customer contact. Raises Rejected (codes in `terms.cis`).
    """
    points = _service_points(cursor, command)
    known = command.person_ref or person_ref
    if known:
        _must_exist(cursor, "person", known, "unknown_person")
    changes = [
        occupancy.give_way(row, person_ref=known, customer_class=command.customer_class, start=command.start_date)
        for row in occupancy.standing_in_the_way(cursor, points.values(), command.start_date)
    ]
    occupancy.apply(cursor, changes)
    person = known or create_person(cursor, command, number=number)
    account = open_account(cursor, command, person, number=number)
    agreements = _begin(cursor, command, account, points)
    occupancy.remember(cursor, changes, by={points[service]: ref for service, ref in agreements.items()})
    for each in changes:
        if each.new_status != "cancelled":
            _note(
                cursor, command, "service_adjusted", f"Service ends on {each.new_end_date}.", account=each.account_ref
            )
    if contact:
        text = f"Start of {', '.join(points)} on {command.start_date} asked for."
        _note(cursor, command, "start_service", text, account=account, person=person)
    given_way = sorted({each.account_ref for each in changes})
    feed.note(cursor, persons=[person], accounts=[account, *given_way], premises=[command.premise_ref])
    return Answer(person, account, _shown(agreements))


def create_person(cursor: Cursor, command: EstablishService, *, number: Number) -> str:
    """Write a new person with name, identifiers, contacts and addresses; its number."""
    details = command.person
    if details is None:
        raise Rejected("no_person")
    ref = _insert_numbered(
        cursor,
        "INSERT INTO person (ref, kind, date_of_birth, language) VALUES (%s, %s, %s, %s)",
        (str(details.kind), details.date_of_birth, command.language),
        number=number,
    )
    feed.note(cursor, persons=[ref])
    cursor.execute(
        "INSERT INTO person_name (person_ref, name_type, given_name, middle_name, family_name, suffix,"
        " organisation_name) VALUES (%s, 'primary', %s, %s, %s, %s, %s)",
        (
            ref,
            details.given_name,
            details.middle_name,
            details.family_name,
            details.suffix,
            details.organisation_name,
        ),
    )
    _identifiers_and_contacts(cursor, ref, details)
    _addresses(cursor, ref, command, details)
    return ref


def cancel(cursor: Cursor, command: CancelService) -> Answer:
    """Cancel the pending agreements that a request made, and put back what they had changed. Raises Rejected."""
    cursor.execute("SELECT main_person_ref FROM account WHERE ref = %s", (command.account_ref,))
    account = cursor.fetchone()
    if account is None:
        raise Rejected("unknown_account")
    cursor.execute(
        "SELECT g.ref, g.status, s.service FROM agreement g JOIN service_point s ON s.ref = g.service_point_ref"
        " WHERE g.request_reference = %s AND g.account_ref = %s ORDER BY g.ref FOR UPDATE OF g",
        (command.request_reference, command.account_ref),
    )
    made = cursor.fetchall()
    if any(row["status"] not in ("pending_start", "cancelled") for row in made):
        raise Rejected("already_active")
    if not made or not command.request_reference:
        raise Rejected("nothing_to_cancel")
    pending = [row["ref"] for row in made if row["status"] == "pending_start"]
    cursor.execute("UPDATE agreement SET status = 'cancelled' WHERE ref = ANY(%s)", (pending,))
    back = occupancy.put_back(cursor, pending)
    _note(cursor, command, "cancel_service", "The request was withdrawn.", account=command.account_ref)
    accounts, premises = occupancy.touched(cursor, [*pending, *back])
    feed.note(
        cursor, persons=[account["main_person_ref"]], accounts=[command.account_ref, *accounts], premises=premises
    )
    return Answer(account["main_person_ref"], command.account_ref, _shown({row["service"]: row["ref"] for row in made}))


def _service_points(cursor: Cursor, command: EstablishService) -> dict[str, int]:
    """Service to service point, locked in one order so that two requests for one premise wait for each other."""
    if not command.services:
        raise Rejected("no_services")
    _must_exist(cursor, "premise", command.premise_ref, "unknown_premise")
    cursor.execute(
        "SELECT service, ref FROM service_point WHERE premise_ref = %s AND service = ANY(%s) ORDER BY ref FOR UPDATE",
        (command.premise_ref, [str(service) for service in command.services]),
    )
    found = {row["service"]: row["ref"] for row in cursor.fetchall()}
    if set(found) != {str(service) for service in command.services}:
        raise Rejected("no_service_point")
    return found


def _must_exist(cursor: Cursor, table: str, ref: str, code: str) -> None:
    cursor.execute(f"SELECT 1 FROM {table} WHERE ref = %s", (ref,))
    if cursor.fetchone() is None:
        raise Rejected(code)


def open_account(cursor: Cursor, command: EstablishService, person: str, *, number: Number) -> str:
    """The account that `command` names, which must be the person's, or a new one; its number. Raises Rejected."""
    if command.account_ref:
        return _existing_account(cursor, command.account_ref, person)
    mailing = command.mailing_address or Address(country="")
    ref = _insert_numbered(
        cursor,
        "INSERT INTO account (ref, main_person_ref, division, customer_class, set_up_date, mailing_source,"
        " mailing_premise, mail_line1, mail_line2, mail_city, mail_state, mail_postal_code, mail_country)"
        " VALUES (%s, %s, %s, %s, current_date, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            person,
            command.division,
            command.customer_class,
            "account" if mailing else "premise",
            command.premise_ref,
            *_columns(mailing),
        ),
        number=number,
    )
    cursor.execute(
        "INSERT INTO account_person (account_ref, person_ref, main_customer, financially_responsible)"
        " VALUES (%s, %s, true, true)",
        (ref, person),
    )
    if command.paperless:
        single_values.enter(cursor, person, DetailChange("paperless", "yes", account_ref=ref))
    return ref


def _existing_account(cursor: Cursor, account: str, person: str) -> str:
    """An account to add to: nothing on it changes, its mailing address least of all (I4)."""
    _must_exist(cursor, "account", account, "unknown_account")
    cursor.execute(
        "SELECT 1 FROM account_person WHERE account_ref = %s AND person_ref = %s AND financially_responsible",
        (account, person),
    )
    if cursor.fetchone() is None:
        raise Rejected("not_their_account")
    return account


def _begin(cursor: Cursor, command: EstablishService, account: str, points: Mapping[str, int]) -> dict[str, int]:
    cursor.execute(
        "INSERT INTO agreement (service_point_ref, account_ref, status, start_date, request_reference)"
        " SELECT point, %s, 'pending_start', %s, %s FROM unnest(%s::bigint[]) AS point RETURNING ref, service_point_ref",
        (account, command.start_date, command.request_reference, list(points.values())),
    )
    made = {row["service_point_ref"]: row["ref"] for row in cursor.fetchall()}
    return {service: made[point] for service, point in points.items()}


def _identifiers_and_contacts(cursor: Cursor, ref: str, details: PersonDetails) -> None:
    """The first of each kind is the primary one (BR-09, BR-15); what is said twice is kept once."""
    identifiers = dict.fromkeys((each.id_type, each.value) for each in details.identifiers if each.value)
    cursor.executemany(
        "INSERT INTO person_identifier (person_ref, place, id_type, value) VALUES (%s, %s, %s, %s)",
        [(ref, place, id_type, value) for place, (id_type, value) in enumerate(identifiers)],
    )
    contacts = [
        (ref, routing, place, value)
        for routing, values in (("email", details.emails), ("phone", details.phones))
        for place, value in enumerate(dict.fromkeys(value for value in values if value))
    ]
    cursor.executemany(
        "INSERT INTO person_contact (person_ref, routing, place, value) VALUES (%s, %s, %s, %s)", contacts
    )


def _addresses(cursor: Cursor, ref: str, command: EstablishService, details: PersonDetails) -> None:
    mailing = command.mailing_address or Address()
    rows = [("mailing", mailing, command.start_date)] if mailing else []
    rows += [("other", each, None) for each in dict.fromkeys(details.addresses) if each and each != mailing]
    cursor.executemany(
        "INSERT INTO person_address (person_ref, kind, line1, line2, city, state, postal_code, country, valid_from)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [(ref, kind, *_columns(address), since) for kind, address, since in rows],
    )


def _columns(address: Address) -> tuple[str, ...]:
    return address.line1, address.line2, address.city, address.state, address.postal_code, address.country


def _shown(agreements: Mapping[str, int]) -> dict[str, str]:
    return {service: numbers.plain(ref) for service, ref in agreements.items()}


def _insert_numbered(cursor: Cursor, insert: str, values: tuple[Any, ...], *, number: Number) -> str:
    """Insert a row under the next free number; an imported one may already stand there."""
    while True:
        ref = number(cursor)
        cursor.execute(f"{insert} ON CONFLICT (ref) DO NOTHING", (ref, *values))
        if cursor.rowcount:
            return ref


def _note(
    cursor: Cursor,
    command: EstablishService | CancelService,
    contact_type: str,
    text: str,
    *,
    account: str,
    person: str = "",
) -> None:
    """BR-39: leave a customer contact on the account's main person, or on `person`."""
    cursor.execute(
        "INSERT INTO customer_contact (person_ref, account_ref, contact_class, contact_type, text, request_reference)"
        " SELECT coalesce(nullif(%s, ''), main_person_ref), ref, 'self_service', %s, %s, %s FROM account WHERE ref = %s",
        (person, contact_type, text, command.request_reference, account),
    )
