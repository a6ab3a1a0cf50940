"""Which pages are given without a place inside, to whom, and are they the same as the application's own?"""

import gzip
import re
from typing import Any

import pytest
from django.test import Client

from keyturn.site.ready import PATHS, Pages
from tests.site.house import Answer, House, call, environ, made_beforehand

TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=)"(\w+)"')


@pytest.fixture(scope="module")
def pages() -> Pages:
    return made_beforehand(Pages)


def given(pages: Pages, **asked: Any) -> Answer | None:
    head: list[Any] = []
    parts = pages.answer(environ(**asked), lambda status, headers, *_: head.extend((status, headers)))
    return None if parts is None else (int(head[0][:3]), dict(head[1]), b"".join(parts).decode())


def asked_itself(path: str, **more: str) -> Answer:
    return made_beforehand(lambda keyturn: call(keyturn, environ(path, **more)))


def without_what_is_ones_own(answer: Answer) -> tuple[int, dict[str, str], str]:
    status, headers, body = answer
    own = ("Set-Cookie", "X-Request-Id", "Content-Length", "Expires")
    vary = ", ".join(sorted(set(headers["Vary"].split(", ")) - {"Accept-Encoding"}))
    kept = {name: value for name, value in headers.items() if name not in own} | {"Vary": vary}
    return status, kept, TOKEN.sub(r'\1"..."', body)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("path", PATHS)
def test_each_is_what_the_application_itself_says(pages: Pages, path: str, language: str) -> None:
    found = given(pages, path=path, HTTP_ACCEPT_LANGUAGE=language)
    assert found is not None
    own = asked_itself(path, HTTP_ACCEPT_LANGUAGE=language)
    assert f'<html lang="{language}"' in own[2]
    assert without_what_is_ones_own(found) == without_what_is_ones_own(own)


def test_its_form_can_be_sent_and_each_visitor_has_a_token_of_their_own(pages: Pages, db: None) -> None:
    tokens = set()
    for _ in range(3):
        found = given(pages, path="/requests")
        assert found is not None
        token = TOKEN.search(found[2])
        secret = re.match(r"csrftoken=(\w+); .*HttpOnly.*SameSite=Lax", found[1]["Set-Cookie"])
        assert token and secret
        tokens |= {token[2], secret[1]}
        browser = Client(enforce_csrf_checks=True)
        browser.cookies["csrftoken"] = secret[1]
        sent = {"reference": "KT-7QX4-M2ZP", "csrfmiddlewaretoken": token[2]}
        assert browser.post("/requests", sent).status_code == 302
        assert browser.post("/requests", {**sent, "csrfmiddlewaretoken": "a" * 32}).status_code == 403
    assert len(tokens) == 6


def test_who_has_a_form_cookie_keeps_it(pages: Pages) -> None:
    found = given(pages, path="/requests", HTTP_COOKIE=f"csrftoken={'a' * 32}")
    assert found is not None
    assert found[1]["Set-Cookie"].startswith(f"csrftoken={'a' * 32};")


def test_the_cookie_of_the_language_goes_before_what_the_browser_says(pages: Pages) -> None:
    found = given(pages, path="/", HTTP_COOKIE="django_language=es; _other=1", HTTP_ACCEPT_LANGUAGE="en")
    assert found is not None
    assert '<html lang="es"' in found[2]


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "/signin"}, {"path": "/start/name"}, {"path": "/", "method": "POST"}, {"path": "/", "QUERY_STRING": "a=b"},
        {"path": "/", "HTTP_COOKIE": "sessionid=1"}, {"path": "/start", "HTTP_COOKIE": "csrftoken=a; kt_seat=1"},
        {"path": "/", "HTTP_COOKIE": "messages=1"}, {"path": "/", "HTTP_HOST": "evil.example"},
    ],
    ids=str,
)  # fmt: skip
def test_for_everything_else_the_application_is_asked(pages: Pages, asked: dict[str, Any]) -> None:
    assert given(pages, **asked) is None


def test_who_came_without_tls_is_led_to_it(pages: Pages, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert given(pages, path="/") is None
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert given(pages, path="/", HTTP_X_FORWARDED_PROTO="https") is not None


def test_a_browser_that_can_unpack_gets_it_packed(pages: Pages) -> None:
    head: list[Any] = []
    asked = environ("/", HTTP_ACCEPT_ENCODING="gzip, br", HTTP_X_REQUEST_ID="from-a-proxy-1")
    parts = pages.answer(asked, lambda status, headers, *_: head.extend(headers))
    assert parts is not None
    headers = dict(head)
    assert int(headers["Content-Length"]) == len(parts[0]) < 4500
    assert headers["X-Request-Id"] == "from-a-proxy-1"
    assert b"<h1>" in gzip.decompress(parts[0])


def test_the_head_alone_has_no_body(pages: Pages) -> None:
    found = given(pages, path="/", method="HEAD")
    assert found is not None
    assert found[2] == ""
    assert int(found[1]["Content-Length"]) > 1000


def test_the_log_has_its_line_with_the_route_as_ever(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr("keyturn.site.logging.log.info", lambda event, **said: lines.append({"event": event, **said}))
    for ask in (lambda: given(pages, path="/start"), lambda: asked_itself("/start")):
        ask()
    ready, own = ({name: each for name, each in line.items() if name != "ms"} for line in lines)
    assert ready == own == {"event": "request", "method": "GET", "route": "start", "status": 200}


def test_they_are_given_while_everything_is_full(house: House) -> None:
    for path in ("/a", "/b", "/c"):
        house.comes(path)
    assert call(house.door, environ("/d"))[0] == 503
    assert call(house.door, environ("/"))[0] == 200
