"""May the machine say "the same person"?"""

from dataclasses import replace
from typing import Any

import pytest

from keyturn.matching import Decision, Features, decide, load, matcher_zone
from keyturn.matching.addresses import NormalAddress
from keyturn.matching.decide import is_another_to_any_reader
from keyturn.matching.score import score
from keyturn.terms.policy import Policy

MODEL = load()
POLICY = Policy()
HOME = NormalAddress("12", "n main st", "main", "3", "97123", "hillsboro", "or")
AWAY = NormalAddress("7", "oak ave", "oak", "", "97006", "beaverton", "or")
JANE = Features(
    given="jane",
    family="zelenko",
    birth_date="1970-03-12",
    emails=("jane@example.com",),
    phones=("+15035551234",),
    addresses=(HOME,),
)
BY_EMAIL = frozenset({("email", "jane@example.com")})


def decided(
    probe: Features,
    *on_file: Features,
    verified: frozenset[tuple[str, str]] = BY_EMAIL,
    policy: Policy = POLICY,
    not_same: frozenset[str] = frozenset(),
    **thresholds: float,
) -> Decision:
    candidates = {f"p{number}": features for number, features in enumerate(on_file, start=1)}
    model = replace(MODEL, thresholds=replace(MODEL.thresholds, **thresholds))
    return decide(probe, candidates, model=model, verified=verified, policy=policy, not_same=not_same)


def test_nobody_on_file_is_somebody_new() -> None:
    decision = decided(JANE)
    assert (decision.zone, decision.ranked, decision.best) == ("new", (), None)


def test_somebody_on_file_whose_mailbox_is_proved_is_linked() -> None:
    decision = decided(JANE, JANE)
    assert decision.zone == "link"
    assert decision.best is not None
    assert (decision.best.person_id, decision.best.linkable, decision.best.why) == ("p1", True, ())


def test_somebody_else_is_new_though_listed() -> None:
    decision = decided(JANE, Features(given="igor", family="smith", birth_date="1985-11-30", addresses=(AWAY,)))
    assert decision.zone == "new"
    assert "below_link_score" in decision.ranked[0].why


@pytest.mark.parametrize(
    "verified",
    [
        frozenset(),
        frozenset({("email", "other@example.com")}),
        frozenset({("phone", "+15035550000")}),
        frozenset({("identifier", "state_id:zz")}),
    ],
)
def test_without_something_proved_that_is_on_file_a_human_looks(verified: frozenset[tuple[str, str]]) -> None:
    decision = decided(JANE, JANE, verified=verified)
    assert decision.zone == "review"
    assert decision.ranked[0].why == ("nothing_verified",)
    assert matcher_zone(decision) == "link"


@pytest.mark.parametrize(
    "proof", [("email", "jane@example.com"), ("phone", "+15035551234"), ("identifier", "state_id:a1")]
)
def test_any_one_proof_will_do(proof: tuple[str, str]) -> None:
    with_document = replace(JANE, identifiers=(("state_id", "a1"),))
    assert decided(with_document, with_document, verified=frozenset({proof})).zone == "link"


def test_a_utility_may_link_nobody_automatically() -> None:
    decision = decided(JANE, JANE, policy=replace(POLICY, link_automatically=False))
    assert (decision.zone, decision.ranked[0].why) == ("review", ("links_switched_off",))
    assert matcher_zone(decision) == "link"


def test_the_threshold_is_the_utility_s() -> None:
    without_address = replace(JANE, addresses=(), phones=())
    assert decided(without_address, JANE).zone == "link"
    strict = decided(without_address, JANE, link=0.9999999)
    assert (strict.zone, strict.ranked[0].why) == ("review", ("below_link_score",))


def test_two_records_that_both_fit_are_left_to_a_human() -> None:
    decision = decided(JANE, JANE, JANE)
    assert decision.zone == "review"
    assert decision.ranked[0].why == ("several_over_threshold", "margin_too_small")
    assert matcher_zone(decision) == "review"


