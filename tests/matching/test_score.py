"""Does each agreement and each difference weigh what it should?"""

from dataclasses import replace
from math import log2

import pytest

from keyturn.matching import Features, Scored, load, score
from keyturn.matching.addresses import NormalAddress

MODEL = load()
HOME = NormalAddress("12", "n main st", "main", "3", "97123", "hillsboro", "or")
JANE = Features(
    given="jane",
    family="zelenko",
    birth_date="1970-03-12",
    emails=("jane@example.com",),
    phones=("+15035551234",),
    identifiers=(("state_id", "a1"),),
    addresses=(HOME,),
)


def scored(one: Features, other: Features) -> Scored:
    return score(one, other, model=MODEL)


def test_somebody_is_surely_themselves() -> None:
    result = scored(JANE, JANE)
    assert result.probability > 0.9999
    assert result.vetoes == ()
    assert result.groups == {"name", "birth_date", "identifier", "contact", "address"}


def test_nobody_is_somebody_of_whom_nothing_is_known() -> None:
    assert scored(JANE, Features()).weight == pytest.approx(min(MODEL.priors), abs=0.1)
    assert scored(Features(), Features()).groups == frozenset()


def test_the_weight_is_the_prior_and_all_fields_together() -> None:
    for other in (
        JANE,
        replace(JANE, given="joan"),
        replace(JANE, birth_date="1970-12-03", phones=()),
        Features(family="zelenko"),
    ):
        result = scored(JANE, other)
        assert result.weight == pytest.approx(MODEL.priors[0] + sum(each.weight for each in result.fields), abs=0.01)
        assert result.odds == pytest.approx(1 / (1 + 2**-result.weight), abs=1e-6)
        assert result.probability == MODEL.calibration.probability(result.weight, codes=result.vetoes)


def test_smith_weighs_less_than_zelenko() -> None:
    def surname(name: str) -> float:
        one = Features(family=name, birth_date="1970-03-12")
        return next(each.weight for each in scored(one, one).fields if each.field == "family")

    assert surname("zelenko") - surname("smith") == pytest.approx(log2(0.0079 / 0.0001), abs=0.1)


def test_of_two_spellings_the_commoner_decides() -> None:
    def surname(one: str, other: str) -> float:
        found = scored(Features(family=one), Features(family=other))
        return next(each.weight for each in found.fields if each.field == "family")

    assert (
        surname("smith", "smithe")
        == surname("smithe", "smith")
        == pytest.approx(surname("smith", "smith") + log2(0.05 / 0.878 / 8))
    )


def test_a_slip_weighs_less_than_the_name_itself_and_more_than_another_name() -> None:
    by_level = {name: scored(JANE, replace(JANE, family=name)).weight for name in ("zelenko", "zelenka", "roe")}
    assert by_level["zelenko"] > by_level["zelenka"] > by_level["roe"]


def test_an_address_counts_once_however_many_of_its_parts_agree() -> None:
    two = replace(JANE, addresses=(HOME, replace(HOME, number="14")))
    assert [each.field for each in scored(two, two).fields].count("address") == 1
    assert scored(two, two).weight == pytest.approx(scored(JANE, JANE).weight)


def test_a_second_contact_of_the_same_household_counts_in_part_only() -> None:
    weights = {each.field: each.weight for each in scored(JANE, JANE).fields}
    assert weights["phone"] < weights["email"] / 3


def test_a_family_s_agreements_hardly_count_for_one_person() -> None:
    """Surname, door, telephone and mailbox agree: 45 bits against a stranger, and nothing against a husband."""
    husband = replace(JANE, given="igor", birth_date="1968-07-30", identifiers=())
    result = scored(husband, JANE)
    assert sum(each.weight for each in result.fields if each.weight > 0) > 40
    assert result.probability < 0.01
    assert result.level("household") == "relative"


def test_no_name_no_match_by_household_alone() -> None:
    nameless = replace(JANE, given="", birth_date="", identifiers=())
    assert scored(nameless, JANE).probability <= 0.4
    assert scored(replace(nameless, birth_date=JANE.birth_date), JANE).probability > 0.9


@pytest.mark.parametrize(
    ("change", "veto"),
    [
        ({"identifiers": (("state_id", "b2"),)}, "different_identifier"),
        ({"birth_date": "1985-11-30"}, "different_birth_date"),
        ({"birth_date": "1970-03-25"}, "different_birth_date"),
        ({"birth_date": "1990-03-12"}, "generation_gap"),
        ({"given": "joan"}, "twin"),
        ({"given": "j"}, "twin"),
        ({"given": "maria jose"}, "twin"),
        ({"kind": "organisation", "organisation": "zelenko"}, "different_kind"),
    ],
)
def test_what_forbids_a_link(change: dict[str, object], veto: str) -> None:
    assert veto in scored(replace(JANE, **change), JANE).vetoes  # type: ignore[arg-type]
    assert veto in scored(JANE, replace(JANE, **change)).vetoes  # type: ignore[arg-type]


