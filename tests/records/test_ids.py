"""Are references and codes drawn fairly, and in one draw?"""

import random
import re
from collections import Counter
from typing import Any

import pytest
from django.middleware import csrf
from django.test import RequestFactory

from keyturn.records import ids


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes were asked of the kernel, each time."""
    seen: list[int] = []
    real: Any = random._urandom  # type: ignore[attr-defined]

    def drawn(size: int) -> Any:
        seen.append(size)
        return real(size)

    monkeypatch.setattr(random, "_urandom", drawn)
    return seen


def test_every_sign_is_as_likely_as_the_others_wherever_it_stands() -> None:
    found = [ids.drawn(3, "abcde") for _ in range(6_000)]
    for place in range(3):
        counted = Counter(each[place] for each in found)
        assert set(counted) == set("abcde")
        assert all(1_000 < number < 1_400 for number in counted.values())  # 6.5 times the deviation: one run in 10^9
    assert len(set(found)) == 5**3


def test_a_reference_is_one_draw(draws: list[int]) -> None:
    assert re.fullmatch(r"KT-[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}", ids.new_reference())
    assert len(draws) == 1


def test_a_form_has_its_token_in_two_draws_and_django_knows_it(draws: list[int]) -> None:
    from keyturn.site import wsgi  # noqa: F401  the web server's own way in

    request = RequestFactory().get("/")
    token = csrf.get_token(request)
    assert len(draws) == 2, "Django's own way takes 64"
    assert len(token) == 64 and set(token) <= set(csrf.CSRF_ALLOWED_CHARS)
    matches = csrf._does_token_match  # type: ignore[attr-defined]
    assert matches(token, request.META["CSRF_COOKIE"])
    assert not matches(csrf.get_token(RequestFactory().get("/")), request.META["CSRF_COOKIE"])
