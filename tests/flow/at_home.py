"""In which words do the tests tell what signed-in customers do with what is on file about them?"""

from typing import Any, Self

from keyturn import flow
from keyturn.journeys import JOURNEYS
from keyturn.records.models import Account, Person, Premise, User
from keyturn.terms.person import PersonDetails
from tests import factories
from tests.flow.town import ANA, Case, Town

ELM = {"line1": "7 Elm Court", "city": "Lumen", "state": "OR", "postal_code": "97890", "country": "US"}
TO_ELM = {"mail_elsewhere": True, "mailing_address": ELM, "when": "now"}
CARER = {"delegate_name": "Carla Day", "delegate_email": "carla@example.com", "level": "view", "delegate_ends": False}


class Customer:
    """Somebody with a login, at a house of theirs."""

    def __init__(self, town: Town, who: PersonDetails = ANA, **access: Any) -> None:
        self.town = town
        self.premise: Premise = town.house()
        self.person: Person = town.knows(who)
        self.account: Account = factories.an_account(self.person, self.premise)
        email = next(iter(who.emails), "login@example.com")
        self.user: User = factories.a_login(email, account=self.account, person=self.person, **access)

    def begins(
        self, journey: str, *, user: User | None = None, account: Account | None = None, **answers: Any
    ) -> "Change":
        """A draft of this kind; the answers that the journey is given go with it, the others are answered."""
        given = {each.name for each in JOURNEYS[journey].given}
        request = flow.begin_change(
            journey=journey, user=user or self.user, account_id=account.pk if account else None,
            answers={name: value for name, value in answers.items() if name in given}, language="en", now=self.town.now,
            policy=self.town.policy,
        )  # fmt: skip
        change = Change(self.town, request, flow.customer((user or self.user).pk))
        if rest := {name: value for name, value in answers.items() if name not in given}:
            change.answers(**rest)
        return change

    def asks(self, journey: str, **more: Any) -> "Change":
        """Begin, prove again that it is they, and send."""
        change = self.begins(journey, **more).proves_again()
        return change.submits()

    def changes(self, journey: str, **more: Any) -> "Change":
        """Ask, and let the machine do all that it can."""
        change = self.asks(journey, **more)
        self.town.works()
        return change

    def sends_letters_elsewhere(self) -> "Change":
        return self.asks(
            "change_mailing_address", accounts=["all"], mailing_address=ELM, mail_elsewhere=True, when="now"
        )

    def contact(self, channel: str) -> str:
        """By which name the first contact of this kind is known outside."""
        from keyturn.records.queries import on_file

        found = on_file.slots(Person.objects.get(pk=self.person.pk), at=self.town.now)
        return next(
            slot.partition(".")[2]
            for slot, value in found.items()
            if slot.startswith("contact.") and value["channel"] == channel
        )

    def file(self) -> dict[str, Any]:
        """What is on file now, slot by slot."""
        from keyturn.records.queries import on_file

        return on_file.slots(Person.objects.get(pk=self.person.pk), at=self.town.now)

    def name(self) -> str:
        found = self.file()
        return " ".join(found[f"name.{part}"] for part in ("given_name", "family_name"))

    def values(self, channel: str) -> set[str]:
        """Every phone number, or e-mail address, on file."""
        return {v["value"] for k, v in self.file().items() if k.startswith("contact.") and v["channel"] == channel}


class Change(Case):
    """A request to change something."""

    def proves_again(self) -> Self:
        flow.proved_again(request_id=self.id, actor=self.actor, now=self.town.now)
        return self
