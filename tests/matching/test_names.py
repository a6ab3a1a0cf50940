"""Is it one name, however it is written, and are two names two?"""

import pytest

from keyturn.matching import Features, names
from keyturn.matching.compare import levels
from keyturn.matching.organisations import compare_organisations, normal_organisation
from keyturn.matching.text import fold


def given(one: str, other: str) -> str:
    return names.compare_given(*names.normal_given(one, ""), *names.normal_given(other, ""))


def family(one: str, other: str) -> str:
    return names.compare_family(names.normal_family(one, "")[0], names.normal_family(other, "")[0])


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("William", "WILLIAM", "exact"),
        ("José", "Jose", "exact"),
        ("José", "Jose\N{COMBINING ACUTE ACCENT}", "exact"),
        ("Mary Ann", "Maryann", "exact"),
        ("Mary-Ann", "Mary Ann", "exact"),
        ("Mr. John", "John", "exact"),
        ("Mary", "Mary Ann", "exact"),
        ("John A.", "John", "exact"),
        ("William", "Bill", "nickname"),
        ("Bill", "Will", "nickname"),
        ("Guillermo", "Memo", "nickname"),
        ("Francisco", "Paco", "nickname"),
        ("Elizabeth", "Betsy", "nickname"),
        ("Katherine", "Cathy", "nickname"),
        ("W", "William", "initial"),
        ("Jonathon", "Jonathan", "nickname"),  # one name in two spellings
        ("Jakob", "Jacob", "nickname"),
        ("Leslie", "Leland", "different"),
        ("Jary", "Mary", "similar"),  # misread: one of the two is no name
        ("Occupant", "Mary", ""),
        ("Lady of the house", "Mary", ""),
        ("Male", "Male", "exact"),
        ("FNU", "Mary", ""),
        ("FNU", "FNU", ""),  # two who have no first name have none in common
        ("Олександр", "Oleksandr", "exact"),
        ("Γιώργος", "Giorgos", "exact"),
        ("小林", "小林", "exact"),
        ("Chole", "Chloe", "slip"),
        ("Micheel", "Michael", "slip"),
        ("Jadwyga", "Jadwiga", "similar"),
        ("Mqrgafwt", "Margaret", "garbled"),
        ("Hcmry", "Henry", "garbled"),
        ("Nargsrwr", "Margaret", "garbled"),
        ("Lqhd", "Lois", "different"),
        ("Maria", "Marie", "different"),
        ("Kayden", "Jayden", "different"),
        ("Patrick", "Patricia", "different"),
        ("Maria Jose", "Maria Luisa", "different"),
        ("James", "John", "different"),
        ("Bill", "John", "different"),
        ("", "John", ""),
    ],
)
def test_given_names(one: str, other: str, level: str) -> None:
    assert given(one, other) == level
    assert given(other, one) == level


def test_somebody_who_goes_by_the_middle_name() -> None:
    assert names.compare_given("james", "robert", "robert", "") == "middle"


@pytest.mark.parametrize(("given_name", "middle", "glued"), [("mary", "ann", "maryann"), ("xiao", "ming", "xiaoming")])
def test_a_given_name_that_was_parted_is_one(given_name: str, middle: str, glued: str) -> None:
    assert names.compare_given(given_name, middle, glued, "") == "exact"
    assert names.compare_given(glued, "", given_name, middle) == "exact"
    assert names.compare_given(glued, "marie", given_name, middle) != "exact"


def test_an_initial_is_no_part_of_a_given_name() -> None:
    """Ivan A. has a sister Ivana."""
    assert names.compare_given("ivan", "a", "ivana", "") != "exact"


def test_a_middle_name_that_contradicts_the_second_given_name_counts() -> None:
    assert names.compare_given("maria jose", "", "maria", "luisa") == "different"


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Smith", "SMITH", "exact"),
        ("O'Brien", "O’Brien", "exact"),
        ("O'Brien", "Obrien", "exact"),
        ("Mac Donald", "MacDonald", "exact"),
        ("van der Berg", "Vanderberg", "exact"),
        ("de la Cruz", "Cruz", "exact"),
        ("Müller", "Muller", "exact"),
        ("Łuczak", "Luczak", "exact"),
        ("St. John", "Saint John", "exact"),
        ("García López", "Garcia-Lopez", "exact"),
        ("García López", "García", "part"),
        ("Smith-Jones", "Jones", "part"),
        ("Zelenko", "Zelenka", "slip"),
        ("Krzyzewski", "Kryzewski", "slip"),
        ("Smith", "Smyth", "slip"),
        ("Stephens", "Stevens", "slip"),
        ("Phillips", "Filips", "phonetic"),
        ("Hawthorne", "Hswtnorme", "garbled"),
        ("Zelenko", "Zwlemkp", "different"),  # more than two letters in five
        ("Stephenson", "Richardson", "different"),
        ("Smith", "Jones", "different"),
        ("Lee", "Li", "different"),
        ("Child", "Hansen", ""),
        ("Child", "Child", "exact"),
        ("No last name", "Hansen", ""),
        ("H", "Hansen", ""),
        ("Unknown", "Unknown", ""),
        ("王", "李", "different"),
        ("王", "王", "exact"),
        ("Зеленко", "Zelenko", "exact"),
        ("Παπαδόπουλος", "Papadopoylos", "exact"),
        ("", "Jones", ""),
    ],
)
def test_surnames(one: str, other: str, level: str) -> None:
    assert family(one, other) == level
    assert family(other, one) == level


