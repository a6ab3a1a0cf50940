"""Who is the utility that the pages speak for: name, logo, colours, how to reach it?

Read from `profiles/<name>/brand.toml` once. A colour that people could not read is refused at the start, with a sentence
that says which one (WCAG 2.2, 1.4.3 and 1.4.11).
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FORBIDDEN_IN_LOGO = re.compile(
    r"<script|<foreignObject|<style|\son\w+\s*=|\sstyle\s*=|javascript:|href\s*=\s*[\"'](?!#)",
    re.IGNORECASE,
)
_SURFACES = {"light": ("#ffffff", "#f2f5f3"), "dark": ("#152224", "#0d1719")}
_NAMES = ("brand", "brand_strong", "on_brand", "accent")


@dataclass(frozen=True, slots=True)
class Brand:
    """The utility's face. Texts by language are mappings of language code to sentence; `in_language` picks one."""

    name: str
    phone: str
    email: str
    postal_address: str = ""
    website: str = ""
    tagline: Mapping[str, str] = field(default_factory=dict)
    phone_hours: Mapping[str, str] = field(default_factory=dict)
    privacy_url: str = ""
    accessibility_url: str = ""
    terms_url: str = ""
    logo: str = ""
    stylesheet: str = ""

    @property
    def phone_link(self) -> str:
        return "tel:" + re.sub(r"[^+0-9]", "", self.phone)

    @property
    def digest(self) -> str:
        """Changes with the colours and the logo, so that browsers may keep both for ever."""
        return hashlib.sha256((self.stylesheet + self.logo).encode()).hexdigest()[:10]

    @property
    def hours(self) -> str:
        """With its times of day kept together: "8 am" never stands on two lines."""
        return re.sub(r"(?<=\d) (?=[ap]\.? ?m\b)|(?<=[ap]\.) (?=m\.)", "\u00a0", in_language(self.phone_hours))

    @property
    def slogan(self) -> str:
        return in_language(self.tagline)


def in_language(texts: Mapping[str, str]) -> str:
    """The text in the language being shown, else in English."""
    return texts.get((get_language() or "en")[:2], texts.get("en", ""))


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: every page knows the utility as `brand`."""
    return {"brand": current()}


def current() -> Brand:
    profile = settings.KEYTURN_PROFILE
    return load(profile if isinstance(profile, Path) else Path(profile))  # asked many times for each page


@lru_cache(maxsize=8)
def load(profile: Path) -> Brand:
    """Read a profile's brand. ValueError says what is wrong with it, in a sentence."""
    values = _values(profile / "brand.toml")
    colours = values.pop("colours", {})
    logo_file = values.pop("logo", "logo.svg")
    return Brand(**values, logo=_logo(profile / logo_file), stylesheet=_stylesheet(colours))


def _values(path: Path) -> dict[str, Any]:
    """What the file says, its names and kinds checked."""
    if not path.is_file():
        raise ValueError(f"the profile {path.parent.name} has no brand.toml: copy the one of profiles/default")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:  # not TOML, or not UTF-8
        raise ValueError(f"brand.toml cannot be read: {problem}") from None
    tables = {"tagline", "phone_hours", "colours"}
    known = {each.name for each in fields(Brand)} - {"stylesheet"} | tables
    for name, value in values.items():
        if name not in known:
            near = get_close_matches(name, sorted(known), n=1, cutoff=0.75)
            raise ValueError(f"brand.toml: there is no {name}" + (f" (did you mean {near[0]}?)" if near else ""))
        if not isinstance(value, dict if name in tables else str):
            raise ValueError(f"brand.toml: {name} must be {'a table' if name in tables else 'a text'}")
    if missing := {"name", "phone", "email"} - set(values):
        raise ValueError(f"brand.toml: {', '.join(sorted(missing))} must be given")
    return values


def _logo(path: Path) -> SafeString:
    if not path.is_file():
        raise ValueError(f"brand.toml: there is no logo {path.name} beside it")
    text = path.read_text(encoding="utf-8").strip()
    if not text.startswith("<svg") or _FORBIDDEN_IN_LOGO.search(text):
        raise ValueError(f"{path.name} must be one plain <svg> without scripts, styles or links")
    return mark_safe(text)  # noqa: S308 (the operator's own file, checked above)


def _stylesheet(colours: Mapping[str, Any]) -> str:
    """The custom properties that look.css leaves to the utility, for light and dark."""
    light = {name: colours[name] for name in _NAMES if name in colours}
    dark = {name: colours.get("dark", {})[name] for name in _NAMES if name in colours.get("dark", {})}
    sheets = [_block(light, "light"), _block(dark, "dark")]
    return f":root{{{sheets[0]}}}@media (prefers-color-scheme:dark){{:root{{{sheets[1]}}}}}"


def _block(colours: Mapping[str, str], scheme: str) -> str:
    for name, value in colours.items():
        if not isinstance(value, str) or not _COLOUR.fullmatch(value):
            raise ValueError(f"brand.toml: {scheme} colour {name} must be written like #0b5d5a")
    for name in ("brand", "brand_strong"):
        for surface in _SURFACES[scheme] if name in colours else ():
            _must_be_legible(colours[name], surface, f"{scheme} colour {name} on the page")
        if name in colours and "on_brand" in colours:
            _must_be_legible(
                colours["on_brand"],
                colours[name],
                f"{scheme} colour on_brand on {name}",
            )
    return "".join(f"--kt-{name.replace('_', '-')}:{value};" for name, value in colours.items())


def _must_be_legible(text: str, background: str, where: str) -> None:
    ratio = contrast(text, background)
    if ratio < 4.5:
        raise ValueError(f"brand.toml: {where} has a contrast of {ratio:.1f}; people need 4.5 or more to read it")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
