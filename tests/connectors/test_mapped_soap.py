"""Is a CIS that speaks SOAP read as the mapping says, and is what it must not say refused quickly?"""

import resource
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.mapped.loading import load
from keyturn.connectors.cis.mapped.over_soap import SoapTransport, check_files
from keyturn.connectors.cis.mapped.parts import Auth, Call, Transport
from keyturn.connectors.cis.mapped.wire import Deadline
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from tests.connectors.stub import Stub, stub

HERE = Path(__file__).parent / "soap"
NOBODY = Auth()
WSDL = (HERE / "person.wsdl").read_bytes()
ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
ANA = '<r:ReadPersonResult xmlns:r="urn:test:person"><r:id>7</r:id><r:born>1984-02-29</r:born><r:name>Ana</r:name></r:ReadPersonResult>'
FAULT = (
    "<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring>"
    '<detail><r:Refused xmlns:r="urn:test:person"><r:number>4711</r:number></r:Refused></detail></s:Fault>'
)


@pytest.fixture
def server():
    with stub() as told:
        told.says = lambda heard: ENVELOPE.format(ANA).encode()
        yield told


def transport(server: Stub, *, wsdl: str = "person.wsdl", auth: Auth = NOBODY, folder: Path = HERE) -> SoapTransport:
    return SoapTransport(server.url, Transport("soap", auth=auth, wsdls={"": wsdl}), folder=folder)


def ask(line: SoapTransport, **body: object):
    return line.exchange("ReadPerson", body or {"id": "7"}, deadline=Deadline(3))


def test_an_operation_is_called_at_the_configured_address_and_answered_in_plain_words(server):
    reply = ask(transport(server))
    assert (reply.status, reply.body) == (200, {"id": "7", "born": "1984-02-29", "name": ["Ana"]})
    assert b"<ns0:id>7</ns0:id>" in server.heard[0].body


def test_a_fault_shows_its_code_and_what_stands_in_its_detail(server):
    server.says = lambda heard: (500, ENVELOPE.format(FAULT).encode())
    reply = ask(transport(server))
    assert not reply.good
    assert reply.fault["message"] == "no"
    assert reply.fault["detail"] == {"Refused": {"number": "4711"}}


def test_a_user_name_token_says_who_asks(server, monkeypatch):
    monkeypatch.setenv("OUR_USER", "keyturn")
    monkeypatch.setenv("OUR_SECRET", "open sesame")
    ask(transport(server, auth=Auth("username_token", "OUR_USER", "OUR_SECRET")))
    assert b"Username>keyturn<" in server.heard[0].body
    assert b"#PasswordText" in server.heard[0].body
    ask(transport(server, auth=Auth("username_token", "OUR_USER", "OUR_SECRET", digest=True)))
    assert b"open sesame" not in server.heard[1].body


def test_the_wsdl_is_asked_of_the_cis_once_and_only_when_it_is_needed(server):
    server.says = lambda heard: WSDL if heard.verb == "GET" else ENVELOPE.format(ANA).encode()
    line = transport(server, wsdl="person?wsdl")
    assert server.heard == []
    assert ask(line).good
    assert ask(line).good
    assert [(each.verb, each.path) for each in server.heard] == [
        ("GET", "/person?wsdl"),
        ("POST", "/person"),
        ("POST", "/person"),
    ]


@pytest.mark.parametrize("says", [(503, b"later"), b"<html/>", b"<!DOCTYPE x><definitions/>", None])
def test_a_cis_that_gives_no_usable_wsdl_is_unavailable_and_is_asked_again_later(server, says):
    server.says = lambda heard: says
    line = transport(server, wsdl="?wsdl")
    with pytest.raises(Unavailable):
        ask(line)
    server.says = lambda heard: WSDL if heard.verb == "GET" else ENVELOPE.format(ANA).encode()
    assert ask(line).good


def test_a_schema_on_another_host_or_outside_of_the_folder_is_not_fetched(server, tmp_path):
    with stub() as other:
        imports = f'<xsd:import namespace="urn:x" schemaLocation="{other.url}/x.xsd"/>'
        bad = WSDL.replace(b"<xsd:element name", imports.encode() + b"<xsd:element name", 1)
        server.says = lambda heard: bad
        with pytest.raises(Unavailable):
            ask(transport(server, wsdl="?wsdl"))
        assert other.heard == []
    (tmp_path / "deep").mkdir()
    (tmp_path / "x.xsd").write_text("<schema/>")
    bad = WSDL.replace(
        b"<xsd:element name", b'<xsd:import namespace="urn:x" schemaLocation="../x.xsd"/><xsd:element name', 1
    )
    (tmp_path / "deep" / "person.wsdl").write_bytes(bad)
    with pytest.raises(ImproperlyConfigured, match="outside"):
        transport(server, folder=tmp_path / "deep")


