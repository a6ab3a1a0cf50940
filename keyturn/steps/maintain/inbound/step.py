"""What is written down of what the CIS holds, and what is put before staff?

The registry is compared with one reading of the CIS, under the lock of whom it is about. Nothing here speaks to the CIS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from keyturn.records import person_index
from keyturn.records.models import Account, Delivery, Person, Premise
from keyturn.records.prepared import Asked, Prepared, at_once
from keyturn.records.queries import shelter
from keyturn.steps.maintain import rules as rows
from keyturn.steps.maintain.inbound import accounts, base, persons, rules
from keyturn.steps.maintain.inbound.fields import Values, of_account, of_person, row_of
from keyturn.steps.maintain.inbound.rules import Verdict
from keyturn.steps.maintain.somebody import details_of
from keyturn.terms.days import local_date
from keyturn.terms.finding import Effect
from keyturn.terms.owners import owner_of
from keyturn.terms.policy import Policy
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Standing

ROW_FIELDS = {
    **dict.fromkeys(("given_name", "middle_name", "family_name", "suffix", "organisation_name"), "name"),
    **dict.fromkeys(("line1", "line2", "city", "state", "postal_code", "country"), "mailing"),
    "date_of_birth": "date_of_birth", "email": "email", "phone": "phone", "id_type": "identifier",
    "id_value": "identifier",
}  # fmt: skip
"""Which of our fields a column of an import is part of."""


Held = TypeVar("Held", Person, Account)

CASES_OF_ALL = {
    "person": frozenset({"gone_there", "merged_there", "effect_missing"}),
    "account": frozenset({"gone_there", "against_the_rules"}),
}
"""Cases about somebody or something whole, that are none any more once the two can be compared."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One reading of the CIS beside what is on file: values by field on each side, and what follows (`rules.verdict`).

    `said` is the CIS's own word; `theirs` what its word would make of ours (`rules.joined`).
    """

    noun: str
    ref: str
    ours: Values
    theirs: Values
    said: Values
    agreed: Values
    verdicts: Mapping[str, Verdict]

    def those(self, verdict: Verdict) -> list[str]:
        return [field for field, found in self.verdicts.items() if found is verdict]

    @property
    def differs(self) -> bool:
        return not {*self.verdicts.values()} <= {Verdict.SAME, Verdict.SILENT}

    def case(self, field: str) -> dict[str, Any]:
        """What staff are shown of one field."""
        return {
            "ours": self.ours.get(field),
            "theirs": self.theirs.get(field),
            **({"agreed": self.agreed[field]} if field in self.agreed else {}),
        }


def compare_person(person: Person, read: Mapping[str, Any], *, now: datetime, policy: Policy) -> Compared:
    """What a person's file and the CIS's say, and what follows for each field."""
    terms = rows.Terms(policy, local_date(now, policy))
    theirs = of_person(read, today=terms.today, types=terms.identifier_types)
    if theirs.get("language") not in policy.languages:
        theirs.pop("language", None)
    ours, own = persons.ours_and_own(person, at=now)
    return _compared("person", person.ref or "", ours, theirs, policy, own=own)


def compare_account(account: Account, read: Mapping[str, Any], *, now: datetime, policy: Policy) -> Compared:
    """What is on file of an account and the CIS's word, and what follows for each field."""
    today = local_date(now, policy)
    theirs = {
        field: accounts.today_of(value, today) if field.startswith("agreement.") else value
        for field, value in of_account(read).items()
    }
    mine = accounts.ours(account, theirs, at=now, today=today)
    cancelled = [
        field
        for field, value in theirs.items()
        if field not in mine and field.startswith("agreement.") and value["status"] == AgreementStatus.CANCELLED
    ]
    return _compared(
        "account", account.ref or "", mine, {k: v for k, v in theirs.items() if k not in cancelled}, policy
    )


def _compared(
    noun: str, ref: str, ours: Values, theirs: Values, policy: Policy, *, own: Mapping[str, list[str]] | None = None
) -> Compared:
    held = base.agreed(noun, ref)
    joined = {
        field: rules.joined(
            field, own=(own or {}).get(field, ()), theirs=value, agreed=base.agreed_on(held, field),
            country=policy.country,
        )
        for field, value in theirs.items()
    }  # fmt: skip
    verdicts = {
        field: rules.verdict(
            field, agreed=base.agreed_on(held, field), ours=ours.get(field), theirs=value,
            owner=owner_of(field, policy.owners), country=policy.country,
        )
        for field, value in joined.items()
    }  # fmt: skip
    return Compared(noun, ref, ours, joined, theirs, held, verdicts)


