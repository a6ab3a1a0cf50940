"""In which words do tests tell of what the CIS's own staff change, and of the registry that hears of it?"""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import Q

from keyturn.flow import hearing, inbound, outside, reconciling
from keyturn.records.models import CisDifference, CisNews, Person, PersonContact, PersonName
from keyturn.records.queries.as_of import Moments, held
from keyturn.terms.change import Change
from tests.flow.town import Town


@pytest.fixture
def heard(town: Town, monkeypatch: pytest.MonkeyPatch) -> "Heard":
    for module in (hearing, inbound, outside, reconciling):
        monkeypatch.setattr(module, "cis", lambda: town.guarded)
    return Heard(town)


class Heard:
    """The registry's ear, and a clerk's place at the CIS."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.desk = town.cis.desk

    def there(self, person: Person, change: Change) -> None:
        """A clerk of the CIS changes something of a person's."""
        self.desk.change(str(person.ref), change)

    def listens(self) -> "Heard":
        """Ask the CIS what has changed, and look at all of it."""
        self.town.works()
        hearing.hear(now=self.town.now, policy=self.town.policy)
        inbound.look(now=self.town.now, policy=self.town.policy)
        self.town.works()
        return self

    def waits(self, **time: float) -> "Heard":
        self.town.waits(**time)
        return self.listens()

    @property
    def waiting(self) -> dict[tuple[str, str], str]:
        """What is still to be looked at, and for what it waits."""
        return {(each.noun, each.ref): each.waits_for for each in CisNews.objects.all()}

    @property
    def cases(self) -> dict[tuple[str, str], str]:
        """Open cases: whom or what they are about, and which field; and why."""
        return {(each.ref, each.field): each.why for each in CisDifference.objects.filter(state="open")}


def _at(at: datetime) -> Q:
    """What held at a moment, past or present, as far as is known today."""
    return held(Moments(valid_at=at, known_at=datetime.max.replace(tzinfo=UTC)))


def name_of(person: Person, at: Any) -> str:
    row = PersonName.ever.get(_at(at), person=person, name_type="primary")
    return f"{row.given_name} {row.family_name}"


def contacts_of(person: Person, channel: str, at: Any) -> list[str]:
    rows = PersonContact.ever.filter(_at(at), person=person, channel=channel).order_by("-is_primary", "value")
    return [each.value for each in rows]
