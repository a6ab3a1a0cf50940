"""What does each thing that goes wrong on the wire mean: nothing happened, nobody knows, or a refusal?"""

import socket
import ssl
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.contract_kit import newcomer_at
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.connectors.cis.mapped import MappedCis
from keyturn.terms.errors import InDoubt, Unavailable
from tests.connectors.mapped.small_cis import NONE, SMALL, on_write, on_write_raw
from tests.connectors.stub import Heard, Says, reset, stub


def half(handler) -> None:
    handler.wfile.write(b'HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{"id": ')


def drip(handler) -> None:
    """A byte now and then: never quite silent, never finished."""
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b" ")
        time.sleep(0.05)


def drip_head(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nX-Slow: ")
    for _ in range(100):
        handler.wfile.write(b"a")
        time.sleep(0.05)


def endless(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        handler.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")


def huge(handler) -> None:
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 50000000\r\n\r\n")


def nonsense(handler) -> None:
    handler.wfile.write(b"\x00\xff not http at all\r\n\r\n")


# Nothing has left: nothing happened


def test_where_nobody_listens_nothing_happened(monkeypatch):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        cis = MappedCis(f"http://127.0.0.1:{held.getsockname()[1]}", timeout_seconds=1, mapping=SMALL)
        for call in (lambda: cis.send(newcomer_at("P"), key="k"), lambda: cis.find("k"), cis.ping):
            with pytest.raises(Unavailable, match="cis_unreachable"):
                call()


@pytest.mark.parametrize("url", ["https://a..b", "https://" + "a" * 70 + ".example", "https://nobody.invalid"])
def test_a_host_that_cannot_be_is_not_reached_and_nothing_happened(monkeypatch, url):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    cis = MappedCis(url, timeout_seconds=1, mapping=SMALL)
    with pytest.raises(Unavailable, match="cis_unreachable"):
        cis.send(newcomer_at("P"), key="k")


def test_a_cis_that_says_later_has_done_nothing(cis, server):
    server.says = on_write((429, b"{}"))
    with pytest.raises(Unavailable, match="cis_says_later"):
        cis.send(newcomer_at("P"), key="k")


# Something has left: nobody knows


@pytest.mark.parametrize("raw", [reset, half, drip, drip_head, endless, huge, nonsense, lambda handler: None])
def test_whatever_breaks_after_a_byte_has_left_is_in_doubt_within_the_time(hasty, server, raw):
    server.raw = on_write_raw(raw)
    begun = time.monotonic()
    with pytest.raises(InDoubt) as doubt:
        hasty.send(newcomer_at("P"), key="k")
    assert time.monotonic() - begun < 1.5
    assert raw not in (endless, huge) or doubt.value.code in ("answer_too_large", "cis_too_slow")
    assert raw is not huge or doubt.value.code == "answer_too_large"


@pytest.mark.parametrize("raw", [reset, half, drip, drip_head, endless, huge, nonsense, lambda handler: None])
def test_the_same_to_a_question_means_only_that_it_was_not_answered(hasty, server, raw):
    server.raw = raw
    begun = time.monotonic()
    for call in (lambda: hasty.find("k"),) if raw in (drip, drip_head) else (lambda: hasty.find("k"), hasty.ping):
        with pytest.raises(Unavailable):
            call()
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "says",
    [
        (500, b"{}"),
        (502, b"<html>proxy</html>"),
        (418, b"{}"),
        (201, b"<html>welcome</html>"),
        (201, b"[" * 100_000),
        (201, b"{}"),
        (201, b""),
        (201, b"null"),
        (204, b""),
        (302, b"{}", {"Location": "http://127.0.0.1:1/"}),
    ],
)
def test_an_answer_that_says_nothing_certain_is_in_doubt(cis, server, says):
    server.says = on_write(says)
    with pytest.raises(InDoubt):
        cis.send(newcomer_at("P"), key="k")


@pytest.mark.parametrize(
    "says", [b"{}", b"[]", b"null", b"7", b'{"count": 1}', b'{"count": 1, "last": {}}', b"<html>", (500, b"")]
)
def test_nonsense_never_passes_for_a_key_that_was_never_seen(cis, server, says):
    server.says = lambda heard: says
    with pytest.raises((Unavailable, InDoubt)):
        GuardedCis(cis).find("k")


def test_the_time_is_for_the_whole_call_and_not_for_each_exchange(hasty, server):
    def slowly(heard: Heard) -> Says:
        time.sleep(0.25)
        return NONE if heard.verb == "GET" else b'{"id": "7"}'

    server.says = slowly
    begun = time.monotonic()
    with pytest.raises((InDoubt, Unavailable)):
        hasty.send(newcomer_at("P"), key="k")
    assert time.monotonic() - begun < 1.5


# Who is on the other side


@pytest.fixture
def sealed(server, tmp_path):
    """The stub behind TLS, with a certificate that nobody else has signed; the folder where it lies."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CIS")])
    day = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, secret.public_key(), 1, day, day + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    (tmp_path / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    server.context = context
    return tmp_path


def test_a_cis_that_wants_to_see_our_certificate_sees_it(server, sealed, monkeypatch):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    server.context.load_verify_locations(sealed / "ca.pem")
    server.context.verify_mode = ssl.CERT_REQUIRED
    (sealed / "own.pem").write_bytes((sealed / "ca.pem").read_bytes() + (sealed / "key.pem").read_bytes())
    ours = 'certificates = "ca.pem"\nclient_certificate = "env:OUR_PEM"'
    url, text = server.url.replace("http:", "https:"), SMALL.read_text()
    (sealed / "none.toml").write_text(text.replace("[transport]", '[transport]\ncertificates = "ca.pem"'))
    (sealed / "ours.toml").write_text(text.replace("[transport]", f"[transport]\n{ours}"))
    with pytest.raises(Unavailable):
        MappedCis(url, timeout_seconds=2, mapping=sealed / "none.toml").ping()
    with pytest.raises(ImproperlyConfigured, match="OUR_PEM must say where a PEM file lies"):
        MappedCis(url, timeout_seconds=2, mapping=sealed / "ours.toml")
    assert server.heard == []
    monkeypatch.setenv("OUR_PEM", str(sealed / "own.pem"))
    cis = MappedCis(url, timeout_seconds=2, mapping=sealed / "ours.toml")
    cis.ping()
    assert len(server.heard) == 1
    cis.close()


def test_who_cannot_prove_to_be_the_cis_is_told_nothing(server, sealed, monkeypatch):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    url = server.url.replace("http:", "https:")
    with pytest.raises(Unavailable, match="cis_unreachable: its certificate: self-signed certificate"):
        MappedCis(url, timeout_seconds=2, mapping=SMALL).ping()
    assert server.heard == []
    text = SMALL.read_text().replace("[transport]", '[transport]\ncertificates = "ca.pem"')
    (sealed / "own.toml").write_text(text)
    cis = MappedCis(url, timeout_seconds=2, mapping=sealed / "own.toml")
    cis.ping()
    assert len(server.heard) == 1
    cis.close()


# Redirects, other hosts, and what stands in an address


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(cis, server, status):
    with stub() as other:
        server.says = lambda heard: (status, b"", {"Location": f"{other.url}/steal"})
        for call in (lambda: cis.read("person", "7"), cis.ping, lambda: cis.send(newcomer_at("P"), key="k")):
            with pytest.raises((Unavailable, InDoubt)):
                call()
        assert other.heard == []


HOSTS = ("169.254.169.254", "127.0.0.1:22", "[::1]:6379", "metadata.example", "0x7f000001", "localhost%00.example")
ELSEWHERE = [
    form.format(host)
    for form in ("http://{}/x", "//{}/x", "@{}", "\\\\{}\\x", "..//{}", "x@{}:80/#", "gopher://{}/_x")
    for host in HOSTS
]
REFERENCES = [
    *ELSEWHERE,
    *(
        "../../admin",
        "7/../8",
        "7?x=1",
        "7&x=1",
        "7#x",
        "7;x=1",
        "%2e%2e",
        "%2e%2e%2fadmin",
        "..%252fadmin",
        "7\r\nX: y",
        "7\nHost: x",
    ),
    *("é", "\u202e7", "7\x00", " 7", "7\t", "{key}", "{{7*7}}", "${jndi:ldap://x}", "file:///etc/passwd", "~root"),
]


def test_a_reference_is_one_part_of_the_path_and_nothing_more(cis, server):
    assert len(REFERENCES) > 60
    for ref in REFERENCES:
        cis.read("person", ref)
    assert len(server.heard) == len(REFERENCES)
    for ref, heard in zip(REFERENCES, server.heard, strict=True):
        assert unquote(heard.path) == f"/persons/{ref}"
        assert heard.path.count("/") == 2
        assert not set("?#;&\\@: \r\n") & set(heard.path)
        assert heard.headers["Host"] == server.url.removeprefix("http://")
        assert "X" not in heard.headers


@pytest.mark.parametrize("ref", ["", ".", ".."])
def test_there_is_nothing_under_an_empty_reference_and_nobody_is_asked(cis, server, ref):
    assert cis.read("person", ref) is None
    assert server.heard == []


def test_the_token_and_the_right_headers_go_along(cis, server):
    cis.ping()
    headers = server.heard[0].headers
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Host"] == server.url.removeprefix("http://")


def test_a_header_that_holds_a_secret_has_it_from_the_environment(cis, server, tmp_path, monkeypatch):
    text = SMALL.read_text().replace(
        "[transport]", '[transport]\nheaders = { X-Api-Key = "env:SMALL_KEY", X-Site = "7" }'
    )
    path = tmp_path / "small.toml"
    path.write_text(text)
    with pytest.raises(ImproperlyConfigured, match="SMALL_KEY"):
        MappedCis(server.url, timeout_seconds=5, mapping=path)
    monkeypatch.setenv("SMALL_KEY", "k3y")
    with closing(MappedCis(server.url, timeout_seconds=5, mapping=path)) as other:
        other.ping()
    headers = server.heard[0].headers
    assert (headers["X-Api-Key"], headers["X-Site"]) == ("k3y", "7")


# Refusals
