"""Does somebody connect their account page by page, and does no page tell a stranger whether there is one (T-32)?"""

import random
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from keyturn import flow
from keyturn.records.models import AccountAccess, ClaimCode, RedFlag, Request, User
from keyturn.terms.premise import AgreementStatus
from keyturn.terms.request import Actor, Role, Standing, Step
from tests.flow.claiming import (
    ANA_AT_HOME,
    Claim,
    Home,
    a_login,
    came_by,
    letter_codes,
    mail_codes,
    stop_token,
    text_codes,
)
from tests.flow.conftest import cis_installed, town  # noqa: F401 (fixtures)
from tests.flow.town import Town
from tests.portal.signed_in import SignedIn
from tests.portal.visitor import Visitor
from tests.trips import Trips


@pytest.fixture
def home(town: Town) -> Home:  # noqa: F811
    town.now = timezone.now()
    return Home(town)


def somebody(home: Home, **more: Any) -> SignedIn:
    return SignedIn(home.town, a_login(), **more)


def to_the_proof(visitor: SignedIn, home: Home, **typed: str) -> SignedIn:
    bill = {**home.bill, **typed}
    visitor.opens("/account/claim").sends()
    visitor.is_at("/account/claim/line").sends(line_of_business=bill.pop("line_of_business"))
    return visitor.is_at("/account/claim/details").sends(**bill).is_at("/account/claim/proof")


class TestTheWay:
    def test_a_code_by_text_message(self, home: Home) -> None:
        ana = somebody(home)
        ana.opens("/account").sees("I have an account already")
        to_the_proof(ana, home).sends(proof="sms").is_at("/account/claim/code")
        home.town.works()
        ana.sends(code=text_codes(home.town)[-1]).is_at("/account/claim/done").sees("We are connecting your account")
        home.town.works()
        ana.opens("/account/claim/done").sees("Your account is connected")
        ana.opens("/account").sees(home.premise.line1)

    def test_a_letter_is_waited_for(self, home: Home) -> None:
        ana = somebody(home)
        to_the_proof(ana, home).sends(proof="letter").is_at("/account/claim/code").sees("about a week")
        home.town.works()
        ana.opens("/account/claim").sees("I have a code")
        ana.opens("/account/claim/code").sends(code=letter_codes(home.town)[-1])
        home.town.works()
        assert home.has_access(ana.user)

    def test_the_desk_gets_a_photo(self, home: Home) -> None:
        ana = somebody(home)
        to_the_proof(ana, home).sends(proof="desk").is_at("/account/claim/document")
        ana.sends().is_at("/account/claim/done")
        home.town.works()
        ana.opens("/account/claim/done").sees("We look at it")
        ana.opens("/account/claim").sees("is looking at what you sent")

    def test_another_login_that_does_not_agree_leads_to_another_way(self, home: Home) -> None:
        home.town.policy_says(federated_providers=("state",))
        namesake = somebody(home)
        came_by(namesake.user, "state", birthdate="1999-01-01")
        to_the_proof(namesake, home).sees("Your other login").sends(proof="federated").is_at("/account/claim/done")
        home.town.works()
        namesake.opens("/account/claim/done").sees("Choose another way")
        assert not home.has_access(namesake.user)

    def test_a_new_code_makes_the_old_one_void(self, home: Home) -> None:
        ana = somebody(home)
        to_the_proof(ana, home).sends(proof="email")
        home.town.works()
        ana.sends(again="yes").sees("We have asked for a new code")
        home.town.works()
        old, new = mail_codes(home.town, "ana@example.com")[-2:]
        ana.sends(code=old).sees("This code is not right, or it has expired")
        ana.sends(code=new).is_at("/account/claim/done")

    def test_in_spanish(self, home: Home) -> None:
        ana = somebody(home, language="es")
        ana.opens("/account/claim")
        assert ana.status == 200
        assert 'lang="es"' in ana.html

    def test_who_is_not_signed_in_signs_in_first(self, home: Home) -> None:
        ana = somebody(home)
        ana.client.logout()
        ana.opens("/account/claim")
        assert ana.path.startswith("/signin")


class TestMistakes:
    def test_are_said_before_anything_is_looked_up(self, home: Home) -> None:
        ana = somebody(home)
        ana.opens("/account/claim").sends().sends(line_of_business="residential")
        ana.sends(account_number="12345 67890 4", family_name="Zelenko", postal_code="97901")
        ana.is_at("/account/claim/details").sees("Check the account number")
        assert ana.status == 422
        assert not ClaimCode.objects.exists()

    def test_nothing_chosen_is_said(self, home: Home) -> None:
        to_the_proof(somebody(home), home).sends().is_at("/account/claim/proof")

    def test_too_many_tries_wait(self, home: Home) -> None:
        ana = somebody(home)
        to_the_proof(ana, home, account_number="77777").sends(proof="sms")
        for _ in range(4):
            ana.opens("/account/claim/code").sends(again="yes")
        ana.sends(again="yes").sees("You have tried several times")
        assert ana.status == 422