def test_the_margin_to_the_next_candidate_is_in_bits() -> None:
    near = replace(JANE, given="june", emails=(), phones=())
    margin = decided(JANE, JANE).ranked[0].scored.weight - decided(JANE, near).ranked[0].scored.weight
    assert decided(JANE, JANE, near, margin=margin - 0.01).zone == "link"
    tight = decided(JANE, JANE, near, margin=margin + 0.01)
    assert (tight.zone, tight.ranked[0].why) == ("review", ("margin_too_small",))


def test_name_and_birth_date_alone_link_nobody() -> None:
    """A namesake born on the same day, whose telephone was typed over an old record's."""
    bare = replace(JANE, emails=("another@example.com",), phones=("+15035559999",), addresses=())
    decision = decided(bare, JANE)
    assert decision.zone == matcher_zone(decision) == "review"
    assert "only_name_and_birth_date" in decision.ranked[0].why


def test_one_group_of_evidence_is_too_little() -> None:
    mailbox_only = Features(emails=("jane@example.com",))
    decision = decided(mailbox_only, JANE)
    assert decision.zone == "review"
    assert "too_few_groups" in decision.ranked[0].why


@pytest.mark.parametrize("given", ["joan", "j", "igor", "jbnq", "jaane"])
def test_who_could_be_a_twin_is_not_linked_even_by_the_shared_mailbox(given: str) -> None:
    decision = decided(replace(JANE, given=given), JANE)
    assert decision.zone == "review"
    assert "twin" in decision.ranked[0].why


def test_two_years_of_people_without_a_known_birthday_are_two_people() -> None:
    """Hawa and Hawo are sisters, born in 1946 and 1947 as far as anybody knows, and share telephone and mailbox."""
    on_file = replace(JANE, given="hawa", birth_date="1946-01-01")
    decision = decided(replace(on_file, given="hawo", birth_date="1947-01-01"), on_file)
    assert (decision.zone, decision.ranked[0].why[0]) == ("review", "different_birth_date")


def test_an_initial_leaves_room_for_a_relative_even_without_a_shared_birth_date() -> None:
    document = (("state_id", "a1"),)
    on_file = replace(JANE, identifiers=document)
    decision = decided(replace(on_file, given="j", birth_date=""), on_file)
    assert (decision.zone, decision.ranked[0].why) == ("review", ("different_given_name",))


def test_who_married_shows_the_same_document_or_is_looked_at() -> None:
    document = (("state_id", "a1"),)
    married = replace(JANE, family="smith")
    assert "different_surname" in decided(married, JANE).ranked[0].why
    on_file = replace(JANE, identifiers=document)
    assert decided(replace(married, identifiers=document), on_file).zone == "link"


@pytest.mark.parametrize("flag", ["deceased", "fraud_flag", "protected_address", "already_linked"])
def test_a_flag_on_file_brings_a_human_in(flag: str) -> None:
    decision = decided(JANE, replace(JANE, flags=frozenset({flag})))
    assert (decision.zone, decision.ranked[0].why) == ("review", (flag,))


def test_a_different_document_always_brings_a_human_in() -> None:
    decision = decided(
        replace(JANE, identifiers=(("state_id", "a1"),)), replace(JANE, identifiers=(("state_id", "b2"),))
    )
    assert decision.zone == "review"
    assert "different_identifier" in decision.ranked[0].why


def test_one_document_on_two_persons_is_always_looked_at() -> None:
    """ER-12: the identifier belongs to somebody else."""
    holder = Features(given="igor", family="smith", birth_date="1950-01-02", identifiers=(("state_id", "a1"),))
    decision = decided(replace(JANE, identifiers=(("state_id", "a1"),)), holder)
    assert decision.zone == "review"
    assert decision.ranked[0].relation == ("shared_identifier",)


