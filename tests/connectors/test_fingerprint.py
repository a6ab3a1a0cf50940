"""Is a command that was told before an upgrade known for the same one after it?"""

from dataclasses import replace
from datetime import date

from keyturn.connectors.cis.fingerprint import fingerprint
from keyturn.terms.cis import EstablishService
from keyturn.terms.premise import Service

COMMAND = EstablishService(
    "KT-1", "P1", (Service.ELECTRIC, Service.GAS), date(2026, 12, 1), "residential", "NORTH", "en", person_ref="7"
)
BEFORE = "b4bcc038da2d4203162b27f00796501f183cee74ef389fcf24072ea8c3deeb9b"
"""What stands beside the keys of such commands in the CISs of utilities: another one would be `key_reused`."""


def test_what_was_told_before_there_was_a_choice_of_bills_is_known_again():
    assert fingerprint(COMMAND) == BEFORE
    assert fingerprint(replace(COMMAND, paperless=True)) == BEFORE


def test_another_day_is_another_command():
    assert fingerprint(replace(COMMAND, start_date=date(2026, 12, 2))) != BEFORE
