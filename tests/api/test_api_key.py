"""Can an operator make a key, see which there are, and take one back?"""

import pytest
from click.testing import CliRunner

from keyturn.cli import cli
from keyturn.records.models import ApiKey
from keyturn.terms.access import SCOPES
from tests.api.caller import Caller


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["api-key", *arguments])
    return done.exit_code, done.output.strip()


@pytest.fixture(autouse=True)
def _keys(db: None, fresh_keys: None) -> None:
    """A database without keys."""


def test_a_key_is_printed_once_and_kept_as_a_fingerprint() -> None:
    code, secret = run("create", "call-centre", "--scope", "requests:write", "--scope", "requests:attest")
    key = ApiKey.objects.get()
    assert code == 0
    assert (key.name, key.scopes) == ("call-centre", ["requests:attest", "requests:write"])
    assert secret.startswith(key.prefix)
    assert secret not in str(vars(key))
    assert Caller(secret).get("/journeys").status_code == 200
    assert Caller(secret).get("/persons").status_code == 403


def test_all_means_every_scope() -> None:
    run("create", "everything", "--scope", "all")
    assert set(ApiKey.objects.get().scopes) == set(SCOPES)


@pytest.mark.parametrize(
    "arguments", [("create", "x"), ("create", "x", "--scope", "everything"), ("create",), ("burn",)]
)
def test_wrong_use_is_told_and_makes_nothing(arguments: tuple[str, ...]) -> None:
    code, output = run(*arguments)
    assert code == 2
    assert "Traceback" not in output
    assert not ApiKey.objects.exists()


def test_a_key_is_taken_back_by_its_beginning() -> None:
    _code, secret = run("create", "call-centre", "--scope", "all")
    assert run("list")[1].startswith(secret[:11])
    assert run("revoke", secret[:11]) == (0, "Revoked.")
    assert "revoked" in run("list")[1]
    assert Caller(secret).get("/journeys").status_code == 401
    assert run("revoke", secret[:11])[0] == 1