class TestAfterwards:
    def test_whoever_is_on_file_can_end_it(self, home: Home) -> None:
        thief = somebody(home)
        to_the_proof(thief, home).sends(proof="sms")
        home.town.works()
        thief.sends(code=text_codes(home.town)[-1])
        home.town.works()
        owner = SignedIn(home.town, a_login())
        owner.client.logout()
        path = f"/claim/stop/{stop_token(home.town, 'ana@example.com')}"
        owner.opens(path).sees("End this connection?")
        assert home.has_access(thief.user)
        owner.sends().sees("We have ended it")
        assert not home.has_access(thief.user)
        assert RedFlag.objects.filter(trigger="not_me").exists()
        assert owner.opens(path).status == 410

    def test_an_account_is_named_and_given_up(self, home: Home) -> None:
        ana = somebody(home)
        for user in (ana.user, a_login()):
            AccountAccess.objects.create(
                user=user, account=home.account, person=home.person, level="owner", capacity="self", proof="sms",
                since=home.town.now, granted_by="machine:worker",
            )  # fmt: skip
        page = f"/account/claim/link/{home.account.pk}"
        ana.opens(page).sends(act="name", nickname="The cabin").sees("The cabin")
        ana.proved(60).opens(page).sends(act="unlink").is_on_again_page()
        ana.proved(0).opens(page).sends(act="unlink").is_at("/account")
        assert not home.has_access(ana.user)
        assert SignedIn(home.town, a_login()).opens(page).status == 404


class TestAtTheEndOfARequest:
    def test_a_login_is_made_and_gets_the_account_when_it_is_set_up(self, visitor: Visitor) -> None:
        visitor.asks_for_service(visitor.town.house()).sees("Look after your account online")
        visitor.sends("/start/login").is_at("/account").sees("There is no account with this login yet")
        visitor.town.works()
        access = AccountAccess.objects.get(user__email="ana@example.com")
        assert (access.proof, access.level, access.person) == ("request", "owner", visitor.request.person)
        visitor.opens("/account").sees("Electricity")

    def test_staffs_question_is_answered_from_the_account(self, visitor: Visitor) -> None:
        visitor.asks_for_service(visitor.town.house()).sends("/start/login").is_at("/account")
        asked = visitor.request
        Request.objects.filter(pk=asked.pk).update(step=Step.REVIEW, standing=Standing.STAFF)
        flow.review(
            request_id=asked.pk, decision="ask", reason="Which house number?", actor=Actor(Role.STAFF, "7"),
            now=visitor.town.now, policy=visitor.town.policy,
        )  # fmt: skip
        visitor.opens(f"/account/requests/{asked.reference}").sees("Which house number?").sends(reply="It is 12.")
        assert [each.text for each in asked.notes.filter(kind="reply")] == ["It is 12."]

    def test_who_has_a_login_already_signs_in(self, visitor: Visitor) -> None:
        a_login("ana@example.com")
        visitor.asks_for_service(visitor.town.house()).sends("/start/login")
        assert visitor.path.startswith("/signin")
        visitor.town.works()
        assert not AccountAccess.objects.exists()

    def test_another_browser_gets_nothing(self, visitor: Visitor, another: Callable[..., Visitor]) -> None:
        visitor.asks_for_service(visitor.town.house())
        stranger = another()
        stranger.opens("/").sends("/start/login")
        assert not stranger.path.startswith("/account")
        assert not User.objects.filter(email="ana@example.com").exists()


class TestForeignForms:
    def test_a_form_of_another_site_does_nothing(self, home: Home) -> None:
        """CSRF: somebody who is signed in is led to a page that posts for them."""
        ana = somebody(home)
        to_the_proof(ana, home)
        answer = ana.client.post("/account/claim/proof", {"proof": "sms"})
        assert answer.status_code in (302, 403)
        assert not ClaimCode.objects.exists()


# ---------------------------------------------------------------- T-32

RUNS = 20  # pairs


def measure(visitor: SignedIn, path: str, data: dict[str, str], token: str) -> tuple[Any, float]:
    """Status, headers and length of one posted form and of the page after it, what it asked of the database, and the
    time of the processor that it took: how long the clock runs says more about a busy machine than about the form."""
    with Trips(connection) as asked:
        began = time.process_time()
        answer = visitor.client.post(path, {**data, "csrfmiddlewaretoken": token})
        took = time.process_time() - began
    after = visitor.client.get("/account/claim/code").content if answer.status_code == 302 else b""
    seen = (
        answer.status_code, answer.headers.get("Location", ""), len(answer.content), len(after),
        sorted(answer.headers), answer.headers.get("Content-Type"), [shape_of(each["sql"]) for each in asked],
    )  # fmt: skip
    return seen, took


def shape_of(sql: str) -> str:
    """A statement without its values."""
    return re.sub(r"('(?:[^']|'')*'|\b[0-9a-f-]{8,}\b|\d+|NULL)(::uuid)?", "?", sql)[:160]


