"""What does an accepted request write into the registry? Person or link, account, pending agreements, consents.

Runs in the transaction that searched and decided, under its locks. The CIS's own references are added when the CIS
has answered (`sync`).
"""

from datetime import date, datetime

from keyturn.journeys.applicant import applicant
from keyturn.matching.identifiers import PARTIAL_TYPES
from keyturn.records import person_index
from keyturn.records.models import (
    Account,
    AccountPerson,
    Consent,
    NotSamePerson,
    Person,
    PersonAddress,
    PersonContact,
    PersonIdentifier,
    PersonLink,
    PersonName,
    Proposal,
    Request,
    ServiceAgreement,
    ServicePoint,
)
from keyturn.records.queries import persons
from keyturn.steps.establish import rules
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import PASS, Actor, Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Write once: a request that has its account already is left as it is."""
    if request.account_id:
        return PASS
    details = applicant(request.answers)
    is_new = request.person is None
    if request.person is None:
        request.person = _new_person(request, details, now=now, policy=policy)
    else:
        _propose(request, details, now)
    PersonLink.objects.create(
        request=request,
        person=request.person,
        created_person=is_new,
        automatic=rules.link_is_automatic(request.person_decision),
        made_by=request.person_decision.get("by", "worker"),
        made_at=now,
    )
    _remember_not_same(request, now)
    request.account = _account(request, details, now=now, policy=policy)
    _agreements(request)
    _consents(request, now)
    return Verdict(data={"person": str(request.person_id), "account": str(request.account_id), "new_person": is_new})


def _new_person(request: Request, details: PersonDetails, *, now: datetime, policy: Policy) -> Person:
    person = Person.objects.create(
        kind=str(details.kind), date_of_birth=details.date_of_birth, created_at=now, updated_at=now,
        language=request.answers.get("language") or request.language,
    )  # fmt: skip
    PersonName.objects.create(
        person=person, given_name=details.given_name, middle_name=details.middle_name, family_name=details.family_name,
        suffix=details.suffix, organisation_name=details.organisation_name, valid_from=now,
    )  # fmt: skip
    _write_contacts(request, person, details, now=now, policy=policy)
    _write_identifiers(request, person, details, now=now, policy=policy)
    for address in details.addresses[:1] if request.answers.get("mailing_address") else ():
        PersonAddress.objects.create(person=person, valid_from=now, **address.as_json())
    person_index.enter(person.pk, details)
    return person


def _write_contacts(request: Request, person: Person, details: PersonDetails, *, now: datetime, policy: Policy) -> None:
    proved = set(request.evidence.filter(kind__in=("email", "phone")).values_list("kind", flat=True))
    seen: set[str] = set()
    for contact in rules.contacts_of(details, country=policy.country):
        PersonContact.objects.create(
            person=person, channel=contact.channel, value=contact.value, normalised=contact.normalised, valid_from=now,
            status="verified" if contact.channel in proved else "pending",
            verified_at=now if contact.channel in proved else None,
            is_primary=contact.channel not in seen,
        )  # fmt: skip
        seen.add(contact.channel)


def _write_identifiers(
    request: Request, person: Person, details: PersonDetails, *, now: datetime, policy: Policy
) -> None:
    proved = request.evidence.filter(kind="identity").exists()
    for number, (each, (_kind, digest)) in enumerate(zip(details.identifiers, _digests(details), strict=False)):
        row = PersonIdentifier(
            person=person, id_type=each.id_type, digest=digest, last_four=each.value[-4:],
            unique_by_nature=each.id_type in policy.unique_identifiers,
            is_primary=number == 0 and each.id_type not in PARTIAL_TYPES,
            verified_at=now if proved else None,
        )  # fmt: skip
        # Staff may have let a shared identifier pass (M-04): it is kept on both, and is unique on neither from then on.
        taken = PersonIdentifier.objects.filter(
            id_type=row.id_type, digest=digest, unique_by_nature=True, valid_to=None
        )
        row.unique_by_nature = row.unique_by_nature and not taken.exists()
        row.value = each.value
        row.save(force_insert=True)


def _digests(details: PersonDetails) -> list[tuple[str, str]]:
    found = dict(person_index.features(details).identifiers)
    return [(each.id_type, found[each.id_type]) for each in details.identifiers if each.id_type in found]


def _propose(request: Request, details: PersonDetails, now: datetime) -> None:
    """I4: what differs from the file is stored beside it."""
    for name, value in persons.differences(details, request.person):
        proposal = Proposal(request=request, person=request.person, field=name, created_at=now)
        proposal.value = value
        proposal.save(force_insert=True)


def _remember_not_same(request: Request, now: datetime) -> None:
    for other in request.person_decision.get("new", ()):
        one, two = sorted([str(request.person_id), other])
        NotSamePerson.objects.get_or_create(
            one_id=one, other_id=two, defaults={"said_by": request.person_decision.get("by", ""), "said_at": now}
        )


def _account(request: Request, details: PersonDetails, *, now: datetime, policy: Policy) -> Account:
    """The person's live account of the same division and class, or a new one (BR-01)."""
    assert request.premise is not None
    division = request.premise.division
    customer_class = rules.customer_class(details.kind, policy)
    live = persons.live_account(request.person_id, division=division, customer_class=customer_class)
    if live is not None:
        return live
    account = Account.objects.create(
        division=division, customer_class=customer_class, set_up_on=now.date(),
        language=request.answers.get("language") or request.language,
        paperless=request.answers.get("paperless") is True,
    )  # fmt: skip
    AccountPerson.objects.create(account=account, person=request.person, **rules.main_customer())
    return account


def _agreements(request: Request) -> None:
    start = date.fromisoformat(request.answers["start_date"])
    for service in request.answers["services"]:
        point, _made = ServicePoint.objects.get_or_create(premise=request.premise, service=service)
        ServiceAgreement.objects.get_or_create(
            account=request.account,
            service_point=point,
            status=AgreementStatus.PENDING_START,
            defaults={"start_date": start},
        )


def _consents(request: Request, now: datetime) -> None:
    Consent.objects.bulk_create(
        Consent(
            request=request, person=request.person, purpose=purpose, wording_version="1", language=request.language,
            how=request.channel, given_at=now,
        )
        for purpose in request.answers.get("consents", ())
    )  # fmt: skip


def take_back(request: Request, *, actor: Actor, now: datetime) -> None:
    """Undo in the registry what a request that ends in a refusal had written (I6); the person stays on file."""
    request.links.filter(undone_at=None).update(undone_at=now, undone_by=f"{actor.role}:{actor.ident}"[:80])
    if request.account_id:
        ServiceAgreement.objects.filter(
            account_id=request.account_id, service_point__premise_id=request.premise_id, ref=None,
            service_point__service__in=request.answers["services"], status=AgreementStatus.PENDING_START,
        ).update(status=AgreementStatus.CANCELLED)  # fmt: skip
