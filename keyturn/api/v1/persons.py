"""What may a program learn about persons and accounts on file?"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Body, Query, Router

from keyturn.api.v1 import candidates, examples, pages, shape_errors, versions
from keyturn.api.v1 import person_shapes as shapes
from keyturn.api.v1.idents import ident
from keyturn.api.v1.operations import operation
from keyturn.api.v1.problems import Problem
from keyturn.records.queries import accounts, as_of, person_pages, persons, shelter
from keyturn.records.queries.person_history import Change, history
from keyturn.terms.address import Address
from keyturn.terms.days import day_ends
from keyturn.terms.person import Identifier, Kind, PersonDetails

router = Router()
TAG = "Persons and accounts"
READ = ("persons:read",)
DATED = tuple(shapes.DatedOut.model_fields)
POSTAL = tuple(shapes.PostalOut.model_fields)


@operation(
    router, "POST", "/persons/match", tag=TAG, summary="Whom does a description fit?", any_of=("persons:match",),
    answer=shapes.MatchOut, example=examples.PROBE, answered=examples.MATCH,
)  # fmt: skip
def match_person(request: HttpRequest, body: Body[shapes.PersonRow]) -> dict[str, Any]:
    """Ask the matcher. It reads only, so it takes no Idempotency-Key: the answer is today's.

    `link`: one person on file, beyond doubt as far as the description goes; `review`: a human should look; `new`:
    nobody on file fits. Each candidate says what speaks for and against it, as data and in `words`.
    """
    decision, refs = person_pages.match(_described(body), policy=settings.KEYTURN_POLICY)
    return {
        "ref": body.ref,
        "zone": decision.matcher_zone,
        "model": decision.model_version,
        "candidates": [candidates.shown(each, ref=refs.get(each.person_id)) for each in decision.ranked],
    }


def _described(row: shapes.PersonRow) -> PersonDetails:
    """The row in the process's own words."""
    address = Address.from_mapping(row.model_dump())
    return PersonDetails(
        kind=Kind(row.kind),
        given_name=row.given_name,
        middle_name=row.middle_name,
        family_name=row.family_name,
        suffix=row.suffix,
        organisation_name=row.organisation_name,
        date_of_birth=row.date_of_birth,
        emails=tuple(filter(None, [row.email])),
        phones=tuple(filter(None, [row.phone])),
        identifiers=(Identifier(row.id_type, row.id_value),) if row.id_type and row.id_value else (),
        addresses=tuple(filter(None, [address])),
    )


@operation(
    router, "GET", "/persons", tag=TAG, summary="Search persons", any_of=READ, asked=shapes.PersonQuery,
    answer=shapes.PersonPage, problems=("invalid",), answered=examples.PERSONS,
)  # fmt: skip
def list_persons(request: HttpRequest, asked: Query[shapes.PersonQuery]) -> dict[str, Any]:
    """Persons on file, in the order in which they were entered. Identifiers show their last four characters only."""
    now, after = timezone.now(), pages.position(asked.after)
    rows = person_pages.listed(at=now, text=asked.q, ref=asked.ref, after=after, most=asked.limit + 1)
    parts = person_pages.accounts_of((row.pk for row in rows), at=now)
    return pages.page(rows, asked.limit, lambda row: _shown(row, parts.get(row.pk, [])))


@operation(
    router, "GET", "/persons/{id}", tag=TAG, summary="Read one person", any_of=READ, asked=shapes.AsOfQuery,
    answer=shapes.PersonOut, problems=("not_found", "invalid"), answered=examples.PERSON,
)  # fmt: skip
def read_person(
    request: HttpRequest, response: HttpResponse, id: str, asked: Query[shapes.AsOfQuery]
) -> dict[str, Any]:
    """Names, contacts, addresses and accounts as they are now, or as they were. Identifiers show their last four
    characters only.

    `as_of` asks what held on another day, `known_at` what was believed then: corrections made later are left out. Kind,
    date of birth, language and version are always today's.
    """
    now = timezone.now()
    when = _moments(asked, now)
    found = as_of.person(str(ident(id)), when) if when else person_pages.whole(str(ident(id)), at=now)
    if found is None:
        raise Problem("not_found")
    asked_for = ident(id)
    moved = {"redirected_from": None if found.pk == asked_for else str(asked_for)}
    if when:
        return {**_shown(found, as_of.accounts_of(found.pk, when)), **moved}
    response["ETag"] = versions.etag(found.version)
    return {**_shown(found, person_pages.accounts_of([found.pk], at=now).get(found.pk, [])), **moved}


def _moments(asked: shapes.AsOfQuery, now: datetime) -> as_of.Moments | None:
    """None: just what holds now."""
    if asked.as_of is None and asked.known_at is None:
        return None
    try:
        valid_at = day_ends(asked.as_of, settings.KEYTURN_POLICY) if asked.as_of else now
    except OverflowError:  # the last day that a calendar has
        raise shape_errors.one("value_error", "as_of") from None
    return as_of.Moments(valid_at, asked.known_at or now)


