"""Whatever clerks of the CIS and staff here change, in any order: do both sides end up alike, with nothing of it unseen?"""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from keyturn import flow
from keyturn.records.models import CisDifference, Drift, Person, Request
from keyturn.records.queries import on_file
from keyturn.terms.change import ContactChange, DetailChange, NameChange
from keyturn.terms.errors import Invalid, NotAllowed, StaleVersion
from keyturn.terms.request import Actor, Role, Standing
from tests.flow.both_sides import Heard, heard
from tests.flow.test_reconciling import ROSA, compared
from tests.flow.town import ANA, Case, Town

__all__ = ["heard"]
NAMES = ("Marquez", "Zelenko", "Ruiz", "Okafor")
PHONES = ("+15035550142", "+15035550111", "+15035550122")


class Doings:
    """Things that happen, one after the other, drawn by a seed."""

    def __init__(self, heard: Heard, person: Person, seed: int) -> None:
        self.heard, self.town, self.person = heard, heard.town, person
        self.chance = random.Random(seed)
        self.requests: list[Case] = []

    def one(self) -> None:
        self.town.now += timedelta(minutes=self.chance.randint(0, 3))
        self.chance.choice((self.clerk, self.clerk, self.desk, self.desk, self.heard.listens, self.away))()

    def clerk(self) -> None:
        old, new = self.chance.choice(("", *PHONES)), self.chance.choice(PHONES)
        changes = (
            NameChange("primary", given_name="Ana", family_name=self.chance.choice(NAMES)),
            ContactChange("phone", new, replaces=old, is_primary=self.chance.random() < 0.5),
            DetailChange("language", self.chance.choice(("en", "es"))),
        )
        self.heard.there(self.person, self.chance.choice(changes))

    def desk(self) -> None:
        journey, answers = self.chance.choice((self._name, self._phone))()
        try:
            request = flow.staff_change(
                person_id=self.person.pk, journey=journey, answers=answers, how="changed", reason="On the telephone.",
                version=None, actor=Actor(Role.STAFF, "7"), now=self.town.now, policy=self.town.policy,
            )  # fmt: skip
        except (Invalid, NotAllowed):  # nothing to change, say
            return
        self.requests.append(Case(self.town, request, ROSA))
        if self.chance.random() < 0.6:
            self.town.works()

    def _name(self) -> tuple[str, dict[str, str]]:
        return "change_name", {"given_name": "Ana", "family_name": self.chance.choice(NAMES), "name_reason": "other"}

    def _phone(self) -> tuple[str, dict[str, str]]:
        slots = on_file.slots(self.person, at=self.town.now)
        held = [
            slot.partition(".")[2]
            for slot, value in slots.items()
            if slot.startswith("contact.") and value["channel"] == "phone"
        ]
        which = self.chance.choice((*held, "new"))
        return "change_contact", {
            "contact_id": which, "channel": "phone", "act": "set", "phone": self.chance.choice(PHONES), "contact_type": "mobile",
        }  # fmt: skip

    def away(self) -> None:
        self.town.cis_is(script=[{"fault": self.chance.choice(("down", "answer_lost", "lost_before"))}])

    def comes_to_rest(self) -> None:
        """Staff look at everything that waits for them, and time passes."""
        self.town.cis_is()
        for _ in range(12):
            self.heard.waits(hours=1)
            for case in self.waiting():
                case.staff(self.chance.choice(("approve", "refuse")), "We looked there.", by="8")
            for case in CisDifference.objects.filter(state="open"):
                self.settle(case)

    def settle(self, case: CisDifference) -> None:
        try:
            flow.settle_difference(
                difference_id=case.pk, keep=self.chance.choice(flow.ways_to_settle(case)), reason="We looked there.",
                version=case.version, actor=ROSA, now=self.town.now, policy=self.town.policy,
            )  # fmt: skip
        except (NotAllowed, StaleVersion):
            return  # looked at again an hour later

    def waiting(self) -> Iterator[Case]:
        for request in Request.objects.filter(standing=Standing.STAFF):
            yield Case(self.town, request, ROSA)


@pytest.mark.parametrize("seed", range(8))
def test_both_sides_end_up_alike(town: Town, heard: Heard, seed: int) -> None:
    ana = town.knows(ANA)
    heard.there(ana, DetailChange("paperless", "yes"))
    heard.listens()
    doings = Doings(heard, ana, seed)
    for _ in range(14):
        doings.one()
    doings.comes_to_rest()
    run = compared(town)
    if "ours_is_newer" in run.drift:  # told again where the CIS has lost a part: once
        for drift in run.found.filter(kind="ours_is_newer"):
            flow.repair_drift(drift.pk, actor=ROSA, now=town.now, policy=town.policy)
        doings.comes_to_rest()
        run = compared(town)
    assert run.drift == {}, list(Drift.objects.filter(reconciliation=run).values_list("kind", "field"))
    assert (heard.waiting, heard.cases) == ({}, {})
    assert Person.objects.count() == 1
