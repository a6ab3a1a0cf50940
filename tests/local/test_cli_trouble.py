"""Whatever is wrong with files, settings or the database: one clear sentence, a right exit code, nobody's data."""

import csv
import os
import re
import socket
import stat
import threading
from pathlib import Path
from urllib.parse import urlsplit

import click
import psycopg
import pytest
from click.testing import CliRunner
from django.core.exceptions import ImproperlyConfigured
from django.db import connection as django_connection

from keyturn import cli
from keyturn.commands import doctor, serve
from keyturn.connectors.virus_check.simulator import SimulatorServer
from keyturn.look import brand
from keyturn.terms import policy
from keyturn.terms.person import Identifier, PersonDetails
from tests.local.test_cli import GOOD, keyturn

NEED_TABLES = [
    ("import", "persons", "persons.csv"),
    ("export", "persons", "-"),
    ("api-key", "list"),
    ("worker", "--once"),
]


@pytest.fixture(scope="module")
def bare():
    """The address of a database in which nothing is."""
    with psycopg.connect(GOOD["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare TEMPLATE template0 ENCODING 'UTF8'")
        yield urlsplit(GOOD["DATABASE_URL"])._replace(path="/bare").geturl()
        connection.execute("DROP DATABASE bare WITH (FORCE)")


@pytest.mark.parametrize("arguments", NEED_TABLES, ids=" ".join)
def test_a_database_without_tables_is_one_sentence_that_says_what_to_run(bare, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("persons.csv").write_text("ref,given_name\n1,Ana\n")
    done = keyturn(*arguments, **{**GOOD, "DATABASE_URL": bare})
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: The database lacks tables of Keyturn, or has older ones: run `keyturn migrate`."
    ]


def test_the_doctor_of_a_database_without_tables_says_once_what_to_run(bare):
    told = keyturn("doctor", **{**GOOD, "DATABASE_URL": bare}).stdout
    assert "FAILS queue       not looked at before `keyturn migrate`" in told
    assert "FAILS cis         reference has no tables yet: run `keyturn migrate`" in told


def test_a_worker_without_a_database_says_so_at_once():
    done = keyturn("worker", "--once", **{**GOOD, "DATABASE_URL": "postgresql://keyturn:hush@127.0.0.1:1/keyturn"})
    assert done.returncode == 1
    assert done.stderr.strip().endswith('connection to server at "127.0.0.1", port 1 failed: Connection refused')
    assert done.stdout == ""


def test_a_role_that_may_not_make_tables_is_told_so(bare):
    with psycopg.connect(bare, autocommit=True) as connection:
        owner = connection.execute("SELECT current_user").fetchone()[0]
        connection.execute(f"REVOKE CREATE ON DATABASE bare FROM {owner}")
        done = keyturn("migrate", **{**GOOD, "DATABASE_URL": bare})
        connection.execute(f"GRANT CREATE ON DATABASE bare TO {owner}")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database refuses: permission denied for database bare.")
    assert done.stderr.count("\n") == 1


def test_a_web_server_does_not_share_a_port_with_another_one():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(click.ClickException, match="is taken"):
            serve._must_be_free("127.0.0.1", port, patience_seconds=0)
    serve._must_be_free("127.0.0.1", port, patience_seconds=0)
    with pytest.raises(click.ClickException, match=r"not possible to listen on 192\.0\.2\.1"):
        serve._must_be_free("192.0.2.1", port, patience_seconds=0)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", "mysql://ana:hush@db/x", "DATABASE_URL is not of the form"),
        ("DATABASE_URL", "postgresql://db.example", "DATABASE_URL is not of the form"),
        ("DATABASE_URL", "postgresql://ana:hush@db:many/x", "DATABASE_URL is not of the form"),
        ("KEYTURN_BASE_URL", "service.example", "KEYTURN_BASE_URL must be like https://"),
        ("KEYTURN_SMTP_PORT", "many", "KEYTURN_SMTP_PORT must be a whole number"),
        ("KEYTURN_SCHEMA", 'x"; drop', "KEYTURN_SCHEMA must have lower-case letters"),
        ("KEYTURN_LOG_LEVEL", "loud", "KEYTURN_LOG_LEVEL must be one of DEBUG"),
        ("KEYTURN_SECRET_KEY", " ", "Set KEYTURN_SECRET_KEY"),
        ("KEYTURN_FIELD_KEYS", "short", "KEYTURN_FIELD_KEYS must be"),
        ("KEYTURN_PROFILE", "lumen-vally", "KEYTURN_PROFILE: there is no profile 'lumen-vally'"),
    ],
)
def test_a_wrong_variable_is_one_sentence_with_its_name(name, value, told):
    done = keyturn("migrate", **{**GOOD, name: value})
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"Error: {told}")
    assert "hush" not in done.stderr


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("policy.toml", "link_automaticaly = true", "no setting called link_automaticaly (did you mean link_autom"),
        ("policy.toml", 'link_automatically = "yes"', "link_automatically must be true or false, not 'yes'"),
        (
            "policy.toml",
            "link_probability = 0.9",
            "policy.toml: link_probability is thresholds.link of the matching model now",
        ),
        ("policy.toml", 'holidays = ["2026-13-45"]', "holidays must be a list of dates"),
        ("policy.toml", "draft_days = -1", "draft_days must be 0 or more"),
        ("policy.toml", 'identity_check = "maybe"', "identity_check must be one of off, new, always"),
        ("policy.toml", "x = = 3", "policy.toml cannot be read"),
        ("brand.toml", "x = = 3", "brand.toml cannot be read"),
        ("brand.toml", 'nam = "X"', "brand.toml: there is no nam (did you mean name?)"),
        ("brand.toml", "name = 3", "brand.toml: name must be a text"),
        ("brand.toml", 'name = "X"', "brand.toml: email, phone must be given"),
    ],
)
def test_a_slip_in_a_profile_is_one_sentence_with_its_file(tmp_path, file, text, told):
    (tmp_path / "policy.toml").write_text("")
    (tmp_path / "brand.toml").write_text('name = "X"\nphone = "1"\nemail = "a@b.example"\n')
    (tmp_path / file).write_text(text)
    load = (lambda: policy.load(tmp_path / file)) if file == "policy.toml" else (lambda: brand.load(tmp_path))
    with pytest.raises(ValueError, match=re.escape(told)):
        load()


