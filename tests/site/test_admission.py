"""Who finds a place when too many come, who is told to come back, and what are they told?"""

import json
import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from prometheus_client import generate_latest

from keyturn.site import admission, door_metrics, turned_away
from tests.site.house import House, call, environ, made_beforehand

FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_SEC_FETCH_SITE": "same-origin"}
SEATED = {"HTTP_COOKIE": "kt_seat=somebody"}


def told(door: str) -> float:
    found = re.search(rf'keyturn_turned_away_total{{door="{door}"}} (\S+)', generate_latest(door_metrics._OWN).decode())
    assert found
    return float(found[1])


class TestTheLines:
    def test_who_finds_no_place_waits_and_is_served(self, house: House) -> None:
        for path in ("/a", "/b", "/c"):
            house.comes(path)
        assert house.inside == ["/a"]
        house.empties()
        assert {path: answer[0] for path, answer in house.answers.items()} == {"/a": 200, "/b": 200, "/c": 200}

    def test_where_the_room_is_full_one_is_told_at_once(self, house: House) -> None:
        before = told("portal")
        for path in ("/a", "/b", "/c"):
            house.comes(path)
        status, headers, _body = call(house.door, environ("/d"))
        assert (status, int(headers["Retry-After"]) > 0) == (503, True)
        assert told("portal") == before + 1
        assert house.inside == ["/a"]

    def test_who_is_in_the_middle_of_something_has_room_where_who_looks_has_none(self, house: House) -> None:
        for path in ("/a", "/b", "/c"):
            house.comes(path)
        house.comes("/start/name", **SEATED)
        house.comes("/console", HTTP_COOKIE="sessionid=staff")
        assert call(house.door, environ("/start/birth", **SEATED))[0] == 503
        house.empties()
        assert house.inside == ["/a", "/start/name", "/console", "/b", "/c"], "they go first, too"

    def test_who_only_looks_has_a_turn_in_five(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = House(monkeypatch, places=1, waiting=40)
        made.comes("/a")
        made.comes("/looks")
        for number in range(8):
            made.comes(f"/api/v1/{number}", method="POST")
        made.empties()
        assert made.inside.index("/looks") < 6

    def test_nobody_waits_longer_than_the_patience(self, house: House) -> None:
        house.comes("/a")
        with house.changed:
            assert house.changed.wait_for(lambda: house.inside, 10)
        house.door._patience = 0.02
        assert call(house.door, environ("/b", **SEATED))[0] == 503
        house.door._patience = 30
        house.comes("/c", **SEATED)
        house.empties()
        assert house.inside == ["/a", "/c"], "who gave up is not served afterwards"

    def test_nobody_stands_in_a_line_that_takes_too_long(self) -> None:
        lines = admission.Lines(waiting=100, patience=5.0)
        for _ in range(10):
            assert lines.join(admission.Visit({}, 0.0), looks=False)
        lines._pace = (
            0.15  # the first who only looks waits five turns at most, the second ten: 1.5 s, more than a quarter of 5
        )
        assert lines.join(admission.Visit({}, 0.0), looks=True)
        assert not lines.join(admission.Visit({}, 0.0), looks=True)
        assert lines.join(admission.Visit({}, 0.0), looks=False)
        lines._pace = 0.3  # 3.75 s for eleven and every fifth who only looks
        assert not lines.join(admission.Visit({}, 0.0), looks=False)

    def test_probes_are_answered_while_everything_is_full(self, house: House) -> None:
        for path in ("/a", "/b", "/c"):
            house.comes(path)
        assert [call(house.door, environ(path))[0] for path in ("/healthz", "/readyz")] == [200, 200]

    def test_what_breaks_inside_breaks_for_one_and_the_place_is_free_again(self, house: House) -> None:
        house.go.set()
        with pytest.raises(RuntimeError, match="a bug"):
            house.door(environ("/breaks"), lambda *_: None)
        assert call(house.door, environ("/a"))[0] == 200

    @pytest.mark.parametrize(
        ("asked", "looks"),
        [
            (environ("/"), True), (environ("/start"), True), (environ("/", "HEAD"), True),
            (environ("/start/name", **SEATED), False), (environ("/", HTTP_COOKIE="sessionid=1"), False),
            (environ("/start", "POST"), False), (environ("/console"), False), (environ("/api/v1/requests"), False),
            (environ("/static/look/look.css"), False),
        ],
    )  # fmt: skip
    def test_only_a_page_that_somebody_new_looks_at_can_wait(self, asked: dict[str, Any], looks: bool) -> None:
        assert admission.only_looks(asked) is looks

    def test_a_slow_sender_is_read_before_a_place_is_taken(self, house: House) -> None:
        asked = environ("/start/name", "POST", b"given_name=Ana")
        admission.read_body(asked)
        assert isinstance(asked["wsgi.input"], BytesIO)
        assert asked["wsgi.input"].read() == b"given_name=Ana"


@pytest.fixture(scope="module")
def refusals() -> turned_away.Refusals:
    return made_beforehand(turned_away.Refusals)


class TestWhatTheyAreTold:
    def test_a_page_in_their_language_with_every_header_of_a_page(self, refusals: turned_away.Refusals, client) -> None:
        status, headers, body = call(refusals.answer, environ("/start", HTTP_ACCEPT_LANGUAGE="es-US,en;q=0.5"))
        assert status == 503
        assert '<html lang="es"' in body
        ordinary = client.get("/privacy").headers
        for name in ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"):
            assert headers[name] == ordinary[name]
        assert headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in headers
        assert 10 <= int(headers["Retry-After"]) <= 40

    def test_a_cookie_says_which_language(self, refusals: turned_away.Refusals) -> None:
        asked = environ(HTTP_COOKIE="django_language=es", HTTP_ACCEPT_LANGUAGE="en")
        assert '<html lang="es"' in call(refusals.answer, asked)[2]

    def test_a_browser_that_can_unpack_gets_it_packed(self, refusals: turned_away.Refusals) -> None:
        headers = call(refusals.answer, environ(HTTP_ACCEPT_ENCODING="gzip, br"))[1]
        assert headers["Content-Encoding"] == "gzip"
        assert int(headers["Content-Length"]) < 4000

    def test_what_was_typed_comes_back_and_can_be_sent_again(self, refusals: turned_away.Refusals) -> None:
        sent = b"csrfmiddlewaretoken=abc&given_name=Ana+%22%3CZo%C3%AB%3E&consents=terms&consents=texts&phone="
        _status, _headers, body = call(refusals.answer, environ("/start/name", "POST", sent, **FORM))
        form = body.partition("<form")[2].partition("</form>")[0]
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
        assert [(name, unescape(value)) for name, value in found] == [
            ("csrfmiddlewaretoken", "abc"), ("given_name", 'Ana "<Zoë>'), ("consents", "terms"), ("consents", "texts"),
            ("phone", ""),
        ]  # fmt: skip
        assert 'method="post"' in form
        assert "<Zo" not in body

    @pytest.mark.parametrize(
        "asked",
        [
            environ("/signin", "POST", b"login=ana&password=secret", **FORM),
            environ("/start/name", "POST", b"given_name=Ana", **{**FORM, "HTTP_SEC_FETCH_SITE": "cross-site"}),
            environ("/start/name", "POST", b"given_name=Ana", CONTENT_TYPE=FORM["CONTENT_TYPE"], HTTP_ORIGIN="https://evil.example"),
            environ("/start/name", "POST", b"x" * 200_000, **FORM),
            environ("/start/name", "POST", b"&".join(b"a=1" for _ in range(300)), **FORM),
            environ("/start/name", "POST", b"--x", CONTENT_TYPE="multipart/form-data; boundary=x", HTTP_SEC_FETCH_SITE="same-origin"),
        ],
        ids=["a password", "another site's", "another origin's", "too long", "too many fields", "files"],
    )  # fmt: skip
    def test_what_must_not_come_back_does_not(self, refusals: turned_away.Refusals, asked: dict[str, Any]) -> None:
        status, _headers, body = call(refusals.answer, asked)
        assert status == 503
        assert "hidden" not in body.partition("<main")[2].replace("aria-hidden", "").replace("visually-hidden", "")
        assert "go back in your browser" in body

    def test_a_program_gets_a_problem_document(self, refusals: turned_away.Refusals) -> None:
        before = told("api")
        status, headers, body = call(refusals.answer, environ("/api/v1/requests", "POST", b"{}"))
        problem = json.loads(body)
        assert (status, headers["Content-Type"]) == (503, "application/problem+json")
        assert (problem["code"], problem["status"], problem["errors"]) == ("unavailable", 503, [])
        assert problem["request_id"] == headers["X-Request-Id"]
        assert 1 <= int(headers["Retry-After"]) <= 10
        assert told("api") == before + 1

    def test_each_has_an_id_of_their_own(self, refusals: turned_away.Refusals) -> None:
        idents = {call(refusals.answer, environ())[1]["X-Request-Id"] for _ in range(5)}
        assert len(idents) == 5

    def test_the_head_alone_has_no_body(self, refusals: turned_away.Refusals) -> None:
        assert call(refusals.answer, environ(method="HEAD"))[2] == ""

    def test_nobody_outside_can_ask_for_it(self, client) -> None:
        assert (
            client.get("/", headers={"keyturn.turned_away": "look", "keyturn-turned-away": "look"}).status_code == 200
        )

    def test_the_log_has_one_line_a_second_at_most(self, refusals: turned_away.Refusals, monkeypatch) -> None:
        lines: list[int] = []
        monkeypatch.setattr(turned_away.log, "warning", lambda _event, *, number: lines.append(number))
        refusals._said_at = refusals._unsaid = 0
        for now in (100.0, 100.2, 100.9, 101.5):
            refusals._say(now)
        assert lines == [1, 3]
