"""When is the CIS asked whether it would serve somebody, how long is it waited for, and what is kept of its answer?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.steps.verify.eligibility import rules, words
from keyturn.terms.finding import Effect
from keyturn.terms.policy import Policy, from_mapping

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
FACTS = rules.Facts(is_offered=True, is_clear=True)
WANTED = Policy(cis_eligibility=True)


@pytest.mark.rule("Y-06")
@pytest.mark.parametrize(
    ("changes", "hours_ago", "due"),
    [
        ({}, None, True),
        ({"is_offered": False}, None, False),
        ({"is_clear": False}, None, False),
        ({"outcome": "passed"}, 1, False),
        ({"outcome": "failed"}, 1, False),
        ({"outcome": "unavailable"}, 1, False),
        ({"outcome": "passed"}, 25, True),  # the CIS may have changed its mind
    ],
)
def test_it_is_asked_when_it_can_tell_and_has_not_told_lately(
    changes: dict[str, object], hours_ago: int | None, due: bool
) -> None:
    at = NOW - timedelta(hours=hours_ago) if hours_ago else None
    facts = replace(FACTS, **changes, answered_at=at)  # type: ignore[arg-type]
    assert rules.is_due(facts, now=NOW, policy=WANTED) is due
    assert not rules.is_due(facts, now=NOW, policy=Policy())


@pytest.mark.rule("Y-07")
def test_a_no_is_for_staff_and_never_a_refusal() -> None:
    [found] = rules.would_be_served(replace(FACTS, outcome="failed", codes=("debt", "premise_occupied")))
    assert found.effect is Effect.REFER
    assert found.params == {"why": "debt", "codes": "debt, premise_occupied"}
    assert not list(rules.would_be_served(replace(FACTS, outcome="passed")))


@pytest.mark.rule("Y-08")
@pytest.mark.parametrize("outcome", ["unsure", "unavailable"])
@pytest.mark.parametrize(("away", "effect"), [("wait", "refer"), ("review", "refer"), ("go_on", "note")])
def test_no_answer_is_for_staff_or_noted(outcome: str, away: str, effect: str) -> None:
    policy = replace(WANTED, cis_eligibility_away=away)
    assert [each.effect for each in rules.is_answered(replace(FACTS, outcome=outcome), policy)] == [effect]
    assert not list(rules.is_answered(replace(FACTS, outcome="passed"), policy))


@pytest.mark.rule("Y-08")
@pytest.mark.parametrize(
    ("away", "is_away", "minutes", "again"),
    [
        ("wait", True, 0, True),
        ("wait", True, 239, True),
        ("wait", True, 240, False),
        ("review", True, 0, False),
        ("go_on", True, 0, False),
        ("review", False, 0, True),  # it is well, but busy
        ("review", False, 1, False),
    ],
)
def test_it_is_asked_again_until_it_was_waited_for_long_enough(
    away: str, is_away: bool, minutes: int, again: bool
) -> None:
    policy = replace(WANTED, cis_eligibility_away=away)
    at = rules.ask_again(NOW - timedelta(minutes=minutes), "KT-1", is_away=is_away, now=NOW, policy=policy)
    assert (at is not None) is again
    assert at is None or NOW < at <= NOW + timedelta(seconds=policy.cis_longest_wait_seconds * 1.25)


@pytest.mark.rule("Y-07")
def test_codes_are_kept_and_texts_are_not() -> None:
    assert rules.clean(["debt", "Carl owes $ 40", "", 7, "debt"]) == ["debt", "other"]
    assert len(rules.clean(f"code_{n}" for n in range(99))) == rules.MOST


def test_the_customer_reads_one_sentence_for_every_cause() -> None:
    assert len(set(words.WORDS.values())) == 1
    assert set(words.WORDS) == {"Y-07", "Y-08"}, "a sentence of its own for one cause would tell it"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("cis_eligibility", "yes", "true or false"),
        ("cis_eligibility_away", "never", "one of wait, review, go_on"),
        ("cis_eligibility_hours", 0.5, "1 or more"),
    ],
)
def test_what_a_profile_may_say(name: str, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_mapping({name: value})