def ready_to_send(home: Home, email: str, **typed: str) -> tuple[SignedIn, str]:
    """Somebody at the last page of a claim, and the token of its form."""
    visitor = SignedIn(home.town, a_login(email))
    claim = Claim(home.town, visitor.user)
    claim.answers(**{**home.bill, **typed})
    page = visitor.client.get("/account/claim/proof").content.decode()
    return visitor, page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


def permutation_p(one: list[float], other: list[float], *, seed: int = 1, rounds: int = 2000) -> float:
    """How often a random split of the same times differs as much in its medians (two-sided)."""
    told = abs(statistics.median(one) - statistics.median(other))
    shuffled, dice, as_much = [*one, *other], random.Random(seed), 0
    for _ in range(rounds):
        dice.shuffle(shuffled)
        first, second = shuffled[: len(one)], shuffled[len(one) :]
        as_much += abs(statistics.median(first) - statistics.median(second)) >= told
    return as_much / rounds


def kinds_of_miss(home: Home) -> dict[str, dict[str, str]]:
    """What somebody may type that leads nowhere."""
    return {
        "no such account": {"account_number": "AC999999"},
        "wrong name and code": {"family_name": "Nobody", "postal_code": "10001"},
    }


@pytest.mark.parametrize("miss", ["no such account", "wrong name and code", "no contact", "closed", "linked"])
def test_hit_and_miss_look_alike_and_take_as_long(town: Town, miss: str) -> None:  # noqa: F811
    """T-32: interleaved pairs; the same status, length, headers and statements; medians no more than 2 ms apart."""
    town.now = timezone.now()
    town.policy_says(claim_tries_from_address=10_000, claim_tries_at_account=10_000, claim_breadth=10_000)
    hit = Home(town, replace(ANA_AT_HOME, emails=("hit@example.com",), identifiers=()))
    other, typed = hit, kinds_of_miss(hit).get(miss, {})
    if miss == "no contact":
        other = Home(town, replace(ANA_AT_HOME, emails=("b@example.com",), phones=(), identifiers=()))
    if miss == "closed":
        other = Home(
            town, replace(ANA_AT_HOME, emails=("b@example.com",), identifiers=()), status=AgreementStatus.STOPPED,
            until=date(2022, 1, 1),
        )  # fmt: skip
    if miss == "linked":
        town.policy_says(claim_second_login=False)
        other = Home(town, replace(ANA_AT_HOME, emails=("b@example.com",), identifiers=()))
        AccountAccess.objects.create(
            user=a_login(), account=other.account, person=other.person, level="owner", capacity="self", proof="sms",
            since=town.now, granted_by="machine:worker",
        )  # fmt: skip
    seen: dict[str, list[Any]] = {"hit": [], "miss": []}
    sent: dict[str, list[float]] = {"hit": [], "miss": []}
    guessed: dict[str, list[float]] = {"hit": [], "miss": []}
    for number in range(RUNS + 2):
        for kind in ("hit", "miss") if number % 2 else ("miss", "hit"):
            at, said = (hit, {}) if kind == "hit" else (other, typed)
            visitor, token = ready_to_send(at, f"{kind[0]}{number:03}@example.org", **said)
            one, first = measure(visitor, "/account/claim/proof", {"proof": "sms"}, token)
            town.works()
            two, second = measure(visitor, "/account/claim/code", {"code": "222222"}, token)
            if number >= 2:  # the first ones warm up
                seen[kind].append((one, two))
                sent[kind].append(first)
                guessed[kind].append(second)
            assert town.mails(visitor.user.email) == []
    assert set(map(repr, seen["hit"])) == set(map(repr, seen["miss"]))
    assert len(town.texts()) == RUNS + 2  # the hits; nobody but their owner learns of it
    for name, times in (("send", sent), ("guess", guessed)):
        apart = abs(statistics.median(times["hit"]) - statistics.median(times["miss"])) * 1000
        p = permutation_p(times["hit"], times["miss"])
        print(f"T-32 {miss}: {name}: medians {apart:.3f} ms apart, p = {p:.3f}, n = {RUNS} + {RUNS}")
        assert apart <= 2 or p > 0.001, f"{name}: {apart:.2f} ms apart"


def test_six_wrong_codes_look_alike_too(town: Town) -> None:  # noqa: F811
    """T-32, T-33: also where the last guess is used up and a case is opened."""
    town.now = timezone.now()
    home, seen = Home(town), []
    for number, typed in enumerate(({}, {"account_number": "AC999999"})):
        visitor, token = ready_to_send(home, f"x{number}@example.org", **typed)
        measure(visitor, "/account/claim/proof", {"proof": "sms"}, token)
        town.works()
        seen.append([measure(visitor, "/account/claim/code", {"code": "222222"}, token)[0] for _ in range(7)])
    assert seen[0] == seen[1]
    assert RedFlag.objects.filter(trigger="guessing").count() == 2
