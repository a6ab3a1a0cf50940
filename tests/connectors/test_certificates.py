"""Is it told in a sentence what is wrong with a certificate that a mapping names, before a customer waits for it?"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.mapped import MappedCis
from keyturn.connectors.cis.mapped.__main__ import main
from keyturn.connectors.cis.mapped.loading import from_rows, load, rows_of
from keyturn.connectors.cis.mapped.table import MappingError
from tests.connectors.mapped.small_cis import SMALL

NOW = datetime(2026, 11, 23, tzinfo=UTC)
YEAR = timedelta(days=365)
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def certificate(*, begins: datetime = NOW - YEAR, ends: datetime = NOW + 40 * YEAR) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Keyturn at the utility")])
    return (
        x509.CertificateBuilder(name, name, KEY.public_key(), 1, begins, ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(KEY, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def key(secret=KEY, *, word: bytes = b"") -> bytes:
    lock = BestAvailableEncryption(word) if word else NoEncryption()
    return secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


GOOD, ENDED = certificate(), certificate(ends=NOW - timedelta(days=200))


def mapping(tmp_path: Path, line: str) -> Path:
    path = tmp_path / "cis.toml"
    path.write_text(SMALL.read_text().replace("[transport]", f"[transport]\n{line}"))
    return path


@pytest.fixture
def ours(tmp_path, monkeypatch) -> Path:
    """A mapping that shows a certificate of ours, which stands in own.pem."""
    monkeypatch.setenv("SMALL_TOKEN", "x")
    monkeypatch.setenv("OUR_PEM", str(tmp_path / "own.pem"))
    return mapping(tmp_path, 'client_certificate = "env:OUR_PEM"')


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "holds no certificate in PEM"),
        (b"\x00\xff nonsense", "holds no certificate in PEM"),
        (key(), "holds no certificate in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no certificate in PEM"),
        (b"#" * 2_000_001, "is larger than 2 MB"),
    ],
)
def test_an_authority_that_cannot_be_read_is_no_mapping(tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(MappingError, match=rf"cis\.toml: transport\.certificates cannot be used: .*ca\.pem {sentence}"):
        load(mapping(tmp_path, 'certificates = "ca.pem"'))


def test_an_authority_that_may_not_be_read_is_no_mapping(tmp_path, monkeypatch):
    def may_not(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = mapping(tmp_path, 'certificates = "ca.pem"')
    rows = rows_of(path)
    monkeypatch.setattr(Path, "open", may_not)
    with pytest.raises(MappingError, match=r"ca\.pem cannot be read: Permission denied"):
        from_rows(rows, path=path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        (GOOD, "holds no key that can be read"),
        (key(), "holds no certificate in PEM"),
        (GOOD + key(OTHER), "the key is not that of the first certificate"),
        (GOOD + key(word=b"sesame"), "the key is locked by a password"),
        (GOOD + b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no key that can be read"),
    ],
)
def test_a_certificate_of_ours_that_cannot_be_shown_is_told_at_the_start(ours, content, sentence):
    if content is not None:
        (ours.parent / "own.pem").write_bytes(content)
    with pytest.raises(ImproperlyConfigured) as no:
        MappedCis("https://127.0.0.1:1", timeout_seconds=1, mapping=ours)
    assert sentence in str(no.value)
    assert "PRIVATE" not in str(no.value)


def test_one_that_is_good_is_taken_and_one_that_has_ended_is_no_reason_not_to_start(ours):
    for content in (GOOD, ENDED):
        (ours.parent / "own.pem").write_bytes(content + key())
        cis = MappedCis("https://127.0.0.1:1", timeout_seconds=1, mapping=ours)
        told = cis.outdated(NOW)
        assert told == (
            [] if content is GOOD else ["own.pem: the certificate CN=Keyturn at the utility ended on 2026-05-07"]
        )
        assert any("until 20" in said for what, said in cis.connection() if what == "certificate")


def test_the_check_says_what_has_ended_and_what_has_not_begun(ours, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["mapped", str(ours)])
    pem = ours.parent / "own.pem"
    for content, code, sentence in (
        (GOOD + key(), 0, "certificate: own.pem: CN=Keyturn at the utility, until 2066-"),
        (certificate(ends=datetime(2020, 1, 2, tzinfo=UTC), begins=datetime(2019, 1, 2, tzinfo=UTC)) + key(), 1, "ended on 2020-01-02"),
        (certificate(begins=datetime(2080, 1, 2, tzinfo=UTC), ends=datetime(2081, 1, 2, tzinfo=UTC)) + key(), 1, "begins on 2080-01-02 only"),
        (GOOD, 1, "holds no key"),
    ):  # fmt: skip
        pem.write_bytes(content)
        assert main() == code
        assert sentence in "".join(capsys.readouterr())
    monkeypatch.delenv("OUR_PEM")
    assert main() == 0
    assert "certificate: ours: OUR_PEM (NOT SET)" in capsys.readouterr().out
