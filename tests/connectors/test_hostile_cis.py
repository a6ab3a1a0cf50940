"""Can whoever answers in the CIS's place hold us up, fill our memory, or lead us to another host? (T-37, T-38)"""

import gzip
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.mapped.over_rest import RestTransport
from keyturn.connectors.cis.mapped.over_soap import MOST_DOCUMENTS, SoapTransport
from keyturn.connectors.cis.mapped.parts import Transport
from keyturn.connectors.cis.mapped.wire import Deadline
from keyturn.terms.errors import InDoubt, Unavailable
from tests.connectors.stub import Heard, Stub, stub
from tests.connectors.test_mapped_soap import ANA, ENVELOPE, HERE, WSDL

Ask = Callable[[float], Any]
XML = {"Content-Type": "text/xml"}


@pytest.fixture
def server() -> Iterator[Stub]:
    with stub() as told:
        told.says = lambda heard: ENVELOPE.format(ANA).encode()
        yield told


@pytest.fixture
def other() -> Iterator[Stub]:
    """Where nobody is to be led. What is heard there is a connection too many."""
    with stub() as told:
        yield told
        assert told.heard == []


def soap(server: Stub, *, wsdl: str = "person.wsdl", folder: Path = HERE) -> SoapTransport:
    return SoapTransport(server.url, Transport("soap", wsdls={"": wsdl}), folder=folder)


@pytest.fixture(params=["rest", "soap"])
def ask(request, server) -> Iterator[Ask]:
    """One message, over either transport, within so many seconds."""
    line: Any = soap(server) if request.param == "soap" else RestTransport(server.url, Transport("rest"))
    target, body = ("ReadPerson", {"id": "7"}) if request.param == "soap" else ("POST /persons", {"id": "7"})
    yield lambda seconds: line.exchange(target, body, deadline=Deadline(seconds))
    line.close()


def says_nothing(line: SoapTransport) -> None:
    """An answer that is none: in doubt, or without a word in it, which no mapping's expression takes for one."""
    with suppress(InDoubt):
        assert not any((line.exchange("ReadPerson", {"id": "7"}, deadline=Deadline(3)).body or {}).values())