@pytest.mark.parametrize("name", ["KEYTURN_SMS", "KEYTURN_LETTERS", "KEYTURN_IDENTITY_CHECK"])
def test_the_doctor_sees_a_connector_that_is_none(settings, name):
    setattr(settings, name, "nonsense")
    with pytest.raises(ImproperlyConfigured, match=name):
        doctor.settings()


@pytest.mark.parametrize("hosts", [[], ["other.utility.example"]], ids=["none", "another"])
def test_the_doctor_sees_that_the_links_in_mails_would_be_turned_away(settings, hosts):
    settings.KEYTURN_BASE_URL, settings.ALLOWED_HOSTS = "https://service.utility.example", hosts
    with pytest.raises(doctor.Ill, match=r"KEYTURN_ALLOWED_HOSTS does not name service\.utility\.example"):
        doctor.address()
    settings.ALLOWED_HOSTS = [".utility.example"]
    assert doctor.address() == "https://service.utility.example"


@pytest.mark.django_db(transaction=True)
def test_the_doctor_sees_a_database_that_keeps_nothing():
    """A role's or a database's own settings count, as they do for web servers and workers. The tests' own has no fsync."""
    with django_connection.cursor() as cursor:
        for setting, told in [
            ("synchronous_commit = on", "^fsync, full_page_writes off"),
            ("synchronous_commit = off", "^fsync, full_page_writes, synchronous_commit off"),
            ("default_transaction_read_only = on", "cannot be written"),
        ]:
            cursor.execute(f"SET {setting}")
            with pytest.raises(doctor.Ill, match=told):
                doctor.database()
    django_connection.close()  # what was set ends with its session


def test_the_doctor_sees_a_plan_of_faults_that_is_half_written(settings, tmp_path):
    (tmp_path / "faults.json").write_text('{"script": [')
    settings.KEYTURN_CIS_FAULTS = str(tmp_path / "faults.json")
    with pytest.raises(ImproperlyConfigured, match="KEYTURN_CIS_FAULTS"):
        doctor.cis()


