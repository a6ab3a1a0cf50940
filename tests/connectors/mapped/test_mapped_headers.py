"""What goes along with a message: what the file says of its kind, and nothing where there is nothing to send?"""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.contract_kit import newcomer_at
from keyturn.connectors.cis.mapped import MappedCis
from keyturn.connectors.cis.mapped.loading import load
from keyturn.connectors.cis.mapped.table import MappingError
from keyturn.terms.errors import KeyturnError
from tests.connectors.mapped.small_cis import SMALL

BODY = 'body = "{key: key, name: command.person.family_name, middle: some(command.person.middle_name)}"\n'


@pytest.fixture
def with_headers(server, monkeypatch, tmp_path):
    """The small CIS, with these headers on each message; `without` is left out of its file."""
    monkeypatch.setenv("SMALL_TOKEN", "t0ken")

    def made(headers: str, *, without: str = "") -> MappedCis:
        text = SMALL.read_text().replace("[transport]", f"[transport]\nheaders = {{ {headers} }}")
        assert without in text
        path = tmp_path / "headers.toml"
        path.write_text(text.replace(without, "") if without else text)
        return MappedCis(server.url, timeout_seconds=10, mapping=path)

    return made


def posted(server, cis: MappedCis):
    """What was heard of a command, and of the question before it."""
    with pytest.raises(KeyturnError):  # this CIS keeps nothing
        cis.send(newcomer_at("P"), key="k")
    question = server.heard[0]
    return question, next(each for each in server.heard if each.verb == "POST")


def named(heard, name: str) -> list[str]:
    return [value for each, value in heard.headers.items() if each.lower() == name]


def test_the_kind_that_the_file_names_goes_along_with_what_has_a_body(server, with_headers):
    kind = "application/vnd.api+json"
    question, order = posted(server, with_headers(f'Content-Type = "{kind}", accept = "{kind}"'))
    assert (named(order, "content-type"), named(order, "accept")) == ([kind], [kind])
    assert (named(question, "content-type"), named(question, "accept")) == ([], [kind])
    assert json.loads(order.body)["name"] == "Achterberg"


def test_without_a_word_it_is_json(server, with_headers):
    question, order = posted(server, with_headers(""))
    assert (named(order, "content-type"), named(order, "accept")) == (["application/json"], ["application/json"])
    assert named(question, "content-type") == []


def test_where_nothing_is_to_be_sent_nothing_is(server, with_headers):
    _, order = posted(server, with_headers("", without=BODY))
    assert (order.body, named(order, "content-length"), named(order, "content-type")) == (b"", ["0"], [])


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ('"X Site" = "7"', "transport.headers.X Site is no name of a header"),
        ('X-Site = "Zürich"', "transport.headers.X-Site must be letters of ASCII, and begin and end with one"),
        ('X-Site = "7\\n8"', "transport.headers.X-Site must be letters of ASCII"),
        ('X-Site = " 7"', "transport.headers.X-Site must be letters of ASCII"),
        ('Host = "elsewhere.example"', "transport.headers.Host is Keyturn's own to say"),
        ('content-length = "7"', "transport.headers.content-length is Keyturn's own to say"),
        ('Accept-Encoding = "gzip"', "transport.headers.Accept-Encoding is Keyturn's own to say"),
    ],
)
def test_a_header_that_cannot_be_sent_is_told_when_the_file_is_read(tmp_path, header, sentence):
    path = tmp_path / "cis.toml"
    path.write_text(SMALL.read_text().replace("[transport]", f"[transport]\nheaders = {{ {header} }}"))
    with pytest.raises(MappingError) as told:
        load(path)
    assert sentence in str(told.value)


@pytest.mark.parametrize("secret", ["schlüssel", " t0ken", "t0ken "])
def test_a_secret_that_cannot_stand_in_a_header_is_told_at_once_and_never_shown(with_headers, monkeypatch, secret):
    monkeypatch.setenv("SMALL_KEY", secret)
    with pytest.raises(ImproperlyConfigured, match="X-Api-Key") as told:
        with_headers('X-Api-Key = "env:SMALL_KEY"')
    assert secret.strip() not in str(told.value)


def test_an_address_that_cannot_be_sent_is_told_when_the_file_is_read(tmp_path):
    path = tmp_path / "cis.toml"
    path.write_text(SMALL.read_text().replace("GET /ping", "GET /größe"))
    with pytest.raises(MappingError, match=r"ping\.call must be letters of ASCII"):
        load(path)
