"""Can everybody go from a decision to the rule that made it, to the test that holds it, and to the words for it?"""

import re
from pathlib import Path

import pytest

from keyturn import steps
from keyturn.terms.finding import Rule

ROOT = Path(__file__).resolve().parents[2]
RULEBOOK = steps.rulebook()
MARKED = re.compile(r"""pytest\.mark\.rule\(([^)]*)\)""")
RAISED = re.compile(r"""Finding\(\s*"([A-Z]-\d\d)"(?:,[^()]*?Effect\.([A-Z]+))?""", re.S)


def marked_in_tests() -> set[str]:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {number for text in sources for marks in MARKED.findall(text) for number in re.findall(r"[A-Z]-\d\d", marks)}


def raised_in(folder: str) -> dict[str, set[str]]:
    """Rule number -> effects of the findings that the rules of this step make; FIX where none is named."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "keyturn" / "steps" / folder).rglob("*.py"):
        for number, effect in RAISED.findall(path.read_text(encoding="utf-8")):
            found.setdefault(number, set()).add((effect or "FIX").lower())
    return found


@pytest.mark.parametrize("rule", RULEBOOK.values(), ids=lambda rule: rule.number)
def test_a_rule_says_the_good_case_in_one_sentence(rule: Rule) -> None:
    assert 15 <= len(rule.sentence) <= 140
    assert rule.sentence[0].isupper() or rule.sentence[0] in "“"
    assert not rule.sentence.endswith(".") and ". " not in rule.sentence


@pytest.mark.parametrize("rule", RULEBOOK.values(), ids=lambda rule: rule.number)
def test_a_rule_names_only_rules_of_the_business_that_exist_in_form(rule: Rule) -> None:
    assert all(re.fullmatch(r"(BR|ER)-\d{2}", each) for each in rule.implements)


def test_every_rule_has_a_test_that_names_it() -> None:
    assert sorted(set(RULEBOOK) - marked_in_tests()) == []


def test_no_test_names_a_rule_that_does_not_exist() -> None:
    assert sorted(marked_in_tests() - set(RULEBOOK)) == []


@pytest.mark.parametrize("folder", [folder for folder in steps.STEPS if folder != "maintain"])
def test_whatever_a_customer_can_be_shown_has_words(folder: str) -> None:
    """Import's findings (maintain) are read by an engineer, in the rejects file."""
    known = {key.partition(".")[0] for key in steps.words()}
    assert sorted(set(raised_in(folder)) - known) == []


def test_whatever_refers_a_request_to_staff_has_words_for_staff() -> None:
    known = {key.partition(".")[0] for key in steps.staff_words()}
    referring = {
        number for folder in steps.STEPS for number, effects in raised_in(folder).items() if "refer" in effects
    }
    assert sorted(referring - known) == []


def test_no_words_are_left_over_from_a_rule_that_is_gone() -> None:
    keys = {key.partition(".")[0] for key in {**steps.words(), **steps.staff_words()}}
    assert sorted(keys - set(RULEBOOK)) == []


def test_numbers_have_no_gaps_so_that_none_was_used_again() -> None:
    """A part of a step (`decide/change`) may begin its numbers at a ten; within it none is left out."""
    for letter in steps.STEPS.values():
        numbers = {int(each[2:]) for each in RULEBOOK if each[0] == letter}
        assert {each for each in numbers if each - 1 not in numbers and each != 1 and each % 10} == set(), letter