def take_person(person: Person, found: Compared, *, now: datetime, policy: Policy) -> list[str]:
    """Write what the CIS alone has changed, open cases for the rest; which fields were written."""
    taken, cases = {}, dict.fromkeys(found.those(Verdict.REVIEW), "both_changed")
    unfit = _unfit(found, person.kind, now=now, policy=policy)
    for field in found.those(Verdict.TAKE):
        if persons.taken_elsewhere(person, field, found.theirs[field], at=now, policy=policy):
            cases[field] = "identifier_in_use"
        elif field == "mailing" and shelter.is_protected(person.pk, at=now):
            cases[field] = "protected"  # letters must not begin to go where they are not to be found (C.20)
        elif field.partition(".")[0] in unfit:
            cases[field] = "unfit"
        else:
            taken[field] = found.theirs[field]
    if taken:
        persons.write(person, taken, now=now, policy=policy)
    _keep(found, taken, cases, now=now)
    return sorted(taken)


def take_account(account: Account, found: Compared, *, now: datetime, policy: Policy) -> list[str]:
    """The same for an account, whose lock the caller holds."""
    taken, cases = {}, dict.fromkeys(found.those(Verdict.REVIEW), "both_changed")
    accounts.learn_references(account, found.theirs)
    for field in found.those(Verdict.TAKE):
        if accounts.is_possible(field, found.theirs[field]):
            taken[field] = found.theirs[field]
        else:
            cases[field] = "unknown_reference"
    if taken:
        accounts.write(account, taken, now=now)
    _keep(found, taken, cases, now=now)
    return sorted(taken)


def _keep(found: Compared, taken: Values, cases: Mapping[str, str], *, now: datetime) -> None:
    """What both hold now is agreed; what staff must see is a case; what was one and differs no more is none."""
    base.keep_agreed(
        found.noun, found.ref, {field: found.said[field] for field in (*found.those(Verdict.SAME), *taken)}, now=now
    )
    for field, why in cases.items():
        base.differs(found.noun, found.ref, field=field, why=why, values=found.case(field), now=now)
    settled = [field for field in found.verdicts if field not in cases]
    base.no_longer_differ(found.noun, found.ref, fields=settled, why=CASES_OF_ALL[found.noun], now=now)


def fits(person: Person, field: str, value: Any, *, now: datetime, policy: Policy) -> bool:
    """May staff have this written of the CIS's word: would an import let it in, and is it nobody else's?"""
    alone = Compared("person", person.ref or "", {}, {field: value}, {}, {}, {})
    if field.partition(".")[0] in _unfit(alone, person.kind, now=now, policy=policy):
        return False
    return not persons.taken_elsewhere(person, field, value, at=now, policy=policy)


def _unfit(found: Compared, kind: str, *, now: datetime, policy: Policy) -> set[str]:
    """Fields with a value that no import would let in (K-03 to K-08)."""
    row = {name: rows.clean(value) for name, value in row_of(found.ref, found.theirs, kind=kind).items()}
    problems = rows.check("persons", row, rows.Terms(policy, local_date(now, policy)))
    return {ROW_FIELDS.get(each.field, "") for each in problems if each.effect is Effect.FIX}


# ---------------------------------------------------------------- what is on its way


def open_deliveries(*, person_id: Any = None, account_id: Any = None) -> list[str]:
    """States of the deliveries about this person or account that have not arrived."""
    return _open_of_account(account=account_id) if account_id else _open_of_person(person=person_id)


def before_reading(row: Person | Account) -> tuple[datetime | None, list[str]]:
    """When it was last compared with the CIS, and `open_deliveries`."""
    agreed, states = at_once(base.asked(_noun(row), str(row.ref)), _open_of(row))
    return base.compared_by(agreed), states


def held(row: Held) -> tuple[Held, datetime | None, list[str]]:
    """The person or account as it is now, under its lock until the transaction ends, and what `before_reading` says now."""
    (now,), agreed, states = at_once(
        _LOCKED[type(row)].asked(pk=row.pk), base.asked(_noun(row), str(row.ref)), _open_of(row)
    )
    return now, base.compared_by(agreed), states


def _noun(row: Person | Account) -> str:
    return "person" if isinstance(row, Person) else "account"


def _open_of(row: Person | Account) -> Asked[list[str]]:
    if isinstance(row, Person):
        return _open_of_person.asked(person=row.pk)
    return _open_of_account.asked(account=row.pk)


_LOCKED: dict[type, Prepared[Any]] = {  # as `dated.hold` locks them
    Person: Prepared(lambda pk: Person.objects.select_for_update().filter(pk=pk)),
    Account: Prepared(lambda pk: Account.objects.select_for_update(no_key=True).filter(pk=pk)),
}


def _still_open(**about: Any) -> Any:
    still = Delivery.objects.filter(**about).exclude(state="done").exclude(request__standing=Standing.NOBODY)
    return still.values_list("state", flat=True)


_open_of_person: Prepared[str] = Prepared(lambda person: _still_open(request__person_id=person))
_open_of_account: Prepared[str] = Prepared(lambda account: _still_open(request__account_id=account))


