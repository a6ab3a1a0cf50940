"""The command `keyturn` helps, and says what is wrong in one sentence."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from keyturn.cli import COMMANDS, cli


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
