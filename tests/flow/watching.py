"""How do tests have the machine link somebody, and staff look again?"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from keyturn import flow
from keyturn.records.models import BlindReview, Candidate, Person, PersonLink
from keyturn.terms.person import Identifier, PersonDetails
from keyturn.terms.request import Actor, Role
from tests.factories import a_person
from tests.flow.town import ANA, Case, Town

REVA, SAM, SUE = Actor(Role.STAFF, "21"), Actor(Role.STAFF, "22"), Actor(Role.STAFF, "31")
WHY = "The birth dates are of two generations."


def linked(town: Town, who: PersonDetails = ANA, **changes: Any) -> Case:
    """A request that the machine linked to somebody on file."""
    a_person(who)
    case = town.moves_in(who, **changes)
    assert PersonLink.objects.get(request=case.id).automatic
    return case


def nth(number: int) -> PersonDetails:
    """One of many people who do not resemble each other."""
    names = ("Abara", "Brandt", "Castellanos", "Dvorak", "Eriksen", "Fontaine", "Grigoryan", "Hashimoto")
    return PersonDetails(
        given_name=("Ines", "Jonas", "Kofi", "Leila", "Marek", "Nadia", "Otis", "Petra")[number % 8],
        family_name=names[number // 8 % 8] + names[number % 7].lower(), date_of_birth=date(1950 + number * 7 % 50, 1 + number % 12, 1 + number % 27),
        emails=(f"nobody.else.{number}@example.com",), phones=(f"+1503555{1000 + number}",),
        identifiers=(Identifier("passport", f"X90{number:04}"),),
    )  # fmt: skip


def shown_to(town: Town, who: Actor) -> BlindReview | None:
    return flow.next_blind(actor=who, now=town.now, policy=town.policy)


def says(town: Town, who: Actor, verdict: str, review: BlindReview | None = None, reason: str = WHY) -> BlindReview:
    """Somebody judges what they are shown."""
    review = review or shown_to(town, who)
    assert review is not None
    flow.decide_blind(review_id=review.pk, verdict=verdict, reason=reason, actor=who, now=town.now, policy=town.policy)
    review.refresh_from_db()
    return review


def judged(town: Town, *, right: int = 0, wrong: int = 0, unsure: int = 0) -> None:
    """Verdicts as they were given an hour ago."""
    case = linked(town)
    BlindReview.objects.all().delete()
    at = town.now - timedelta(hours=1)
    verdicts = ["same"] * right + ["other"] * wrong + ["unsure"] * unsure
    persons = Person.objects.bulk_create(Person(kind="person", created_at=at, updated_at=at) for _each in verdicts)
    BlindReview.objects.bulk_create(
        BlindReview(request_id=case.id, person=person, model_version="m", chosen_at=at, verdict=verdict,
                    decided_by="staff:99", decided_at=at)
        for person, verdict in zip(persons, verdicts, strict=True)
    )  # fmt: skip


def twins(town: Town) -> None:
    """A request of somebody new who has a twin on file: staff say that they are two."""
    one = replace(nth(40), identifiers=())
    a_person(one)
    case = town.moves_in(replace(one, given_name="Abe", emails=("abe@example.com",), phones=()))
    if case.status == "in_review":
        case.staff("new_person")
    assert Candidate.objects.filter(request=case.id).exists()
