"""Can whoever connects a CIS ask it call by call, and see nobody's data unless they want to?"""

import json

from click.testing import CliRunner, Result

from keyturn.cli import cli
from keyturn.commands.cis import HIDDEN, veiled
from keyturn.records.models import Delivery
from keyturn.terms.cis import OPERATIONS
from tests.flow.town import ANA, Town


def keyturn(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["cis", *(str(each) for each in arguments)], env={"COLUMNS": "160"})


def test_every_operation_is_listed_with_what_to_do_when_its_outcome_is_unknown(town: Town) -> None:
    told = keyturn("operations").output
    assert all(f" {name} " in told for name in OPERATIONS)
    assert "InDoubt" in told


def test_a_person_is_read_without_what_they_are_called(town: Town) -> None:
    person = town.serves(ANA, town.house())
    told = json.loads(keyturn("read", "person", person.ref).stdout)
    assert told["ref"] == person.ref
    assert told["names"][0]["family_name"] == HIDDEN
    assert told["contacts"][0]["value"] == HIDDEN
    open_hand = json.loads(keyturn("read", "person", person.ref, "--show").stdout)
    assert open_hand["names"][0]["family_name"] == ANA.family_name


def test_what_became_of_a_key_is_told(town: Town) -> None:
    town.moves_in()
    key = Delivery.objects.get().key
    assert json.loads(keyturn("find", key).stdout)["person_ref"]
    assert "nothing was done under it" in keyturn("find", "KT-NEVER:establish").output


def test_what_is_not_there_is_one_sentence(town: Town) -> None:
    done = keyturn("read", "account", "no-such-account")
    assert (done.exit_code, done.output) == (1, "Error: the CIS has no account under that reference\n")
    assert keyturn("read", "meter", "1").exit_code == 2


def test_it_answers(town: Town) -> None:
    assert keyturn("ping", "--times", 2).output.count("reference answers in") == 2


def test_shapes_stay_and_values_go() -> None:
    row = {
        "ref": "1",
        "account_ref": "2",
        "born": "1990-01-01",
        "agreements": [{"status": "active", "note": ""}],
        "main": True,
    }
    assert veiled(row) == {
        "ref": "1",
        "account_ref": "2",
        "born": HIDDEN,
        "agreements": [{"status": "active", "note": ""}],
        "main": True,
    }


def test_an_empty_or_misspelt_question_is_told_in_a_sentence(town: Town) -> None:
    for arguments, sentence in (
        (("read", "person", ""), "it is empty"),
        (("find", "  "), "it is empty"),
        (("pnig",), "Did you mean 'ping'?"),
        (("read", "persn", "1"), "'persn' is not one of 'person', 'account', 'premise'"),
        (("changes", "--limit", "0"), "0 is not in the range"),
        (("ping", "--times", "some"), "'some' is not a valid integer"),
    ):
        done = keyturn(*arguments)
        assert (done.exit_code, sentence in done.output) == (2, True), done.output
    done = keyturn("changes", "--since", "2026-11-23")
    assert done.exit_code == 1
    assert done.output.endswith("; --since takes the cursor that an earlier answer ended with, and no day\n")


def test_where_the_cis_is_and_as_whom_it_is_asked_is_told(town: Town) -> None:
    told = keyturn("connection").output
    assert "reference (keyturn.connectors.cis.reference.ReferenceCis)" in told
    assert "Keyturn's own database" in told or "as KEYTURN_CIS_URL says" in told
    assert "postgres" not in told  # an address of a database holds a password
