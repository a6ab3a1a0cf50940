"""What does an accepted request write into the registry? Person or link, account, pending agreements, consents.

Runs in the transaction that searched and decided, under its locks. The CIS's own references are added when the CIS
has answered (`sync`).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Model

from keyturn.journeys.applicant import applicant, held_against_file, mailing_address
from keyturn.journeys.wordings import VERSION, wording
from keyturn.matching.features import Features
from keyturn.matching.identifiers import PARTIAL_TYPES, normal_identifier
from keyturn.records import consents, person_index, writing
from keyturn.records.crypto import digest
from keyturn.records.models import (
    Account,
    AccountPerson,
    BlindReview,
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
from keyturn.records.prepared import Asked, Prepared, at_once
from keyturn.records.queries import persons, proofs
from keyturn.steps.establish import rules
from keyturn.terms.days import local_date
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import PASS, Actor, Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Write once: a request that has its account already is left as it is."""
    if request.established_at:
        return PASS
    details = applicant(request.answers)
    form = person_index.features(details)
    is_new = request.person is None
    customer_class = rules.customer_class(details.kind, policy)
    points, known = at_once(
        _points.asked(premise=request.premise_id, services=request.answers["services"]),
        _asked_of_new(form, policy, now) if is_new else _asked_of_known(request, customer_class, now),
    )
    if rules.may_write_person(is_new=is_new):
        rows = _new_person(request, details, form, taken=known, now=now, policy=policy)
    else:
        request.account = next(iter(known), None)
        rows = _proposals(request, now)
    account = _account(request, customer_class, now=now, policy=policy)
    agreements = _agreements(request, dict(points), is_new_account=bool(account))
    request.established_at = now
    link = _link(request, is_new=is_new, now=now)
    again = _looked_at_again(request, link, now=now, policy=policy)
    writing.beside(request, [*rows, *account, link, *agreements, *_consents(request, bool(account), now)], also=again)
    _remember_not_same(request, now)
    return Verdict(data={"person": str(request.person_id), "account": str(request.account_id), "new_person": is_new})


_points = Prepared(
    lambda premise, services: ServicePoint.objects.filter(premise=premise, service__in=services).values_list(
        "service", "pk"
    )
)


def _asked_of_new(form: Features, policy: Policy, now: datetime) -> Asked[list[str]]:
    """Which of their identifiers stand on a file already. Staff may have let a shared one pass (M-04)."""
    wanted = [each for id_type, each in form.identifiers if id_type in policy.unique_identifiers]
    return persons.digests_held.asked(digests=wanted, at=now)


def _asked_of_known(request: Request, customer_class: str, now: datetime) -> Asked[list[Account]]:
    """The live account of the same division and class, if any (BR-01)."""
    assert request.premise is not None
    division = request.premise.division
    return persons.live_accounts.asked(
        person=request.person_id, division=division, customer_class=customer_class, at=now
    )


def _new_person(
    request: Request, details: PersonDetails, form: Features, *, taken: list[str], now: datetime, policy: Policy
) -> list[Model]:
    person = request.person = Person(
        kind=str(details.kind), date_of_birth=details.date_of_birth, created_at=now, updated_at=now,
        language=request.answers.get("language") or request.language,
    )  # fmt: skip
    name = PersonName(
        person=person, given_name=details.given_name, middle_name=details.middle_name, family_name=details.family_name,
        suffix=details.suffix, organisation_name=details.organisation_name, **_entered(request, now),
    )  # fmt: skip
    mailing = mailing_address(request.answers)
    proved = _proved(request, form)
    return [
        person,
        name,
        *_contacts(request, details, proved, now=now, policy=policy),
        *_identifiers(request, details, form, proved, taken, now=now, policy=policy),
        *(PersonAddress(person=person, **_entered(request, now), **each.as_json()) for each in (mailing,) if each),
        *person_index.entries(person.pk, form),
    ]


