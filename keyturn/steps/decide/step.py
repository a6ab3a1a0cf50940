"""Which facts does the decision about a request rest on, and what do the rules say to them?"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from keyturn.journeys.applicant import applicant, held_against_file, service_address
from keyturn.journeys.journey import Answers
from keyturn.matching.contacts import normal_email, normal_phone
from keyturn.records.models import Person, Premise, Request
from keyturn.records.prepared import NOTHING, Asked, at_once
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
    answers, person, place = request.answers, request.person, request.premise
    details, code = applicant(answers), _postal_code(answers)
    nearby, occupied, *about = at_once(
        premises.one_in.asked(postal=code[:5]) if code else NOTHING,
        premises.live_at.asked(premise=place.pk) if place else NOTHING,
        *(_asked_about(person, place, now) if person else [_asked_about_contacts(details, now)]),
    )
    if person:
        person.parts = about[2:]
    return rules.Facts(
        today=local_date(now, policy),
        start_date=date.fromisoformat(answers["start_date"]),
        services=tuple(Service(each) for each in answers["services"]),
        premise=premises.facts(place, occupied) if place else None,
        inside_territory=rules.postal_code_is_ours(code, policy, premises_nearby=bool(nearby)),
        is_new_person=person is None,
        is_organisation=details.kind is Kind.ORGANISATION,
        has_birth_date=details.date_of_birth is not None,
        identifier_declined=answers.get("id_type") == "none",
        identifier_given=bool(details.identifiers),
        person_flags=frozenset(person.flags) if person else frozenset(),
        debts=_debts(about[0], policy) if person else (),
        served_already=frozenset(Service(each) for each in about[1]) if person else frozenset(),
        others_with_contact=0 if person else len(about[0]),
        differs_on=_differs_on(answers, person, place, now) if person else (),
    )


def _differs_on(answers: Answers, person: Person, place: Premise | None, now: datetime) -> tuple[str, ...]:
    served = place.address if place else None
    said = held_against_file(answers, served)
    return tuple(name for name, _ in persons.differences(said, person, served=served, at=now))


def _postal_code(answers: Answers) -> str:
    address = service_address(answers)
    return address.postal_code if address else ""


def _asked_about(person: Person, place: Premise | None, now: datetime) -> list[Asked[Any]]:
    """Debts, services here, and what is on file."""
    return [
        persons.unpaid_final_bills.asked(person=person.pk, at=now),
        persons.served_at.asked(person=person.pk, premise=place.pk, at=now) if place else NOTHING,
        *persons.parts_of(person.pk, at=now),
    ]


def _asked_about_contacts(details: PersonDetails, now: datetime) -> Asked[list[Any]]:
    """Who else uses them."""
    contacts = [*map(normal_email, details.emails), *map(normal_phone, details.phones)]
    return persons.sharing_contact.asked(normalised=[each for each in contacts if each], at=now)


def _debts(unpaid: Iterable[Any], policy: Policy) -> tuple[rules.Debt, ...]:
    business = policy.customer_class_organisation
    return tuple(rules.Debt(float(each.balance), each.ended, each.customer_class == business) for each in unpaid)
