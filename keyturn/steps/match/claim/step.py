"""What is on file under the account number that was typed, and whom of them do the other details name?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyturn.journeys.link_account import CODES
from keyturn.matching.identifiers import normal_identifier
from keyturn.records.models import Account, AccountPerson, Person, PersonAddress, PersonIdentifier, Premise, Request
from keyturn.records.models.dated import holds_at
from keyturn.steps.match.claim import rules
from keyturn.terms import account_number, verification
from keyturn.terms.policy import Policy
from keyturn.terms.request import Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """`account` may be found without a `person`: then the other details fit nobody on it, or more than one."""

    account: Account | None = None
    person: Person | None = None
    role: AccountPerson | None = None


def look(request: Request, *, now: datetime, policy: Policy) -> Found:
    """Search. Nothing of it is shown to anybody but staff."""
    answers: Any = request.answers
    ref = account_number.ref_of(str(answers.get("account_number") or ""), digits=policy.account_number_digits)
    account = Account.objects.filter(ref=ref).first() if ref else None
    if account is None:
        return Found()
    roles = list(AccountPerson.objects.filter(holds_at(now), account=account).select_related("person__redirect_to"))
    groups = verification.groups(policy.verification, str(answers.get("line_of_business") or ""))
    places = _postal_codes(account)
    known = [_known(each.person, places, now) for each in roles]
    one = rules.the_one(each.person_id for each in known if groups and rules.fits(groups, answers, each))
    role = next((each for each in roles if str(each.person_id) == one), None)
    return Found(account, role.person if role else None, role)


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """For staff, or when a proof has come: what was found stands on the request from now on."""
    found = look(request, now=now, policy=policy)
    request.account, request.person = found.account, found.person
    by_staff = request.answers.get("proof") == "desk"
    findings = tuple(rules.is_found(str(found.person.pk) if found.person else "", by_staff=by_staff))
    if findings and not by_staff:
        request.account = request.person = None
    return Verdict(findings, {"proof": str(request.answers.get("proof"))})


def is_code(request: Request) -> bool:
    """Whether this claim is to be proved by a code."""
    return request.answers.get("proof") in CODES


def _postal_codes(account: Account) -> frozenset[str]:
    places = Premise.objects.filter(service_points__agreements__account=account)
    return frozenset(places.values_list("postal_code", flat=True))


def _known(person: Person, places: frozenset[str], now: datetime) -> rules.Known:
    names = list(person.names.filter(holds_at(now), name_type__in=("primary", "legal", "alias", "dba")))
    mailing = PersonAddress.objects.filter(holds_at(now), person=person, purpose="mailing")
    phones = person.contacts.filter(holds_at(now), channel="phone")
    identifiers = PersonIdentifier.objects.filter(holds_at(now), person=person)
    return rules.Known(
        person_id=str(person.pk),
        given_names=frozenset(each.given_name for each in names),
        family_names=frozenset(each.family_name for each in names),
        organisation_names=frozenset(each.organisation_name for each in names),
        postal_codes=places | frozenset(mailing.values_list("postal_code", flat=True)),
        phones=frozenset(phones.values_list("normalised", flat=True)),
        identifiers_last4=frozenset(normal_identifier(each.value)[-4:] for each in identifiers),  # "-321" is no four
        date_of_birth=person.date_of_birth.isoformat() if person.date_of_birth else "",
    )
