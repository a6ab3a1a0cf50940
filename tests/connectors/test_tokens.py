"""Is a token asked for once, kept while it holds, and never shown; and does nothing of it put a command in doubt?"""

import base64
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.contract_kit import newcomer_at
from keyturn.connectors.cis.mapped import MappedCis, tokens
from keyturn.connectors.cis.mapped.loading import load
from keyturn.connectors.cis.mapped.over_soap import SoapTransport
from keyturn.connectors.cis.mapped.parts import Auth, Transport
from keyturn.connectors.cis.mapped.table import MappingError
from keyturn.connectors.cis.mapped.wire import Deadline
from keyturn.terms.errors import InDoubt, Unavailable
from tests.connectors.mapped.small_cis import NONE, SMALL
from tests.connectors.stub import Heard, Says, Stub, reset, stub
from tests.connectors.test_mapped_soap import ANA, ENVELOPE

BEARER = 'auth = { kind = "bearer", secret = "env:SMALL_TOKEN" }'
OURS = 'auth = { kind = "client_credentials", token_url = "/oauth2/v1/token", client = "env:CIS_CLIENT", secret = "env:CIS_SECRET" }'
CLIENT, SECRET = "our client", "s3cret:with/all?sorts&of=things"


class Provider:
    """A CIS and its identity provider on one stub: tokens t1, t2, ... of which `good` are taken."""

    def __init__(self, server: Stub) -> None:
        self.server, self.given, self.expires_in = server, 0, 3600.0
        self.good: set[str] = set()
        self.slow = 0.0
        self.says: Says = None
        server.says = self.answer

    def answer(self, heard: Heard):
        if heard.path == "/oauth2/v1/token":
            time.sleep(self.slow)
            self.given += 1
            self.good.add(f"t{self.given}")
            return json.dumps(
                {"access_token": f"t{self.given}", "token_type": "Bearer", "expires_in": self.expires_in}
            ).encode()
        if heard.headers.get("Authorization", "").removeprefix("Bearer ") not in self.good:
            return 401, b""
        return self.says or (NONE if heard.verb == "GET" else b'{"id": "7"}')

    def asked(self) -> list[Heard]:
        return [each for each in self.server.heard if each.path == "/oauth2/v1/token"]

    def calls(self) -> list[Heard]:
        return [each for each in self.server.heard if each.path != "/oauth2/v1/token"]


@pytest.fixture
def server():
    with stub() as told:
        yield told


@pytest.fixture
def provider(server, monkeypatch) -> Provider:
    monkeypatch.setenv("CIS_CLIENT", CLIENT)
    monkeypatch.setenv("CIS_SECRET", SECRET)
    return Provider(server)


def mapping(tmp_path: Path, auth: str = OURS) -> Path:
    path = tmp_path / "cis.toml"
    assert BEARER in SMALL.read_text()
    path.write_text(SMALL.read_text().replace(BEARER, auth))
    return path


@pytest.fixture
def cis(provider, tmp_path):
    cis = MappedCis(provider.server.url, timeout_seconds=5, mapping=mapping(tmp_path))
    yield cis
    cis.close()


def test_a_token_is_asked_for_once_and_stands_on_every_message(cis, provider):
    for _ in range(3):
        cis.ping()
    assert provider.given == 1
    assert [each.headers["Authorization"] for each in provider.calls()] == ["Bearer t1"] * 3
    (asked,) = provider.asked()
    assert asked.verb == "POST"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"]}
    given = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode()
    assert given == "our+client:s3cret%3Awith%2Fall%3Fsorts%26of%3Dthings"  # RFC 6749, 2.3.1


def test_the_secret_may_go_in_the_form_and_scope_and_audience_with_it(provider, tmp_path, monkeypatch):
    monkeypatch.setenv("OUR_SCOPE", "urn:opc:resource:consumer::all")
    more = OURS.replace(" }", ', client_in = "body", scope = "env:OUR_SCOPE", audience = "https://cis.example" }')
    MappedCis(provider.server.url, timeout_seconds=5, mapping=mapping(tmp_path, more)).ping()
    (asked,) = provider.asked()
    assert "Authorization" not in asked.headers
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT],
        "client_secret": [SECRET],
        "scope": ["urn:opc:resource:consumer::all"],
        "audience": ["https://cis.example"],
    }


def test_a_token_is_replaced_shortly_before_it_ends(cis, provider, monkeypatch):
    provider.expires_in = 600
    now = time.monotonic()
    monkeypatch.setattr(tokens, "monotonic", lambda: now)
    cis.ping()
    now += 539
    cis.ping()
    assert provider.given == 1
    now += 2
    cis.ping()
    assert provider.given == 2
    assert provider.calls()[-1].headers["Authorization"] == "Bearer t2"


@pytest.mark.parametrize("told", [None, "soon", -1, 0, True, float("nan"), [], "9" * 400, 10**400])
def test_where_nobody_says_how_long_it_holds_it_is_kept_for_five_minutes(cis, provider, monkeypatch, told):
    provider.expires_in = told
    now = time.monotonic()
    monkeypatch.setattr(tokens, "monotonic", lambda: now)
    cis.ping()
    now += 200
    cis.ping()
    assert provider.given == 1
    now += 100
    cis.ping()
    assert provider.given == 2


