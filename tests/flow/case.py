"""In which words do tests tell of one request, as a customer, a partner or staff would move it?"""

from typing import TYPE_CHECKING, Any, Self

from keyturn import flow
from keyturn.records import history
from keyturn.records.models import Delivery, Person, Request
from keyturn.terms.errors import Invalid
from keyturn.terms.finding import Finding
from keyturn.terms.request import Actor, Role, Step, public_status
from keyturn.terms.request import Outcome as Ended
from keyturn.terms.request import Standing as Stands

if TYPE_CHECKING:
    from tests.flow.town import Town


class Case:
    """One request, and those who move it."""

    def __init__(self, town: "Town", request: Request, actor: Actor) -> None:
        self.town = town
        self.id = request.pk
        self.actor = actor

    # What the customer does

    def answers(self, **answers: Any) -> list[Finding]:
        _request, findings = flow.answer(
            request_id=self.id, answers=answers, actor=self.actor, now=self.town.now, policy=self.town.policy
        )
        return findings

    def is_sent_a_code(self, purpose: str = "prove") -> str:
        """Ask for a code and read it in the mail; "" where none was sent."""
        known = set(self.request.messages.values_list("pk", flat=True))
        flow.send_code(request_id=self.id, purpose=purpose, now=self.town.now, policy=self.town.policy)
        new = self.request.messages.exclude(pk__in=known).first()
        return new.content["values"]["code"] if new else ""

    def tries(self, code: str, *, purpose: str = "prove", actor: Actor | None = None) -> str:
        """Type a code. "" where it was right, else why not ("wrong", "expired", "used", "too_many")."""
        problems = flow.prove_email(
            request_id=self.id,
            purpose=purpose,
            code=code,
            actor=actor or self.actor,
            now=self.town.now,
            policy=self.town.policy,
        )
        return problems[0].params.get("why", "wrong") if problems else ""

    def proves_email(self) -> Self:
        assert self.tries(self.is_sent_a_code()) == ""
        return self

    def submits(self) -> Self:
        flow.submit(request_id=self.id, actor=self.actor, now=self.town.now, policy=self.town.policy)
        return self

    def cannot_be_sent_because(self) -> dict[str, str]:
        """Field to rule, for everything that stands in the way of sending it now."""
        try:
            self.submits()
        except Invalid as problem:
            return {found.field: found.rule for found in problem.findings}
        return {}

    def replies(self, text: str) -> Self:
        flow.reply(request_id=self.id, text=text, actor=self.actor, now=self.town.now, policy=self.town.policy)
        return self

    def withdraws(self) -> Self:
        flow.withdraw(request_id=self.id, actor=self.actor, now=self.town.now)
        return self

    # What staff do

    def staff(
        self, decision: str, reason: str = "", *, person: Person | None = None, by: str = "7", **more: Any
    ) -> Self:
        """Staff decide, and the machine goes on at once."""
        flow.review(
            request_id=self.id, decision=decision, reason=reason, person_id=str(person.pk) if person else None,
            actor=Actor(Role.STAFF, by), now=self.town.now, policy=self.town.policy, **more,
        )  # fmt: skip
        self.town.works()
        return self

    def staff_cannot(self, decision: str, reason: str = "", **more: Any) -> set[str]:
        """The rules that keep staff from deciding so."""
        try:
            self.staff(decision, reason, **more)
        except Invalid as problem:
            return {found.rule for found in problem.findings}
        return set()

    def an_engineer_retries(self) -> Self:
        flow.retry(request_id=self.id, actor=Actor(Role.STAFF, "9"), now=self.town.now)
        self.town.works()
        return self

    # How it stands

    @property
    def request(self) -> Request:
        return Request.objects.select_related("person", "account", "premise").get(pk=self.id)

    @property
    def status(self) -> str:
        """The one word that everybody sees."""
        request = self.request
        return str(public_status(Step(request.step), Stands(request.standing), Ended(request.outcome)))

    @property
    def rules(self) -> set[str]:
        """The rules that found something when the machine last looked, notes left out."""
        return {found["rule"] for found in self.request.findings if found["effect"] != "note"}

    @property
    def history(self) -> list[str]:
        return list(self.request.events.order_by("number").values_list("what", flat=True))

    @property
    def delivery(self) -> Delivery:
        return self.request.delivery  # type: ignore[no-any-return]

    @property
    def person(self) -> Person:
        person = self.request.person
        assert person is not None
        return person

    @property
    def news(self) -> list[str]:
        """What the customer was told, in order."""
        return list(self.request.messages.order_by("created_at", "id").values_list("template", flat=True))

    def last_message(self) -> str:
        """The last one as it was sent: subject and text."""
        from keyturn.steps.confirm.step import render

        sent = render(self.request.messages.order_by("created_at", "id").last(), policy=self.town.policy)
        return f"{sent.subject}\n{sent.text}"

    def proposals(self) -> dict[str, str]:
        return {each.field: each.value for each in self.request.proposals.all()}

    def is_in_the_cis(self) -> bool:
        """There, with what was asked for, under our key."""
        found = self.town.cis.find(f"{self.request.reference}:establish")
        if found is None:
            return False
        return set(found.agreement_refs) == set(self.request.answers["services"])

    def chain_holds(self) -> bool:
        return self.request.reference not in dict(history.broken_chains())