def test_a_husband_is_related_and_so_is_a_stranger_who_lived_there_before_and_neither_holds_anybody_up() -> None:
    husband = replace(JANE, given="igor", birth_date="1968-07-30", emails=(), phones=())
    former_tenant = Features(given="mary", family="smith", birth_date="1955-05-05", addresses=(HOME,))
    assert decided(JANE, husband).zone == decided(JANE, former_tenant).zone == "new"
    assert decided(JANE, husband).ranked[0].relation == ("household",)
    assert decided(JANE, former_tenant).ranked[0].relation == ("same_door",)
    assert [each.person_id for each in decided(JANE, husband, former_tenant).related] == ["p1", "p2"]


def test_somebody_else_s_telephone_is_looked_at_unless_they_are_one_household() -> None:
    """BR-61: the telephone is on another person's file."""
    neighbour = Features(given="mary", family="smith", birth_date="1955-05-05", phones=JANE.phones, addresses=(AWAY,))
    assert decided(JANE, neighbour).zone == "review"
    assert decided(JANE, neighbour).ranked[0].relation == ("shared_contact",)
    wife = replace(neighbour, family="zelenko")
    assert decided(JANE, wife).zone == "new"
    assert decided(JANE, wife).ranked[0].relation == ("household",)


def test_a_namesake_is_shown_and_holds_nobody_up() -> None:
    jane_smith = replace(JANE, family="smith")
    namesake = Features(given="jane", family="smith", birth_date="1999-08-01", addresses=(AWAY,))
    assert decided(jane_smith, namesake).zone == "new"
    assert decided(jane_smith, namesake).ranked[0].relation == ("namesake",)


def test_a_twin_is_looked_at() -> None:
    decision = decided(JANE, replace(JANE, given="igor"))
    assert decision.zone == "review"
    assert decision.ranked[0].relation[:2] == ("household", "twin")


class TestNameAndBirthDateAlone:
    BARE = replace(JANE, emails=(), phones=(), addresses=(AWAY,))
    MOVED = replace(JANE, emails=(), phones=(), addresses=(HOME,), middle="ann")

    def word(self, probe: Features, on_file: Features) -> tuple[str, tuple[str, ...]]:
        decision = decided(probe, on_file, verified=frozenset())
        return matcher_zone(decision), tuple(set(decision.ranked[0].why) - {"nothing_verified"})

    def test_link_who_has_moved_if_the_middle_name_agrees(self) -> None:
        assert self.word(replace(self.BARE, middle="a"), self.MOVED) == ("link", ())

    def test_are_too_little_for_a_common_name_without_a_middle_name(self) -> None:
        smith = replace(self.BARE, given="james", family="smith")
        on_file = replace(self.MOVED, given="james", family="smith")
        assert "only_name_and_birth_date" in self.word(smith, on_file)[1]
        assert "only_name_and_birth_date" not in self.word(replace(smith, middle="a"), on_file)[1]

    def test_are_too_little_where_half_of_the_name_is_missing_too(self) -> None:
        probe, on_file = replace(self.BARE, given="david", middle="m"), replace(self.MOVED, given="david", middle="m")
        assert self.word(probe, on_file) == ("link", ())
        assert self.word(probe, replace(on_file, family=""))[0] == "review"

    def test_link_who_lives_in_the_same_street_though_the_house_number_is_illegible(self) -> None:
        there = NormalAddress(number="4120", street="larkspur ln", street_core="larkspur", postal="97123")
        stayed, unnumbered, moved = (
            replace(self.BARE, addresses=(each,))
            for each in (there, replace(there, number=""), replace(AWAY, postal="97123"))
        )
        assert self.word(stayed, unnumbered) == ("link", ())
        assert self.word(stayed, moved)[0] == "review"

    @pytest.mark.parametrize("without", [{"middle": ""}, {"middle": "", "family": "zelenko"}])
    def test_are_too_little_without_a_middle_name_however_rare_the_name(self, without: dict[str, Any]) -> None:
        zone, why = self.word(replace(self.BARE, **without), replace(self.MOVED, **{**without, "middle": "ann"}))
        assert (zone, "only_name_and_birth_date" in why) == ("review", True)

    @pytest.mark.parametrize(
        "change",
        [
            {"middle": "b"}, {"middle": "bea"}, {"suffix": "jr"}, {"phones": ("+15035551234",)},
            {"emails": ("jane@example.com",)}, {"identifiers": (("ssn", "a"),)},
        ],
    )  # fmt: skip
    def test_are_too_little_where_anything_differs_or_could_have_been_asked_for(self, change: dict[str, Any]) -> None:
        zone, why = self.word(replace(self.BARE, middle="a"), replace(self.MOVED, **change))  # type: ignore[arg-type]
        assert (zone, "only_name_and_birth_date" in why) == ("review", True)


