"""Which certificates does a mapping name, are they there and whole, and until when do they hold?"""

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.core.exceptions import ImproperlyConfigured

from keyturn.connectors.cis.mapped.parts import Transport

MOST_BYTES: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One certificate of a file, and when it ends."""

    file: str
    subject: str
    begins: datetime
    ends: datetime

    def wrong_at(self, now: datetime) -> str:
        """A sentence where it does not hold at `now`; "" where it does."""
        if now > self.ends:
            return f"{self.file}: the certificate {self.subject} ended on {self.ends:%Y-%m-%d}"
        if now < self.begins:
            return f"{self.file}: the certificate {self.subject} begins on {self.begins:%Y-%m-%d} only"
        return ""


def verifying(settings: Transport, environment: Mapping[str, str]) -> ssl.SSLContext:
    """Certificates are verified, always; by the utility's own authority too, where the mapping names one. And ours is
    shown, where it says that we have one. ImproperlyConfigured where a file cannot be used; one that has ended is no
    reason not to start: the check says so, and the CIS that is called."""
    context = ssl.create_default_context()
    try:
        if settings.certificates:
            authorities(settings.certificates)
            context.load_verify_locations(settings.certificates)
        if settings.client_certificate:
            path = own_file(settings, environment)
            own(path)
            context.load_cert_chain(path, password=lambda: "")  # or OpenSSL asks whoever sits at the terminal
    except (OSError, ssl.SSLError, ValueError) as problem:
        raise ImproperlyConfigured(f"A certificate that the mapping names cannot be used: {_why(problem)}") from None
    return context


def named(settings: Transport, environment: Mapping[str, str]) -> Iterator[Shown]:
    """Every certificate that the mapping names and that can be looked at here. ValueError where a file cannot be used."""
    if settings.certificates:
        yield from authorities(settings.certificates)
    if settings.client_certificate and environment.get(settings.client_certificate):
        yield from own(own_file(settings, environment))


def authorities(path: Path) -> list[Shown]:
    """The authorities in a PEM file. ValueError, with a sentence."""
    return [_shown(path, each) for each in _certificates(path, _content(path))]


def own_file(settings: Transport, environment: Mapping[str, str]) -> Path:
    """Where our certificate and its key lie. ValueError."""
    name = settings.client_certificate
    if not environment.get(name):
        raise ValueError(f"{name} must say where a PEM file lies with our certificate and its key")
    return Path(environment[name])


def own(path: Path) -> list[Shown]:
    """Our own certificate, and what stands with it in the file, which must hold its key too. ValueError."""
    content = _content(path)
    found = _certificates(path, content)
    try:
        key = load_pem_private_key(content, None)
    except TypeError:
        raise ValueError(f"{path}: the key is locked by a password: it must lie there without one") from None
    except Exception:  # of several kinds, by what is wrong with it
        raise ValueError(f"{path} holds no key that can be read") from None
    if _public(key.public_key()) != _public(found[0].public_key()):
        raise ValueError(f"{path}: the key is not that of the first certificate")
    return [_shown(path, each) for each in found]


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ValueError(f"{path} is no file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise ValueError(f"{path} cannot be read: {problem.strerror}") from None
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB")
    return content


def _certificates(path: Path, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise ValueError(f"{path} holds no certificate in PEM") from None


def _shown(path: Path, certificate: x509.Certificate) -> Shown:
    subject = certificate.subject.rfc4514_string() or "without a name"
    return Shown(path.name, subject, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _public(key: Any) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _why(problem: Exception) -> str:
    return str(problem) if type(problem) is ValueError else getattr(problem, "reason", None) or os.strerror(5)
