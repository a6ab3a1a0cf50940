"""Whose is a session, how long does it last, and what can a stranger do with one? (T-34)"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import get_resolver

from tests.signin.visitor import ANA, PASSWORD, Visitor

pytestmark = pytest.mark.django_db
SETTINGS = {"HTTPONLY": True, "SAMESITE": "Lax"}


class TestASessionGetsANewNameAtSigningIn:
    """So a name that somebody planted in the browser before is worth nothing afterwards."""

    @pytest.fixture(autouse=True)
    def ana(self, another: Callable[..., Visitor]) -> None:
        another().signs_up().sets_a_password()

    def planted(self, visitor: Visitor) -> str:
        session = visitor.client.session
        session["planted"] = "yes"
        session.save()
        return str(session.session_key)

    def test_with_a_password(self, visitor: Visitor) -> None:
        before = self.planted(visitor)
        assert visitor.signs_in().signed_in
        assert visitor.client.session.session_key != before
        assert not Session.objects.filter(session_key=before).exists()

    def test_with_a_code(self, visitor: Visitor) -> None:
        before = self.planted(visitor)
        assert visitor.asks_for_a_code().types_the_code(visitor.code()).signed_in
        assert visitor.client.session.session_key != before

    def test_at_signing_up(self, visitor: Visitor) -> None:
        before = self.planted(visitor)
        assert visitor.signs_up("ben@example.com").signed_in
        assert visitor.client.session.session_key != before

    def test_that_somebody_made_up_is_not_taken(self, visitor: Visitor) -> None:
        visitor.client.cookies["sessionid"] = "madeupmadeupmadeupmadeupmadeupma"
        assert visitor.signs_in().signed_in
        assert visitor.client.session.session_key != "madeupmadeupmadeupmadeupmadeupma"


class TestASignInEnds:
    @pytest.fixture(autouse=True)
    def ana(self, visitor: Visitor) -> None:
        visitor.signs_up().sets_a_password()

    def is_in(self, visitor: Visitor) -> bool:
        return bool(visitor.opens("/signin/security").page.request["PATH_INFO"] == "/signin/security")

    def test_when_nobody_pressed_anything_for_an_hour(self, visitor: Visitor, clock: Any) -> None:
        for _ in range(3):
            clock.passes(59 * 60)
            assert self.is_in(visitor)
        clock.passes(61 * 60)
        assert not self.is_in(visitor)

    def test_after_twelve_hours_in_any_case(self, visitor: Visitor, clock: Any) -> None:
        for _ in range(13 * 60 // 50 + 1):
            clock.passes(50 * 60)
            still = self.is_in(visitor)
        assert not still

    def test_at_signing_out_also_for_somebody_who_kept_the_cookie(
        self, visitor: Visitor, another: Callable[..., Visitor]
    ) -> None:
        thief = another()
        thief.client.cookies["sessionid"] = visitor.client.cookies["sessionid"].value
        assert self.is_in(thief)
        visitor.signs_out()
        assert not self.is_in(thief)
        assert not self.is_in(visitor)

    def test_when_somebody_is_switched_off(self, visitor: Visitor) -> None:
        user = visitor.user
        user.is_active = False
        user.save()
        assert not self.is_in(visitor)

    def test_and_the_page_does_not_come_back_with_the_back_button(self, visitor: Visitor) -> None:
        for path in ("/signin/security", "/signin/sessions", "/signin/recovery", "/signin/app", "/signin/email"):
            assert "no-store" in visitor.opens(path).page.headers.get("Cache-Control", ""), path


class TestCookies:
    def test_are_out_of_reach_of_scripts_and_of_other_sites(self, visitor: Visitor) -> None:
        visitor.signs_up()
        for name in ("sessionid", "csrftoken", "kt_device"):
            cookie = visitor.client.cookies[name]
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax"), name
            assert cookie["domain"] == "", name

    def test_end_with_the_browser(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        visitor.signs_up().sets_a_password()
        browser = another()
        browser.signs_in()
        assert browser.client.cookies["sessionid"]["max-age"] == ""

    def test_go_over_tls_only(self) -> None:
        """What settings say without KEYTURN_PLAIN_HTTP, which the tests have set."""
        import os
        import subprocess
        import sys

        code = "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
        environment = {**os.environ, "KEYTURN_PLAIN_HTTP": "0"}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["True", "True"]


def addresses() -> list[str]:
    """Every address of signing in that takes no argument, from the URL map."""
    patterns = get_resolver("keyturn.signin.urls").url_patterns
    found = [str(each.pattern) for each in patterns if hasattr(each, "callback")]
    for each in patterns:
        if not hasattr(each, "callback"):
            found += [str(inner.pattern) for inner in each.url_patterns]
    return sorted({f"/{re.sub(r'<int:pk>', '1', re.sub(r'<slug:[^>]+>', 'state', each))}" for each in found})


def test_every_address_is_looked_at() -> None:
    assert len(addresses()) >= 33


def test_every_form_must_come_from_our_own_page(visitor: Visitor) -> None:
    visitor.signs_up()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["sessionid"] = visitor.client.cookies["sessionid"].value
    for path in addresses():
        assert strict.post(path, {"email": ANA, "login": ANA, "password": PASSWORD}).status_code == 403, path


def test_no_address_breaks_for_a_stranger_or_for_who_is_signed_in(visitor: Visitor) -> None:
    for path in addresses():
        for method in ("get", "post"):
            assert getattr(Client(), method)(path).status_code < 500, (method, path)
    visitor.signs_up().sets_a_password()
    for path in addresses():
        assert visitor.client.get(path).status_code < 500, path
