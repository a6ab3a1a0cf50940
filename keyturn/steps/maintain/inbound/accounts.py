"""What do we hold about an account, in the fields in which the CIS speaks of one, and how is what it changed written down?"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F

from keyturn.records import dated
from keyturn.records.models import Account, AccountPerson, Person, ServiceAgreement, ServicePoint
from keyturn.records.models.dated import holds_at
from keyturn.records.prepared import Prepared
from keyturn.records.queries.premises import LIVE
from keyturn.steps.maintain.inbound.persons import SOURCE
from keyturn.steps.maintain.rules import status_today

Said = Mapping[str, Any]


def ours(account: Account, said: Said, *, at: datetime, today: date) -> dict[str, Any]:
    """Field to value. An agreement stands under the reference that the CIS gave it in `said`, once it is known to be the
    same; one that the CIS does not show stands under our own id."""
    main = _main.first(account=account.pk, at=at)
    found: dict[str, Any] = {
        "account": {"balance": f"{account.balance:.2f}", "customer_class": account.customer_class},
        **({"main_customer": main.ref} if main and main.ref else {}),
    }
    for field, row in paired(account, said).items():
        found[field] = as_said(row, today)
    return found


_main = Prepared(
    lambda account, at: Person.objects.filter(
        holds_at(at, "accounts"), accounts__account=account, accounts__is_main=True
    )
)
_agreements = Prepared(
    lambda account: (
        ServiceAgreement.objects.filter(account=account)
        .select_related("service_point__premise")
        .order_by("start_date", "id")
    )
)


def as_said(row: ServiceAgreement, today: date) -> dict[str, str]:
    """One of our agreements as the CIS would speak of it today."""
    return {
        "premise": row.service_point.premise.ref,
        "service": row.service_point.service,
        "status": str(status_today(row.status, row.start_date, row.end_date, today)),
        "start": row.start_date.isoformat(),
        "end": row.end_date.isoformat() if row.end_date else "",
    }


def today_of(said: Mapping[str, str], today: date) -> dict[str, str]:
    """What the CIS said of an agreement, on our day: its clock may be a little behind."""
    end = date.fromisoformat(said["end"]) if said["end"] else None
    return {**said, "status": str(status_today(said["status"], date.fromisoformat(said["start"]), end, today))}


def paired(account: Account, said: Said) -> dict[str, ServiceAgreement]:
    """Our agreements under the names of the CIS's: by reference, else by place, service and first day, else the live one
    there. Those that it does not show stand under "agreement.<our id>"."""
    rows = _agreements(account=account.pk)
    fields = [field for field in said if field.startswith("agreement.")]
    found: dict[str, ServiceAgreement] = {}
    for is_it in (_by_reference, _by_first_day, _by_being_live):
        for field in fields:
            row = next((each for each in rows if is_it(each, field, said[field])), None)
            if field not in found and row is not None:
                found[field] = row
                rows.remove(row)
    return found | {f"agreement.{row.pk}": row for row in rows}


def _by_reference(row: ServiceAgreement, field: str, said: Mapping[str, str]) -> bool:
    return row.ref is not None and field == f"agreement.{row.ref}"


def _by_first_day(row: ServiceAgreement, field: str, said: Mapping[str, str]) -> bool:
    return row.ref is None and _is_there(row, said) and row.start_date.isoformat() == said["start"]


def _by_being_live(row: ServiceAgreement, field: str, said: Mapping[str, str]) -> bool:
    return row.ref is None and _is_there(row, said) and row.status in LIVE and said["status"] in LIVE


def _is_there(row: ServiceAgreement, said: Mapping[str, str]) -> bool:
    return (row.service_point.premise.ref, row.service_point.service) == (said["premise"], said["service"])


def learn_references(account: Account, said: Said) -> None:
    """Agreements that an import brought have no reference: the CIS has told theirs now."""
    for field, row in paired(account, said).items():
        if row.ref is None and field in said:
            ServiceAgreement.objects.filter(pk=row.pk, ref=None).update(ref=field.partition(".")[2])


def is_possible(field: str, value: Any) -> bool:
    """Is everything on file that this names?"""
    if field == "main_customer":
        return Person.objects.filter(ref=value, redirect_to=None).exists()
    if field.startswith("agreement."):
        return _point(value) is not None
    return True


def _point(value: Mapping[str, str]) -> ServicePoint | None:
    return ServicePoint.objects.filter(premise__ref=value["premise"], service=value["service"]).first()


def write(account: Account, values: Said, *, now: datetime) -> None:
    """These are so from now on. Under the account's lock, which the caller holds."""
    if "account" in values:
        said = values["account"]
        Account.objects.filter(pk=account.pk).update(
            balance=Decimal(said["balance"]), customer_class=said["customer_class"]
        )
    # Those that end first: at one place one is live at a time.
    agreements = [field for field in values if field.startswith("agreement.")]
    for field in sorted(agreements, key=lambda name: values[name]["status"] in LIVE):
        _agreement(account, field.partition(".")[2], values[field])
    if "main_customer" in values:
        _main_customer(account, values["main_customer"], now)
    Account.objects.filter(pk=account.pk).update(version=F("version") + 1)


def _agreement(account: Account, ref: str, said: Mapping[str, str]) -> None:
    columns = {
        "status": said["status"],
        "start_date": date.fromisoformat(said["start"]),
        "end_date": date.fromisoformat(said["end"]) if said["end"] else None,
    }
    if not ServiceAgreement.objects.filter(account=account, ref=ref).update(**columns):
        ServiceAgreement.objects.create(account=account, ref=ref, service_point=_point(said), **columns)


def _main_customer(account: Account, person_ref: str, now: datetime) -> None:
    """BR-19: exactly one. The part of the one before ends, and so does a lesser part of the new one."""
    person = Person.objects.get(ref=person_ref, redirect_to=None)
    with dated.changing(account=account, now=now, source=SOURCE) as file:
        file.enter(AccountPerson(person=person, is_main=True, is_responsible=True, relationship="main"))
