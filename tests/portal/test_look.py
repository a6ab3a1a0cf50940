"""Is the shared look light enough, safe for a strict policy, and readable in every utility's colours?"""

import gzip
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import translation

from keyturn.look import brand
from keyturn.look.parts import Part, problems_of
from tests.portal.visitor import Visitor

ROOT = Path(settings.BASE_DIR)
LOOK = Path(settings.BASE_DIR) / "keyturn/look/static/look"
PORTAL = Path(settings.BASE_DIR) / "keyturn/portal/static/portal"
TOML = 'name = "U"\nphone = "1"\nemail = "u@example.com"\n'


class TestTheWeightOfTheFirstPage:
    def test_is_60_kilobytes_at_most_over_the_wire(self, visitor: Visitor) -> None:
        page = visitor.opens("/").page
        files = [
            LOOK / "vendor/govuk-frontend/govuk-frontend.css",
            LOOK / "look.css",
            LOOK / "look.js",
            PORTAL / "portal.css",
        ]
        sizes = [len(gzip.compress(each.read_bytes())) for each in files]
        sizes += [(LOOK / "fonts/figtree-latin.woff2").stat().st_size, len(gzip.compress(page.content))]
        assert sum(sizes) < 60_000

    def test_is_all_there_is_to_fetch(self, visitor: Visitor) -> None:
        fetched = re.findall(r'(?:href|src)="(/(?:static|look)/[^"]+)"', visitor.opens("/").html)
        assert len(fetched) <= 8


class TestTheStrictPolicy:
    @pytest.mark.parametrize("path", ["/", "/start", "/resume", "/requests", "/privacy", "/nowhere"])
    def test_needs_no_inline_script_or_style(self, visitor: Visitor, path: str) -> None:
        html = visitor.opens(path).html
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)
        assert "default-src 'none'" in visitor.page.headers["Content-Security-Policy"]

    def test_fetches_nothing_from_elsewhere(self) -> None:
        for path in [*LOOK.rglob("*.css"), *LOOK.rglob("*.js"), *PORTAL.rglob("*.css")]:
            assert not re.search(r"url\([\"']?(https?:)?//|@import|fetch\([\"']http", path.read_text()), path

    def test_ships_neither_crown_nor_gds_font(self) -> None:
        text = (LOOK / "vendor/govuk-frontend/govuk-frontend.css").read_text()
        assert "GDS Transport" not in text
        assert "crest" not in text
        assert (LOOK / "vendor/govuk-frontend/LICENSE.txt").exists()
        assert (LOOK / "fonts/OFL.txt").exists()


class TestAnAnswerToAForm:
    def test_is_not_sent_again_by_going_back(self, visitor: Visitor) -> None:
        assert "data-answer" not in visitor.opens("/resume").html
        assert "data-answer" in visitor.sends(email="no address").html

    def test_that_went_wrong_on_our_side_may_be(self, visitor: Visitor) -> None:
        page = visitor.client.post("/resume", {"email": "no address"})  # without the form's token
        assert page.status_code == 403
        assert "data-answer" not in page.content.decode()


class TestAUtilitysBrand:
    def profile(self, folder: Path, more: str = "", logo: str = "<svg></svg>") -> Path:
        (folder / "brand.toml").write_text(TOML + more)
        (folder / "logo.svg").write_text(logo)
        return folder

    def test_sets_name_logo_phone_and_colours(self, tmp_path: Path) -> None:
        found = brand.load(self.profile(tmp_path, '[colours]\nbrand = "#123456"\n[colours.dark]\nbrand = "#aaddff"\n'))
        assert found.name == "U"
        assert "--kt-brand:#123456;" in found.stylesheet
        assert found.stylesheet.index("prefers-color-scheme:dark") < found.stylesheet.index("#aaddff")

    def test_may_not_be_too_pale_to_read(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="light colour brand on the page has a contrast of"):
            brand.load(self.profile(tmp_path, '[colours]\nbrand = "#99ccff"\n'))

    @pytest.mark.parametrize(
        "logo",
        ["<svg><script>1</script></svg>", '<svg onload="x()"></svg>', '<svg><image href="https://x"/></svg>', "<html>"],
    )
    def test_has_a_logo_that_can_do_nothing(self, tmp_path: Path, logo: str) -> None:
        with pytest.raises(ValueError, match="logo"):
            brand.load(self.profile(tmp_path, logo=logo))

    def test_says_which_setting_is_unknown(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="colour"):
            brand.load(self.profile(tmp_path, 'colour = "red"\n'))

    def test_is_kept_by_browsers_until_it_changes(self, visitor: Visitor) -> None:
        address = re.findall(r'href="(/look/[^"]+brand\.css)"', visitor.opens("/").html)[0]
        assert "immutable" in visitor.client.get(address).headers["Cache-Control"]
        assert visitor.client.get("/look/old/brand.css").headers["Cache-Control"] == "no-cache"

    @pytest.mark.parametrize("name", ["default", "lumen-valley"])
    def test_that_ships_is_readable(self, name: str) -> None:
        assert brand.load(Path(settings.BASE_DIR) / "profiles" / name).phone


def test_contrast_is_the_one_of_wcag() -> None:
    assert round(brand.contrast("#000000", "#ffffff"), 2) == 21
    assert round(brand.contrast("#777777", "#ffffff"), 2) == 4.48


def test_the_summary_follows_the_order_of_the_page_and_looks_into_groups() -> None:
    inner = Part("text", "a-city", "City", error="Enter the town")
    parts = (Part("text", "x", "X", error="First"), Part("group", "a", "A", parts=(inner,)))
    assert [(each.text, each.href) for each in problems_of(parts)] == [
        ("First", "#f-x"),
        ("Enter the town", "#f-a-city"),
    ]


def test_what_is_the_same_for_everybody_is_kept_for_each_language_and_brand(settings: Any, tmp_path: Path) -> None:
    inside = '{{ brand.name }} {% translate "Privacy" %} {{ login }}'
    template = Template("{% load i18n look %}{% lasting %}" + inside + "{% endlasting %}")
    show = lambda: template.render(Context({"login": "ana@example.com"})).strip()  # noqa: E731
    with translation.override("en"):
        first = show()
        assert first == "Example Utility Privacy", "it knows nobody"
        assert show() is not None
    with translation.override("es"):
        assert show() == "Example Utility Privacidad"
    copy = shutil.copytree(settings.KEYTURN_PROFILE, tmp_path / "other")
    (copy / "brand.toml").write_text((copy / "brand.toml").read_text().replace("Example Utility", "Other Water"))
    settings.KEYTURN_PROFILE = copy
    with translation.override("en"):
        assert show() == "Other Water Privacy"


def test_nothing_that_is_kept_asks_who_is_there_or_which_page_it_is() -> None:
    kept = [
        part.partition("{% endlasting %}")[0]
        for path in (ROOT / "keyturn").rglob("templates/**/*.html")
        for part in path.read_text().split("{% lasting %}")[1:]
    ]
    assert len(kept) > 8
    for each in kept:
        names = set(re.findall(r"{{ *(\w+)|{% (?:if|for \w+ in) (\w+)|with \w+=(\w+)", each))
        asked = {name for found in names for name in found if name} - {"brand", "name"}
        assert not asked, each
        assert "csrf_token" not in each