SISTERS = [
    (("ivan", ""), ("ivana", "")),  # a slip of the fingers, had not both of them a birth certificate
    (("simon", ""), ("simona", "")),
    (("hassan", ""), ("hussain", "")),
    (("omar", ""), ("omer", "")),
    (("maria", "jose"), ("maria", "fernanda")),
    (("mohammed", "a"), ("mohammed", "h")),
]


@pytest.mark.parametrize(("one", "other"), SISTERS)
@pytest.mark.parametrize(
    "shared",
    ["addresses", "phones", "emails", "mailbox"],
    ids=["a house", "a telephone", "a mailbox", "mailbox, dotted"],
)
def test_who_is_born_on_one_day_and_called_nearly_alike_is_a_twin(
    one: tuple[str, str], other: tuple[str, str], shared: str
) -> None:
    bare = replace(JANE, identifiers=(), addresses=(), phones=(), emails=())
    common = {"emails": ("zelenko@gmail.com",)} if shared == "mailbox" else {shared: getattr(JANE, shared)}
    first, second = (replace(bare, given=given, middle=middle, **common) for given, middle in (one, other))  # type: ignore[arg-type]
    if shared == "mailbox":
        second = replace(second, emails=("ze.lenko+home@gmail.com",))
    assert "twin" in scored(first, second).vetoes
    assert "twin" in scored(second, first).vetoes
    document = {"identifiers": JANE.identifiers}
    assert scored(replace(first, **document), replace(second, **document)).vetoes == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(("one", "other"), [("hassan", "hussain"), ("kiran", "karan"), ("hang", "hung")])
def test_twins_share_the_middle_name_where_it_is_the_father_s(one: str, other: str) -> None:
    known = replace(JANE, given=one, middle="ahmed", identifiers=())
    assert scored(known, replace(known, given=other)).vetoes == ("twin",)


def test_a_short_form_is_one_name_where_the_middle_names_agree() -> None:
    one = replace(JANE, given="william", middle="petar", identifiers=())
    assert scored(one, replace(one, given="bill")).vetoes == ()
    assert scored(one, replace(one, given="bill", middle="p")).vetoes == ("twin",)
    assert scored(one, replace(one, given="bill", middle="")).vetoes == ("twin",)


def test_a_slip_in_the_given_name_is_one_where_the_middle_names_agree_and_nobody_could_ask_for_more() -> None:
    bare = replace(JANE, given="ivan", middle="petar", identifiers=(), phones=(), emails=())
    assert scored(bare, replace(bare, given="ivna")).vetoes == ()
    assert scored(bare, replace(bare, given="ivna", middle="p")).vetoes == ()
    assert scored(bare, replace(bare, given="ivna", middle="")).vetoes == ("twin",)


def test_jr_is_not_sr_but_a_missing_suffix_is_no_conflict() -> None:
    junior, senior = replace(JANE, suffix="jr"), replace(JANE, suffix="sr")
    assert scored(junior, senior).vetoes == ("suffix_conflict",)
    assert scored(junior, JANE).vetoes == ()


@pytest.mark.parametrize("slip", ["1970-12-03", "1970-03-21", "1970-03-13"])
def test_a_slip_in_the_birth_date_is_no_veto(slip: str) -> None:
    assert scored(replace(JANE, birth_date=slip), JANE).vetoes == ()


@pytest.mark.parametrize("flag", ["deceased", "fraud_flag", "protected_address", "already_linked"])
def test_flags_of_the_person_on_file_are_vetoes(flag: str) -> None:
    assert scored(JANE, replace(JANE, flags=frozenset({flag}))).vetoes == (flag,)
    assert scored(replace(JANE, flags=frozenset({flag})), JANE).vetoes == ()


def test_a_name_agrees_only_with_both_its_halves() -> None:
    assert "name" in scored(replace(JANE, given="zelenko", family="jane"), JANE).groups
    assert "name" in scored(replace(JANE, given="jnae"), JANE).groups
    assert "name" in scored(replace(JANE, family="zelenka"), JANE).groups
    assert "name" not in scored(replace(JANE, given=""), JANE).groups
    assert "name" not in scored(replace(JANE, given="j"), JANE).groups
    assert "name" not in scored(replace(JANE, family="roe"), JANE).groups


def test_scores_tell_nothing_personal() -> None:
    text = str(scored(JANE, JANE).as_json())
    assert not any(secret in text for secret in ("jane", "zelenko", "1970", "5035551234", "main", "a1"))


def test_organisations_of_one_name_and_tax_number_are_one() -> None:
    acme = Features(
        kind="organisation", organisation="acme plumbing", identifiers=(("tax_id", "t1"),), phones=("+15035551234",)
    )
    assert scored(acme, acme).probability > 0.999
    assert scored(replace(acme, identifiers=(("tax_id", "t2"),)), acme).vetoes == ("different_identifier",)
