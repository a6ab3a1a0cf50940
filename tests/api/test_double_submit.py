"""T-09: what becomes of a double click, a back button, two tabs, a retried call and a re-used key?

Each case is played by a process of its own with two threads that call at the same moment. `make battery` plays 1,000
(`DOUBLE_SUBMITS=250` of each kind): 0 second requests of them bounds the share below 0.3 % with 95 % confidence (3/n).
"""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse

from keyturn.api.v1 import callers
from keyturn.connectors import cis
from keyturn.records.models import Event, IdempotentCall, Request
from tests import factories
from tests.api.caller import Caller, a_key, answers, forget_jobs
from tests.durability import bound

PLAYERS = 3
EACH = int(os.environ.get("DOUBLE_SUBMITS", "50"))

Case = tuple[str, str, dict[str, Any]]


@pytest.fixture
def secret(transactional_db: None) -> Iterator[str]:
    cis.install()
    callers.forget()
    yield a_key()
    callers.forget()
    forget_jobs()


def at_once(*calls: Callable[[], HttpResponse]) -> list[tuple[int, bytes, bool]]:
    """Make the calls at the same moment; status, body and whether it was the first answer again."""
    together = Barrier(len(calls))

    def make(call: Callable[[], HttpResponse]) -> tuple[int, bytes, bool]:
        together.wait(timeout=30)
        response = call()
        return response.status_code, response.content, "Idempotency-Replayed" in response

    return list(hands().map(make, calls))


@lru_cache(maxsize=1)
def hands() -> ThreadPoolExecutor:
    """This process's two threads; each keeps its connection, which ends with the process."""
    return ThreadPoolExecutor(2)


def double_post(secret: str, key: str, body: dict[str, Any]) -> bool:
    """The same POST twice at the same moment: one request, one answer, one of the two says that it is a repeat."""
    post = lambda: Caller(secret).post("/requests", body, Idempotency_Key=key)  # noqa: E731
    one, two = at_once(post, post)
    return one[0] == two[0] == 201 and one[1] == two[1] and sorted([one[2], two[2]]) == [False, True]


def retried_post(secret: str, key: str, body: dict[str, Any]) -> bool:
    """The answer was lost on the way, so the caller asks again, and again."""
    answered = [Caller(secret).post("/requests", body, Idempotency_Key=key) for _time in range(3)]
    return len({each.content for each in answered}) == 1 and ["Idempotency-Replayed" in each for each in answered] == [
        False, True, True,
    ]  # fmt: skip


def other_body(secret: str, key: str, body: dict[str, Any]) -> bool:
    """Two bodies under one key at the same moment: one is done, the other is told so."""
    changed = {**body, "answers": {**body["answers"], "given_name": "Somebodyelse"}}
    found = at_once(
        *(lambda sent=sent: Caller(secret).post("/requests", sent, Idempotency_Key=key) for sent in (body, changed))
    )
    return sorted(each[0] for each in found) == [201, 409]


def two_tabs(secret: str, key: str, body: dict[str, Any]) -> bool:
    """One draft is sent from two tabs at the same moment, without any key; then the back button sends it once more."""
    draft = Caller(secret).begins(body["answers"])
    post = lambda: Caller(secret).post(f"/requests/{draft['id']}/submit")  # noqa: E731
    found = [*at_once(post, post), *at_once(post)]
    return [each[0] for each in found] == [200] * 3 and len({each[1] for each in found}) == 1


CASES: dict[str, Callable[[str, str, dict[str, Any]], bool]] = {
    each.__name__: each for each in (double_post, retried_post, other_body, two_tabs)
}


def play(case: tuple[str, Case]) -> tuple[str, bool]:
    secret, (name, key, body) = case
    return name, CASES[name](secret, key, body)


def played(secret: str, number: int) -> Counter[tuple[str, bool]]:
    """Play `number` cases of each kind; how many of each went well."""
    place = factories.a_premise(in_cis=False)
    cases: list[tuple[str, Case]] = [
        (secret, (name, f"{name}-{at}", {"journey": "start_service", "answers": answers(place), "submit": True}))
        for at, name in itertools.product(range(number), CASES)
    ]
    connections.close_all()  # a connection must not be shared with the processes
    with ProcessPoolExecutor(PLAYERS, mp_context=get_context("fork")) as pool:
        return Counter(pool.map(play, cases, chunksize=5))


def test_as_many_as_are_sent_twice_are_as_many_requests(secret: str) -> None:
    number = EACH
    found = played(secret, number)
    wrong = sum(times for (_name, good), times in found.items() if not good)
    bound.tell(
        "T-09", __doc__,
        f"seed none, the machine makes the order: {number} each of {', '.join(CASES)}",
        bound.of(wrong, number * len(CASES), "cases that were not one request"),
    )  # fmt: skip
    assert found == {(name, True): number for name in CASES}
    assert Request.objects.count() == 4 * number
    assert Request.objects.filter(submitted_at=None).count() == 0
    assert Event.objects.filter(what="submitted").count() == 4 * number
    assert IdempotentCall.objects.count() == 3 * number


def test_without_the_record_of_calls_things_happen_twice_so_the_test_can_see_it(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.api.caller.Caller.post", without_the_key(Caller.post))
    found = played(secret, 2)
    assert found[("double_post", False)] == found[("retried_post", False)] == found[("other_body", False)] == 2
    assert Request.objects.count() > 8


def without_the_key(post: Any) -> Any:
    def sent(caller: Caller, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return post(caller, path, body)  # type: ignore[no-any-return]

    return sent