def spent(call: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of processor time, and MB of memory more than ever before."""
    memory, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    call()
    return time.process_time() - begun, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1000


# What goes on for ever


def headers_for_ever(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-More: and more\r\n" * 1000)


def one_header_for_ever(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        handler.wfile.write(b"and more " * 1000)


def soon_for_ever(handler: Any) -> None:
    while True:
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 10)
        time.sleep(0.01)


def chunks_for_ever(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        handler.wfile.write(b"10000\r\n" + b"<a/>" * 16384 + b"\r\n")


def a_chunk_without_end(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=")
    while True:
        handler.wfile.write(b"x" * 65536)


def trailers_for_ever(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n")
    while True:
        handler.wfile.write(b"X-More: and more\r\n" * 1000)


def until_it_closes(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
    while True:
        handler.wfile.write(b"<a/>" * 16384)


def a_length_that_is_a_lie(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n")


@pytest.mark.parametrize(
    "raw",
    [
        headers_for_ever,
        one_header_for_ever,
        soon_for_ever,
        chunks_for_ever,
        a_chunk_without_end,
        trailers_for_ever,
        until_it_closes,
        a_length_that_is_a_lie,
    ],
)
def test_what_goes_on_for_ever_is_left_in_time_and_little_of_it_is_kept(ask, server, raw):
    server.raw = raw
    begun = time.monotonic()

    def broken() -> None:
        with pytest.raises(InDoubt):
            ask(0.4)

    _, megabytes = spent(broken)
    assert time.monotonic() - begun < 2
    assert megabytes <= 50


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 900\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2 \x00\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: b\r\n folded\r\n\tagain\r\nContent-Length: 1\r\n\r\n{",
        b"HTTP/1.1 99 Too small\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"220 ftp.example ready\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"+OK redis\r\n",
    ],
)
def test_a_head_that_no_server_should_send_is_no_answer(ask, server, head):
    server.raw = lambda handler: handler.wfile.write(head)
    with pytest.raises(InDoubt):
        ask(1.0)


@cache
def bomb() -> bytes:
    return gzip.compress(b" " * 100_000_000, 6)


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "zstd"])
def test_a_small_answer_does_not_become_a_large_one(ask, server, packing):
    content = bomb()
    server.says = lambda heard: (200, content, {**XML, "Content-Encoding": packing})

    def refused() -> None:
        with pytest.raises(InDoubt, match="unreadable_answer"):
            ask(3.0)

    seconds, megabytes = spent(refused)
    assert (seconds <= 0.1, megabytes <= 50) == (True, True)
    assert "identity" in server.heard[-1].headers["Accept-Encoding"]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("header", ["Location", "Refresh", "Content-Location", "Alt-Svc"])
def test_nobody_is_led_elsewhere(ask, server, other, status, header):
    value = {"Refresh": f"0; url={other.url}/x", "Alt-Svc": f'h2="{other.url[7:]}"; ma=99'}.get(
        header, f"{other.url}/x"
    )
    server.says = lambda heard: (status, b"", {header: value})
    assert ask(1.0).status == status
    assert ask(1.0).status == status


# XML


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x SYSTEM "{other}/x.dtd"><x/>',
        '<!DOCTYPE x PUBLIC "-//X//Y" "{other}/x.dtd"><x/>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "{other}/p"> %p;]><x/>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "{other}/e">]><x>&e;</x>',
        '<?xml-stylesheet href="{other}/x.xsl" type="text/xsl"?>' + ENVELOPE.format("<a/>").replace("{", "{{"),
        '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{other}/x"/>',
        '<x:include xmlns:x="http://www.w3.org/2001/&#88;Include" href="{other}/x"/>',
        '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:x {other}/x.xsd"/>',
        '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:noNamespaceSchemaLocation="{other}/x.xsd"/>',
        '<a xml:base="{other}/" xmlns:l="http://www.w3.org/1999/xlink" l:href="x" l:show="embed"/>',
    ],
)
def test_no_answer_leads_a_parser_to_another_host(server, other, text):
    said = text.format(other=other.url)
    content = (said if said.startswith(("<!", "<?")) else ENVELOPE.format(said)).encode()
    line = soap(server)
    server.says = lambda heard: (200, content, XML)
    says_nothing(line)


@pytest.mark.parametrize(
    "inside",
    [
        "<a " + " ".join(f'b{n}="x"' for n in range(300_000)) + "/>",
        "<a " + " ".join(f'xmlns:b{n}="x"' for n in range(200_000)) + "/>",
        "<a>" * 50_000 + "</a>" * 50_000,
        "<a>" * 240 + "</a>" * 240,
        "<?a b?>" * 150_000,
        "<!--a-->" * 150_000,
        "<![CDATA[" + "<" * 150_000 + "]]>",
        "<a>" + "&#65;" * 900_000 + "</a>",
    ],
    ids=["attributes", "namespaces", "deep", "rather deep", "instructions", "comments", "cdata", "references"],
)
def test_what_costs_a_parser_much_costs_us_little(server, inside):
    line = soap(server)
    line.exchange("ReadPerson", {"id": "7"}, deadline=Deadline(3))
    server.says = lambda heard: (200, ENVELOPE.format(inside).encode(), XML)
    seconds, megabytes = min(
        spent(lambda: says_nothing(line)) for _ in range(2)
    )  # whatever else this process does is no work of ours
    assert (seconds <= 0.1, megabytes <= 50) == (True, True)


# WSDL


def with_import(tag: str) -> bytes:
    return WSDL.replace(b"<xsd:element name", tag.encode() + b"<xsd:element name", 1)


ELSEWHERE = [
    '<xsd:import namespace="urn:x" schemaLocation="{}/x.xsd"/>',
    '<xsd:include schemaLocation="{}/x.xsd"/>',
    '<xsd:import namespace="urn:x" schemaLocation="{}/x.xsd?wsdl#frag"/>',
]


@pytest.mark.parametrize("tag", ELSEWHERE)
def test_a_wsdl_does_not_lead_to_another_host(server, other, tmp_path, tag):
    content = with_import(tag.format(other.url))
    server.says = lambda heard: content
    with pytest.raises(Unavailable, match="unreadable_wsdl"):
        soap(server, wsdl="?wsdl").exchange("ReadPerson", {"id": "7"}, deadline=Deadline(3))
    (tmp_path / "own.wsdl").write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match="another host"):
        soap(server, wsdl="own.wsdl", folder=tmp_path)


def test_nor_does_a_definition_that_it_imports_or_the_address_in_it(server, other):
    imports = (
        f'<wsdl:import xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" namespace="urn:x" location="{other.url}/y.wsdl"/>'
    )
    place = WSDL.index(b">", WSDL.index(b"definitions")) + 1
    server.says = lambda heard: WSDL[:place] + imports.encode() + WSDL[place:]
    with pytest.raises(Unavailable, match="unreadable_wsdl"):
        soap(server, wsdl="?wsdl").exchange("ReadPerson", {"id": "7"}, deadline=Deadline(3))
    moved = WSDL.replace(b'location="http', f'location="{other.url}/'.encode() + b"http", 1)
    assert moved != WSDL
    server.says = lambda heard: moved if heard.verb == "GET" else ENVELOPE.format(ANA).encode()
    assert soap(server, wsdl="?wsdl").exchange("ReadPerson", {"id": "7"}, deadline=Deadline(3)).good


@pytest.mark.parametrize("where", ["http://[::1", "http://cis.example@{}", "file:///etc/passwd", "../../../etc/passwd", "ftp://{}/x", "\\\\{}\\x", "data:text/xml,<x/>"])  # fmt: skip
def test_nor_by_an_address_of_another_form(server, other, tmp_path, where):
    content = with_import(
        f'<xsd:import namespace="urn:x" schemaLocation="{where.format(other.url[7:]).replace("<", "&lt;")}"/>'
    )
    (tmp_path / "own.wsdl").write_bytes(content)
    with pytest.raises(ImproperlyConfigured):
        soap(server, wsdl="own.wsdl", folder=tmp_path)


def test_a_wsdl_that_never_ends_is_left(server):
    def another(heard: Heard) -> bytes:
        here = int(heard.path.rpartition("=")[2] or 0)
        leads = f'<xsd:import namespace="urn:x{here + 1}" schemaLocation="{server.url}/?n={here + 1}"/>'
        if here == 0:
            return with_import(leads)
        opens = f'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x{here}">'
        return f"{opens}{leads}</xsd:schema>".encode()

    server.says = another
    with pytest.raises(Unavailable, match="unreadable_wsdl: UnsafeXml"):
        soap(server, wsdl="?n=0").exchange("ReadPerson", {"id": "7"}, deadline=Deadline(20))
    assert len(server.heard) == MOST_DOCUMENTS
    server.says = lambda heard: with_import(
        f'<xsd:import namespace="urn:test:person" schemaLocation="{server.url}/?wsdl"/>'
    )
    with pytest.raises(Unavailable):  # one that imports itself
        soap(server, wsdl="?wsdl").exchange("ReadPerson", {"id": "7"}, deadline=Deadline(5))
