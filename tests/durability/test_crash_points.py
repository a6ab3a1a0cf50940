"""T-17: whichever statement of accepting and sending the process dies at, is one request still one request?

A request comes in through the API, the worker decides, tells the CIS and writes to the customer. First the places are
counted at which that can die (`crash.Places`); then the same story is told again for each, with another newcomer: the
process dies there, another one takes over, the caller asks again, the worker does its job again. Never may there be less
than one effect, or more, or a letter missing.

The negative control takes away the look-up before a retry and the CIS's memory of keys, and must see harm: the second
delivery is refused, because somebody is served there already, and a request that was met goes to staff.
"""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection

from keyturn.api.v1 import callers
from keyturn.connectors import cis
from keyturn.records import history
from keyturn.records.models import Account, Message, Person, Request
from tests import factories
from tests.api.caller import Caller, a_key, answers, forget_jobs
from tests.durability import bound
from tests.durability.crash import Places, dying
from tests.durability.test_race import newcomers
from tests.flow.town import JOBS, answers_of

_numbers = itertools.count(1)


class Story:
    """A newcomer, a house, a key: told once with a death, or with none."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.key = str(uuid4())
        self.house = factories.a_premise()
        (self.who,) = newcomers(1, next(_numbers))
        wishes = answers(self.house, services=["electric", "gas"], **answers_of(self.who))
        self.body = {"journey": "start_service", "submit": True, "attested": ["email"], "answers": wishes}
        self.now = datetime.now(UTC)
        self.acknowledged = ""

    def told(self, *, dies_at: int = 0) -> Places:
        """From the caller's first try to the last letter; who died is followed by another, once."""
        with dying(dies_at) as places:
            self._is_told()
        if places.is_over:
            self.now += timedelta(minutes=2)  # until the lease of whoever died is over
            self._is_told()
        return places

    def _is_told(self) -> None:
        callers.forget()
        response = Caller(self.secret).post("/requests", self.body, Idempotency_Key=self.key)
        assert response.status_code == 201, response.content
        assert self.acknowledged in ("", response.json()["id"]), "another answer under the same key"
        self.acknowledged = response.json()["id"]
        for _ in range(60):
            if not self._job_done():
                return
        raise AssertionError("the queue does not come to rest")

    def _job_done(self) -> bool:
        """As a worker does it: the job leaves the queue when it has been done, not before."""
        found = _one(
            "SELECT id, task_name, args::text FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id LIMIT 1"
        )
        if found is None:
            return False
        number, name, arguments = found
        self.now = max(self.now, datetime.now(UTC)) + timedelta(hours=1)  # whatever was put off is due
        JOBS[name](now=self.now, **json.loads(arguments))
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [number])
        return True

    def harm(self) -> list[str]:
        """What is not as it must be; nothing, if all is well."""
        requests = Request.objects.filter(premise=self.house)
        effects = [each for each in self._effects(requests) if each["command"] == "EstablishService"]
        wrong = {
            "requests": requests.count() != 1,
            "completed": [each.outcome for each in requests] != ["completed"],
            "persons": Person.objects.filter(names__family_name=self.who.family_name).count() != 1,
            "accounts": Account.objects.filter(requests__in=requests).distinct().count() != 1,
            "effects in the CIS": len(effects) != 1,
            "references": not all(
                each.person.ref and each.account.ref for each in requests if each.person and each.account
            ),
            "letters": Message.objects.filter(request__in=requests, template="completed").count() != 1,
            "letters sent": Message.objects.filter(request__in=requests).exclude(state="sent").exists(),
        }
        return [what for what, is_wrong in wrong.items() if is_wrong]

    def _effects(self, requests: Any) -> list[Any]:
        references = {each.reference for each in requests}
        return [each for each in cis.connector().effects() if each["request_reference"] in references]


def _one(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


@pytest.fixture
def secret(transactional_db: None, settings: Any, tmp_path: Any) -> Iterator[str]:
    settings.KEYTURN_MAILBOX = str(tmp_path)
    settings.EMAIL_BACKEND = "keyturn.connectors.mail.mailbox.EmailBackend"
    cis.install()
    callers.forget()
    forget_jobs()
    yield a_key()
    callers.forget()
    forget_jobs()


def places_to_die_at(secret: str) -> list[str]:
    """What stands at each place of a story in which nobody dies: the second one, for the first fills caches."""
    for _ in range(2):
        story = Story(secret)
        places = story.told()
        assert story.harm() == []
    return places.passed


def places_tried(passed: list[str]) -> list[int]:
    """All of them in the battery; else every third and each one beside a commit, which is where it hurts."""
    numbers = range(1, len(passed) + 1)
    return [n for n in numbers if bound.BATTERY or n % 3 == 0 or "commit" in passed[n - 1]]


def test_a_death_at_any_statement_leaves_one_request_and_one_effect(secret: str) -> None:
    passed, harmed, tried = places_to_die_at(secret), {}, 0
    for number in places_tried(passed):
        tried += 1
        story = Story(secret)
        places = story.told(dies_at=number)
        assert places.is_over, f"nobody died at {number}: {passed[number - 1]}"
        if found := story.harm():
            harmed[f"{number}: {places.passed[-1]}"] = found
    bound.tell("T-17", __doc__, f"{len(passed)} places", bound.of(len(harmed), tried, "places to die at did harm"))
    assert harmed == {}
    assert list(history.broken_chains()) == []


def test_negative_control_a_cis_without_memory_of_keys_does_harm(secret: str, settings: Any) -> None:
    passed = places_to_die_at(secret)
    later = range(len(passed) // 2, len(passed) + 1)
    first_after_commits = sorted(later, key=lambda n: not passed[n - 1].startswith("after a commit"))
    settings.KEYTURN_CIS = "tests.durability.connectors.ForgetfulCis"
    cis.close()
    with patch("keyturn.steps.sync.rules.must_look_up", lambda state: False):
        harmed = any(_is_harmed(secret, number) for number in first_after_commits)
    cis.close()
    assert harmed, "this test could not see harm"


def _is_harmed(secret: str, number: int) -> bool:
    story = Story(secret)
    story.told(dies_at=number)
    return bool(story.harm())