@pytest.mark.parametrize(
    ("surname", "suffix", "expected"),
    [
        ("Smith", "Jr.", ("smith", "jr")),
        ("Smith Jr", "", ("smith", "jr")),
        ("Smith, III", "", ("smith", "iii")),
        ("Smith", "Senior", ("smith", "sr")),
        ("Smith", "2nd", ("smith", "ii")),
        ("Junior", "", ("junior", "")),
        ("Smith V", "", ("smith v", "")),  # Roman five, or an initial that strayed
        ("Smith", "PhD", ("smith", "")),
    ],
)
def test_suffixes_are_found_where_people_put_them(surname: str, suffix: str, expected: tuple[str, str]) -> None:
    assert names.normal_family(surname, suffix) == expected


def test_suffixes_conflict_only_where_both_are_known() -> None:
    assert names.compare_suffix("jr", "sr") == "conflict"
    assert names.compare_suffix("jr", "") == "one_sided"
    assert names.compare_suffix("", "") == ""


def test_smith_is_common_and_zelenko_is_not() -> None:
    assert (names.frequency_of_family("smith") or 0) > 0.005
    assert names.frequency_of_family("zelenko") is None
    assert (names.frequency_of_given("james") or 0) > 0.005


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Acme Plumbing LLC", "ACME Plumbing, L.L.C.", "exact"),
        ("The Acme Plumbing Co., Inc.", "Acme Plumbing", "exact"),
        ("Smith & Sons", "Smith and Sons Ltd", "exact"),
        ("Blue Sky Inc dba Corner Bakery", "Corner Bakery", "exact"),
        ("Hillsboro Property Mgmt", "Hillsboro Property Management", "exact"),
        ("Corner Bakery", "Corner Bakrey", "similar"),
        ("Store 12", "Store 13", "part"),
        ("Acme", "Acme Plumbing", "part"),
        ("Acme Plumbing", "Blue Sky", "different"),
        ("", "Blue Sky", ""),
    ],
)
def test_organisations(one: str, other: str, level: str) -> None:
    assert compare_organisations(normal_organisation(one), normal_organisation(other)) == level
    assert compare_organisations(normal_organisation(other), normal_organisation(one)) == level


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "𝕊𝕞𝕚𝕥𝕙", "السلام", "小林", "नमस्ते", "I\u0307", "ß", "\u202egnirts"]
)
def test_folding_takes_any_text(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_names_of_other_scripts_stay_themselves() -> None:
    assert fold("小林 さくら") == "小林 さくら"
    assert names.compare_family(fold("小林"), fold("小林")) == "exact"


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("ann", "ann", "exact"), ("ann", "anne", "exact"), ("elizabeth", "beth", "exact"), ("ann", "a", "initial"),
        ("a", "a", "initial"), ("a", "b", "other_initial"), ("ann", "b", "other_initial"), ("ann", "bea", "different"),
        ("mary ann", "maryann", "exact"), ("", "ann", ""),
    ],
)  # fmt: skip
def test_middle_names(one: str, other: str, level: str) -> None:
    assert names.compare_middle(one, other) == names.compare_middle(other, one) == level


@pytest.mark.parametrize(
    ("short", "full"),
    [("bill", "william"), ("william", "william"), ("jane", "jane"), ("xyz", "xyz"), ("", "")],
)
def test_a_short_form_stands_for_one_full_form_and_always_the_same(short: str, full: str) -> None:
    assert names.full_form(short) == full
    assert names.full_form(full) == full


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (("jane", "hawthorne"), ("hawthorne", "jane"), "swapped"),
        (("jane", "hawthorne"), ("hawtohrne", "jane"), "swapped"),
        (("margaret", "hawthorne"), ("hawthorne", "nargsrwt"), "swapped"),  # several slips in one half
        (("vo thi", "lan"), ("lan", "vo"), "swapped"),  # all in the order of Vietnam
        (("vo thi", "lan"), ("hoa", "vo"), "different"),
        (("margaret", "hawthorne"), ("hswtnorme", "nargsrwt"), "different"),  # and in both: who can tell
        (("jane", "hawthorne"), ("hawthorne", "igor"), "crossed"),
        (("jane", "hawthorne"), ("igor", "zelenko"), "different"),
    ],
)
def test_names_in_each_other_s_place(one: tuple[str, str], other: tuple[str, str], level: str) -> None:
    first, second = (Features(given=given_name, family=surname) for given_name, surname in (one, other))
    assert levels(first, second)["family"] == levels(second, first)["family"] == level


@pytest.mark.parametrize(
    ("given_name", "surname", "crossed"),
    [("jane", "jane", True), ("zelenko", "zelenka", True), ("jane", "roe", False), ("", "", False), ("", "roe", False)],
)
def test_a_name_in_the_other_one_s_place(given_name: str, surname: str, crossed: bool) -> None:
    assert names.is_crossed(given_name, surname) == names.is_crossed(surname, given_name) == crossed