def test_a_wsdl_file_that_cannot_be_used_says_so_at_the_start(server, tmp_path):
    (tmp_path / "bad.wsdl").write_text("<not-finished")
    with pytest.raises(ImproperlyConfigured, match=r"bad\.wsdl cannot be used"):
        transport(server, wsdl="bad.wsdl", folder=tmp_path)


def test_the_check_of_a_mapping_looks_into_its_wsdl_and_asks_nobody(monkeypatch):
    monkeypatch.delenv("OUR_SECRET", raising=False)
    whole = Transport("soap", auth=Auth("username_token", "OUR_USER", "OUR_SECRET"), wsdls={"": "person.wsdl"})
    call, small = Call("ReadPersn"), load(HERE.parent / "small.toml")
    ask = replace(small.read["person"], calls={"": Call("ReadPerson")})
    soap = replace(
        small,
        path=HERE / "cis.toml",
        transport=whole,
        ping=call,
        find=None,
        send={},
        read=dict.fromkeys(small.read, ask),
    )
    with pytest.raises(ImproperlyConfigured, match=r"no operation ReadPersn \(did you mean ReadPerson\?\)"):
        check_files(soap)
    check_files(replace(soap, ping=Call("ReadPerson")))


def ask_misspelt(server):
    transport(server).exchange("ReadPersn", {}, deadline=Deadline(3))


def test_what_the_wsdl_does_not_know_is_refused_before_anything_is_sent(server):
    with pytest.raises(Rejected, match=r"unreadable_value: ReadPerson: .*'idd'"):
        ask(transport(server), idd="7")
    with pytest.raises(Rejected, match="unreadable_value") as no:
        ask(transport(server), id="Ana\x00Zelenko")
    assert "Zelenko" not in str(no.value)
    for ask_for in (lambda: transport(server).must_know(["ReadPersn"]), lambda: ask_misspelt(server)):
        with pytest.raises(ImproperlyConfigured, match=r"did you mean ReadPerson\?"):
            ask_for()
    assert server.heard == []


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><l>&j;</l>"
)
XXE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + ENVELOPE.format("<a>&f;</a>")


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS.encode(),
        XXE.encode(),
        XXE.encode("utf-16"),
        XXE.replace('"1.0"', '"1.0" encoding="UTF-16BE"').encode("utf-16-be"),
        XXE.replace('"1.0"', '"1.0" encoding="UTF-7"').encode().replace(b"<!", b"+ADwAIQ-"),
        XXE.replace('"1.0"', '"1.0" encoding="IBM037"', 1).encode("cp037"),
        b'<!DOCTYPE x SYSTEM "http://elsewhere.example/x.dtd"><x/>',
        b"<a>" * 100_000,
        b"<a/>" * 300_000,
        ENVELOPE.format(
            '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
        ).encode(),
        b"\x00\xff\xfe nonsense",
        b"",
    ],
    ids=[
        "laughs",
        "file",
        "utf-16",
        "declared utf-16",
        "utf-7",
        "ebcdic",
        "dtd",
        "deep",
        "wide",
        "xinclude",
        "garbage",
        "empty",
    ],
)
def test_xml_that_no_answer_needs_is_refused_quickly_and_in_little_memory(server, content):
    line = transport(server)
    ask(line)
    server.says = lambda heard: (200, content, {"Content-Type": "text/xml"})
    before, took = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    for _ in range(3):  # the quickest counts: whatever else this process does meanwhile is no work of ours
        begun = time.process_time()
        with pytest.raises(InDoubt) as no:
            ask(line)
        took.append(time.process_time() - begun)
    assert min(took) <= 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 50_000
    assert "root:" not in str(no.value)


@pytest.mark.parametrize("status", [301, 401, 404, 503])
def test_a_page_that_is_no_soap_is_its_status_and_a_redirect_is_not_followed(server, status):
    with stub() as other:
        server.says = lambda heard: (status, b"<html>", {"Content-Type": "text/html", "Location": other.url})
        assert ask(transport(server)).status == status
        assert other.heard == []
