"""Is each choice one that we offer, and each day one on which service can start? (V-09 to V-14)"""

from datetime import UTC, datetime
from typing import Any

import pytest

from keyturn.steps.validate import rules, step
from keyturn.terms.finding import Finding
from keyturn.terms.policy import Policy
from tests.steps.form import form, why


class TestChoices:
    @pytest.mark.rule("V-09")
    @pytest.mark.parametrize(("services", "good"), [(["gas", "water"], True), (["steam"], False), ([], True)])
    def test_services_exist(self, services: list[str], good: bool) -> None:
        assert (list(rules.services_exist(form(services=services))) == []) is good

    @pytest.mark.rule("V-11")
    @pytest.mark.parametrize(
        ("given", "strict", "reason"),
        [
            (["terms"], True, []),
            (["terms", "texts", "marketing"], True, []),
            (["texts"], True, ["consents"]),
            ([], True, ["consents"]),
            ([], False, []),  # a partner passes on what it was told
            (["terms", "sell_my_data"], True, ["unknown"]),
            (["sell_my_data"], False, ["unknown"]),
            (None, True, []),  # that it is missing is said by G-05
        ],
    )
    def test_consents_are_ours_and_the_needed_ones_are_given(self, given: Any, strict: bool, reason: list[str]) -> None:
        assert why(rules.consents_are_given(form(strict=strict, consents=given))) == reason

    @pytest.mark.rule("V-13")
    @pytest.mark.parametrize(("language", "good"), [("es", True), ("", True), ("tlh", False)])
    def test_a_language_is_one_that_we_write_in(self, language: str, good: bool) -> None:
        assert (list(rules.language_is_offered(form(language=language))) == []) is good

    @pytest.mark.rule("V-14")
    @pytest.mark.parametrize(("kind", "good"), [("person", True), ("organisation", True), ("", True), ("cat", False)])
    def test_an_account_is_for_a_person_or_an_organisation(self, kind: str, good: bool) -> None:
        assert (list(rules.kind_is_known(form(kind=kind))) == []) is good


class TestStartDates:
    @pytest.mark.rule("V-10")
    @pytest.mark.parametrize(
        ("day", "reason"),
        [
            ("2026-12-07", []),
            ("2026-12-06", ["early"]),
            ("2027-02-05", []),  # the sixtieth day
            ("2027-02-06", ["late"]),
            ("7 December", ["no_date"]),
            ("2026-11-31", ["no_date"]),
            ("", []),
        ],
    )
    def test_lie_in_the_window(self, day: str, reason: list[str]) -> None:
        assert why(rules.start_date_is_open(form(start_date=day))) == reason

    @pytest.mark.rule("V-10")
    @pytest.mark.parametrize(("hour", "reason"), [(13, []), (14, ["early"]), (23, ["early"])])
    def test_are_not_today_after_the_cut_off(self, hour: int, reason: list[str]) -> None:
        assert why(rules.start_date_is_open(form(hour=hour, start_date="2026-12-07"))) == reason

    @pytest.mark.rule("V-10")
    def test_of_a_partner_may_be_today_at_any_hour_and_lie_back_as_far_as_the_policy_lets_them(self) -> None:
        policy = Policy(back_date_days=5)
        judge = lambda day: why(rules.start_date_is_open(form(strict=False, hour=23, policy=policy, start_date=day)))  # noqa: E731
        assert judge("2026-12-07") == [] and judge("2026-12-02") == []
        assert judge("2026-12-01") == ["early"]

    @pytest.mark.rule("V-10")
    def test_are_not_on_a_closed_day(self) -> None:
        policy = Policy(closed_weekdays=(5, 6), holidays=("2026-12-25",))
        for day in ("2026-12-12", "2026-12-13", "2026-12-25"):
            assert why(rules.start_date_is_open(form(policy=policy, start_date=day))) == ["closed"]
        assert why(rules.start_date_is_open(form(policy=policy, start_date="2026-12-24"))) == []

    @pytest.mark.rule("V-10")
    @pytest.mark.parametrize(
        ("now", "hour_is_before_cut_off"),
        [
            (datetime(2026, 3, 8, 20, 30, tzinfo=UTC), True),  # 13:30 on the day on which the clocks go forward
            (datetime(2026, 3, 8, 21, 30, tzinfo=UTC), False),  # 14:30: an hour earlier than in winter
            (datetime(2026, 11, 1, 21, 30, tzinfo=UTC), True),  # 13:30 on the day on which they go back
            (datetime(2026, 11, 1, 22, 30, tzinfo=UTC), False),
        ],
    )
    def test_follow_the_utilitys_clock_through_daylight_saving(
        self, now: datetime, hour_is_before_cut_off: bool
    ) -> None:
        policy = Policy(time_zone="America/Los_Angeles")
        answers = {"start_date": now.date().isoformat(), "given_name": "A"}
        found: list[Finding] = step.findings_for(answers, channel="portal", now=now, policy=policy)
        assert (found == []) is hour_is_before_cut_off

    @pytest.mark.rule("V-10")
    def test_tell_the_first_and_the_last_day_that_can_be_chosen(self) -> None:
        early = next(rules.start_date_is_open(form(start_date="2026-12-01")))
        late = next(rules.start_date_is_open(form(start_date="2027-12-01")))
        assert (early.params["first"], late.params["last"]) == ("2026-12-07", "2027-02-05")

    @pytest.mark.rule("V-10")
    def test_tell_a_day_on_which_somebody_works(self) -> None:
        policy = Policy(closed_weekdays=(0, 6), holidays=("2026-12-08",))
        early = next(rules.start_date_is_open(form(policy=policy, start_date="2026-12-01")))
        closed = next(rules.start_date_is_open(form(policy=policy, start_date="2026-12-13")))
        assert (early.params["first"], closed.params["next"]) == ("2026-12-09", "2026-12-15")