def test_a_husband_on_file_does_not_stand_in_the_way_of_her_own_record() -> None:
    husband = replace(JANE, given="igor", birth_date="1968-07-30")
    assert decided(JANE, husband, JANE).zone == "link"


def test_whom_staff_ruled_out_is_listed_last_and_neither_linked_nor_a_rival() -> None:
    ruled_out = frozenset({"p1"})
    alone = decided(JANE, JANE, not_same=ruled_out)
    assert (alone.zone, alone.best) == ("new", None)
    assert alone.ranked[0].why == ("not_the_same_person",)
    both = decided(JANE, JANE, JANE, not_same=ruled_out)
    assert both.zone == "link"
    assert [each.person_id for each in both.ranked] == ["p2", "p1"]


def test_the_best_come_first_and_only_so_many_are_kept() -> None:
    crowd = [replace(JANE, birth_date=f"19{year}-06-30") for year in range(40, 60)]
    decision = decided(JANE, *crowd, JANE)
    assert len(decision.ranked) == MODEL.thresholds.kept
    weights = [each.scored.weight for each in decision.ranked]
    assert weights == sorted(weights, reverse=True)
    assert decision.ranked[0].person_id == "p21"


def test_equal_candidates_keep_one_order() -> None:
    one = decide(JANE, {"b": JANE, "a": JANE}, model=MODEL, verified=BY_EMAIL, policy=POLICY)
    assert [each.person_id for each in one.ranked] == ["a", "b"]


def test_a_decision_can_be_stored_and_tells_nothing_personal() -> None:
    text = str(decided(JANE, JANE).as_json())
    assert MODEL.version in text
    assert not any(secret in text for secret in ("jane", "zelenko", "1970", "5035551234"))

    def test_leave_a_slip_to_a_human_where_the_name_is_common(self) -> None:
        on_file = replace(self.MOVED, given="james", family="miller")
        slip = replace(self.BARE, given="james", family="miller", middle="a", birth_date="1970-03-21")
        assert self.word(slip, on_file)[0] == "review"
        assert self.word(replace(self.BARE, middle="a", birth_date="1970-03-21"), self.MOVED)[0] == "link"


class TestOnlyTheHousehold:
    """Father and son of one name, and no birth date to tell them apart."""

    SENIOR = replace(JANE, given="john", middle="a")

    def test_shares_door_telephone_and_mailbox(self) -> None:
        decision = decided(replace(self.SENIOR, birth_date=""), self.SENIOR)
        assert (decision.zone, "only_household" in decision.ranked[0].why) == ("review", True)

    def test_shows_another_document(self) -> None:
        on_file = replace(self.SENIOR, identifiers=(("state_id", "a1"),))
        assert decided(replace(on_file, birth_date=""), on_file).zone == "link"

    @pytest.mark.parametrize(("middle", "zone"), [("a", "link"), ("b", "review"), ("", "review")])
    def test_is_left_to_the_odds_where_nothing_else_is_known_on_either_side(self, middle: str, zone: str) -> None:
        bare = replace(self.SENIOR, emails=(), phones=())
        decision = decided(replace(bare, birth_date="", middle=middle), bare, verified=frozenset())
        assert matcher_zone(decision) == zone


