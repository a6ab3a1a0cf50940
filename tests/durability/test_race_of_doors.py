"""T-08 through mixed doors: the same new person comes through several doors at the same moment. Is it one person, and
where an import is one of the doors, is nobody entered twice unseen?

Portal (a guest's browser, and a login), API (a partner's program, and a call centre that vouches) and import. What
comes through portal and API is decided by several worker processes at the same moment, on a real PostgreSQL; rows are
imported by others beside them. The persons give no identifier that the database keeps unique. An import merges nobody
(K-12): with it in the race the promise is that no pair goes unseen: each is in the queue of duplicates or was reported.
`RACE_FULL=1` (`make battery`) runs 400 persons x 3 and 100 x 20; the small size bounds the share less closely.
"""

import itertools
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from keyturn import flow
from keyturn.connectors import cis
from keyturn.records.models import DuplicatePair, Person, Premise, Request
from keyturn.terms.person import PersonDetails
from keyturn.terms.request import Actor, Role
from tests.api.caller import Caller, a_key, answers
from tests.durability import bound
from tests.durability.test_race import (
    FULL,
    WORKERS,
    again,
    duplicates,
    looks,
    new_premises,
    newcomers,
    partner,
    without_locks,
)
from tests.flow.claiming import a_login
from tests.flow.conftest import cis_installed, town
from tests.flow.town import answers_of

__all__ = ["cis_installed", "partner", "town"]  # fixtures

SIZES = [(400, 3), (100, 20)] if FULL else [(24, 3), (5, 20)]
IMPORTED = 60 if FULL else 8
PATIENCE = 20.0

Door = Callable[[PersonDetails, Premise], Request]


# ---------------------------------------------------------------- the doors


def through_api(caller: Caller) -> Door:
    """A program that vouches for the e-mail."""

    def asks(who: PersonDetails, place: Premise) -> Request:
        given = {**answers(place), **answers_of(who), "services": ["electric"]}
        return Request.objects.get(pk=caller.begins(given, submit=True, attested=["email"])["id"])

    return asks


def through_portal(actor_of: Callable[[], Actor]) -> Door:
    """Somebody who fills in the pages and proves the e-mail by its code."""

    def asks(who: PersonDetails, place: Premise) -> Request:
        now, policy, actor = datetime.now(UTC), settings.KEYTURN_POLICY, actor_of()
        given = {**answers(place), **answers_of(who), "services": ["electric"]}
        draft = flow.begin(
            journey="start_service", actor=actor, channel="portal", language="en", now=now, policy=policy
        )
        flow.answer(request_id=draft.pk, answers=given, actor=actor, now=now, policy=policy)
        flow.send_code(request_id=draft.pk, purpose="prove", now=now, policy=policy)
        code = draft.messages.get(template="email_code").content["values"]["code"]
        flow.prove_email(request_id=draft.pk, purpose="prove", code=code, actor=actor, now=now, policy=policy)
        return flow.submit(request_id=draft.pk, actor=actor, now=now, policy=policy)

    return asks


@pytest.fixture
def doors(partner: Caller) -> list[Door]:
    browsers = itertools.count(1)
    return [
        through_api(partner),
        through_portal(lambda: Actor(Role.CUSTOMER, f"browser{next(browsers)}")),
        through_portal(lambda: Actor(Role.CUSTOMER, f"login:{a_login().pk}")),
        through_api(Caller(a_key())),
    ]


def row_of(who: PersonDetails, ref: str) -> dict[str, str]:
    """The same person as the CIS's file has them."""
    born = who.date_of_birth.isoformat() if who.date_of_birth else ""
    return {
        "ref": ref, "kind": "person", "given_name": who.given_name, "family_name": who.family_name,
        "date_of_birth": born, "email": who.emails[0],
    }  # fmt: skip


def comes(task: tuple[str, Any]) -> tuple[str, Any]:
    """One worker process: a request is decided (milliseconds), or a row is imported (whom it was reported to resemble)."""
    what, given = task
    if what == "request":
        return what, looks(given)
    intake = flow.take_in("persons", [(1, given)], now=datetime.now(UTC), policy=settings.KEYTURN_POLICY)
    assert intake.created == 1
    return what, [(each.ref, each.person_id) for each in intake.lookalikes]


