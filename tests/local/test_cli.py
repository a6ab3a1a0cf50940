"""The command `keyturn` helps, and says what is wrong in one sentence."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from keyturn.cli import COMMANDS, cli
from keyturn.commands import PROJECT


def keyturn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(
        [sys.executable, "-m", "keyturn.cli", *arguments], env=env, text=True, capture_output=True, timeout=60
    )


GOOD = {name: value for name, value in os.environ.items() if name.startswith("KEYTURN_") or name == "DATABASE_URL"}


def test_help_lists_every_command_and_imports_none():
    code = "import sys; from keyturn.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert all(name in done.stdout for name in COMMANDS)
    assert done.stdout.endswith("False\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_shows_an_example(name):
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0
    assert "Example" in done.output
    assert f"keyturn {name}" in done.output


def test_a_typing_error_gets_a_suggestion():
    done = keyturn("migrat")
    assert done.returncode == 2
    assert "Did you mean 'migrate'?" in done.stderr


def test_a_wrong_option_is_wrong_use():
    assert keyturn("demo", "--port", "many").returncode == 2


def test_a_missing_setting_is_one_sentence():
    done = keyturn("migrate")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: Set KEYTURN_SECRET_KEY in the environment (see docs/howto/install.md).\n"


def test_a_database_that_does_not_answer_is_one_sentence_without_its_password():
    done = keyturn("migrate", **{**GOOD, "DATABASE_URL": "postgresql://keyturn:hush@127.0.0.1:1/keyturn"})
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database that DATABASE_URL names cannot be used: ")
    assert done.stderr.count("\n") == 1
    assert "hush" not in done.stderr


def test_a_wrong_name_in_the_policy_is_one_sentence(tmp_path):
    (tmp_path / "policy.toml").write_text("colour = 'red'\n")
    done = keyturn("migrate", **{**GOOD, "KEYTURN_PROFILE": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr == "Error: policy.toml: there is no setting called colour\n"


def test_bash_can_complete_it():
    done = keyturn("completion", "bash")
    assert "_KEYTURN_COMPLETE=bash_complete" in done.stdout
    asked = keyturn(_KEYTURN_COMPLETE="bash_complete", COMP_WORDS="keyturn mig", COMP_CWORD="1")
    assert asked.stdout.strip() == "plain,migrate"


def test_a_rule_is_found_by_its_number_with_its_code_and_its_tests():
    done = keyturn("rule", "v-3")
    assert done.returncode == 0
    assert done.stdout.startswith("V-03  ")
    file, line = next(text for text in done.stdout.split() if text.startswith("keyturn/steps/validate/")).split(":")
    assert 'rule("V-03"' in "\n".join((PROJECT / file).read_text().splitlines()[int(line) - 1 : int(line) + 3]).replace(
        "'", '"'
    )
    assert "tests/steps/test_validate.py:" in done.stdout


def test_a_number_that_no_rule_has_is_wrong_use():
    done = keyturn("rule", "V-93")
    assert done.returncode == 2
    assert "there is no rule V-93" in done.stderr


def test_the_rulebook_is_listed_in_the_order_of_the_steps():
    told = [line[0] for line in keyturn("rules").stdout.splitlines() if line[0] != " "]
    assert "".join(dict.fromkeys(told)) == "".join(each for each in "IGVMYDRESCK" if each in told)


@pytest.mark.django_db(transaction=True)
def test_staff_are_made_and_get_a_new_password(django_user_model):
    first = keyturn("staff", "create", "ana", "--role", "supervisor", **GOOD).stdout.strip()
    second = keyturn("staff", "password", "ana", **GOOD).stdout.strip()
    ana = django_user_model.objects.get(username="ana")
    assert (ana.staff_role, ana.check_password(first), ana.check_password(second)) == ("supervisor", False, True)
    again = keyturn("staff", "create", "ana", "--role", "reviewer", **GOOD)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_audit_is_verified():
    done = keyturn("audit", "verify", **GOOD)
    assert (done.returncode, done.stdout) == (0, "Every event is as it was written. Nothing is sealed yet.\n")


@pytest.mark.django_db(transaction=True)
def test_the_doctor_says_a_line_each_and_fails_when_something_is_not_well():
    done = keyturn("doctor", **GOOD)
    lines = [line.split()[:2] for line in done.stdout.splitlines()]
    assert [name for _, name in lines] == [
        "settings",
        "address",
        "database",
        "migrations",
        "queue",
        "cis",
        "mail",
        "scanner",
        "providers",
        "keys",
        "filing",
        "links",
        "clock",
    ]
    assert ["FAILS", "database"] in lines  # the tests' own does not sync to disk
    assert done.returncode == 1
