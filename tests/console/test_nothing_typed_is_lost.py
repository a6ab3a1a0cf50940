"""Is what staff typed still there when the session had ended, or when they had signed in elsewhere meanwhile?"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from keyturn.flow import upkeep
from tests import factories
from tests.console.desk import Desk
from tests.flow.town import ANA, COMPLETED, IN_REVIEW, Case, Town

TEXT = "We could not reach you about the lease of your flat."
PASSWORD = "correct horse battery staple"
SAME_ORIGIN = {"HTTP_SEC_FETCH_SITE": "same-origin"}


@pytest.fixture
def case(town: Town, rosa: Desk) -> Case:
    rosa.user.set_password(PASSWORD)
    rosa.user.save()
    rosa.client.force_login(rosa.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return town.moves_in(replace(ANA, identifiers=(), phones=()))


def session_ends(desk: Desk) -> None:
    """As after four hours: the cookie is still there, what it names is not."""
    Session.objects.all().delete()


def form_of(desk: Desk, case: Case, **typed: Any) -> dict[str, Any]:
    desk.opens(case)
    return {**{name: desk.hidden(name) for name in ("version", "seen")}, "decision": "refuse", "reason": TEXT, **typed}


def signs_in(desk: Desk, password: str = PASSWORD) -> None:
    """With what the form of the page carries; the first "next" on it is that of the other language."""
    wanted = re.findall(r'name="next" value="([^"]*)"', desk.html)[-1]
    desk.posts("/signin", login="rosa", password=password, next=wanted)


def test_a_session_that_ended_while_typing_loses_nothing(case: Case, rosa: Desk) -> None:
    form = form_of(rosa, case)
    session_ends(rosa)
    rosa.posts(rosa.address(case, "decide"), **form)
    assert rosa.at.startswith("/signin?next=/console/requests/")
    rosa.sees("What you typed is kept")
    signs_in(rosa)
    assert rosa.at == rosa.address(case)
    rosa.sees("Nothing was sent yet.", TEXT)
    assert "Successfully signed in" not in rosa.text
    assert 'value="refuse" checked' in rosa.html
    assert case.status == IN_REVIEW


def test_it_is_shown_once_and_for_its_own_request_only(town: Town, case: Case, rosa: Desk) -> None:
    other = town.moves_in(replace(ANA, identifiers=(), phones=(), given_name="Bela", emails=("bela@example.com",)))
    form = form_of(rosa, case)
    session_ends(rosa)
    rosa.posts(rosa.address(case, "decide"), **form)
    signs_in(rosa)
    rosa.opens(other).sees_nothing_of(TEXT)
    rosa.opens(case).sees_nothing_of(TEXT)


def test_a_wrong_password_in_between_does_not_lose_it(case: Case, rosa: Desk) -> None:
    form = form_of(rosa, case)
    session_ends(rosa)
    rosa.posts(rosa.address(case, "decide"), **form)
    signs_in(rosa, "not it")
    assert rosa.status == 422
    signs_in(rosa)
    rosa.sees(TEXT)


def test_what_is_kept_can_be_sent_then(case: Case, rosa: Desk) -> None:
    form = form_of(rosa, case, decision="approve", reason="Seen at the counter.")
    session_ends(rosa)
    rosa.posts(rosa.address(case, "decide"), **form)
    signs_in(rosa)
    again = {name: rosa.hidden(name) for name in ("version", "seen")}
    rosa.posts(rosa.address(case, "decide"), **again, decision="approve", reason="Seen at the counter.")
    case.town.works()
    assert case.status == COMPLETED


def test_it_lies_sealed_and_in_no_address(case: Case, rosa: Desk) -> None:
    form = form_of(rosa, case)
    session_ends(rosa)
    rosa.posts(rosa.address(case, "decide"), **form)
    assert TEXT not in str([each.get_decoded() for each in Session.objects.all()])
    assert all("lease" not in address for address in rosa.went_to)


def test_who_never_comes_back_leaves_nothing_behind(case: Case, rosa: Desk) -> None:
    form = form_of(rosa, case)
    session_ends(rosa)
    rosa.posts(rosa.address(case, "decide"), **form)
    upkeep.expire_job(now=case.town.now)
    assert Session.objects.count() == 1
    upkeep.expire_job(now=case.town.now + timedelta(hours=5))
    assert Session.objects.count() == 0


def test_somebody_who_may_not_decide_does_not_see_it(case: Case, rosa: Desk) -> None:
    form = form_of(rosa, case)
    session_ends(rosa)
    rosa.posts(rosa.address(case, "decide"), **form)
    emil = factories.a_member_of_staff("emil", role="engineer")
    rosa.client.force_login(emil, backend="allauth.account.auth_backends.AuthenticationBackend")
    rosa.opens(case).sees_nothing_of(TEXT)


def test_a_stranger_who_posts_there_learns_nothing_and_does_nothing(town: Town, case: Case) -> None:
    known = Client().post(f"/console/requests/{case.request.reference}/decide", {"reason": "x" * 50_000})
    unknown = Client().post("/console/requests/KT-2222-2222/decide", {"reason": "x" * 50_000})
    assert known.status_code == unknown.status_code == 302
    assert case.history[-1] == "referred"
    assert max(len(each.session_data) for each in Session.objects.all()) < 20_000


class TestAPageFromBeforeSigningInElsewhere:
    """Signing in changes the token of the forms, so the page that was open before carries an old one."""

    @pytest.fixture
    def strict(self, case: Case, rosa: Desk) -> Desk:
        rosa.client.handler.enforce_csrf_checks = True
        return rosa

    def test_keeps_what_was_typed(self, case: Case, strict: Desk) -> None:
        strict.client.defaults.update(SAME_ORIGIN)
        strict.posts(strict.address(case, "decide"), **form_of(strict, case))
        assert strict.at == strict.address(case)
        strict.sees("Nothing was sent yet.", TEXT)
        assert case.status == IN_REVIEW

    def test_does_no_other_act_either_but_says_so(self, case: Case, strict: Desk) -> None:
        strict.client.defaults.update(SAME_ORIGIN)
        strict.posts(strict.address(case, "take"))
        assert strict.at == strict.address(case)
        strict.sees("nothing was done")
        assert case.history[-1] == "referred"

    @pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
    def test_is_trusted_only_when_the_browser_says_that_it_is_ours(self, case: Case, strict: Desk, site: str) -> None:
        strict.client.defaults.update({"HTTP_SEC_FETCH_SITE": site})
        form = form_of(strict, case)
        strict.posts(strict.address(case, "decide"), **form)
        assert strict.status == 403
        strict.opens(case).sees_nothing_of(TEXT)


class TestAnAddressThatOnlyTakesForms:
    """It stands in the address bar after a mistake, so people reload it, or change the language there."""

    @pytest.mark.parametrize("act", ["decide", "identifier", "take", "put-back", "look-again", "retry"])
    def test_leads_to_its_request(self, case: Case, rosa: Desk, act: str) -> None:
        assert rosa.opens(rosa.address(case, act)).at == rosa.address(case)
        assert rosa.status == 200

    @pytest.mark.parametrize("act", ["next", "search"])
    def test_or_to_the_queue(self, rosa: Desk, act: str) -> None:
        assert rosa.opens(f"/console/{act}").at == "/console"


class TestWhatThePageFetchesByItself:
    def test_is_told_that_the_session_ended_instead_of_getting_another_page(
        self, case: Case, desk: Callable[..., Desk]
    ) -> None:
        response = Client().get(f"/console/requests/{case.request.reference}", headers={"HX-Request": "true"})
        assert response.status_code == 401
        assert response.content == b""


def test_what_was_typed_is_shown_when_a_colleague_settled_it_first(case: Case, rosa: Desk) -> None:
    form = form_of(rosa, case)
    case.staff("approve", by="4711")
    rosa.posts(rosa.address(case, "decide"), **form)
    assert rosa.status == 409
    rosa.sees("What you had typed; it was not sent", TEXT)
