"""What does each call that writes do? One transaction each; a refusal leaves nothing of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

from keyturn.connectors.cis.reference import changes, details, establish, merge, occupancy, update
from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.rest.simulator import maintenance
from keyturn.connectors.cis.rest.simulator.store import Store, enter, forget, settle
from keyturn.connectors.cis.rest.simulator.words import SERVICES, address_of, day, text, texts
from keyturn.terms.address import Address
from keyturn.terms.change import DetailChange
from keyturn.terms.cis import CancelService, EstablishService, MergePersons, UnmergePersons, UpdateCustomer
from keyturn.terms.errors import Rejected
from keyturn.terms.person import Identifier, Kind, PersonDetails
from keyturn.terms.premise import Service

Row = Mapping[str, Any]


class InUse(Exception):
    """It cannot be deleted: something stands on it."""


def add_person(store: Store, said: Row) -> Row:
    with store.writing() as cursor:
        enter(cursor, "person", said)
        command = _command(said, person=person_of(said), mailing_address=address_of(said.get("mailingAddress")))
        ref = establish.create_person(cursor, command, number=store.number)
        settle(cursor, "person", said, ref, {})
    return {"id": ref}


def add_account(store: Store, said: Row) -> Row:
    with store.writing() as cursor:
        enter(cursor, "account", said)
        command = _command(said, mailing_address=address_of(said.get("mailingAddress")))
        for table, ref, code in (
            ("person", text(said, "personId"), "unknown_person"),
            ("premise", command.premise_ref, "unknown_premise"),
        ):
            cursor.execute(f"SELECT 1 FROM {table} WHERE ref = %s FOR KEY SHARE", (ref,))
            if cursor.fetchone() is None:
                raise Rejected(code)
        command = replace(command, account_ref="")
        ref = establish.open_account(cursor, command, text(said, "personId"), number=store.number)
        for each in said.get("attributes") or ():
            wish = DetailChange(text(each, "name"), text(each, "value"), ref, day(each, "untilDate"))
            details.enter(cursor, text(said, "personId"), wish)
        changes.note(cursor, persons=[text(said, "personId")], accounts=[ref])
        settle(cursor, "account", said, ref, {"personId": text(said, "personId")})
    return {"id": ref}


def add_move_in(store: Store, said: Row) -> Row:
    """Pending agreements on an account that is there, for all of the services or for none."""
    with store.writing() as cursor:
        enter(cursor, "moveIn", said)
        answer = establish.establish(cursor, move_in_of(said), number=store.number, contact=False)
        result = {
            "personId": answer.person_ref,
            "accountId": answer.account_ref,
            "agreements": _shown(answer.agreement_refs),
        }
        ref = uuid4().hex[:12].upper()
        settle(cursor, "moveIn", said, ref, {**result, "reference": text(said, "reference")})
    return {"id": ref, **result}


def add_activity(store: Store, said: Row) -> Row:
    """A customer contact on person and account (BR-39)."""
    with store.writing() as cursor:
        enter(cursor, "activity", said)
        cursor.execute(
            "INSERT INTO customer_contact (person_ref, account_ref, contact_class, contact_type, text, request_reference)"
            " VALUES (%s, %s, 'self_service', %s, %s, %s) RETURNING id",
            (*(text(said, name) for name in ("personId", "accountId", "type", "text", "reference")),),
        )
        ref = str((cursor.fetchone() or {})["id"])
        cursor.execute(
            "SELECT result -> 'agreements' AS made FROM external WHERE external_id = %s AND type = 'moveIn'",
            (text(said, "externalId"),),
        )
        made = (cursor.fetchone() or {}).get("made") or []
        result = {"personId": text(said, "personId"), "accountId": text(said, "accountId"), "agreements": made}
        settle(cursor, "activity", said, ref, result)
    return {"id": ref}


def add_cancellation(store: Store, said: Row) -> Row:
    """Of the pending agreements that a request made."""
    with store.writing() as cursor:
        enter(cursor, "cancellation", said)
        answer = establish.cancel(cursor, CancelService(text(said, "reference"), text(said, "accountId")))
        result = {
            "personId": answer.person_ref,
            "accountId": answer.account_ref,
            "agreements": _shown(answer.agreement_refs),
        }
        settle(cursor, "cancellation", said, text(said, "externalId"), result)
    return result


def add_maintenance(store: Store, said: Row, person: str) -> Row:
    """Several changes of one person at once: all of them or none."""
    with store.writing() as cursor:
        enter(cursor, "maintenance", said)
        command = UpdateCustomer(text(said, "reference"), person, maintenance.changes_of(said))
        update.update(cursor, command, number=store.number)
        settle(cursor, "maintenance", said, text(said, "externalId"), {"personId": person})
    return {"personId": person}


def add_merge(store: Store, said: Row) -> Row:
    command = MergePersons(text(said, "reference"), text(said, "survivorId"), text(said, "absorbedId"))
    with store.writing() as cursor:
        enter(cursor, "merge", said)
        merge.merge(cursor, command)
        settle(cursor, "merge", said, command.request_reference, {"personId": command.survivor_ref})
    return {"personId": command.survivor_ref}


def add_merge_reversal(store: Store, said: Row) -> Row:
    command = UnmergePersons(
        text(said, "reference"),
        text(said, "mergeReference"),
        text(said, "survivorId"),
        text(said, "absorbedId"),
        texts(said, "accountIds"),
    )
    with store.writing() as cursor:
        enter(cursor, "mergeReversal", said)
        merge.unmerge(cursor, command)
        settle(cursor, "mergeReversal", said, command.request_reference, {"personId": command.survivor_ref})
    return {"personId": command.survivor_ref}


def delete_person(store: Store, ref: str) -> bool:
    """Only one who stands on no account."""
    with store.writing() as cursor:
        if not _locked(cursor, "person", ref):
            return False
        cursor.execute("SELECT 1 FROM account_person WHERE person_ref = %s", (ref,))
        if cursor.fetchone():
            raise InUse
        for table in ("customer_contact", "detail", "person_name", "person_identifier", "person_contact"):
            cursor.execute(f"DELETE FROM {table} WHERE person_ref = %s", (ref,))
        cursor.execute("DELETE FROM person_address WHERE person_ref = %s", (ref,))
        cursor.execute("DELETE FROM person WHERE ref = %s", (ref,))
        forget(cursor, "person", ref)
    return True


def delete_account(store: Store, ref: str) -> bool:
    """Only one on which there was never any service."""
    with store.writing() as cursor:
        if not _locked(cursor, "account", ref):
            return False
        cursor.execute("SELECT 1 FROM agreement WHERE account_ref = %s", (ref,))
        if cursor.fetchone():
            raise InUse
        for table in ("customer_contact", "account_mailing", "detail", "account_person"):
            cursor.execute(f"DELETE FROM {table} WHERE account_ref = %s", (ref,))
        cursor.execute("DELETE FROM account WHERE ref = %s", (ref,))
        forget(cursor, "account", ref)
    return True


def delete_move_in(store: Store, ref: str) -> bool:
    """Its agreements are cancelled, and what gave way to them is put back."""
    with store.writing() as cursor:
        cursor.execute("SELECT result FROM external WHERE type = 'moveIn' AND id = %s FOR UPDATE", (ref,))
        row = cursor.fetchone()
        if row is None:
            return False
        pending = [int(each["id"]) for each in row["result"]["agreements"]]
        cursor.execute("UPDATE agreement SET status = 'cancelled' WHERE ref = ANY(%s)", (pending,))
        back = occupancy.put_back(cursor, pending)
        accounts, premises = occupancy.touched(cursor, [*pending, *back])
        changes.note(cursor, accounts=accounts, premises=premises)
        forget(cursor, "moveIn", ref)
    return True


def move_in_of(said: Row) -> EstablishService:
    """A move-in, or the question whether one would be taken: then person and account may be new."""
    known = text(said, "personId")
    person = None if known or not said.get("newPerson") else PersonDetails(family_name="?")
    return _command(said, person_ref=known, account_ref=text(said, "accountId"), person=person)


def person_of(said: Row) -> PersonDetails:
    name = said.get("name") or {}
    return PersonDetails(
        kind=Kind.ORGANISATION if said.get("type") == "ORG" else Kind.PERSON,
        given_name=text(name, "first"),
        middle_name=text(name, "middle"),
        family_name=text(name, "last"),
        suffix=text(name, "suffix"),
        organisation_name=text(name, "organization"),
        date_of_birth=day(said, "birthDate"),
        emails=texts(said, "emails"),
        phones=texts(said, "phones"),
        identifiers=tuple(
            Identifier(text(each, "type"), text(each, "number")) for each in said.get("identifiers") or ()
        ),
        addresses=tuple(filter(None, map(address_of, said.get("addresses") or ()))),
    )


def _command(said: Row, *, mailing_address: Address | None = None, **parts: Any) -> EstablishService:
    services = tuple(SERVICES.get(each, each) for each in texts(said, "services"))
    return EstablishService(
        request_reference=text(said, "reference"),
        premise_ref=text(said, "premiseId"),
        services=tuple(Service(each) for each in services),
        start_date=day(said, "startDate") or date.max,
        customer_class=text(said, "class"),
        division=text(said, "division"),
        language=text(said, "language"),
        mailing_address=mailing_address,
        **parts,
    )


def _locked(cursor: Cursor, table: str, ref: str) -> bool:
    cursor.execute(f"SELECT 1 FROM {table} WHERE ref = %s FOR UPDATE", (ref,))
    return cursor.fetchone() is not None


def _shown(agreements: Mapping[str, str]) -> list[dict[str, str]]:
    codes = {word: code for code, word in SERVICES.items()}
    return [{"service": codes[service], "id": ref} for service, ref in agreements.items()]
