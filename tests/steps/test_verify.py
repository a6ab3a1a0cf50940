"""Which proof is needed, and how long does a code hold? (Y-01 to Y-05)"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.steps.verify import rules
from keyturn.terms.finding import Effect
from keyturn.terms.policy import Policy

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
FACTS = rules.Facts(
    channel="portal", email_proved=True, identity_attested=False, is_new_person=True, identity_outcome=""
)


@pytest.mark.rule("Y-01")
@pytest.mark.parametrize(
    ("channel", "proved", "asked"), [("portal", False, True), ("portal", True, False), ("api", False, False)]
)
def test_who_applies_on_the_web_proves_their_email(channel: str, proved: bool, asked: bool) -> None:
    found = list(rules.email_is_proved(replace(FACTS, channel=channel, email_proved=proved)))
    assert [each.effect for each in found] == ([Effect.ASK] if asked else [])


@pytest.mark.rule("Y-02")
@pytest.mark.parametrize(
    ("policy", "new", "attested", "outcome", "due"),
    [
        ("off", True, False, "", False),
        ("new", True, False, "", True),
        ("new", False, False, "", False),
        ("always", False, False, "", True),
        ("always", True, True, "", False),  # somebody has seen their papers
        ("always", True, False, "passed", False),  # asked already
        ("always", True, False, "unavailable", False),
    ],
)
def test_the_outside_check_is_asked_once_when_the_policy_says_so(
    policy: str, new: bool, attested: bool, outcome: str, due: bool
) -> None:
    facts = replace(FACTS, is_new_person=new, identity_attested=attested, identity_outcome=outcome)
    assert rules.identity_check_is_due(facts, Policy(identity_check=policy)) is due


@pytest.mark.rule("Y-03")
@pytest.mark.parametrize(
    ("outcome", "attested", "referred"),
    [
        ("", False, False),
        ("passed", False, False),
        ("failed", False, True),
        ("unsure", False, True),
        ("unavailable", False, True),
        ("failed", True, False),
    ],
)
def test_a_check_that_did_not_pass_is_for_staff_and_never_a_refusal(
    outcome: str, attested: bool, referred: bool
) -> None:
    found = list(rules.identity_is_confirmed(replace(FACTS, identity_outcome=outcome, identity_attested=attested)))
    assert [each.effect for each in found] == ([Effect.REFER] if referred else [])


@pytest.mark.rule("Y-04")
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"found": False}, "expired"),
        ({"expires_at": None}, "expired"),
        ({"expires_at": NOW}, "expired"),
        ({"expires_at": NOW + timedelta(seconds=1)}, ""),
        ({"used": True}, "used"),
        ({"tries": 4}, ""),
        ({"tries": 5}, "too_many"),
    ],
)
def test_a_code_holds_a_short_time_for_one_use_and_few_guesses(change: dict[str, object], problem: str) -> None:
    code = {"found": True, "used": False, "expires_at": NOW + timedelta(minutes=30), "tries": 0, **change}
    assert rules.code_problem(**code, now=NOW, policy=Policy()) == problem  # type: ignore[arg-type]


@pytest.mark.rule("Y-04")
def test_a_code_is_read_as_people_type_it() -> None:
    assert rules.normal_code(" ab2-c3 d\n") == "AB2C3D"
    assert len(rules.normal_code("x" * 10**6)) == 40


@pytest.mark.rule("Y-04")
def test_how_long_a_code_holds_depends_on_what_it_is_for() -> None:
    policy = Policy(email_code_minutes=10, status_code_minutes=5)
    assert rules.code_lifetime("prove", policy) == timedelta(minutes=10)
    assert rules.code_lifetime("status", policy) == timedelta(minutes=5)


@pytest.mark.rule("Y-05")
def test_only_so_many_codes_are_sent_in_an_hour() -> None:
    assert rules.may_send_code(4, Policy()) and not rules.may_send_code(5, Policy())
