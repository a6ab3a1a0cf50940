"""What is the CIS told about a request, and what do we keep of its answer?"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from keyturn.journeys.applicant import applicant, mailing_address
from keyturn.records import cis_refs, writing
from keyturn.records.models import Account, Delivery, Person, PersonLink, Request, ServiceAgreement
from keyturn.records.prepared import Asked, Prepared, at_once
from keyturn.records.queries import persons
from keyturn.steps.sync import rules
from keyturn.terms.cis import Answer, Command, EstablishService
from keyturn.terms.errors import InDoubt, KeyturnError
from keyturn.terms.person import PersonDetails
from keyturn.terms.policy import Policy
from keyturn.terms.premise import Service
from keyturn.terms.request import Standing, Verdict


def run(request: Request, *, now: datetime, policy: Policy) -> Verdict:
    """Record the intent, in the transaction that established: from here on the request has a delivery.

    One that was corrected has its delivery already, and its key for ever (S-01).
    """
    first = Delivery(request=request, key=rules.key_for(request.reference), created_at=now)
    writing.beside(request, also=[writing.insertion(first, otherwise="ON CONFLICT DO NOTHING")])
    return Verdict(data={"key": first.key})


def again(request: Request) -> Verdict:
    """Let the CIS be told once more of what it refused. An earlier try may arrive yet, so it is asked about that first."""
    Delivery.objects.filter(request=request, state="rejected").update(state="in_doubt", problem="")
    return Verdict(data={"key": rules.key_for(request.reference)})


def command_for(request: Request, policy: Policy) -> EstablishService:
    """The command, built at the moment of sending: meanwhile the CIS may have come to know the person or the account."""
    assert request.person and request.account
    known = request.person.ref or ""
    return service_for(
        request,
        customer_class=request.account.customer_class,
        division=request.account.division,
        language=request.account.language,
        person_ref=known,
        person=None if known else _described(request),
        account_ref=request.account.ref or "",
        paperless=(request.account.paperless and not request.account.ref) or None,
    )


def service_for(request: Request, **whose: Any) -> EstablishService:
    """What is asked for and where, by the request's answers; `whose` it is, by who builds the command."""
    assert request.premise
    answers = request.answers
    return EstablishService(
        request_reference=request.reference,
        premise_ref=request.premise.ref,
        services=tuple(Service(each) for each in answers["services"]),
        start_date=date.fromisoformat(answers["start_date"]),
        mailing_address=mailing_address(answers),
        origin={"channel": request.channel},
        **whose,
    )


def _described(request: Request) -> PersonDetails:
    """A person whom the CIS does not know: as they applied, or, where another request entered them, as on file (I4)."""
    entered_here = getattr(request.person, "entered_here", None)  # read with their lock (`must_wait_for_another`)
    if entered_here is None:
        entered_here = request.links.filter(person=request.person_id, created_person=True).exists()
    if entered_here:
        return applicant(request.answers)
    return persons.details_of(persons.with_parts(at=request.updated_at).get(pk=request.person_id))