def test_rejects_that_cannot_be_written_are_told_before_anything_is_taken_over(tmp_path):
    (tmp_path / "persons.csv").write_text("ref,given_name\n1,Ana\n")
    done = keyturn("import", "persons", str(tmp_path / "persons.csv"), "--rejects", str(tmp_path / "no/r.csv"), **GOOD)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: There is no folder {tmp_path}/no: make it, or write the file elsewhere.\n"


def test_a_spreadsheets_own_file_is_refused_by_name(tmp_path):
    (tmp_path / "persons.xlsx").write_bytes(b"PK\x03\x04 and more")
    done = keyturn("import", "persons", str(tmp_path / "persons.xlsx"), **GOOD)
    assert done.stderr == f"Error: {tmp_path}/persons.xlsx is packed, or a spreadsheet's own file. Save it as CSV.\n"


@pytest.mark.django_db(transaction=True)
def test_an_export_into_a_pipe_leaves_the_pipe_in_place(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read: list[list[str]] = []
    reader = threading.Thread(target=lambda: read.extend(csv.reader((tmp_path / "pipe").open())))
    reader.start()
    done = keyturn("export", "persons", str(tmp_path / "pipe"), **GOOD)
    reader.join(timeout=60)
    assert done.returncode == 0
    assert read[0][0] == "ref"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_bug_is_told_by_its_kind_and_places_and_without_what_somebody_typed(monkeypatch, capsys):
    def fails(**_: object) -> None:
        raise RuntimeError("ana.zelenko@example.com is not unique")

    monkeypatch.setattr(cli.cli, "main", fails)
    with pytest.raises(SystemExit) as ended:
        cli.main(["rules"])
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert "a bug of Keyturn's (RuntimeError)" in told
    assert "test_cli_trouble.py" in told
    assert "zelenko" not in told


@pytest.mark.django_db
def test_the_doctor_sees_an_index_key_that_is_not_the_databases(settings):
    from tests import factories

    licence = Identifier("driver_licence", "4471902")
    factories.a_person(PersonDetails(given_name="Ana", family_name="Zelenko", identifiers=(licence,)), in_cis=False)
    assert doctor.keys().startswith("1 in KEYTURN_FIELD_KEYS")
    settings.KEYTURN_INDEX_KEY = bytes(32)
    with pytest.raises(doctor.Ill, match="KEYTURN_INDEX_KEY is not the one"):
        doctor.keys()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["staff", "create", "", "--role", "reviewer"], "USERNAME"),
        (["staff", "create", "a b", "--role", "reviewer"], "USERNAME"),
        (["staff", "create", "x" * 300, "--role", "reviewer"], "USERNAME"),
        (["staff", "create", "bob", "--role", "reviewer", "--email", "bob"], "--email"),
        (["api-key", "create", " ", "--scope", "requests:read"], "NAME"),
        (["api-key", "create", "x" * 300, "--scope", "requests:read"], "NAME"),
    ],
)
def test_a_name_that_cannot_be_is_wrong_use(arguments, told):
    done = CliRunner().invoke(cli.cli, arguments)
    assert (done.exit_code, f"Invalid value for {told}" in done.output) == (2, True)


def test_a_demo_that_does_not_run_is_named(tmp_path):
    done = keyturn("api-key", "list", KEYTURN_DEMO=str(tmp_path))
    assert done.stderr == f"Error: KEYTURN_DEMO: no demo runs in {tmp_path}. Start it: keyturn demo --data {tmp_path}\n"


def test_the_doctor_sees_whether_somebody_scans_documents(settings):
    settings.KEYTURN_CLAMD = ""
    assert doctor.scanner() == "none: documents are kept as not scanned"
    settings.KEYTURN_POLICY = policy.from_mapping({"documents_need_scan": True})
    with pytest.raises(doctor.Ill, match="no document is taken"):
        doctor.scanner()
    settings.KEYTURN_CLAMD = "127.0.0.1:1"
    with pytest.raises(doctor.Ill, match="does not answer: no document is taken"):
        doctor.scanner()
    with SimulatorServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.KEYTURN_CLAMD = server.place
        assert doctor.scanner() == f"clamd at {server.place} answers"
        server.shutdown()
