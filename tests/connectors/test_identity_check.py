"""What does the identity check answer, in this process and over HTTP, and what does its silence mean?"""

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.identity_check import identity_check, wire
from keyturn.connectors.identity_check.over_http import HttpIdentityCheck
from keyturn.connectors.identity_check.simulator import Simulator
from keyturn.connectors.identity_check.simulator.server import SimulatorServer
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from keyturn.terms.person import Identifier, Kind, PersonDetails

LICENCE = Identifier("driver_licence", "D1234567")
PERSON = PersonDetails(given_name="Ada", family_name="Lind", date_of_birth=date(1990, 5, 1), identifiers=(LICENCE,))


@pytest.fixture(scope="module")
def server():
    with SimulatorServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(params=["in this process", "over HTTP"])
def check(request, server):
    if request.param == "over HTTP":
        return HttpIdentityCheck(server.url, timeout_seconds=0.5)
    return Simulator()


@pytest.mark.parametrize(
    ("details", "outcome", "level"),
    [
        (PERSON, "passed", 2),
        (replace(PERSON, date_of_birth=None), "passed", 1),
        (replace(PERSON, identifiers=(Identifier("ssn_last4", "1234"),)), "passed", 1),
        (replace(PERSON, identifiers=(), date_of_birth=None), "unsure", 0),
        (replace(PERSON, family_name="Unverifiable"), "failed", 0),
        (replace(PERSON, family_name=" FROZEN "), "unsure", 0),
        (replace(PERSON, identifiers=(Identifier("ssn_last4", "0000"),)), "failed", 0),
        (
            PersonDetails(Kind.ORGANISATION, organisation_name="Mill", identifiers=(Identifier("tax_id", "12"),)),
            "passed",
            2,
        ),
        (PersonDetails(Kind.ORGANISATION, organisation_name="Unverifiable"), "failed", 0),
    ],
)
def test_the_answer_follows_from_the_details(check, details, outcome, level):
    answer = check.check(details, key="k1")
    assert (answer.outcome, answer.level) == (outcome, level)
    assert answer.reference.startswith("SIM-")


def test_the_same_key_gives_the_same_answer_and_another_key_another_reference(check):
    assert check.check(PERSON, key="k1") == check.check(PERSON, key="k1")
    assert check.check(PERSON, key="k1").reference != check.check(PERSON, key="k2").reference


def test_somebody_called_timeout_cannot_be_asked_about(check):
    with pytest.raises(Unavailable):
        check.check(replace(PERSON, family_name="Timeout"), key="k1")


def test_somebody_called_hangs_is_asked_about_in_vain(check):
    with pytest.raises(InDoubt):
        check.check(replace(PERSON, family_name="Hangs"), key="k1")


def test_a_service_that_is_not_there_is_unavailable():
    with SimulatorServer() as gone:
        url = gone.url
    with pytest.raises(Unavailable, match="unreachable"):
        HttpIdentityCheck(url, timeout_seconds=1).check(PERSON, key="k1")


@contextmanager
def answering(status, body, headers=()):
    class Handler(BaseHTTPRequestHandler):
        asked: list = []

        def do_POST(self):
            self.asked.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield HttpIdentityCheck(f"http://127.0.0.1:{server.server_port}/v1/", timeout_seconds=2), Handler.asked
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (503, b"", Unavailable),
        (429, b"", Unavailable),
        (500, b"", InDoubt),
        (400, b"", Rejected),
        (401, b"", Rejected),
        (302, b"", Rejected),
        (200, b"<html>", InDoubt),
        (200, b'{"outcome": "maybe"}', InDoubt),
        (200, b'["passed"]', InDoubt),
        (200, b'{"outcome": "passed", "level": "x", "reference": "", "reasons": []}', InDoubt),
        (200, b"\xff\xfe", InDoubt),
    ],
)
def test_an_answer_over_http_means(status, body, meaning):
    with answering(status, body, [("Location", "http://127.0.0.1:1/")]) as (check, _), pytest.raises(meaning) as told:
        check.check(PERSON, key="k1")
    assert "Lind" not in str(told.value)


def test_what_is_asked_is_personal_and_so_stands_in_the_body_alone():
    answer = json.dumps({"outcome": "passed", "level": 2, "reference": "r", "reasons": []}).encode()
    with answering(200, answer) as (check, asked):
        check.check(replace(PERSON, emails=("ada@example.org",)), key="k1")
    ((path, headers, body),) = asked
    assert path == "/v1/check"
    assert headers["Idempotency-Key"] == "k1"
    assert "Lind" not in str(headers)
    assert wire.read_question(body) == (PERSON, "k1")
    assert b"example.org" not in body


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"kind": "ghost", "key": "k", "identifiers": []}'])
def test_the_simulator_refuses_what_it_cannot_read(server, body):
    assert httpx.post(f"{server.url}/check", content=body).status_code == 400


def test_the_simulator_refuses_more_than_a_question_can_be(server):
    assert httpx.post(f"{server.url}/check", content=b"x" * 100_001).status_code == 413


def test_it_runs_as_a_program():
    command = [sys.executable, "-m", "keyturn.connectors.identity_check.simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        ready, url = program.stdout.readline().split()
        answer = HttpIdentityCheck(url, timeout_seconds=5).check(PERSON, key="k1")
        program.terminate()
        assert program.stderr.read() == ""
    assert (ready, answer.outcome) == ("ready", "passed")


def test_the_setting_chooses(settings):
    settings.KEYTURN_IDENTITY_CHECK = "off"
    assert identity_check() is None
    settings.KEYTURN_IDENTITY_CHECK = "simulator"
    assert identity_check().name == "simulator"
    settings.KEYTURN_IDENTITY_CHECK = "https://bureau.example/v1"
    assert identity_check().name == "http"
    settings.KEYTURN_IDENTITY_CHECK = "http://127.0.0.1:8090"
    assert identity_check().name == "http"


@pytest.mark.parametrize(
    "value", ["simulater", "http://bureau.example", "ftp://bureau.example", "http://10.0.0.1", "https"]
)
def test_personal_data_does_not_leave_unencrypted(settings, value):
    settings.KEYTURN_IDENTITY_CHECK = value
    with pytest.raises(ImproperlyConfigured, match="KEYTURN_IDENTITY_CHECK"):
        identity_check()
