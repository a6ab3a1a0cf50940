"""Do the plain rules of claiming say what they should: policies, account numbers, comparisons, pauses?"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.steps.match.claim import rules as match
from keyturn.steps.verify.claim import rules as verify
from keyturn.terms import account_number, verification
from keyturn.terms.policy import Policy, from_mapping

NOW = datetime(2026, 12, 7, 10, tzinfo=UTC)
ANA = match.Known(
    "p1", given_names=frozenset({"Ana"}), family_names=frozenset({"O’Brien-Zelenko"}),
    postal_codes=frozenset({"97901"}), phones=frozenset({"+15035550142"}), identifiers_last4=frozenset({"4567"}),
    date_of_birth="1985-03-27",
)  # fmt: skip


class TestAVerificationPolicy:
    def test_ships_with_one_that_is_good(self) -> None:
        assert verification.amiss(verification.DEFAULT) == ""

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            ({}, "residential, commercial"),
            ({"industrial": {}}, "residential, commercial"),
            ({"residential": {}}, '"groups"'),
            ({"residential": {"groups": [{"name": "a", "fields": ["account_number"]}]}}, '"needed"'),
            ({"residential": {"groups": [{"name": "a", "fields": ["shoe_size"], "needed": 1}]}}, "fields are from"),
            ({"residential": {"groups": [{"name": "a", "fields": ["postal_code"], "needed": 2}]}}, "from 1 to"),
            ({"residential": {"groups": [{"name": "a", "fields": ["postal_code"], "needed": 0}]}}, "from 1 to"),
            ({"residential": {"groups": [{"name": "a", "fields": ["postal_code"] * 2, "needed": 1}]}}, "once"),
            ({"residential": {"groups": [{"name": "a", "fields": ["postal_code"], "needed": 1}]}}, "account_number"),
            ({"residential": {"groups": [{"name": "a", "fields": ["account_number"], "needed": 1}]}}, "two groups"),
        ],
    )
    def test_is_refused_with_a_sentence(self, rows: Any, said: str) -> None:
        with pytest.raises(ValueError, match="verification must be") as refused:
            from_mapping({"verification": rows})
        assert said in str(refused.value)

    @pytest.mark.parametrize("name", ["claim_proofs", "claim_level_others"])
    def test_other_settings_are_checked_too(self, name: str) -> None:
        with pytest.raises(ValueError, match=name):
            from_mapping({name: ["pigeon"] if name == "claim_proofs" else "king"})


class TestAnAccountNumber:
    @given(st.integers(0, 10**10 - 1))
    def test_is_itself_again_when_it_is_typed_as_it_is_shown(self, number: int) -> None:
        ref = f"{number:010d}"
        shown = account_number.shown(ref, digits=10)
        assert account_number.ref_of(shown, digits=10) == ref
        assert not account_number.is_mistyped(shown, digits=10)

    @given(st.integers(0, 10**10 - 1), st.integers(0, 10), st.integers(1, 9))
    def test_with_one_wrong_digit_is_seen(self, number: int, place: int, more: int) -> None:
        typed = list(account_number.plain(account_number.shown(f"{number:010d}", digits=10)))
        typed[place] = str((int(typed[place]) + more) % 10)
        assert account_number.is_mistyped("".join(typed), digits=10)

    def test_of_another_kind_is_left_alone(self) -> None:
        assert account_number.shown("AC-17", digits=10) == "AC-17"
        assert account_number.ref_of("ac 17", digits=10) == "AC17"
        assert not account_number.is_mistyped("12345678904", digits=0)


class TestComparing:
    @pytest.mark.rule("M-20")
    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("family_name", " obrien zelenko "),
            ("family_name", "O'BRIEN-ZELENKO"),
            ("given_name", "ána"),
            ("postal_code", "97901-1234"),
            ("phone_last4", "01 42"),
            ("id_last4", "4567"),
            ("date_of_birth", "1985-03-27"),
        ],
    )
    def test_what_people_write_differently_is_the_same(self, name: str, typed: str) -> None:
        assert match.agrees(name, typed, ANA)

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("family_name", ""),
            ("family_name", "Zelenko"),
            ("postal_code", "9790"),
            ("phone_last4", "142"),
            ("id_last4", ""),
            ("date_of_birth", ""),
            ("organisation_name", "O’Brien-Zelenko"),
            ("shoe_size", "44"),
        ],
    )
    def test_what_is_not_on_file_agrees_with_nothing(self, name: str, typed: str) -> None:
        assert not match.agrees(name, typed, ANA)

    @pytest.mark.rule("M-21")
    def test_each_group_wants_its_number(self) -> None:
        groups = verification.groups(verification.DEFAULT, "residential")
        assert match.fits(groups, {"family_name": "obrienzelenko", "postal_code": "97901"}, ANA)
        assert not match.fits(groups, {"family_name": "obrienzelenko", "postal_code": "10001"}, ANA)
        assert match.fits(groups, {"family_name": "x", "postal_code": "97901", "id_last4": "4567"}, ANA)

    @pytest.mark.rule("M-22")
    def test_two_who_fit_are_nobody(self) -> None:
        assert match.the_one(["p1"]) == "p1"
        assert match.the_one(["p1", "p2"]) == ""
        assert match.the_one([]) == ""


class TestPausing:
    @pytest.mark.rule("Y-23")
    @given(st.integers(5, 60))
    def test_grows_and_never_beyond_the_window(self, tries: int) -> None:
        policy = Policy()
        until = verify.next_try_at([NOW] * tries, free=5, policy=policy)
        more = verify.next_try_at([NOW] * (tries + 1), free=5, policy=policy)
        assert until is not None
        assert more is not None
        assert until <= more <= NOW + timedelta(hours=policy.claim_window_hours)
        assert verify.next_try_at([NOW] * 4, free=5, policy=policy) is None
