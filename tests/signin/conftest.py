"""What do all tests of signing in share? People with a browser and a mailbox, and a clock that can be set forward."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache

from tests.signin.visitor import PASSWORD, Visitor


@pytest.fixture(autouse=True)
def nobody_has_tried(db: None, settings: Any) -> None:
    cache.clear()
    settings.SIGNIN_EVEN_SECONDS = 0


@pytest.fixture
def visitor(mailoutbox: list[Any]) -> Visitor:
    return Visitor(mailoutbox)


@pytest.fixture
def another(mailoutbox: list[Any]) -> Callable[..., Visitor]:
    return lambda **headers: Visitor(mailoutbox, **headers)


@pytest.fixture
def rosa() -> Any:
    return get_user_model().objects.create_user(
        username="rosa", email="rosa@utility.example", password=PASSWORD, staff_role="reviewer"
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`clock.passes(seconds)`: for all who count time in allauth and in our sign-in."""
    real, ahead = time.time, [0.0]
    watch = SimpleNamespace(time=lambda: real() + ahead[0], monotonic=time.monotonic, sleep=time.sleep)
    for module in (
        "allauth.core.internal.ratelimit",
        "allauth.account.internal.flows.code_verification",
        "allauth.account.internal.flows.login",
        "allauth.account.internal.flows.reauthentication",
        "keyturn.signin.proof",
        "keyturn.signin.security",
        "keyturn.signin.sessions",
    ):
        monkeypatch.setattr(f"{module}.time", watch)

    def passes(seconds: float) -> None:
        ahead[0] += seconds

    return SimpleNamespace(passes=passes)