def _entered(request: Request, now: datetime) -> dict[str, Any]:
    return {"valid_from": now, "recorded_at": now, "source": f"request:{request.pk}"}


def _proved(request: Request, form: Features) -> set[str]:
    """Of which kinds these very details were proved; what was changed after its proof is not (M-06)."""
    evidence = {(each.kind, each.subject) for each in proofs.of(request)}
    subjects = {
        "email": [digest("email", each) for each in form.emails],
        "phone": [digest("phone", each) for each in form.phones],
        "identity": [each for _type, each in form.identifiers],
    }
    return {kind for kind, each in subjects.items() if any((kind, subject) in evidence for subject in each)}


def _contacts(
    request: Request, details: PersonDetails, proved: set[str], *, now: datetime, policy: Policy
) -> Iterator[Model]:
    seen: set[str] = set()
    for contact in rules.contacts_of(details, country=policy.country):
        yield PersonContact(
            person=request.person, channel=contact.channel, value=contact.value, normalised=contact.normalised,
            status="verified" if contact.channel in proved else "pending",
            verified_at=now if contact.channel in proved else None,
            is_primary=contact.channel not in seen,
            **_entered(request, now),
        )  # fmt: skip
        seen.add(contact.channel)


def _identifiers(
    request: Request,
    details: PersonDetails,
    form: Features,
    proved: set[str],
    taken: list[str],
    *,
    now: datetime,
    policy: Policy,
) -> Iterator[Model]:
    digests = dict(form.identifiers)
    for number, each in enumerate(each for each in details.identifiers if each.id_type in digests):
        row = PersonIdentifier(
            person=request.person, id_type=each.id_type, digest=digests[each.id_type],
            last_four=normal_identifier(each.value)[-4:],
            is_primary=number == 0 and each.id_type not in PARTIAL_TYPES,
            verified_at=now if "identity" in proved else None,
            **_entered(request, now),
        )  # fmt: skip
        # A shared identifier that staff have let pass is kept on both, and is unique on the first only.
        row.unique_by_nature = each.id_type in policy.unique_identifiers and row.digest not in taken
        row.value = each.value
        yield row


def _proposals(request: Request, now: datetime) -> list[Model]:
    """I4: what differs from the file is stored beside it."""
    assert request.person and request.premise
    served = request.premise.address
    said = held_against_file(request.answers, served)
    rows: list[Model] = []
    for name, value in (*persons.differences(said, request.person, served=served, at=now), *_choices(request)):
        proposal = Proposal(request=request, person=request.person, field=name, created_at=now)
        proposal.value = value
        rows.append(proposal)
    return rows


def _choices(request: Request) -> Iterator[tuple[str, str]]:
    """What they chose for letters and bills, where their file or the account that goes on says otherwise."""
    assert request.person
    language, paperless = request.answers.get("language"), request.answers.get("paperless")
    if language and language != request.person.language:
        yield "language", language
    if request.account and paperless is not None and paperless != request.account.paperless:
        yield "paperless", "on" if paperless else "off"


def _link(request: Request, *, is_new: bool, now: datetime) -> PersonLink:
    return PersonLink(
        request=request,
        person=request.person,
        created_person=is_new,
        automatic=rules.link_is_automatic(request.person_decision),
        made_by=request.person_decision.get("by", "worker"),
        made_at=now,
    )


def _looked_at_again(request: Request, link: PersonLink, *, now: datetime, policy: Policy) -> list[Asked[Any]]:
    """A share of what the machine linked waits for somebody who is not told of it (quality.md section 2, policy 6).

    Who was linked to them before, and then corrected, is asked about once: one that waits is about this link now.
    """
    by_machine = link.automatic and not link.created_person
    mark = digest("looked at again", str(request.pk))
    if not (by_machine and rules.is_looked_at_again(mark, share=policy.blind_review_share)):
        return []
    review = BlindReview(
        request=request, person=link.person, link=link, model_version=request.model_version, chosen_at=now
    )
    return [writing.insertion(review, otherwise=_OF_THIS_LINK)]


