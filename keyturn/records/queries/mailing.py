"""To which address does a letter about an account go on a day?

The account's season, then the account's own address, then the person's season, then the person's address, then the place
that is served (domain.md C.5). Of these, the person's part in the account says which may be used at all (BR-22).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from keyturn.records.models import Account, AccountPerson, PersonAddress, ServiceAgreement
from keyturn.records.models.dated import holds_at
from keyturn.records.queries import persons
from keyturn.records.queries.premises import LIVE
from keyturn.terms.address import Address
from keyturn.terms.days import day_ends, local_date
from keyturn.terms.policy import Policy
from keyturn.terms.season import Season


@dataclass(frozen=True, slots=True)
class Mailing:
    """Where to, and by what: account_season, account, person_season, person or premise."""

    address: Address
    source: str


def mailing_address_for(account: Account, *, on: date, policy: Policy, person_id: Any = None) -> Mailing | None:
    """Where a letter about the account goes on that day (the utility's date), to its main customer or another person on it.

    None where nothing is known: no address, and nothing is or was served. What holds at the end of the day counts.
    """
    at = day_ends(on, policy)
    part = _part(account, person_id, at)
    if part is None:
        return None
    chosen = _own_address(part, on, at) if part.address_source != "premise" else None
    return chosen or _premise(account, on)


def _part(account: Account, person_id: Any, at: datetime) -> AccountPerson | None:
    who = {"person_id": person_id} if person_id else {"is_main": True}
    return AccountPerson.objects.filter(holds_at(at), account=account, **who).order_by("id").first()


def _own_address(part: AccountPerson, on: date, at: datetime) -> Mailing | None:
    of_account = Q(account=None) | Q(account=part.account_id) if part.address_source == "account" else Q(account=None)
    rows = list(PersonAddress.objects.filter(holds_at(at), of_account, person=part.person_id, purpose="mailing"))
    own, of_all = [row for row in rows if row.account_id], [row for row in rows if not row.account_id]
    choices = (
        ("account_season", _in_season(own, on)),
        ("account", _whole_year(own)),
        ("person_season", _in_season(of_all, on)),
        ("person", _whole_year(of_all)),
    )
    return next((Mailing(row.address, source) for source, row in choices if row), None)


def _in_season(rows: Iterable[PersonAddress], on: date) -> PersonAddress | None:
    return next((row for row in rows if (season := season_of(row)) and season.holds_on(on)), None)


def _whole_year(rows: Iterable[PersonAddress]) -> PersonAddress | None:
    """One for each account; of several (there should not be) the one that began last."""
    return max((row for row in rows if season_of(row) is None), key=lambda row: (row.valid_from, row.pk), default=None)


def season_of(row: PersonAddress) -> Season | None:
    """The season of an address, or None where it holds all the year."""
    if row.season_from is None or row.season_to is None:
        return None
    return Season(row.season_from, row.season_to)


def _premise(account: Account, on: date) -> Mailing | None:
    """The place that is served: live before ended, begun before yet to begin, the latest of those."""
    rows = ServiceAgreement.objects.filter(account=account).exclude(status="cancelled")
    found = max(
        rows.select_related("service_point__premise"),
        key=lambda row: (row.status in LIVE, row.start_date <= on, row.start_date, row.pk),
        default=None,
    )
    return Mailing(found.service_point.premise.address, "premise") if found else None


def envelope(person: Any, account: Account | None, *, at: datetime, policy: Policy) -> str:
    """The lines of the envelope of a letter to somebody about an account, or about any of theirs; "" where none is known."""
    accounts = [account] if account else list(Account.objects.filter(holds_at(at, "people"), people__person=person))
    on = local_date(at, policy)
    found = next(
        (m for each in accounts if (m := mailing_address_for(each, on=on, policy=policy, person_id=person.pk))), None
    )
    if found is None:
        return ""
    return "\n".join([persons.name_of(person.pk, at=at), *found.address.lines()])
