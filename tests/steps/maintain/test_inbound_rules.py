"""Three versions of one value, and whose word counts: what follows?"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from keyturn.steps.maintain.inbound import fields, rules
from keyturn.steps.maintain.inbound.rules import NOT_AGREED, Verdict
from keyturn.terms import policy
from keyturn.terms.owners import owner_of

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
A, B, C = "1985-03-27", "1985-03-28", "1985-03-29"


def verdict(agreed: Any, ours: Any, theirs: Any, owner: str = "newest", field: str = "date_of_birth") -> Verdict:
    return rules.verdict(field, agreed=agreed, ours=ours, theirs=theirs, owner=owner, country="US")


@pytest.mark.rule("K-30")
@pytest.mark.parametrize(
    ("agreed", "ours", "theirs", "newest", "cis", "keyturn", "review"),
    [
        (A, A, A, "same", "same", "same", "same"),
        (A, A, B, "take", "take", "keep", "review"),
        (A, B, A, "keep", "take", "keep", "review"),
        (A, B, B, "same", "same", "same", "same"),
        (A, B, C, "review", "take", "keep", "review"),
        (NOT_AGREED, A, B, "take", "take", "keep", "review"),
        (NOT_AGREED, "", B, "take", "take", "keep", "review"),
        (A, A, "", "silent", "silent", "silent", "silent"),
    ],
)
def test_what_follows_from_three_versions(
    agreed: Any, ours: str, theirs: str, newest: str, cis: str, keyturn: str, review: str
) -> None:
    found = [verdict(agreed, ours, theirs, owner) for owner in ("newest", "cis", "keyturn", "review")]
    assert found == [newest, cis, keyturn, review]


@pytest.mark.rule("K-31")
@pytest.mark.parametrize(
    ("field", "agreed", "theirs", "silent"),
    [
        ("email", ["a@example.com"], [], False),
        ("email", NOT_AGREED, [], True),
        ("email", [], [], True),
        ("mailing", {"line1": "1 Elm Row"}, {}, False),
        ("mailing", NOT_AGREED, {}, True),
        ("name", {"family_name": "Lind"}, {"family_name": ""}, True),
        ("identifier.passport", "P1", "", True),
        ("email", NOT_AGREED, ["a@example.com"], False),
    ],
)
def test_what_says_nothing(field: str, agreed: Any, theirs: Any, silent: bool) -> None:
    assert rules.is_silent(field, agreed=agreed, theirs=theirs) is silent


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("email", ["Ana@Example.com"], ["ana@example.com"]),
        ("phone", ["(503) 555-0142", "+15035550143"], ["+15035550142", "503 555 0143"]),
        ("name", {"family_name": "Zelenko", "given_name": "ANA "}, {"given_name": "Ana", "family_name": "ZELENKO"}),
        ("identifier.passport", "P 123-456", "p123456"),
    ],
)
def test_two_ways_to_write_one_value(field: str, one: Any, other: Any) -> None:
    assert fields.folded(field, one, country="US") == fields.folded(field, other, country="US")


def test_who_comes_first_is_part_of_a_list_and_the_rest_has_no_order() -> None:
    first, second, third = "+15035550142", "+15035550143", "+15035550144"
    said = fields.folded("phone", [first, second, third], country="US")
    assert said == fields.folded("phone", [first, third, second], country="US")
    assert said != fields.folded("phone", [second, first, third], country="US")


def test_what_a_cis_does_not_show_has_no_entry() -> None:
    assert fields.of_person({"ref": "1"}, today=date(2026, 12, 7), types=()) == {}
    assert fields.of_account({"ref": "1"}) == {}


def test_a_mailing_address_holds_on_its_days_and_all_the_year() -> None:
    row = {"kind": "mailing", "line1": "1 Elm Row", "city": "Millbrook", "country": "US"}
    rows = [
        {**row, "line1": "Winter", "season": ((11, 1), (3, 31))},
        {**row, "line1": "Coming", "valid_from": date(2027, 1, 1)},
        {**row, "line1": "Gone", "valid_to": "2026-12-06"},
        {**row, "kind": "other", "line1": "Other"},
        {**row, "valid_from": "2026-12-07", "valid_to": "2026-12-07"},
    ]
    assert fields.of_person({"addresses": rows}, today=date(2026, 12, 7), types=())["mailing"]["line1"] == "1 Elm Row"
    assert fields.of_person({"addresses": rows[:4]}, today=date(2026, 12, 7), types=())["mailing"] == {}


@pytest.mark.rule("K-33")
@pytest.mark.parametrize(
    ("key", "state", "alike", "hours", "code"),
    [
        ("KT-1:establish", "sent", False, 0, "delivery"),
        ("KT-1:establish", "rejected", False, 0, "delivery"),
        ("", "", True, 0, "newcomer"),
        ("import", "", False, 0, "import"),
        ("import", "", False, 2, ""),
        ("", "", False, 0, ""),
        ("another-system-7", "", False, 0, ""),
    ],
)
def test_for_what_somebody_new_waits(key: str, state: str, alike: bool, hours: int, code: str) -> None:
    waited = timedelta(hours=hours)
    assert rules.why_to_wait(key=key, our_delivery=state, alike_on_their_way=alike, waited=waited) == code


@pytest.mark.rule("K-34")
def test_what_was_confirmed_of_late_and_is_unknown_there_is_lost() -> None:
    lately, long_ago = NOW - timedelta(days=1), NOW - timedelta(days=31)
    assert rules.is_lost(known_there=False, answered_at=lately, now=NOW)
    assert not rules.is_lost(known_there=False, answered_at=long_ago, now=NOW)
    assert not rules.is_lost(known_there=None, answered_at=lately, now=NOW)
    assert not rules.is_lost(known_there=True, answered_at=lately, now=NOW)


@pytest.mark.parametrize("owners", [{"shoe_size": "cis"}, {"name": "somebody"}, {"name": 1}])
def test_a_profile_with_another_owner_is_refused_in_a_sentence(owners: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="owners must be a table from name"):
        policy.from_mapping({"owners": owners})


def test_what_a_profile_does_not_name_has_its_default() -> None:
    found = policy.from_mapping({"owners": {"name": "review"}})
    assert found.version != policy.Policy().version
    assert [owner_of(each, found.owners) for each in ("name", "identifier.passport", "agreement.7")] == [
        "review", "newest", "cis",
    ]  # fmt: skip
