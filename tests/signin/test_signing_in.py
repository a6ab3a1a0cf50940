"""Who comes in with a login, and who does not?"""

import re
import time
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.test import Client, RequestFactory

from keyturn.signin.adapter import address_of

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_has_tried():
    cache.clear()


@pytest.fixture
def rosa():
    return get_user_model().objects.create_user(
        username="rosa", email="rosa@utility.example", password=PASSWORD, staff_role="reviewer"
    )


def sign_in(client, login="rosa", password=PASSWORD, **more):
    return client.post("/signin", {"login": login, "password": password, **more})


def test_staff_come_in_by_user_name(client, rosa):
    response = sign_in(client)
    assert response.status_code == 302
    assert response["Location"] == "/console"


def test_staff_come_in_by_e_mail_address_however_it_is_capitalised(client, rosa):
    assert sign_in(client, "Rosa@Utility.example")["Location"] == "/console"


def test_after_signing_in_the_page_that_was_wanted_opens(client, rosa):
    wanted = client.get("/console?tab=stuck")
    assert wanted.status_code == 302
    assert "/signin?next=" in wanted["Location"]
    assert sign_in(client, next="/console?tab=stuck")["Location"] == "/console?tab=stuck"


def test_a_wrong_guess_and_another_language_still_lead_to_the_page_that_was_wanted(client, rosa):
    page = client.get("/signin?next=/console/requests/KT-2222-2222").content.decode()
    action = re.search(r'action="(/signin[^"]*)"', page).group(1)
    again = client.post(action, {"login": "rosa", "password": "wrong"}).content.decode()
    assert 'name="next" value="/signin?next=/console/requests/KT-2222-2222"' in again  # of the other language's button


def test_nobody_is_sent_to_a_foreign_site_after_signing_in(client, rosa):
    assert sign_in(client, next="https://evil.example/")["Location"] == "/console"


def test_a_wrong_password_and_an_unknown_name_get_the_very_same_page(client, rosa):
    wrong = sign_in(client, "rosa", "wrong")
    unknown = sign_in(Client(), "sora", "wrong")
    assert wrong.status_code == unknown.status_code == 422
    assert _without_token(wrong).replace("rosa", "") == _without_token(unknown).replace("sora", "")


def _without_token(response):
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())


def test_what_was_typed_as_the_name_stays_and_the_password_does_not(client, rosa):
    page = sign_in(client, "rosa", "wrong-password").content.decode()
    assert 'value="rosa"' in page
    assert "wrong-password" not in page


def test_empty_fields_are_named_one_by_one(client):
    page = client.post("/signin", {"login": "", "password": ""}).content.decode()
    assert "Enter your user name or e-mail address." in page
    assert "Enter your password." in page


def test_five_wrong_guesses_lock_the_name_even_for_the_right_password(client, rosa):
    answers = [sign_in(client, "Rosa" if n % 2 else "rosa", f"guess {n}").status_code for n in range(5)]
    assert answers[:4] == [422] * 4
    assert answers[4] == 429
    locked = sign_in(client)
    assert locked.status_code == 429
    assert "Too many wrong attempts" in locked.content.decode()


def test_an_unknown_name_is_locked_just_the_same(client, db):
    answers = [sign_in(client, "nobody", f"guess {n}").status_code for n in range(6)]
    assert answers == [422, 422, 422, 422, 429, 429]


def test_the_session_gets_a_new_name_when_somebody_comes_in(client, rosa):
    session = client.session
    session["before"] = "yes"
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_signing_out_ends_the_session_and_only_a_press_on_the_button_does_it(client, rosa):
    client.force_login(rosa, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/signout")["Location"] == "/signin"
    assert "_auth_user_id" in client.session
    client.post("/signout")
    assert "_auth_user_id" not in client.session


def test_signing_out_needs_our_own_page(rosa):
    client = Client(enforce_csrf_checks=True)
    client.force_login(rosa, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/signout").status_code == 403
    assert "_auth_user_id" in client.session


def test_somebody_who_is_switched_off_does_not_come_in(client, rosa):
    rosa.is_active = False
    rosa.save()
    assert sign_in(client).status_code == 422


def test_nobody_can_sign_up(client):
    assert client.get("/signup").status_code == 404
    assert client.get("/accounts/signup/").status_code == 404


@pytest.mark.parametrize("login", ["rosa", "rosa@utility.example", "nobody", "nobody@utility.example"])
def test_a_wrong_guess_costs_one_password_hash_whoever_it_names(client, rosa, login, monkeypatch):
    """Else the time of the answer tells who has a login (I7)."""
    hashed = []
    for name in ("encode", "verify"):
        original = getattr(Argon2PasswordHasher, name)

        def counted(self, *args, _original=original, **more):
            hashed.append(1)
            return _original(self, *args, **more)

        monkeypatch.setattr(Argon2PasswordHasher, name, counted)
    sign_in(client, login, "wrong")
    assert len(hashed) == 1


def test_a_password_is_kept_as_an_argon2id_hash_with_the_costs_that_django_chose(rosa, settings):
    assert rosa.password.startswith("argon2$argon2id$")
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_another_name_each_time_is_slowed_down_too(client, rosa, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "4/m/ip"}
    answers = [sign_in(client, f"name{n}", "a guess").status_code for n in range(4)]
    paused = sign_in(client)
    assert answers == [422] * 4
    assert paused.status_code == 429
    assert paused["Retry-After"] == "60"
    assert "Too many attempts from here." in paused.content.decode()
    assert "no-store" in paused["Cache-Control"]
    elsewhere = client.post("/signin", {"login": "rosa", "password": PASSWORD}, REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 302


def test_after_a_minute_one_may_try_again(client, rosa, settings, monkeypatch):
    now = [1000.0]
    clock = SimpleNamespace(time=lambda: now[0], monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr("allauth.core.internal.ratelimit.time", clock)
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "2/m/ip"}
    assert [sign_in(client, f"name{n}", "a guess").status_code for n in range(3)] == [422, 422, 429]
    now[0] += 60.0
    assert sign_in(client).status_code == 302


@pytest.mark.parametrize(
    ("behind", "header", "expected"),
    [
        (False, "203.0.113.5", "192.0.2.1"),  # without a proxy of ours anybody may write the header
        (True, "203.0.113.5", "203.0.113.5"),
        (True, "1.2.3.4, 203.0.113.5", "203.0.113.5"),  # only the last one is the proxy's own word
        (True, "nonsense", "192.0.2.1"),
        (True, "", "192.0.2.1"),
    ],
)
def test_guesses_are_counted_by_the_address_that_our_proxy_saw(settings, behind, header, expected):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = int(behind)
    request = RequestFactory().post("/signin", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": header})
    assert address_of(request) == expected


def test_a_stranger_behind_the_same_proxy_does_not_lock_a_colleague_out(client, rosa, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for n in range(6):
        client.post("/signin", {"login": "rosa", "password": f"{n}"}, headers={"X-Forwarded-For": "203.0.113.5"})
    answer = client.post("/signin", {"login": "rosa", "password": PASSWORD}, headers={"X-Forwarded-For": "192.0.2.44"})
    assert answer.status_code == 302
