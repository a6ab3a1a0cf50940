"""Which day is meant where a CIS writes days as moments?"""

import json
from datetime import date

import pytest

from keyturn.terms.errors import Unavailable

PLAIN = "body.{ref: id, date_of_birth: born}"


def born(own, server, text, zone="Europe/Vienna"):
    cis = own((PLAIN, f"body.{{ref: id, date_of_birth: local_day(born, '{zone}')}}"))
    server.says = lambda heard: json.dumps({"id": "7", "born": text}).encode()
    return cis.read("person", "7")["date_of_birth"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1984-02-28T23:00:00Z", date(1984, 2, 29)),
        ("2026-03-28T23:00:00Z", date(2026, 3, 29)),  # the day on which the clocks go forward
        ("2026-03-29T22:00:00Z", date(2026, 3, 30)),
        ("2026-10-24T22:00:00Z", date(2026, 10, 25)),  # the one on which they go back
        ("2026-10-25T22:59:59.999Z", date(2026, 10, 25)),
        ("2026-10-25T23:00:00Z", date(2026, 10, 26)),
        ("1984-02-29T00:00:00+01:00", date(1984, 2, 29)),
        ("1984-02-29T00:00:00", date(1984, 2, 29)),  # said without a zone: the utility's own
        ("1984-02-29", date(1984, 2, 29)),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_is_the_day_that_it_is_where_the_utility_is(own, server, text, day):
    assert born(own, server, text) == day


def test_it_is_another_day_on_the_other_side_of_the_sea(own, server):
    assert born(own, server, "1984-02-29T07:59:00Z", "America/Los_Angeles") == date(1984, 2, 28)
    assert born(own, server, "1984-02-29T08:00:00Z", "America/Los_Angeles") == date(1984, 2, 29)


@pytest.mark.parametrize(
    ("text", "zone"),
    [("0001-01-01T00:00:00Z", "America/Los_Angeles"), ("9999-12-31T23:59:59Z", "Europe/Vienna")],
)
def test_what_systems_write_for_never_stays_the_day_that_it_is(own, server, text, zone):
    assert born(own, server, text, zone) == date.fromisoformat(text[:10])


@pytest.mark.parametrize("text", ["soon", 446_860_800_000, True, ["1984-02-29"], "24:61"])
def test_what_is_no_moment_is_told_unreadable(own, server, text):
    with pytest.raises(Unavailable, match="unreadable_answer"):
        born(own, server, text)


def test_a_zone_that_the_answer_names_and_that_is_none_is_unreadable(own, server):
    cis = own((PLAIN, "body.{ref: id, date_of_birth: local_day(born, zone)}"))
    server.says = lambda heard: b'{"id": "7", "born": "1984-02-28T23:00:00Z", "zone": "Europe/Nowhere"}'
    with pytest.raises(Unavailable, match="unreadable_answer"):
        cis.read("person", "7")
