"""What does each thing that goes wrong on the wire mean: nothing happened, nobody knows, or a refusal?"""

import json
import socket
import ssl
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.contract_kit import newcomer_at, update_of
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.connectors.cis.mapped import MappedCis
from keyturn.terms.change import ContactChange, MailingChange
from keyturn.terms.cis import CancelService, MergePersons
from keyturn.terms.errors import InDoubt, Rejected, Unavailable
from tests.connectors.stub import Heard, Says, Stub, reset, stub

SMALL = Path(__file__).with_name("small.toml")
NONE = b'{"count": 0}'
BOTH = {"person": "7", "account": "8", "agreements": [{"type": "E2", "id": "9"}, {"type": "G", "id": "10"}]}


@pytest.fixture
def server():
    with stub() as told:
        told.says = lambda heard: NONE if heard.verb == "GET" else b'{"id": "7"}'
        yield told


@pytest.fixture
def cis(server, monkeypatch):
    monkeypatch.setenv("SMALL_TOKEN", "t0ken")
    cis = MappedCis(server.url, timeout_seconds=10, mapping=SMALL)
    yield cis
    cis.close()


@pytest.fixture
def hasty(server, cis):
    """The same, with little time."""
    hasty = MappedCis(server.url, timeout_seconds=0.5, mapping=SMALL)
    yield hasty
    hasty.close()


def writes(server: Stub) -> list[tuple[str, str]]:
    return [(each.verb, each.path) for each in server.heard if each.verb != "GET"]


def on_write(says: Says, path: str = "/persons"):
    """A POST to `path` is answered as told; a person that was made is there, and of anything else there is none."""
    made: list[str] = []

    def answer(heard: Heard) -> Says:
        if heard.verb == "GET":
            return b'{"count": 1, "items": [{"id": "7"}]}' if "/persons?key=k" in heard.path and made else NONE
        if heard.path == path:
            return says
        made.append(heard.path)
        return b'{"id": "7"}'

    return answer


def on_write_raw(raw, path: str = "/persons"):
    def answer(handler) -> None:
        if handler.command == "GET":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n" + NONE)
        else:
            raw(handler)

    return answer


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
    for call in (lambda: hasty.find("k"), hasty.ping):
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
    with pytest.raises(Unavailable, match="cis_unreachable"):
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


@pytest.mark.parametrize(
    ("said", "code"), [("premise_occupied", "premise_occupied"), ("their own words", "against_the_rules")]
)
def test_a_refusal_says_why_in_our_words_only(cis, server, said, code):
    server.says = on_write((422, json.dumps({"code": said}).encode()))
    with pytest.raises(Rejected) as no:
        cis.send(newcomer_at("P"), key="k")
    assert no.value.code == code
    assert "their own" not in str(no.value)


def test_what_the_file_refuses_is_refused_before_anybody_is_asked(cis, server):
    home = newcomer_at("P", mailing_address=None)
    for command, code in (
        (CancelService("KT-1", "8"), "nothing_to_cancel"),
        (MergePersons("KT-1", "7", "8"), "cannot_merge"),
        (update_of("7", MailingChange(None, season=((1, 1), (2, 1)))), "overlapping_season"),
        (update_of("7"), "no_changes"),
        (newcomer_at("P", services=()), "no_services"),
        (newcomer_at("P", person=None), "no_person"),
    ):
        with pytest.raises(Rejected, match=code):
            cis.send(command, key="k")
    assert home.services
    assert server.heard == []


def test_a_word_of_ours_that_the_file_has_no_code_for_is_refused_and_what_was_written_is_undone(cis, server):
    from keyturn.terms.premise import Service

    server.says = on_write(b"{}", "/accounts")
    with pytest.raises(Rejected, match="against_the_rules"):
        cis.send(newcomer_at("P", services=(Service.WATER,)), key="k")
    assert writes(server) == [("POST", "/persons"), ("DELETE", "/persons/7")]


# Step by step


def test_what_is_null_is_left_out_and_codes_are_the_ciss_own(cis, server):
    server.says = on_write((422, b'{"code": "premise_occupied"}'), "/accounts")
    with pytest.raises(Rejected):
        cis.send(newcomer_at("P"), key="k")
    person, account = [json.loads(each.body) for each in server.heard if each.verb == "POST"]
    assert person == {"key": "k", "name": "Achterberg"}
    assert account["services"] == [{"type": "E", "from": "2026-12-01"}, {"type": "G", "from": "2026-12-01"}]
    assert writes(server)[-1] == ("DELETE", "/persons/7")


@pytest.mark.parametrize("says", [(500, b""), None, (429, b"")])
def test_what_could_not_be_undone_is_in_doubt_and_not_refused(cis, server, says):
    usual = on_write((422, b'{"code": "premise_occupied"}'), "/accounts")
    server.says = lambda heard: says if heard.verb == "DELETE" else usual(heard)
    with pytest.raises(InDoubt):
        cis.send(newcomer_at("P"), key="k")
    assert writes(server)[-1] == ("DELETE", "/persons/7")


def test_what_the_cis_will_not_take_back_is_named_with_the_refusal(cis, server):
    usual = on_write((422, b'{"code": "premise_occupied"}'), "/accounts")
    server.says = lambda heard: (422, b'{"code": "in use"}') if heard.verb == "DELETE" else usual(heard)
    with pytest.raises(Rejected, match="premise_occupied: could not be undone: person"):
        cis.send(newcomer_at("P"), key="k")