@operation(
    router, "GET", "/persons/{id}/history", tag=TAG, summary="Read a person's history", any_of=READ,
    asked=shapes.PageQuery, answer=shapes.HistoryPage, problems=("not_found", "invalid"), answered=examples.HISTORY,
)  # fmt: skip
def read_person_history(request: HttpRequest, id: str, asked: Query[shapes.PageQuery]) -> dict[str, Any]:
    """What became of a person, oldest first: when something was entered, ended or linked, never what it says.

    Two times: `at` says when it was recorded, `valid_from` and `valid_to` when it held or will hold.
    """
    found = persons.by_id(str(ident(id)))
    if found is None:
        raise Problem("not_found")
    start = _offset(asked.after)
    changes = history(found)[start : start + asked.limit + 1]
    more = len(changes) > asked.limit
    items = [_change(each) for each in changes[: asked.limit]]
    return {"items": items, "next": f"h{start + asked.limit}" if more else None}


@operation(
    router, "GET", "/accounts/{id}", tag=TAG, summary="Read one account", any_of=("accounts:read", "persons:read"),
    asked=shapes.AsOfQuery, answer=shapes.AccountOut, problems=("not_found", "invalid"), answered=examples.ACCOUNT,
)  # fmt: skip
def read_account(
    request: HttpRequest, response: HttpResponse, id: str, asked: Query[shapes.AsOfQuery]
) -> dict[str, Any]:
    """An account, who is on it, and what is served under it: now, or (`as_of`) on another day.

    `known_at` asks who was believed to be on it; balance, language and version are always today's.
    """
    now = timezone.now()
    when = _moments(asked, now)
    found = as_of.account(ident(id), when) if when else accounts.by_id(ident(id), at=now)
    if found is None:
        raise Problem("not_found")
    if not when:
        response["ETag"] = versions.etag(found.version)
    hidden = shelter.protected([each.person_id for each in found.people.all()], at=now)
    agreements = [each for each in found.agreements.all() if asked.as_of is None or as_of.runs_on(each, asked.as_of)]
    plain = ("ref", "division", "customer_class", "language", "paperless", "version", "set_up_on")
    return {
        "id": str(found.pk),
        **{name: getattr(found, name) for name in plain},
        "balance": str(found.balance),
        "people": [
            {"person_id": str(each.person_id), **_parts(each, "relationship", "is_main", "is_responsible", *DATED)}
            for each in found.people.all()
        ],
        "agreements": [_agreement(each, hidden=bool(hidden)) for each in agreements],
    }


def _agreement(row: Any, *, hidden: bool) -> dict[str, Any]:
    """One agreement; `hidden`: somebody on the account has a protected address, so the premise is not named."""
    return {
        "ref": row.ref,
        "service": row.service_point.service,
        "premise_id": "" if hidden else str(row.service_point.premise_id),
        "status": row.status,
        "start_date": row.start_date,
        "end_date": row.end_date,
    }


def _offset(after: str) -> int:
    if not after:
        return 0
    if after[0] != "h" or not after[1:].isascii() or not after[1:].isdigit() or len(after) > 8:
        raise shape_errors.one("bad_cursor", "after")
    return int(after[1:])


def _change(change: Change) -> dict[str, Any]:
    shown = {name: getattr(change, name) for name in ("at", "what", "detail", "valid_from", "valid_to", "source")}
    return {**shown, "request_id": str(change.request_id) if change.request_id else None}


def _shown(person: Any, parts: list[Any]) -> dict[str, Any]:
    details = persons.details_of(person, open_identifiers=False)
    return {
        "id": str(person.pk),
        "ref": person.ref,
        "kind": person.kind,
        "display_name": details.display_name,
        "date_of_birth": person.date_of_birth,
        "language": person.language,
        "version": person.version,
        "names": [_parts(each, *shapes.NameOut.model_fields) for each in person.names.all()],
        "contacts": [_parts(each, *shapes.ContactOut.model_fields) for each in person.contacts.all()],
        "identifiers": [
            {"masked": f"•••• {each.last_four}", **_parts(each, "id_type", "is_primary", *DATED)}
            for each in person.identifiers.all()
        ],
        "addresses": [] if as_of.is_protected(person) else [_address(each) for each in person.addresses.all()],
        "addresses_protected": as_of.is_protected(person),
        "accounts": [
            {
                "account_id": str(each.account_id),
                "ref": each.account.ref,
                **_parts(each, "relationship", "is_main", *DATED),
            }
            for each in parts
        ],
    }


def _parts(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _address(row: Any) -> dict[str, Any]:
    season = {name: _day_of_year(getattr(row, name)) for name in ("season_from", "season_to")}
    account = str(row.account_id) if row.account_id else None
    return {**_parts(row, "purpose", *POSTAL, *DATED), **season, "account_id": account}


def _day_of_year(number: int | None) -> str | None:
    return None if number is None else f"{number // 100:02}-{number % 100:02}"