def keep_answer(request: Request, delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """Write the CIS's references into the registry, once. A person who was established meanwhile keeps theirs."""
    writing.beside(request, also=cis_refs.entered(request, answer))
    close(delivery, answer, now=now)


def keep_person(request: Request, answer: Answer) -> None:
    """The person stays in the CIS when the service that was begun for them there is cancelled: they keep its reference,
    unless somebody else is known here by it."""
    if answer.person_ref and answer.person_ref not in elsewhere(request, answer):
        Person.objects.filter(pk=request.person_id, ref=None).update(ref=answer.person_ref)


def close(delivery: Delivery, answer: Answer, *, now: datetime) -> None:
    """Keep what the CIS answered: it has been told."""
    delivery.state = "done"
    delivery.answer = _as_json(answer)
    delivery.answered_at = now
    delivery.leased_until = delivery.next_try_at = delivery.parked_at = delivery.in_doubt_since = None
    delivery.problem = ""
    writing.beside(delivery.request, changed=[delivery])


def _as_json(answer: Answer) -> dict[str, Any]:
    return {
        "person_ref": answer.person_ref,
        "account_ref": answer.account_ref,
        "agreement_refs": dict(answer.agreement_refs),
    }


def kept_answer(delivery: Delivery) -> Answer:
    """What `close` has kept."""
    return Answer(**{name: value for name, value in delivery.answer.items() if name != "besides"})


def keep_besides(delivery: Delivery, done: Answer) -> None:
    """What the CIS did besides what staff had settled it with (S-17), for staff to see."""
    delivery.answer = {**delivery.answer, "besides": _as_json(done)}
    delivery.save(update_fields=["answer"])


def keep_problem(delivery: Delivery, problem: KeyturnError, plan: rules.Plan, *, doubted: bool, now: datetime) -> None:
    """Write down what a try came to. Only a code is kept: a CIS's text may quote what it was sent.

    `doubted`: an earlier try was in doubt already. That nobody could be asked about it does not end the doubt (S-02).
    """
    if plan.next in (rules.Next.STAFF, rules.Next.ANOTHERS):  # asked about anew once staff let it go on
        delivery.state = "rejected"
    elif plan.next in (rules.Next.LOOK_FIRST, rules.Next.CHANGED_THERE):
        delivery.state = "intended"
    else:
        delivery.state = "in_doubt" if doubted or isinstance(problem, InDoubt) else "intended"
    delivery.in_doubt_since = (delivery.in_doubt_since or now) if delivery.state == "in_doubt" else None
    delivery.problem = problem.code[:80]
    delivery.leased_until = None
    delivery.next_try_at = plan.at
    delivery.save()


def park(delivery: Delivery, *, now: datetime) -> None:
    """Let it wait for the CIS without a job (S-07, S-09): it is let go again in its turn."""
    delivery.parked_at = now
    delivery.save(update_fields=["parked_at"])


def waiting(*, most: int) -> list[Delivery]:
    """What waits so, the oldest first, held until the transaction ends; what another holds is left aside."""
    parked = Delivery.objects.select_for_update(skip_locked=True).filter(parked_at__isnull=False)
    return list(parked.order_by("created_at", "id").only("id", "key", "request_id")[:most])


def start_again(request: Request, *, now: datetime) -> None:
    """Count from one again; a delivery in doubt stays in doubt and is looked up first."""
    Delivery.objects.filter(request=request).update(tries=0, leased_until=None, next_try_at=now, parked_at=None)


def must_wait_for_another(request: Request, delivery: Delivery) -> bool:
    """Whether another request of the same person is on its way: only one of the two may tell the CIS of the person.

    Holds the person's row, so that two who look at one moment see each other. Who is with the CIS already goes first,
    else the older one; clocks of two machines differ, so age alone does not tell. A delivery that stands with staff or
    waits for the customer's answer, and did nothing, holds up nobody, one in doubt or given up does.

    The account is read last: where the other one is over by then, what the CIS called the account stands there.
    """
    (request.person,), open_ones, account = at_once(
        _person.asked(pk=request.person_id, request=request.pk),
        _open_ones.asked(person=request.person_id),
        _account.asked(request=request.pk),
    )
    request.account = next(iter(account), None)
    return any(
        _goes_first(delivery, state=state, is_older=(created_at, pk) < (delivery.created_at, delivery.pk))
        for pk, state, created_at in open_ones
        if pk != delivery.pk and state != "done"
    )


_person = Prepared(
    lambda pk, request: (
        Person.objects.annotate(
            entered_here=Exists(PersonLink.objects.filter(request=request, person=OuterRef("pk"), created_person=True))
        )
        .select_for_update(no_key=True)
        .filter(pk=pk)
    )
)
_open_ones = Prepared(
    lambda person: (
        Delivery.objects.filter(request__person=person)
        .exclude(request__standing=Standing.NOBODY)
        .exclude(request__standing__in=(Standing.STAFF, Standing.CUSTOMER), state__in=("intended", "rejected"))
        .values_list("pk", "state", "created_at")
    )
)
_account = Prepared(lambda request: Account.objects.filter(pk__in=Request.objects.filter(pk=request).values("account")))
_held = Prepared(lambda request: Delivery.objects.select_for_update().filter(request=request))


def held(request_id: UUID) -> Asked[list[Delivery]]:
    """The delivery of a request, its row held, to be asked together with the request's."""
    return _held.asked(request=request_id)


def _goes_first(delivery: Delivery, *, state: str, is_older: bool) -> bool:
    """Before `delivery`: another of the same person, that is in this state."""
    is_with_the_cis = rules.must_look_up(state)
    if rules.must_look_up(delivery.state):
        return is_older and is_with_the_cis
    return is_older or is_with_the_cis


def unknown_here(refs: Iterable[str]) -> list[str]:
    """Persons of the CIS who are nobody's on file."""
    asked = set(refs)
    return sorted(asked - set(Person.objects.filter(ref__in=asked).values_list("ref", flat=True)))


def not_asked_for(command: Command, known: Answer) -> list[str]:
    """What was done under our key is about these, and the command about others: not counting who is one of them by now."""
    others = known.others_than(command)
    if others.get("person_ref") and Person.objects.filter(
        ref=others["person_ref"], redirect_to__ref=getattr(command, "person_ref", "")
    ):
        del others["person_ref"]
    return sorted(others.values())


def elsewhere(request: Request, said: Answer) -> frozenset[str]:
    """Those of these references that stand on somebody else's file here, or on another account's agreement."""
    agreements = ServiceAgreement.objects.filter(ref__in=said.agreement_refs.values())
    return frozenset(
        str(ref)
        for rows in (
            Person.objects.filter(ref=said.person_ref).exclude(pk=request.person_id),
            Account.objects.filter(ref=said.account_ref).exclude(pk=request.account_id),
            agreements.exclude(account=request.account_id),
        )
        for ref in rows.values_list("ref", flat=True)
    )
