"""Under which key is the CIS told, and what follows from its silence? (S-01 to S-05)"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.steps.sync import rules
from keyturn.steps.sync.rules import Next
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable
from keyturn.terms.policy import Policy

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
POLICY = Policy(cis_tries=5, cis_first_wait_seconds=2.0, cis_longest_wait_seconds=60.0)


@pytest.mark.rule("S-01")
def test_a_request_has_one_key_for_ever() -> None:
    assert rules.key_for("KT-7QX4-M2ZP") == rules.key_for("KT-7QX4-M2ZP")
    assert rules.key_for("KT-7QX4-M2ZP") != rules.key_for("KT-7QX4-M2ZQ")


@pytest.mark.rule("S-02")
@pytest.mark.parametrize(
    ("state", "first_ask"), [("intended", False), ("sent", True), ("in_doubt", True), ("rejected", False)]
)
def test_what_may_have_happened_is_looked_up_first(state: str, first_ask: bool) -> None:
    assert rules.must_look_up(state) is first_ask


@pytest.mark.rule("S-03")
@pytest.mark.parametrize(
    ("problem", "tries", "follows"),
    [
        (Unavailable("down"), 1, Next.RETRY),
        (Unavailable("down"), 4, Next.RETRY),
        (Unavailable("down"), 5, Next.ENGINEER),
        (InDoubt("no_answer"), 1, Next.LOOK_UP),
        (InDoubt("no_answer"), 5, Next.ENGINEER),
        (Rejected("refused"), 1, Next.STAFF),
        (Rejected("refused"), 5, Next.STAFF),
    ],
)
def test_each_kind_of_failure_has_somebody_who_goes_on(problem: KeyturnError, tries: int, follows: Next) -> None:
    plan = rules.plan_after(problem, tries=tries, key="k", now=NOW, policy=POLICY)
    assert plan.next is follows
    assert (plan.at is not None) is (follows in (Next.RETRY, Next.LOOK_UP))
    assert plan.at is None or plan.at > NOW


@pytest.mark.rule("S-03")
def test_anything_else_is_a_bug_and_stays_one() -> None:
    with pytest.raises(KeyturnError, match="strange"):
        rules.plan_after(KeyturnError("strange"), tries=1, key="k", now=NOW, policy=POLICY)


@pytest.mark.rule("S-04")
@given(tries=st.integers(1, 500), key=st.text(max_size=20))
def test_waits_grow_to_a_limit_within_a_quarter_either_way(tries: int, key: str) -> None:
    plain = min(2.0 * 2 ** (tries - 1), 60.0)
    seconds = rules.wait(tries, key, POLICY).total_seconds()
    assert 0.749 * plain <= seconds <= 1.251 * plain
    assert rules.wait(tries, key, POLICY).total_seconds() == seconds


@pytest.mark.rule("S-04")
def test_no_two_requests_wait_alike() -> None:
    waits = {rules.wait(3, f"KT-{n}", POLICY) for n in range(100)}
    assert len(waits) > 50


@pytest.mark.rule("S-05")
def test_a_call_under_way_is_left_alone_until_its_time_is_up() -> None:
    until = rules.lease(NOW, POLICY)
    assert until > NOW + timedelta(seconds=2 * POLICY.cis_timeout_seconds)
    assert rules.is_leased(until, NOW)
    assert not rules.is_leased(until, until)
    assert not rules.is_leased(None, NOW)


@pytest.mark.rule("S-04")
@pytest.mark.parametrize(("waited", "seconds"), [(-9, 2.0), (0, 2.0), (1, 2.0), (5, 5.0), (40, 40.0), (9999, 60.0)])
def test_who_waits_for_another_looks_ever_more_seldom(waited: int, seconds: float) -> None:
    since = NOW - timedelta(seconds=waited)
    assert rules.wait_for_another(since, NOW, POLICY) == timedelta(seconds=seconds)