def test_who_married_and_stayed_at_home_is_known_by_all_the_rest() -> None:
    before = replace(JANE, middle="ann")
    assert decided(replace(before, family="smith"), before).zone == "link"
    assert "different_surname" in decided(replace(before, family="smith", addresses=(AWAY,)), before).ranked[0].why


def test_without_a_given_name_nobody_knows_which_twin_it_is() -> None:
    decision = decided(replace(JANE, given=""), JANE)
    assert (decision.zone, decision.ranked[0].why) == ("review", ("different_given_name",))


def test_a_dormitory_s_door_says_little() -> None:
    probe = replace(JANE, emails=(), phones=(), birth_date="")
    alone = decided(probe, replace(JANE, birth_date="")).ranked[0].scored
    crowd = [Features(given=f"g{n}", family=f"f{n}", addresses=(HOME,)) for n in range(60)]
    among = decided(probe, replace(JANE, birth_date=""), *crowd).ranked[0].scored
    weights = [next(each.weight for each in scored.fields if each.field == "address") for scored in (alone, among)]
    assert weights[0] > weights[1] == pytest.approx(14.0, abs=0.01)


def test_another_surname_and_another_birth_date_are_another_to_any_reader() -> None:
    """One given name, one large house: a faint chance, and nobody to be asked about it."""
    lodger = Features(given="jane", middle="a", family="smith", birth_date="1999-08-01", addresses=(HOME,))
    decision = decided(replace(JANE, middle="a", emails=(), phones=()), lodger)
    assert decision.ranked[0].scored.probability > MODEL.thresholds.review
    assert (decision.zone, decision.ranked[0].relation) == ("new", ("same_door",))
    same_day = decided(replace(JANE, middle="a", emails=(), phones=()), replace(lodger, birth_date=JANE.birth_date))
    assert matcher_zone(same_day) != "new"


class TestAnotherToAnyReader:
    """Too much is another's and too little ties the two, so that nobody is asked; a little less, and somebody is."""

    @pytest.mark.parametrize(
        ("change", "enough"),
        [
            (
                {"family": "smith", "birth_date": "1970-03-21"},
                {"family": "zelenka"},
            ),  # a slip, where the rest is another's
            ({"family": "", "middle": "b", "birth_date": ""}, {"middle": "a", "birth_date": "1970-03-12"}),
            ({"given": "zoe", "middle": "b"}, {"given": "jane"}),
            ({"given": "", "family": "smith"}, {"given": "jane"}),
            ({"given": "zoe", "family": ""}, {"given": "jane"}),
            ({"given": "janet", "family": "zelenko roe", "birth_date": "1988-08-01"}, {"birth_date": "1970-03-12"}),
        ],
        ids=lambda change: ", ".join(change),
    )
    def test_is_whose_names_or_dates_contradict_and_nothing_else_is_shared(
        self, change: dict[str, Any], enough: dict[str, Any]
    ) -> None:
        on_file = replace(JANE, middle="a", emails=(), phones=(), addresses=(AWAY,))
        bare = replace(JANE, middle="a", emails=(), phones=())
        assert is_another_to_any_reader(score(replace(bare, **change), on_file, model=MODEL))
        assert not is_another_to_any_reader(score(replace(bare, **(change | enough)), on_file, model=MODEL))

    def test_is_nobody_who_shows_the_same_telephone_or_document(self) -> None:
        other = replace(JANE, middle="b", family="", birth_date="", addresses=(AWAY,))
        assert not is_another_to_any_reader(score(other, replace(JANE, middle="a"), model=MODEL))
