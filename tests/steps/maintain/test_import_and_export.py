"""Do `keyturn import` and `keyturn export` read, tell and write as a utility's engineer expects?"""

import csv
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli import cli
from keyturn.local.demo_utility.dataset import generate, write
from keyturn.records.models import Person
from keyturn.steps.maintain.intake import Intake
from keyturn.terms.rows import PERSON_COLUMNS, shielded, unshielded

from .conftest import NOW

HEADING = "ref,given_name,family_name,email\n"


def keyturn(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def make(content: str | bytes, name: str = "persons.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def names() -> set[tuple[str, str]]:
    return set(Person.objects.values_list("names__given_name", "names__family_name"))


@pytest.mark.parametrize(
    "content",
    [
        HEADING + "P1,Zoë,Nuñez,\n",
        b"\xef\xbb\xbf" + (HEADING + "P1,Zoë,Nuñez,\n").encode(),  # a byte order mark
        (HEADING + "P1,Zoë,Nuñez,\n\n").replace("\n", "\r\n"),
        (HEADING + "P1,Zoë,Nuñez,\n").replace(",", ";"),
        (HEADING + "P1,Zoë,Nuñez,\n").replace(",", "\t"),
        'family_name,ref,"Given_Name"\n"Nuñez",P1, Zoë \n',
        "ref,given_name,family_name\nP1,Zoe\u0308,Nun\u0303ez\n",  # decomposed letters
        "ref,given_name,family_name,email\nP1,Zoë,Nuñez\n",  # a short row
    ],
)
def test_a_csv_file_is_read_however_it_was_written(
    utility: None, file: Callable[..., Path], content: str | bytes
) -> None:
    done = keyturn("import", "persons", file(content))
    assert done.exit_code == 0, done.output
    assert names() == {("Zoë", "Nuñez")}


def test_json_lines_are_read(utility: None, file: Callable[..., Path]) -> None:
    lines = [{"ref": 1, "given_name": "Zoë", "email": None}, {"ref": "2", "given_name": "Bo"}]
    path = file("\n".join([*map(json.dumps, lines), "[1]", "{not json", '{"ref": 3, "colour": "red"}']), "p.jsonl")
    done = keyturn("import", "persons", path, "--rejects", path.with_name("rejects.csv"))
    assert done.exit_code == 0, done.output
    assert set(Person.objects.values_list("ref", flat=True)) == {"1", "2"}
    rejected = list(csv.DictReader(path.with_name("rejects.csv").open(encoding="utf-8")))
    assert [(row["row"], row["rule"]) for row in rejected] == [("3", "K-03"), ("4", "K-03"), ("5", "K-03")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("given_name\nAda\n", "the column 'ref' is missing"),
        ("ref,givenname,e-mail\n", "there is no column 'givenname' (did you mean given_name"),
        ("ref,ref\n", "the column 'ref' stands twice"),
        ("ref,given name\n", "did you mean given_name"),
        (HEADING.encode() + b"P1,Zo\xeb,,\n", "line 2, is not UTF-8 (byte 0xeb)"),
        (HEADING.encode("utf-16"), "UTF-16"),
        (HEADING + 'P1,Zoë,Nuñez,\nP2,"Bo,Ek,\nP3,Al,Ek,\nP4,Cy,"Ek",\n', "in row 2 a quotation mark"),
        (HEADING + 'P1,Zoë,Nuñez,\nP2,Bo,"Ek,\nP3,Al,Ek,\n', "in row 2 a quotation mark"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(
    utility: None, file: Callable[..., Path], content: str | bytes, says: str
) -> None:
    done = keyturn("import", "persons", file(content))
    assert done.exit_code == 1
    assert says in done.output
    assert done.output.startswith("Error: ")
    assert not Person.objects.exists()


def test_a_file_that_is_not_there_is_wrong_use() -> None:
    assert keyturn("import", "persons", "/nowhere.csv").exit_code == 2
    assert keyturn("import", "cats", __file__).exit_code == 2


def test_strange_cells_break_nothing(utility: None, file: Callable[..., Path]) -> None:
    rows = [
        ("P1", "x" * 1_000_000, "Long"),
        ("P2", "nul\x00", "Nul"),
        ("P3", "=cmd()", "Formula"),
        ("P4", "Robert'); DROP TABLE person;--", "Tables"),
        ("P5", 'line\nbreak "quoted"', "Quotes"),
        ("P6", "\u202eright to left", "Bidi"),
        ("P7", "👩‍👩‍👧", "NoLetters"),
        ("P8", "\\N", "Backslash"),
        ("P9", "a,b", "too,many"),
    ]
    path = file("")
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("ref", "given_name", "family_name"), *rows[:-1]])
        stream.write("P9,a,b,c,d\n")
    done = keyturn("import", "persons", path, "--rejects", path.with_name("r.csv"))
    assert done.exit_code == 0, done.output
    kept_out = {row["row"]: row["rule"] for row in csv.DictReader(path.with_name("r.csv").open(encoding="utf-8"))}
    assert {"1": "K-03", "2": "K-03", "9": "K-03"}.items() <= kept_out.items()
    assert {"P3", "P4", "P5", "P7", "P8"} <= set(Person.objects.values_list("ref", flat=True))
    assert ("\\N", "Backslash") in names()


def test_the_summary_says_what_became_of_the_rows(utility: None, file: Callable[..., Path]) -> None:
    path = file(HEADING + "P1,Ada,,\nP2,Bea,,not-an-address\nP3,,,\n")
    rejects = path.with_name("rejects.csv")
    done = keyturn("import", "persons", path, "--rejects", rejects)
    assert done.exit_code == 0
    assert "3 rows of persons: 2 new, 0 changed, 0 as they were, 1 kept out." in done.output
    assert "row 3 (P3): family_name: The person has no name. One name is enough. [K-06]" in done.output
    found = [(row["row"], row["field"], row["rule"], row["effect"]) for row in csv.DictReader(rejects.open())]
    assert found == [("2", "email", "K-10", "note"), ("3", "family_name", "K-06", "fix")]
    again = keyturn("import", "persons", file(HEADING + "P1,Ada,,\nP2,Bea,,not-an-address\n"))
    assert "Nothing changed" in again.output


def test_a_file_of_which_nothing_can_be_taken_over_fails(utility: None, file: Callable[..., Path]) -> None:
    done = keyturn("import", "persons", file(HEADING + "P1,,,\n"))
    assert done.exit_code == 1
    assert "Not one row could be taken over." in done.output


def test_a_dry_run_writes_nothing(utility: None, file: Callable[..., Path]) -> None:
    done = keyturn("import", "persons", file(HEADING + "P1,Ada,,\n"), "--dry-run")
    assert "1 would be new" in done.output
    assert not Person.objects.exists()


def test_the_demo_utility_comes_out_as_it_went_in(utility: None, tmp_path: Path) -> None:
    """Accounts last: they need the others. Then everything again, from what came out: nothing changes."""
    data = generate(persons=300, seed=3, today=NOW.date())
    write(data, tmp_path / "in")
    out = tmp_path / "out"
    out.mkdir()
    for kind, rows in (("premises", data.premises), ("persons", data.persons), ("accounts", data.accounts)):
        done = keyturn("import", kind, tmp_path / "in" / f"{kind}.csv")
        assert done.exit_code == 0, done.output
        assert f"{len(rows)} new" in done.output
        assert keyturn("export", kind, out / f"{kind}.csv").exit_code == 0
        with (out / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            said = {row["ref"]: {name: unshielded(text) for name, text in row.items()} for row in csv.DictReader(file)}
        assert said == {row["ref"]: dict(row) for row in rows}
        assert "Nothing changed" in keyturn("import", kind, out / f"{kind}.csv").output


def test_only_its_owner_can_read_an_export_and_identifiers_can_be_left_out(
    take_in: Callable[..., Intake], ada: dict[str, str], tmp_path: Path
) -> None:
    take_in("persons", ada)
    keyturn("export", "persons", tmp_path / "all.jsonl")
    assert stat.S_IMODE((tmp_path / "all.jsonl").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "all.jsonl").read_text(encoding="utf-8")) == ada
    keyturn("export", "persons", tmp_path / "few.csv", "--without-identifiers")
    [row] = csv.DictReader((tmp_path / "few.csv").open(encoding="utf-8"))
    assert (row["id_type"], row["id_value"]) == ("", "")
    assert tuple(row) == PERSON_COLUMNS
    assert sorted(os.listdir(tmp_path)) == ["all.jsonl", "few.csv"]


@pytest.mark.parametrize("text", ["=1+1", "@x", "+cmd", "-x", "'=1", "+1 541 555 0101", "-5.20", "'t Hooft", "Ada", ""])
def test_a_shielded_cell_is_no_formula_and_comes_back_as_it_was(text: str) -> None:
    assert unshielded(shielded(text)) == text
    assert shielded(text)[:1] not in ("=", "@")
    assert shielded("+1 541 555 0101") == "+1 541 555 0101"
    assert shielded("+cmd") == "'+cmd"
