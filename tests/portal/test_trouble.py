"""Does somebody for whom something goes wrong get a page in our look, in their language, with a way on?"""

from collections.abc import Callable

import pytest
from django.db import OperationalError

from keyturn.portal import front
from tests import factories
from tests.portal.visitor import Visitor


def test_a_page_that_does_not_exist(visitor: Visitor, another: Callable[..., Visitor]) -> None:
    visitor.opens("/nowhere").sees("There is no such page", "Back to the front page")
    assert visitor.status == 404
    another(language="es").opens("/nowhere").sees("Esta página no existe")


def test_a_form_that_was_open_for_too_long(visitor: Visitor) -> None:
    visitor.begins()
    visitor.page.content = b'<main><input type="hidden" name="csrfmiddlewaretoken" value="old">'
    visitor.sends("/start/where", q="x").sees(
        "This page was open for too long", "every page that you sent before is saved"
    )
    assert visitor.status == 403
    assert 'href="/start/where"' in visitor.html


@pytest.mark.parametrize(("error", "status", "words"), [
    (RuntimeError("bug"), 500, "Something went wrong on our side"),
    (OperationalError("gone"), 503, "We are back in a moment"),
])  # fmt: skip
def test_a_failure_and_a_database_that_is_away(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(front, "show", fail)
    visitor.opens("/start").sees(words)
    assert visitor.status == status
    assert ("Retry-After" in visitor.page.headers) == (status == 503)


@pytest.mark.parametrize("path", ["/privacy", "/accessibility", "/", "/resume", "/requests"])
def test_open_pages_answer_in_both_languages(visitor: Visitor, another: Callable[..., Visitor], path: str) -> None:
    assert visitor.opens(path).status == 200
    assert another(language="es").opens(path).text != visitor.text


NAUGHTY = [
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "‮evil",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "%s%(x)s",
    "a" * 5000,
    "́́",
    "🏠" * 50,
]


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_odd_input_is_kept_or_refused_and_shown_harmless(visitor: Visitor, text: str) -> None:
    visitor.begins().sends(q=text)
    assert visitor.status in (200, 422)
    visitor.finds_the_place(factories.a_premise()).chooses_services()
    visitor.opens("/start/kind").sends(kind=text)
    assert visitor.status in (200, 422)
    visitor.opens("/start/kind").sends(kind="person").sends(given_name=text, family_name=text)
    assert visitor.status in (200, 422)
    visitor.opens("/start/birth").sends(
        **{"date_of_birth-month": text, "date_of_birth-day": text, "date_of_birth-year": text}
    )
    assert visitor.status in (200, 422)
    assert "<script>alert" not in visitor.html
    assert visitor.opens("/requests").sends(reference=text).status in (200, 422)
    assert visitor.opens("/resume").sends(email=text).status in (200, 422)
    assert visitor.opens(f"/requests/{text[:30]}").status in (200, 404)