def test_a_token_that_is_no_longer_taken_is_replaced_once_and_the_message_sent_again(cis, provider):
    cis.ping()
    provider.good.clear()
    with pytest.raises(InDoubt, match="not_there_afterwards"):  # this stub keeps nothing: it was written, all the same
        cis.send(newcomer_at("P"), key="k")
    assert provider.given == 2
    posted = [each.headers["Authorization"] for each in provider.calls() if each.verb == "POST"]
    assert posted == ["Bearer t2", "Bearer t2"]  # a person and an account, each once


def test_a_cis_that_takes_no_token_of_ours_is_asked_twice_and_no_more(cis, provider):
    cis.ping()
    provider.server.heard.clear()
    provider.server.says = lambda heard: provider.answer(heard) if heard.path.startswith("/oauth2") else (401, b"")
    with pytest.raises(Unavailable):
        cis.find("k")
    assert [each.path.partition("?")[0] for each in provider.server.heard] == ["/things", "/oauth2/v1/token", "/things"]


def test_a_burst_asks_for_one_token(cis, provider):
    provider.slow = 0.1
    together = threading.Barrier(16)

    def ping(_: int) -> None:
        together.wait()
        cis.ping()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ping, range(16)))
        provider.good.clear()
        list(pool.map(ping, range(16)))
    assert provider.given == 2


def test_a_burst_that_gets_none_has_asked_once_or_little_more(cis, provider):
    def refused(heard: Heard):
        time.sleep(0.2)
        return 503, b""

    provider.server.says = refused
    together = threading.Barrier(16)

    def ping(_: int) -> str:
        together.wait()
        try:
            cis.ping()
        except Unavailable as no:
            return str(no)
        return "answered"

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ping, range(16))) == {"no_token: 503"}
    assert len(provider.asked()) <= 2


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ((503, b""), "no_token: 503"),
        ((401, b'{"error": "invalid_client", "error_description": "client our client: s3cret"}'), "no_token: 401 invalid_client"),
        ((400, b'{"error": "who is s3cret?"}'), "no_token: 400"),
        ((302, b"", {"Location": "http://127.0.0.1:1/"}), "no_token: 302"),
        (b"<html>welcome</html>", "no_token: unreadable_answer"),
        (b"", "no_token: unreadable_answer"),
        (b"[" * 100_000, "no_token: unreadable_answer"),
        (b"[]", "no_token: unreadable_answer"),
        (b'{"access_token": ""}', "no_token: unreadable_answer"),
        (b'{"access_token": 7}', "no_token: unreadable_answer"),
        (b'{"access_token": "t\\r\\nX-Admin: 1"}', "no_token: unreadable_answer"),
        (b'{"access_token": "t1", "token_type": "mac"}', "no_token: unreadable_answer"),
        (b'{"access_token": "' + b"t" * 20_000 + b'"}', "no_token: unreadable_answer"),
        (None, "no_token: no_answer"),
        ((200, b" " * 6_000_000), "no_token: answer_too_large"),
    ],
)  # fmt: skip
def test_without_a_token_nothing_is_sent_and_nothing_is_in_doubt(cis, provider, says, told):
    provider.server.says = lambda heard: says
    for call in (cis.ping, lambda: cis.find("k"), lambda: cis.send(newcomer_at("P"), key="k")):
        with pytest.raises(Unavailable) as no:
            call()
        assert str(no.value) == told
    assert provider.calls() == []


def test_where_the_provider_resets_or_does_not_listen_nothing_is_in_doubt(provider, tmp_path, monkeypatch):
    provider.server.raw = reset
    cis = MappedCis(provider.server.url, timeout_seconds=5, mapping=mapping(tmp_path))
    with pytest.raises(Unavailable, match="no_token: no_answer"):
        cis.send(newcomer_at("P"), key="k")
    monkeypatch.setenv("CIS_TOKENS", "http://127.0.0.1:1/token")
    away = mapping(tmp_path, OURS.replace('"/oauth2/v1/token"', '"env:CIS_TOKENS"'))
    cis = MappedCis(provider.server.url, timeout_seconds=5, mapping=away)
    with pytest.raises(Unavailable, match="no_token: cis_unreachable"):
        cis.send(newcomer_at("P"), key="k")


def test_a_slow_provider_takes_the_time_of_the_call_and_no_more_also_from_those_who_wait(provider, tmp_path):
    provider.slow = 5.0
    cis = MappedCis(provider.server.url, timeout_seconds=0.3, mapping=mapping(tmp_path))
    together = threading.Barrier(4)

    def send(_: int) -> tuple[str, float]:
        together.wait()
        begun = time.monotonic()
        try:
            cis.send(newcomer_at("P"), key="k")
        except Unavailable as no:
            return str(no), time.monotonic() - begun
        return "sent", 0.0

    with ThreadPoolExecutor(4) as pool:
        for told, took in pool.map(send, range(4)):
            assert told == "no_token: cis_too_slow"
            assert took < 1.5
    assert provider.calls() == []