@pytest.mark.parametrize("items", [[{"id": "70"}], []])
def test_nobody_is_deleted_because_of_an_answer_that_may_be_mixed_up(cis, server, items):
    usual = on_write((422, b'{"code": "premise_occupied"}'), "/accounts")
    found = json.dumps({"count": len(items), "items": items}).encode()
    server.says = lambda heard: found if heard.path.startswith("/persons?") and writes(server) else usual(heard)
    with pytest.raises(InDoubt, match="contradicts_itself"):
        cis.send(newcomer_at("P"), key="k")
    assert [verb for verb, _ in writes(server)] == ["POST", "POST"]


def test_when_it_breaks_half_way_the_next_delivery_goes_on_and_repeats_nothing(cis, server):
    made: list[str] = []

    def answer(heard: Heard) -> Says:
        what = heard.path.partition("?")[0].strip("/")
        if heard.verb == "POST":
            made.append(what)
            return b'{"id": "7"}' if what == "persons" else None
        if what == "things":
            return json.dumps({"count": 1, "last": BOTH}).encode() if "accounts" in made[:-1] else NONE
        return b'{"count": 1, "items": [{"id": "7"}]}' if what in made else NONE

    server.says = answer
    with pytest.raises(InDoubt):
        cis.send(newcomer_at("P"), key="k")
    assert made == ["persons", "accounts"]
    assert cis.find("k") is None
    made.append("accounts")  # the lost one arrived after all
    answered = cis.send(newcomer_at("P"), key="k")
    assert answered.repeated
    assert answered.agreement_refs == {"electric": "9", "gas": "10"}
    assert made == ["persons", "accounts", "accounts"]


def test_unavailable_after_something_was_written_is_in_doubt(cis, server):
    server.says = on_write((429, b"{}"), "/accounts")
    with pytest.raises(InDoubt, match="answered_in_part"):
        cis.send(newcomer_at("P"), key="k")


def test_what_is_there_already_is_looked_up_and_not_taken_for_an_error(cis, server):
    seen: list[str] = []

    def answer(heard: Heard) -> Says:
        seen.append(f"{heard.verb} {heard.path}")
        if heard.verb == "POST":
            return 409, b'{"code": "TWICE"}'
        if "POST /accounts" in seen:
            return json.dumps({"count": 1, "items": [{"id": "8"}], "last": BOTH}).encode()
        return b'{"count": 1, "items": [{"id": "7"}]}' if "POST /persons" in seen and "persons" in heard.path else NONE

    server.says = answer
    assert cis.send(newcomer_at("P"), key="k").repeated


def test_a_step_for_each_is_done_for_those_that_are_not_there(cis, server):
    def answer(heard: Heard) -> Says:
        if heard.verb == "PUT":
            return b"{}"
        if heard.path == "/changes/k/0" or (heard.path == "/changes/k/1" and writes(server)):
            return b'{"count": 1, "id": "x"}'
        return b'{"count": 1, "last": {"person": "7"}}' if "things" in heard.path and writes(server) else NONE

    server.says = answer
    changes = ContactChange("phone", "+12025550101"), ContactChange("phone", "+12025550102")
    assert cis.send(update_of("7", *changes), key="k").person_ref == "7"
    assert writes(server) == [("PUT", "/changes/k/1")]


def test_days_come_back_as_days_and_what_is_none_is_told_unreadable(cis, server):
    server.says = lambda heard: b'{"id": "7", "born": "1984-02-29"}'
    assert cis.read("person", "7")["date_of_birth"].year == 1984
    server.says = lambda heard: b'{"id": "7", "born": "soon"}'
    with pytest.raises(Unavailable, match="unreadable_answer"):
        cis.read("person", "7")


def test_a_cis_that_cannot_tell_is_believed_what_its_steps_answered(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    text = SMALL.read_text()
    find = text[text.index("[find]") : text.index("[read.person]")]
    told = 'steps = ["person", "account"]\nanswer = """{person_ref: done.person, account_ref: done.account,'
    told += " agreement_refs: object(command.services[].[@, here().done.account])}" + '"""'
    text = text.replace(find, "").replace('name = "small"', 'name = "small"\nfind = "cannot_tell"')
    (tmp_path / "mute.toml").write_text(text.replace('steps = ["person", "account"]', told))
    cis = MappedCis(server.url, timeout_seconds=2, mapping=tmp_path / "mute.toml")
    command = newcomer_at("P")
    answer = cis.send(command, key="k")
    assert answer.fits(command)
    assert not answer.repeated
    with pytest.raises(Rejected, match="cannot_tell"):
        cis.find("k")
    cis.close()


def test_two_answers_that_differ_are_none(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SMALL_TOKEN", "x")
    text = SMALL.read_text().replace(
        'steps = ["person", "account"]',
        'steps = ["person", "account"]\nanswer = "{person_ref: done.person, account_ref: done.account}"',
    )
    (tmp_path / "two.toml").write_text(text)
    made: list[str] = []

    def answer(heard: Heard) -> Says:
        if heard.verb == "POST":
            made.append(heard.path)
            return b'{"id": "7"}'
        return json.dumps({"count": 1, "last": BOTH}).encode() if "things" in heard.path and len(made) == 2 else NONE

    server.says = answer
    cis = MappedCis(server.url, timeout_seconds=2, mapping=tmp_path / "two.toml")
    with pytest.raises(InDoubt, match="contradicts_itself"):
        cis.send(newcomer_at("P"), key="k")
    cis.close()


def test_another_command_under_a_known_key_is_refused_and_nothing_of_it_is_undone(cis, server):
    known = {"count": 1, "last": {**BOTH, "digest": "of another"}}
    server.says = lambda heard: json.dumps(known).encode()
    with pytest.raises(Rejected, match="key_reused"):
        cis.send(newcomer_at("P"), key="k")
    assert writes(server) == []
