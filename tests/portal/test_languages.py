"""Is everything said in English and in Spanish, from the first page, and is the choice kept?"""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import polib
import pytest
from django.conf import settings

from tests import factories
from tests.portal.visitor import Visitor

CATALOGUE = Path(settings.BASE_DIR) / "keyturn/locale/es/LC_MESSAGES/django.po"


class TestTheLanguageOfThePages:
    def test_is_the_browsers_own_at_first(self, another: Callable[..., Visitor]) -> None:
        page = another(language="es-MX,es;q=0.9").opens("/")
        assert '<html lang="es"' in page.html
        page.sees("¿Se muda?")

    def test_is_english_for_a_language_that_we_do_not_speak(self, another: Callable[..., Visitor]) -> None:
        assert '<html lang="en"' in another(language="fi").opens("/").html

    def test_is_switched_without_leaving_the_page_and_stays(self, visitor: Visitor) -> None:
        visitor.begins().finds_the_place(factories.a_premise()).is_at("/start/services")
        visitor.sends("/language", language="es", next="/start/services").is_at("/start/services")
        visitor.sees("¿Qué necesita y desde cuándo?")
        visitor.opens("/requests").sees("Consultar una solicitud")

    def test_offers_the_other_language_in_its_own_name(self, visitor: Visitor) -> None:
        assert 'value="es" lang="es"' in visitor.opens("/").html

    def test_writes_mistakes_and_dates_as_spanish_does(self, another: Callable[..., Visitor]) -> None:
        visitor = another(language="es")
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services(days=400)
        visitor.sees("Primero, corrijamos esto", "Elija un día hasta el", " de ")
        assert visitor.html.index('name="start_date-day"') < visitor.html.index('name="start_date-month"')

    def test_mails_are_in_the_language_of_the_visitor(self, another: Callable[..., Visitor]) -> None:
        visitor = another(language="es")
        visitor.begins().finds_the_place(factories.a_premise()).chooses_services().says_who()
        visitor.sends(email="ana@example.com")
        visitor.town.works()
        assert "Su código" in visitor.town.mails("ana@example.com")[-1]["Subject"]


class TestTheCatalogue:
    @pytest.fixture
    def entries(self) -> list[polib.POEntry]:
        return [entry for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete]

    def test_lacks_no_sentence(self, entries: list[polib.POEntry]) -> None:
        assert [entry.msgid for entry in entries if not entry.translated() or entry.fuzzy] == []

    def test_keeps_every_placeholder(self, entries: list[polib.POEntry]) -> None:
        for entry in entries:
            for text in [entry.msgstr, *entry.msgstr_plural.values()]:
                assert not text or placeholders(text) <= placeholders(entry.msgid + entry.msgid_plural), entry.msgid
                assert not text or placeholders(text) >= placeholders(entry.msgid), entry.msgid

    def test_is_compiled_as_it_stands(self, entries: list[polib.POEntry]) -> None:
        """docs/howto/translate.md says how."""
        compiled = {
            (entry.msgctxt, entry.msgid): entry.msgstr or entry.msgstr_plural
            for entry in polib.mofile(str(CATALOGUE.with_suffix(".mo")))
        }
        assert {(e.msgctxt, e.msgid): e.msgstr or e.msgstr_plural for e in entries} == compiled

    def test_has_every_sentence_of_the_code(self, entries: list[polib.POEntry]) -> None:
        known = {entry.msgid for entry in entries}
        assert sorted(said_in_python() - known) == []

    def test_has_every_sentence_of_the_templates(self, entries: list[polib.POEntry]) -> None:
        known = {entry.msgid for entry in entries}
        assert sorted(said_in_templates() - known) == []


MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "pgettext", "pgettext_lazy", "ngettext", "ngettext_lazy"}


def said_in_python() -> set[str]:
    """Every literal that the code marks for translation, found without the gettext tools."""
    found: set[str] = set()
    for path in (Path(settings.BASE_DIR) / "keyturn").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) in MARKS
                and node.args
            ):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                text = node.args[1 if name.startswith("pgettext") and len(node.args) > 1 else 0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found.add(text.value)
    return found


def said_in_templates() -> set[str]:
    found: set[str] = set()
    for path in (Path(settings.BASE_DIR) / "keyturn").rglob("templates/**/*"):
        if path.suffix in (".html", ".txt"):
            found |= {
                one or other
                for one, other in re.findall(r"""\{% translate (?:"([^"]+)"|'([^']+)')""", path.read_text())
            }
    return found


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]|\{\w+\}", text))