def race(doors: list[Door], *, persons: int, each: int, first: int, imported: bool = False) -> list[tuple[str, Any]]:
    """Every person comes `each` times, each time through another door than the time before, all at one moment."""
    places = iter(new_premises(persons * each))
    tasks: list[tuple[str, Any]] = []
    for at, who in enumerate(newcomers(persons, first)):
        turn = [*doors[at % len(doors) :], *doors[: at % len(doors)]]
        sent = [door(who, next(places)) for door in turn[:each]]
        copies = [again(sent[more % len(sent)], next(places)) for more in range(each - len(sent))]
        mine = [("request", str(row.pk)) for row in [*sent, *Request.objects.bulk_create(copies)]]
        if imported:
            mine.insert(at % len(mine), ("row", row_of(who, f"RACE{first + at}")))
        tasks += mine
    connections.close_all()  # a connection must not be shared with the processes, the CIS's own neither
    cis.connector().close()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        return list(pool.map(comes, tasks, chunksize=1))


# ---------------------------------------------------------------- many at once


@pytest.mark.parametrize(("persons", "each"), SIZES, ids=["few at once", "many at once"])
def test_one_new_person_through_several_doors_at_once_is_one_person(
    doors: list[Door], persons: int, each: int, record_property: Callable[[str, object], None]
) -> None:
    came = race(doors, persons=persons, each=each, first=persons * 1000)
    times = sorted(took for _what, took in came)
    p99 = times[math.ceil(len(times) * 0.99) - 1]
    record_property("p99_ms", round(p99, 1))
    found = duplicates()
    bound.tell(
        "T-08", __doc__,
        f"mixed doors: {persons} persons x {each} requests through {min(each, len(doors))} doors, p50"
        f" {times[len(times) // 2]:.1f} ms, p99 {p99:.1f} ms",
        bound.of(found, persons, "persons doubled"),
    )  # fmt: skip
    assert len(came) == persons * each
    assert found == 0 and Person.objects.count() == persons
    channels = set(Request.objects.values_list("channel", "begun_by"))
    assert len({(channel, who.partition(":")[0]) for channel, who in channels}) == 2 and len(channels) >= min(each, 4)
    assert not Request.objects.filter(standing="machine", account=None).exists(), "every request was decided"


def test_without_the_locks_several_doors_make_duplicates_so_the_test_can_see_them(
    doors: list[Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    race(doors, persons=10, each=4, first=9_100_000)
    assert duplicates() > 0


def test_where_an_import_is_one_of_the_doors_nobody_is_entered_twice_unseen(doors: list[Door]) -> None:
    came = race(doors, persons=IMPORTED, each=3, first=8_000_000, imported=True)
    reported = {pair for what, told in came if what == "row" for pair in told}
    twice = entered_twice()
    unseen = [pair for pair in twice if not is_known(*pair, reported=reported)]
    told = bound.of(len(unseen), IMPORTED, "entered twice unseen")
    bound.tell("T-08", __doc__, f"with an import: {IMPORTED} persons, {len(twice)} entered by both and seen, {told}")
    assert unseen == []
    assert duplicates() == len(twice), "requests made each person once at most"


def entered_twice() -> list[tuple[Person, Person]]:
    """Pairs of one name, the imported one first."""
    by_name: dict[tuple[str, str], list[Person]] = {}
    for person in Person.objects.prefetch_related("names").order_by("ref"):
        name = person.names.all()[0]
        by_name.setdefault((name.family_name, name.given_name), []).append(person)
    return [(found[0], found[1]) for found in by_name.values() if len(found) > 1]


def is_known(imported: Person, made: Person, *, reported: set[tuple[str, str]]) -> bool:
    one, other = sorted((imported.pk, made.pk))
    return (imported.ref, str(made.pk)) in reported or DuplicatePair.objects.filter(one=one, other=other).exists()