def last_delivered(person_id: Any) -> Delivery | None:
    """The newest delivery about this person that the CIS has answered."""
    done = Delivery.objects.filter(request__person_id=person_id, state="done", answered_at__isnull=False)
    by_machine = done.exclude(answer={}).exclude(request__events__what="settled")
    return by_machine.order_by("-answered_at").first()


def state_of_key(key: str) -> str:
    """How our delivery with this key stands; "" where none has it, "over" where its request came to nothing."""
    found = Delivery.objects.filter(key=key).values_list("state", "request__standing").first() if key else None
    if found is None:
        return "done" if key.endswith(":undo") else ""
    state, standing = found
    return "over" if state != "done" and standing == Standing.NOBODY else str(state)


def may_be_on_their_way(ref: str, read: Mapping[str, Any], *, now: datetime, policy: Policy) -> bool:
    """Does somebody new in the CIS look like one of ours whom we are just telling it of?"""
    waiting = Delivery.objects.exclude(state="done").exclude(request__standing=Standing.NOBODY)
    unknown = set(waiting.filter(request__person__ref=None).values_list("request__person_id", flat=True))
    if not unknown:
        return False
    form = person_index.features(details_of(newcomer_row(ref, read, now=now, policy=policy)))
    return not unknown.isdisjoint(
        Person.objects.filter(pk__in=person_index.candidates(form)).values_list("pk", flat=True)
    )


def newcomer_row(ref: str, read: Mapping[str, Any], *, now: datetime, policy: Policy) -> dict[str, str]:
    """Somebody in the CIS as a row of an import."""
    terms = rows.Terms(policy, local_date(now, policy))
    said = of_person(read, today=terms.today, types=terms.identifier_types)
    return {name: rows.clean(value) for name, value in row_of(ref, said, kind=str(read.get("kind") or "")).items()}


def account_row(ref: str, read: Mapping[str, Any]) -> dict[str, str]:
    """An account in the CIS as a row of an import: its live agreements say where, else the last."""
    said = of_account(read)
    agreements = [value for field, value in said.items() if field.startswith("agreement.")]
    agreements.sort(key=lambda each: (each["status"] not in ("pending_stop", "active", "pending_start"), each["start"]))
    agreements = [each for each in agreements if each["status"] != AgreementStatus.CANCELLED]
    first = agreements[0] if agreements else {}
    return {
        "ref": ref,
        "person_ref": str(said.get("main_customer") or ""),
        "premise_ref": first.get("premise", ""),
        "customer_class": said.get("account", {}).get("customer_class", ""),
        "status": first.get("status", ""),
        "start_date": first.get("start", ""),
        "end_date": first.get("end", ""),
        "balance": said.get("account", {}).get("balance", ""),
    }


def premise_row(ref: str, read: Mapping[str, Any]) -> dict[str, str]:
    """A premise in the CIS as a row of an import."""
    columns = ("division", "line1", "line2", "city", "state", "postal_code", "country")
    services = read.get("services") or {}
    return {"ref": ref, **{name: str(read.get(name) or "") for name in columns}, "service_types": ";".join(services)}


# ---------------------------------------------------------------- for a comparison of everything


def is_known(field: str, said: Any) -> bool:
    """Is everything on file here that the CIS names in this field of an account?"""
    return accounts.is_possible(field, said)


def only_ours(found: Compared) -> list[str]:
    """Live agreements of ours that the CIS does not show."""
    live = (AgreementStatus.PENDING_START, AgreementStatus.ACTIVE, AgreementStatus.PENDING_STOP)
    return [
        field
        for field, value in found.ours.items()
        if field.startswith("agreement.") and field not in found.said and value["status"] in live
    ]


person_of = Prepared(lambda ref: Person.objects.filter(ref=ref)).first
account_of = Prepared(lambda ref: Account.objects.filter(ref=ref)).first
premise_of = Prepared(lambda ref: Premise.objects.filter(ref=ref)).first
"""Who or what is on file under a reference of the CIS; None: nobody."""


def is_on_file(noun: str, ref: str) -> bool:
    return bool(on_file(noun, [ref]))


def is_as_on_file(row: Mapping[str, str]) -> bool:
    """Is a premise here as this row of an import says, so that taking it in would change nothing?"""
    held = premise_of(ref=row["ref"])
    columns = {**row, "service_types": set(row["service_types"].split(";"))}
    return held is not None and columns == {
        **{name: getattr(held, name) for name in row if name != "service_types"},
        "service_types": set(held.services),
    }


def on_file(noun: str, refs: list[str]) -> list[str]:
    """Those of these references that are on file."""
    model: Any = {"person": Person, "account": Account, "premise": Premise}[noun]
    return list(model.objects.filter(ref__in=refs).values_list("ref", flat=True)) if refs else []


def is_of_ours(key: str) -> bool:
    """Does a key look like one that we have given? Another system may use the same CIS under keys of its own."""
    return key.partition(":")[0].startswith("KT-") and ":" in key