def test_who_has_little_time_does_not_wait_for_one_who_has_much(cis, provider):
    provider.slow = 1.0
    office = cis._transport.line.office
    with ThreadPoolExecutor(1) as pool:
        patient = pool.submit(office.token, Deadline(5))
        while not provider.asked():
            time.sleep(0.01)
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="no_token: cis_too_slow"):
            office.token(Deadline(0.1))
        assert time.monotonic() - begun < 0.8
        assert patient.result() == "t1"


def test_a_provider_that_fails_half_way_leaves_in_doubt_what_was_written(cis, provider):
    def says(heard: Heard):
        if heard.verb == "POST" and heard.path == "/accounts":
            provider.good.clear()
            provider.server.says = lambda heard: (503, b"")
            return 401, b""
        return provider.answer(heard)

    provider.server.says = says
    with pytest.raises(InDoubt, match="answered_in_part"):
        cis.send(newcomer_at("P"), key="k")


def test_no_secret_and_no_token_is_told_anywhere(cis, provider, caplog):
    caplog.set_level(logging.DEBUG)
    provider.given = 4710
    cis.ping()
    provider.server.says = lambda heard: (
        (400, json.dumps({"error": SECRET, "access_token": "t4711"}).encode())
        if heard.path.startswith("/oauth2")
        else (401, b"t4711")
    )
    with pytest.raises(Unavailable) as no:
        cis.ping()
    office = cis._transport.line.office
    told = caplog.text + str(no.value) + repr(no.value) + repr(office) + repr(office._held) + repr(vars(cis))
    for secret in (SECRET, "s3cret", "t4711", base64.b64encode(b"our+client").decode()[:10]):
        assert secret not in told
    assert caplog.records  # httpcore tells what it does, and none of it


def test_over_soap_too(provider):
    auth = Auth("client_credentials", user="CIS_CLIENT", secret="CIS_SECRET", token_url="/oauth2/v1/token")
    line = SoapTransport(
        provider.server.url, Transport("soap", auth=auth, wsdls={"": "person.wsdl"}), folder=SMALL.parent / "soap"
    )
    provider.says = (200, ENVELOPE.format(ANA).encode())
    assert line.exchange("ReadPerson", {"id": "7"}, deadline=Deadline(3)).good
    provider.good.clear()
    assert line.exchange("ReadPerson", {"id": "7"}, deadline=Deadline(3)).good
    assert [each.headers["Authorization"] for each in provider.calls()] == ["Bearer t1", "Bearer t1", "Bearer t2"]


# The file


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('client = "env:CIS_CLIENT", ', "", "transport.auth.client is missing"),
        ('"env:CIS_SECRET"', '"s3cret"', "transport.auth.secret must name an environment variable"),
        ('token_url = "/oauth2/v1/token", ', "", "transport.auth.token_url is missing"),
        ("token_url", "tokenurl", "transport.auth.token_url is missing (is it written as tokenurl?)"),
        ('"/oauth2/v1/token"', '"oauth2/v1/token"', "transport.auth.token_url must be like"),
        ('"/oauth2/v1/token"', '"//elsewhere.example/token"', "transport.auth.token_url must be like"),
        ('"/oauth2/v1/token"', '"https://u:p@elsewhere.example/token"', "transport.auth.token_url must be like"),
        ('"/oauth2/v1/token"', '"ftp://elsewhere.example/token"', "transport.auth.token_url must be like"),
        (" }", ', client_in = "boddy" }', "client_in is 'boddy': use header, body (did you mean body?)"),
        (" }", ', scoop = "x" }', "transport.auth has no 'scoop' (did you mean scope?)"),
    ],
)  # fmt: skip
def test_a_slip_is_told_in_one_sentence(tmp_path, old, new, sentence):
    with pytest.raises(MappingError) as no:
        load(mapping(tmp_path, OURS.replace(old, new, 1)))
    assert sentence in str(no.value)


@pytest.mark.parametrize("url", ["http://identity.example/token", "https://u:p@identity.example/token", "redis://x/", "https://i.example/t?x=1"])  # fmt: skip
def test_a_secret_goes_to_no_address_that_would_not_keep_it(provider, tmp_path, monkeypatch, url):
    monkeypatch.setenv("CIS_TOKENS", url)
    text = OURS.replace('"/oauth2/v1/token"', '"env:CIS_TOKENS"') + "\nplain_http = true"
    with pytest.raises(ImproperlyConfigured, match=r"transport\.auth\.token_url must"):
        MappedCis(provider.server.url, timeout_seconds=1, mapping=mapping(tmp_path, text))


def test_a_variable_that_is_not_set_is_named(provider, tmp_path, monkeypatch):
    monkeypatch.delenv("CIS_SECRET")
    with pytest.raises(ImproperlyConfigured, match="Set CIS_SECRET in the environment"):
        MappedCis(provider.server.url, timeout_seconds=1, mapping=mapping(tmp_path))
