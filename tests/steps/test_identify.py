"""Who may ask, vouch and come back? (I-01 to I-04)"""

import pytest

from keyturn.steps.identify import rules
from keyturn.terms.request import Actor, Role


@pytest.mark.rule("I-01")
@pytest.mark.parametrize(
    ("attested", "may", "found"), [(["email"], False, ["I-01"]), (["email"], True, []), ([], False, [])]
)
def test_only_a_key_with_the_right_vouches(attested: list[str], may: bool, found: list[str]) -> None:
    assert [each.rule for each in rules.attestation_is_allowed(attested, may_attest=may)] == found


@pytest.mark.rule("I-02")
@pytest.mark.parametrize(
    ("attested", "good"), [(["email", "phone", "identity"], True), ([], True), (["income"], False), (["Email"], False)]
)
def test_only_what_can_be_proved_is_vouched_for(attested: list[str], good: bool) -> None:
    assert (list(rules.attestation_is_known(attested)) == []) is good


@pytest.mark.rule("I-03")
def test_where_a_request_comes_from_is_an_opaque_word_that_fits_its_column() -> None:
    assert Actor(Role.PARTNER, "key7").origin == "partner:key7"
    assert len(Actor(Role.CUSTOMER, "x" * 500).origin) == 80


@pytest.mark.rule("I-04")
@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (Actor(Role.CUSTOMER, "a"), True),
        (Actor(Role.CUSTOMER, "b"), False),
        (Actor(Role.PARTNER, "a"), False),
        (Actor(Role.STAFF, "7"), True),
        (Actor(Role.MACHINE, "worker"), True),
    ],
)
def test_a_draft_answers_to_who_began_it_and_to_staff(actor: Actor, may: bool) -> None:
    assert rules.may_touch(actor, "customer:a") is may


@pytest.mark.rule("I-04")
@pytest.mark.parametrize(("login", "may"), [(5, True), (6, False), (None, False)])
def test_and_to_the_login_that_follows_it(login: int | None, may: bool) -> None:
    """Whoever made one at the end of a request answers it from their account."""
    assert rules.may_touch(Actor(Role.CUSTOMER, "login:5"), "customer:a", login=login) is may
    assert not rules.may_touch(Actor(Role.PARTNER, "login:5"), "customer:a", login=login)