_OF_THIS_LINK = """ON CONFLICT (request_id, person_id)
DO UPDATE SET link_id = excluded.link_id, decoy = false WHERE blind_review.verdict = ''"""


def _remember_not_same(request: Request, now: datetime) -> None:
    others = persons.ends_of(request.person_decision.get("new", ())) - {str(request.person_id)}
    pairs = [sorted([str(request.person_id), other]) for other in sorted(others)]
    related = request.person_decision.get("related", {})
    said_by = request.person_decision.get("by", "")
    NotSamePerson.objects.bulk_create(
        [
            NotSamePerson(
                one_id=one, other_id=two, relation=related.get(one) or related.get(two, ""), said_by=said_by, said_at=now
            )
            for one, two in pairs
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _account(request: Request, customer_class: str, *, now: datetime, policy: Policy) -> list[Model]:
    """A new one, where there is no live one (BR-01)."""
    assert request.premise is not None
    if request.account is not None:
        return []
    request.account = Account(
        division=request.premise.division, customer_class=customer_class, set_up_on=local_date(now, policy),
        language=request.answers.get("language") or request.language,
        paperless=request.answers.get("paperless") is True,
    )  # fmt: skip
    part = AccountPerson(
        account=request.account, person=request.person, **rules.main_customer(), **_entered(request, now)
    )
    return [request.account, part]


_begun = Prepared(
    lambda account: ServiceAgreement.objects.filter(account=account, status=AgreementStatus.PENDING_START).values_list(
        "service_point_id", flat=True
    )
)


def _agreements(request: Request, known: dict[str, object], *, is_new_account: bool) -> list[Model]:
    """An agreement that begins already is not begun twice. Of two that write one at once, one fails and looks again."""
    points = _service_points(request.premise_id, request.answers["services"], known)
    begun = set() if is_new_account else set(_begun(account=request.account_id))
    start = date.fromisoformat(request.answers["start_date"])
    return [
        ServiceAgreement(
            account=request.account, service_point_id=point, status=AgreementStatus.PENDING_START, start_date=start
        )
        for point in points
        if point not in begun
    ]


def _service_points(premise_id: object, services: Sequence[str], known: dict[str, object]) -> list[object]:
    """Ids of the premise's points for these services. One that is not on file yet is made, by whoever comes first."""
    if set(services) - set(known):
        missing = [ServicePoint(premise_id=premise_id, service=each) for each in services if each not in known]
        ServicePoint.objects.bulk_create(missing, ignore_conflicts=True)
        known = dict(_points(premise=premise_id, services=services))
    return list(known.values())


def _consents(request: Request, is_new_account: bool, now: datetime) -> list[Model]:
    """What they agreed to, bills by e-mail for the new account among it (BR-67)."""
    given = [(purpose, "") for purpose in request.answers.get("consents", ())]
    if is_new_account and request.answers.get("paperless") is True:
        given.append(("paperless", "email"))
    return [
        consents.entry(
            purpose, person=request.person, given=True, how=request.channel, language=request.language,
            wording=wording(purpose), version=VERSION, now=now, channel=channel, request=request,
        )
        for purpose, channel in given
    ]  # fmt: skip


def take_back(request: Request, *, actor: Actor, now: datetime) -> None:
    """Undo in the registry what a request that ends in a refusal had written (I6); the person stays on file."""
    if request.established_at is None:
        return
    request.links.filter(undone_at=None).update(undone_at=now, undone_by=actor.origin)
    if request.account_id:
        ServiceAgreement.objects.filter(
            account_id=request.account_id, service_point__premise_id=request.premise_id, ref=None,
            service_point__service__in=request.answers["services"], status=AgreementStatus.PENDING_START,
        ).update(status=AgreementStatus.CANCELLED)  # fmt: skip
