"""`keyturn reconcile`: what does somebody at a terminal see of where registry and CIS differ?"""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli import cli
from keyturn.commands import reconcile
from keyturn.flow import reconciling
from keyturn.records.models import Person
from keyturn.terms.change import DetailChange, NameChange
from tests import factories
from tests.flow.both_sides import Heard, heard, name_of
from tests.flow.test_inbound import RENAMED
from tests.flow.town import ANA, BEN, Town

__all__ = ["heard"]


def keyturn(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["reconcile", *[str(each) for each in arguments]])


@pytest.fixture
def two(town: Town, heard: Heard) -> list[Person]:
    factories.a_member_of_staff("rosa", role="supervisor")
    people = [town.knows(ANA), town.knows(BEN)]
    heard.there(people[0], RENAMED)
    return people


def test_it_knows_the_parts_and_kinds_that_there_are() -> None:
    assert reconcile.PARTS == reconciling.PARTS
    assert set(reconcile.REPAIRS) == set(reconciling.KINDS)
    assert set(reconcile.DOES) == {each.repair for each in reconciling.KINDS.values()} == set(reconciling._REPAIRS)


def test_it_counts_by_kind_and_writes_each(two: list[Person], town: Town, tmp_path: Path) -> None:
    out = tmp_path / "drift.csv"
    told = keyturn("--out", out)
    assert told.exit_code == 0, told.output
    assert "Compared: 2 persons" in told.output
    assert "1  theirs_is_newer: Changed in the CIS, not taken over yet" in told.output
    assert out.read_text().splitlines() == [
        "kind,noun,ref,field,state",
        f"theirs_is_newer,person,{two[0].ref},name,found",
    ]
    assert name_of(two[0], town.now) == "Ana Zelenko"


def test_a_repair_says_first_what_it_would_do(two: list[Person], town: Town) -> None:
    keyturn()
    told = keyturn("--repair", "theirs_is_newer")
    assert told.exit_code == 0, told.output
    assert "Nothing was done" in told.output
    assert name_of(two[0], town.now) == "Ana Zelenko"
    factories.a_member_of_staff("otto")  # of one thing he says so alone
    done = keyturn("--repair", "theirs_is_newer", "--yes", "--as", "otto")
    assert done.exit_code == 0, done.output
    assert "put right 1" in done.output
    assert name_of(two[0], town.now) == "Ana Marquez"
    assert "Nothing differs." in keyturn("--fresh").output


@pytest.mark.rule("K-38")
def test_of_many_two_must_say_so_one_of_them_a_supervisor(two: list[Person], town: Town, heard: Heard) -> None:
    for name, role in (("otto", "reviewer"), ("sofia", "supervisor")):
        factories.a_member_of_staff(name, role=role)
    heard.there(two[1], NameChange("primary", given_name="Benedict", family_name="Okafor"))
    keyturn()
    proposed = keyturn("--repair", "theirs_is_newer", "--yes", "--as", "rosa")
    assert (proposed.exit_code, "Proposed: 2 of kind theirs_is_newer" in proposed.output) == (0, True)
    for who, says in (("rosa", "a supervisor who is not you"), ("otto", "a supervisor agrees to it")):
        refused = keyturn("--repair", "theirs_is_newer", "--yes", "--as", who)
        assert (refused.exit_code, says in refused.output) == (1, True), refused.output
    assert [name_of(each, town.now) for each in two] == ["Ana Zelenko", "Ben Okafor"]
    first = keyturn("--repair", "theirs_is_newer", "--yes", "--as", "sofia", "--limit", 2)
    assert "put right 2" in first.output, first.output
    assert [name_of(each, town.now) for each in two] == ["Ana Marquez", "Benedict Okafor"]


def test_it_goes_on_where_a_limit_stopped_it(two: list[Person], heard: Heard) -> None:
    heard.there(two[1], DetailChange("language", "es"))
    first = keyturn("--kind", "persons", "--limit", 1)
    assert "Compared so far: 1 persons." in first.output
    second = keyturn("--kind", "persons")
    assert "Going on with the comparison" in second.output
    assert "Compared: 2 persons." in second.output
    assert "2  theirs_is_newer" in second.output


def test_a_cis_that_is_away_is_said_in_a_sentence(two: list[Person], town: Town) -> None:
    town.cis_is("down", calls=["read"])
    told = keyturn()
    assert told.exit_code == 1
    assert "The CIS did not answer (cis_unreachable)" in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--yes",), "go with --repair"),
        (("--repair", "theirs_is_newer", "--yes"), "--as"),
        (("--repair", "theirs_is_newer", "--kind", "persons"), "last report"),
        (("--repair", "nonsense"), "nonsense"),
        (("--limit", "0"), "0"),
    ],
)
def test_wrong_use_is_told_apart(arguments: tuple[str, ...], says: str) -> None:
    told = keyturn(*arguments)
    assert told.exit_code == 2
    assert says in told.output


def test_there_is_nothing_to_repair_before_anything_was_compared(town: Town) -> None:
    told = keyturn("--repair", "theirs_is_newer")
    assert told.exit_code == 1
    assert "Nothing has been compared yet" in told.output


def test_help_has_an_example() -> None:
    assert "keyturn reconcile --repair theirs_is_newer --yes --as rosa" in keyturn("--help").output
