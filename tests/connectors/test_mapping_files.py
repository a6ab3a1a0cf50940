"""What is said about a mapping file that cannot be used? Always one sentence that says what is wrong, and where."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.exceptions import ImproperlyConfigured

from keyturn.commands.worker import command as worker
from keyturn.connectors.cis.mapped import MappedCis
from keyturn.connectors.cis.mapped.choosing import mapping_file
from keyturn.connectors.cis.mapped.loading import load
from keyturn.connectors.cis.mapped.table import MappingError
from keyturn.connectors.cis.rest import MAPPING, RestCis

SMALL = Path(__file__).with_name("small.toml")
TEXT = SMALL.read_text()


def changed(tmp_path: Path, *swaps: tuple[str, str]) -> Path:
    text = TEXT
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "cis.toml"
    path.write_text(text)
    return path


def test_a_good_file_is_read_and_says_what_the_cis_offers():
    assert load(SMALL).offers == frozenset()
    assert load(MAPPING).offers == {"search", "check", "changes"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[ping]", "[pong]", "cis.toml: ping is missing (is it written as pong?)"),
        ("body = \"each\"", "bdoy = \"each\"", "step.change has no 'bdoy' (did you mean body?)"),
        ('kind = "rest"', 'kind = "soup"', "transport.kind is 'soup': use rest, soap (did you mean soap?)"),
        ('kind = "bearer"', 'kind = "baerer"', "transport.auth.kind is 'baerer': use none, bearer, basic, client_credentials (did you mean bearer?)"),
        ('"env:SMALL_TOKEN"', '"s3cret"', "transport.auth.secret must name an environment variable"),
        ("GET /ping", "GRAB /ping", "ping.call must be like \"GET /persons/{ref}\", not 'GRAB /ping'"),
        ("GET /ping", "GET //elsewhere.example/x", "ping.call must be like"),
        ("GET /ping", "GET https://elsewhere.example/x", "ping.call must be like"),
        ("/persons/{ref}", "/persons/{reff}", "read.person.call begins with 'reff': here there are ref (did you mean ref?)"),
        ("/persons/{ref}", "/persons/{ref", "read.person.call has a { or } without the other"),
        ("command.person.family_name", "comand.person.family_name", "begins with 'comand': here there are command, key"),
        ("command.services[]", "command.servces[]", "reads command.servces, which is not there (did you mean services?)"),
        ("code('service', @)", "code('sevice', @)", "uses codes.sevice, which is not there (did you mean service?)"),
        ("some(command", "sone(command", "uses a function sone() that is not there (did you mean some?)"),
        ("!(command.person_ref)", "!command.person_ref", "reads !a.b as (!a).b, as JMESPath does: write !(a.b)"),
        ("body.last.digest", "body..digest", "find.digest is no JMESPath"),
        ("body.last.digest", "", "find.digest is empty"),
        ('steps = ["person", "account"]', 'steps = ["person", "acount"]', "there is no [send.EstablishService.step.acount]"),
        ('refuse = "nothing_to_cancel"', 'refuse = "nothing_to_cancle"', "(did you mean nothing_to_cancel?)"),
        ("overlapping_season =", "overlaping_season =", "is no code of terms/cis.py (did you mean overlapping_season?)"),
        ('means = "unavailable"', 'means = "unavailabel"', "errors[3].means is 'unavailabel'"),
        ('code = "body.code"\n', "", "errors[4].code is missing"),
        ('electric = ["E", "E2"]', "electric = 1.5", "codes.service.electric must be a code, or a list of codes, not 1.5"),
        ("[send.CancelService]", "[send.CancelServices]", "send.CancelService is missing"),
        ('steps = ["person", "account"]', 'steps = ["person", "account"]\ncheck_first = true', "there is no [check]"),
        ("[transport]", "[transport]\nconnections = true", "transport.connections must be a whole number, not True"),
        ("[transport]", '[transport]\nheaders = { authorization = "x" }', "transport.headers must not hold a secret"),
        ("[transport]", '[transport]\nheaders = { X-Api-Key = "s3cret" }', "transport.headers.X-Api-Key must name an"),
        ("[transport]", '[transport]\nheaders = { Accept = 3 }', "transport.headers.Accept must be a text"),
        ('name = "small"', "name = ", "cis.toml: Invalid value"),
        ("electric = [\"E\", \"E2\"]", "electric = true", "codes.service.electric must be a code, or a list of codes, not True"),
        ("[transport]", "[transport]\nconnections = 0", "transport.connections must be from 1 to 1000, not 0"),
        ("[transport]", "[transport]\nplain_htpp = true", "transport has no 'plain_htpp' (did you mean plain_http?)"),
        ("[transport]", '[transport]\ncertificates = "none.pem"', "transport.certificates cannot be used: "),
        ('steps = ["person", "account"]', 'steps = ["person", "account", "person"]', "steps names 'person' twice"),
        ('steps = ["person", "account"]', 'steps = ["person", 7]', "steps must be a list of names, not 7"),
        ("person: done.person", "person: done.persn", "reads done.persn, which is not there (did you mean person?)"),
        ("{key: key, name: command", "{key: done.account, name: command", "reads done.account before there is one"),
        ("/persons/{done.person}", "/persons/{done.persons}", "undo.call reads done.persons, which is not there (did you mean person?)"),
        ("body.last.digest", "(" * 3000 + "a" + ")" * 3000, "find.digest is nested more than 100 deep"),
        ("body.last.digest", "[" * 3000 + "a" + "]" * 3000, "find.digest is nested more than 100 deep"),
        ("body.last.digest", "[" * 150 + "a" + "]" * 150, "find.digest is nested more than 100 deep"),
        ("body.last.digest", "!" * 9000 + "a", "find.digest is nested more than 100 deep"),
        ("body.last.digest", "a || " * 3900 + "a", "find.digest is nested more than 100 deep"),
        ("body.count == `0`", "!(body.items)", "find.none_when holds of any page with the status 500: a gateway says this"),
        ("body.count == `0`", "status > `502`", "find.none_when holds of any page with the status 504"),
        ("status == `404`\"\nanswer", "status != `200`\"\nanswer", "read.person.none_when holds of any page with the status 500"),
        ("status == `422`", "status >= `400`", "cis.toml: errors take any page with the status 500 for 'rejected': a gateway"),
        ("status == `404`\"\nmeans", "status > `403`\"\nmeans", "cis.toml: errors take any page with the status 500 for 'nothing'"),
        ("date_of_birth: born", "date_of_birth: local_day(born, 'Europe/Wien')", "local_day() with 'Europe/Wien', which is no time zone"),
        ("date_of_birth: born", "date_of_birth: local_day(born, '../localtime')", "which is no time zone"),
        ("date_of_birth: born", "date_of_birth: local_day(born, 'Europe')", "which is no time zone"),
        ("body.last.digest", "a" * 30_000, "find.digest is longer than 20,000 characters"),
    ],
)  # fmt: skip
def test_a_slip_is_told_in_one_sentence(tmp_path, old, new, sentence):
    with pytest.raises(MappingError) as no:
        load(changed(tmp_path, (old, new)))
    assert sentence in str(no.value)
    assert "\n" not in str(no.value)


def test_a_step_must_say_how_one_sees_what_it_made(tmp_path):
    done = 'done = { call = "GET /changes/{key}/{index}", none_when = "body.count == `0`", answer = "body.id" }\n'
    with pytest.raises(MappingError, match=r"step\.change needs `done` or `answer`"):
        load(changed(tmp_path, (done, "")))


def test_where_the_cis_cannot_tell_the_steps_must(tmp_path):
    find = TEXT[TEXT.index("[find]") : TEXT.index("[read.person]")]
    with pytest.raises(MappingError, match=r"send.EstablishService.answer is missing"):
        load(changed(tmp_path, (find, ""), ('name = "small"', 'name = "small"\nfind = "cannot_tell"')))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ImproperlyConfigured, match=r"none\.toml cannot be read"):
        RestCis("http://127.0.0.1:1", timeout_seconds=1, mapping=tmp_path / "none.toml")


def test_a_secret_that_is_not_set_is_named_and_nothing_else(monkeypatch):
    monkeypatch.delenv("SMALL_TOKEN", raising=False)
    with pytest.raises(ImproperlyConfigured, match="Set SMALL_TOKEN in the environment"):
        MappedCis("http://127.0.0.1:1", timeout_seconds=1, mapping=SMALL)
    monkeypatch.setenv("SMALL_TOKEN", "two\r\nlines")
    with pytest.raises(ImproperlyConfigured) as no:
        MappedCis("http://127.0.0.1:1", timeout_seconds=1, mapping=SMALL)
    assert "lines" not in str(no.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1/x",
        "host=127.0.0.1 dbname=x",
        "http://cis.utility.example",
        "https://user:secret@cis.utility.example",
        "https://cis.utility.example/?x=1",
        "https://",
        "https://[::1",
        "https:///x",
        "https://:443",
        "https://@cis.utility.example",
        "https://cis.utility.example:99999",
        "https://cis.utility.example:x",
        "https://cis utility.example",
        "https://cis.utility.example\\@elsewhere.example/",
        "https://cis.utility.example#@elsewhere.example/",
        "https://cis.utility.example\r\nX: y",
        "https://cis.utility.example/\x00",
        "https://cis.utility.example/\u202e",
        "https://\u2460.example/",
        "https:cis.utility.example",
        "//cis.utility.example",
        "file:///etc/passwd",
        "gopher://127.0.0.1/_x",
        "unix:/run/cis",
        "http://127.0.0.1.elsewhere.example",
        "http://localhost.elsewhere.example",
        "http://127.0.0.1@elsewhere.example",
        "http://0x7f000001",
        "http://2130706433",
        "http://169.254.169.254/latest",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
    ],
)
def test_an_address_that_would_not_do_is_refused(monkeypatch, url):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    with pytest.raises(ImproperlyConfigured, match="KEYTURN_CIS_URL must"):
        MappedCis(url, timeout_seconds=1, mapping=SMALL)


def test_the_setting_goes_before_the_profile_and_the_profile_before_what_ships(settings, tmp_path):
    settings.KEYTURN_PROFILE, settings.KEYTURN_CIS_MAPPING = tmp_path, ""
    assert mapping_file(MAPPING) == MAPPING
    (tmp_path / "cis.toml").write_text("")
    assert mapping_file(MAPPING) == tmp_path / "cis.toml"
    settings.KEYTURN_CIS_MAPPING = "/etc/ours.toml"
    assert mapping_file(MAPPING) == Path("/etc/ours.toml")


@pytest.mark.django_db
def test_a_worker_does_not_start_with_a_mapping_that_cannot_be_used(settings, tmp_path):
    settings.KEYTURN_CIS, settings.KEYTURN_CIS_URL = "rest", "http://127.0.0.1:1"
    settings.KEYTURN_CIS_MAPPING = str(changed(tmp_path, ("[ping]", "[pong]")))
    with pytest.raises(ImproperlyConfigured, match=r"ping is missing \(is it written as pong\?\)"):
        CliRunner().invoke(worker, ["--once"], catch_exceptions=False)


# Files that nobody wrote by hand


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: begin with a copy of one that ships"),
        (b" \n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (TEXT.encode("utf-16"), "is not in UTF-8 (byte 1): save it so"),
        (TEXT.replace("small", "sm\xe4ll").encode("latin-1"), "is not in UTF-8 (byte"),
        (b"\x00" * 1000, "cis.toml: Invalid"),
        (b"a = " + b"[" * 100_000, "nested too deep"),
        (b"a" + b".a" * 20_000 + b" = 1", "nested too deep"),
        (b"[a" + b' . "a"' * 20_000 + b"]", "nested too deep"),
        (b"a" * 400_000, "cis.toml: "),
        (b"#" * 500_001, "is larger than 500 kB"),
        (TEXT.encode() + TEXT.encode(), "cis.toml: Cannot"),
        (b'<?xml version="1.0"?><mapping/>', "cis.toml: Invalid"),
        (b"name = 'x'\n[[transport]]\n", "transport must be a table"),
    ],
)
def test_a_file_that_is_no_mapping_is_told_in_one_short_sentence(tmp_path, content, sentence):
    (tmp_path / "cis.toml").write_bytes(content)
    with pytest.raises(MappingError) as no:
        load(tmp_path / "cis.toml")
    assert sentence in str(no.value)
    assert len(str(no.value)) < 300
    assert "\n" not in str(no.value)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    (tmp_path / "cis.toml").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert load(tmp_path / "cis.toml").name == "small"


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (tmp_path / "pipe.toml", tmp_path, Path("/dev/zero")):
        with pytest.raises(MappingError, match="is no file"):
            load(path)
