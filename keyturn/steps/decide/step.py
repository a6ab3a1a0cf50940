"""Which facts does the decision about a request rest on, and what do the rules say to them?"""

from datetime import date, datetime

from keyturn.journeys.applicant import applicant, service_address
from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.records.models import Person, Request
from keyturn.records.queries import persons, premises
from keyturn.steps.decide import rules
from keyturn.terms.days import local_date
from keyturn.terms.person import Kind, PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.premise import Service
from keyturn.terms.request import Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    return Verdict(rules.check(facts_about(request, now=now, policy=policy), policy))


def facts_about(request: Request, *, now: datetime, policy: Policy) -> rules.Facts:
    """Read what the rules need. Dates are the utility's local ones."""
    answers, details, person = request.answers, applicant(request.answers), request.person
    return rules.Facts(
        today=local_date(now, policy),
        start_date=date.fromisoformat(answers["start_date"]),
        services=tuple(Service(each) for each in answers["services"]),
        premise=premises.facts(request.premise) if request.premise else None,
        inside_territory=_inside(request, policy),
        is_new_person=person is None,
        is_organisation=details.kind is Kind.ORGANISATION,
        has_birth_date=details.date_of_birth is not None,
        identifier_declined=answers.get("id_type") == "none",
        identifier_given=bool(details.identifiers),
        person_flags=frozenset(person.flags) if person else frozenset(),
        debts=_debts(person, now, policy),
        served_already=frozenset(Service(each) for each in _served(person, request, now)),
        others_with_contact=_others(details, now) if person is None else 0,
        differs_on=tuple(name for name, _ in persons.differences(details, person, at=now)) if person else (),
    )


def _inside(request: Request, policy: Policy) -> bool:
    address = service_address(request.answers)
    code = address.postal_code if address else ""
    return rules.postal_code_is_ours(code, policy, premises_nearby=premises.inside(code))


def _debts(person: Person | None, now: datetime, policy: Policy) -> tuple[rules.Debt, ...]:
    if person is None:
        return ()
    business = policy.customer_class_organisation
    return tuple(
        rules.Debt(float(account.balance), ended, account.customer_class == business)
        for account, ended in persons.unpaid_final_bills(person.pk, at=now)
    )


def _served(person: Person | None, request: Request, now: datetime) -> list[str]:
    return persons.served_at(person.pk, request.premise_id, at=now) if person and request.premise_id else []


def _others(details: PersonDetails, now: datetime) -> int:
    contacts = [*map(normal_email, details.emails), *map(normal_phone, details.phones)]
    return len(persons.sharing_contact(contacts, at=now))
