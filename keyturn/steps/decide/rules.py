"""Can the request go on by itself, must staff look, or can it not be met?

The machine never denies for money: debt is flagged for a person to weigh (BR-53, BR-54; domain.md Q11).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from keyturn.terms.days import start_is_late
from keyturn.terms.finding import Effect, Finding, rule
from keyturn.terms.policy import Policy
from keyturn.terms.premise import PremiseFacts, Service


@dataclass(frozen=True, slots=True)
class Debt:
    """An unpaid final bill of the person's own. `ended` is the day the service ended; None where unknown."""

    amount: float
    ended: date | None
    of_a_business: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules need to know. `premise` is None where the address is not on file."""

    today: date
    start_date: date
    services: tuple[Service, ...]
    premise: PremiseFacts | None
    inside_territory: bool
    is_new_person: bool
    is_organisation: bool = False
    has_birth_date: bool = True
    identifier_declined: bool = False
    identifier_given: bool = True
    person_flags: frozenset[str] = frozenset()
    debts: tuple[Debt, ...] = ()
    served_already: frozenset[Service] = frozenset()
    others_with_contact: int = 0
    differs_on: tuple[str, ...] = field(default=())


@rule("D-01", "The address lies where we serve", implements=("BR-40", "ER-04"))
def inside_territory(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.premise is None and not facts.inside_territory:
        yield Finding("D-01", "service_address", Effect.REFUSE)


@rule("D-02", "The premise has a service point for each service asked for", implements=("ER-19",))
def services_are_there(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.premise is not None and set(facts.services) - set(facts.premise.services):
        yield Finding("D-02", "services", Effect.REFER)


@rule(
    "D-03",
    "Nobody else is served there on the start date; a landlord gives way",
    implements=("BR-41", "BR-42", "ER-05"),
)
def premise_is_free(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Occupied without a stop, or stopping too late, or promised to somebody else: staff find out (3.5, 3.6)."""
    if facts.premise is None:
        return
    for each in facts.premise.occupancy:
        taken = each.free_from is None or each.free_from > facts.start_date
        if each.service in facts.services and each.service not in facts.served_already and taken and not each.landlord:
            yield Finding("D-03", "service_address", Effect.REFER, {"service": str(each.service)})


@rule("D-04", "The person does not have this service there already", implements=("BR-43", "ER-06"))
def not_served_already(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.served_already & set(facts.services):
        yield Finding("D-04", "services", Effect.REFER)


@rule(
    "D-05",
    "An unpaid final bill that may be held against the person is weighed by staff",
    implements=("BR-53", "BR-54", "BR-58", "ER-16"),
)
def no_old_debt(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Only the person's own debt, not one that they guaranteed, and only above the minimum. Not debt older than the law
    lets us hold against them, nor a business's bill against a home."""
    counted = [debt for debt in facts.debts if facts.is_organisation or not debt.of_a_business]
    owed = sum(debt.amount for debt in counted if not _lapsed(debt, facts.today, policy.debt_age_limit_years))
    if owed >= policy.debt_refer_minimum:
        yield Finding("D-05", "", Effect.REFER)


def _lapsed(debt: Debt, today: date, years: int) -> bool:
    if debt.ended is None:
        return False
    return (today.year - debt.ended.year, today.timetuple()[1:3]) >= (years, debt.ended.timetuple()[1:3])


@rule("D-06", "A new person's e-mail and phone are not already used by many others", implements=("BR-61",))
def contact_is_not_widely_shared(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.is_new_person and facts.others_with_contact >= policy.shared_contact_limit:
        yield Finding("D-06", "email", Effect.REFER)


@rule("D-07", "A new person's birth date is known, so that we know that they may sign", implements=("ER-32",))
def birth_date_is_known(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.is_new_person and not facts.is_organisation and not facts.has_birth_date:
        yield Finding("D-07", "date_of_birth", Effect.REFER)


@rule("D-08", "Who says that they have no accepted identifier is helped by staff", implements=("BR-52", "BR-61"))
def identifier_is_given(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if facts.identifier_declined or (policy.identifier_required and not facts.identifier_given):
        yield Finding("D-08", "id_type", Effect.REFER)


@rule("D-09", "Nobody on file with a warning is served without a look", implements=("BR-61",))
def person_has_no_warning(facts: Facts, policy: Policy) -> Iterator[Finding]:
    for flag in sorted(facts.person_flags):
        yield Finding("D-09", "", Effect.REFER, {"flag": flag})


@rule("D-10", "What a known person says differently from the file is kept as a proposal", implements=("BR-07", "BR-61"))
def file_agrees(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """I4: noted for staff, stored beside, never written over the file (step 5.4)."""
    for name in facts.differs_on:
        yield Finding("D-10", name, Effect.NOTE)


@rule("D-11", "The start date has not passed while the request was looked at", implements=("ER-19", "BR-44"))
def start_is_not_past(facts: Facts, policy: Policy) -> Iterator[Finding]:
    if start_is_late(facts.start_date, today=facts.today, policy=policy):
        yield Finding("D-11", "start_date", Effect.NOTE)


RULES: tuple[Callable[[Facts, Policy], Iterator[Finding]], ...] = (
    inside_territory, services_are_there, premise_is_free, not_served_already, no_old_debt,
    contact_is_not_widely_shared, birth_date_is_known, identifier_is_given, person_has_no_warning, file_agrees,
    start_is_not_past,
)  # fmt: skip


def check(facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Every rule's findings, in order."""
    return tuple(found for each in RULES for found in each(facts, policy))


@rule("D-12", "A postal code tells whether an address not on file can be ours", implements=("BR-40", "ER-04"))
def postal_code_is_ours(postal_code: str, policy: Policy, *, premises_nearby: bool) -> bool:
    """Ours are the profile's prefixes and every postal code in which we serve somebody. No postal code: staff find out."""
    code = postal_code.strip()
    return not code or premises_nearby or any(code.startswith(prefix) for prefix in policy.territory_postal_codes)


@rule("D-13", "Who is turned away learns who serves the address", implements=("BR-40", "ER-04"))
def who_serves(postal_code: str, policy: Policy) -> str:
    """The neighbouring utility for a postal code, by the longest prefix; "" where we do not know."""
    fitting = [prefix for prefix in policy.neighbours if postal_code.strip().startswith(prefix)]
    return policy.neighbours[max(fitting, key=len)] if fitting else ""
