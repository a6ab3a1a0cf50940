"""How is a mapped CIS spoken to in SOAP?

By zeep, from the WSDL that the mapping names: a file beside it, or the utility's own system, asked once. Every byte goes
over our own line (`line.py`) to the configured address: the one that stands in the WSDL is not used.
"""

import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import zeep
from django.core.exceptions import ImproperlyConfigured
from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault
from zeep.helpers import serialize_object
from zeep.proxy import ServiceProxy
from zeep.wsse.username import UsernameToken

from keyturn.connectors.cis.mapped.expressions import meant
from keyturn.connectors.cis.mapped.line import headers_of, secrets_of
from keyturn.connectors.cis.mapped.parts import Auth, CisMapping, Transport
from keyturn.connectors.cis.mapped.plain import plain
from keyturn.connectors.cis.mapped.safe_xml import UnsafeXml, must_be_safe
from keyturn.connectors.cis.mapped.tokens import way_to
from keyturn.connectors.cis.mapped.wire import Deadline, Reply, Way
from keyturn.terms.errors import InDoubt, KeyturnError, Rejected, Unavailable

MOST_DOCUMENTS: Final = 100


class _Answered:
    """An answer in the shape in which zeep reads one."""

    encoding = "utf-8"

    def __init__(self, status: int, content: bytes) -> None:
        self.status_code, self.content = status, content
        self.headers = {"Content-Type": "text/xml"}


class _NotSoap(Exception):
    """The answer is no SOAP at all, but a page of some proxy."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class _Wire(zeep.Transport):
    """zeep's way out: documents come from the folder of the mapping or from the CIS, messages go to the CIS."""

    def __init__(self, line: Way, headers: Mapping[str, str], folder: Path) -> None:
        self.line, self.headers, self.folder = line, dict(headers), folder
        self.now = threading.local()
        self.loaded = 0  # documents of the WSDL that is being read
        self.cache = None
        self._close_session = False

    def load(self, url: str) -> bytes:
        """A WSDL or a schema that it imports. Raises UnsafeXml, OSError or what `Line.exchange` raises."""
        self.loaded += 1
        if self.loaded > MOST_DOCUMENTS:
            raise UnsafeXml("too many schemas: one that imports itself, perhaps")
        if urlsplit(url).scheme in ("http", "https"):
            return must_be_safe(self._fetched(url))
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise UnsafeXml(f"a schema from outside of the mapping's folder: {path.name}")
        return must_be_safe(path.read_bytes())

    def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> _Answered:
        """`address`: the path of the service under ours."""
        content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        self.now.sent = True
        status, said, body = self.line.exchange(
            "POST", address, headers={**headers, **self.headers}, content=content, deadline=self.now.deadline
        )
        kind = said.get("content-type", "text/xml").partition(";")[0].strip().lower()
        if status not in (200, 202, 500) or kind not in ("text/xml", "application/soap+xml", "application/xml"):
            raise _NotSoap(status)
        return _Answered(status, must_be_safe(body))

    def _fetched(self, url: str) -> bytes:
        if not url.startswith(f"{self.line.base}/") and not url.startswith(f"{self.line.base}?"):
            raise UnsafeXml("a schema from another host than the CIS's")
        status, _, body = self.line.exchange(
            "GET", url[len(self.line.base) :], headers=self.headers, content=None, deadline=self.now.deadline
        )
        if status != 200:
            raise Unavailable("cis_failed", f"its WSDL: {status}")
        return body


class SoapTransport:
    """The operations of one WSDL or of several; the arguments of each are what the mapping's `body` gives."""

    def __init__(self, url: str, settings: Transport, *, folder: Path) -> None:
        """ImproperlyConfigured where a WSDL that is a file cannot be used."""
        line = way_to(url, settings, os.environ)
        self._wire = _Wire(line, headers_of(settings, os.environ), folder)
        self._wsse = _token(settings.auth, secrets_of(settings.auth, os.environ))
        self._settings = settings
        self._services: dict[str, ServiceProxy] = {}
        self._lock = threading.Lock()
        for name, where in settings.wsdls.items():
            if not _remote(where):
                self._load_file(name, where)

    def exchange(self, target: str, body: Any, *, deadline: Deadline) -> Reply:
        """`target`: "Operation", or "wsdl.Operation" where the mapping names several."""
        self._wire.now.deadline, self._wire.now.sent = deadline, False
        name, _, operation = target.rpartition(".")
        call = self._operation(name, operation)
        try:
            return Reply(200, _plain(call(**(body or {}))))
        except Fault as fault:
            return Reply(500, fault=_fault(fault))
        except _NotSoap as page:
            if page.status < 300:
                raise InDoubt("unreadable_answer") from None
            return Reply(page.status)
        except (ZeepError, TypeError, ValueError, KeyError, AttributeError, etree.LxmlError) as problem:
            if self._wire.now.sent:
                raise InDoubt("unreadable_answer", type(problem).__name__) from None
            named = isinstance(
                problem, ZeepError | TypeError
            )  # these name fields; others may quote what was to be sent
            told = str(problem) if named else type(problem).__name__
            raise Rejected("unreadable_value", f"{target}: {told}"[:200]) from None

    def must_know(self, targets: Iterable[str]) -> None:
        """ImproperlyConfigured where one of these is no operation of a WSDL that is here already."""
        for target in targets:
            name, _, operation = target.rpartition(".")
            if name in self._services:
                self._operation(name, operation)

    @property
    def line(self) -> Way:
        return self._wire.line

    def close(self) -> None:
        self._wire.line.close()

    def _operation(self, name: str, operation: str) -> Any:
        if name not in self._services:
            self._load_remote(name)
        try:
            return self._services[name][operation]
        except AttributeError:
            known = [each for each, _ in self._services[name]]
            raise ImproperlyConfigured(
                f"The WSDL {name} has no operation {operation}{meant(operation, known)}"
            ) from None

    def _load_file(self, name: str, where: str) -> None:
        try:
            self._services[name] = self._service(str(self._wire.folder / where), "")
        except (ZeepError, etree.LxmlError, OSError, ValueError, AttributeError, RecursionError) as problem:
            raise ImproperlyConfigured(f"The WSDL {where} cannot be used: {problem}") from None

    def _load_remote(self, name: str) -> None:
        """Ask the utility's own system for its WSDL, once. Unavailable where it does not give a usable one."""
        with self._lock:
            if name in self._services:
                return
            where = self._settings.wsdls.get(name)
            if where is None:
                raise ImproperlyConfigured(f"The mapping names no WSDL {name!r}{meant(name, self._settings.wsdls)}")
            path = where if where.startswith("?") else f"/{where}"
            try:
                self._services[name] = self._service(f"{self._wire.line.base}{path}", path.partition("?")[0])
            except InDoubt as unheard:
                raise Unavailable(unheard.code, unheard.detail) from None
            except KeyturnError:
                raise
            except (ZeepError, etree.LxmlError, OSError, ValueError, AttributeError, RecursionError) as problem:
                raise Unavailable("unreadable_wsdl", type(problem).__name__) from None

    def _service(self, location: str, path: str) -> ServiceProxy:
        chosen, self._wire.loaded = self._settings, 0
        options = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, force_https=False)
        client = zeep.Client(location, wsse=self._wsse, transport=self._wire, settings=options)
        bound = client.bind(chosen.service or None, chosen.port or None)
        if bound is None:
            raise UnsafeXml("no service")
        return ServiceProxy(client, bound._binding, address=path)


def check_files(mapping: CisMapping) -> None:
    """ImproperlyConfigured where a WSDL that is a file cannot be used, or has not an operation that the mapping calls.

    Nobody is asked, and no secret is needed.
    """
    bare = replace(mapping.transport, auth=Auth(), headers={}, certificates=None, client_certificate="")
    SoapTransport("https://nobody.invalid", bare, folder=mapping.path.parent).must_know(
        call.target for call in mapping.calls()
    )


def _remote(where: str) -> bool:
    return "?" in where


def _token(auth: Auth, secrets: Mapping[str, str]) -> UsernameToken | None:
    if auth.kind != "username_token":
        return None
    return UsernameToken(secrets[auth.user], secrets[auth.secret], use_digest=auth.digest)


def _plain(result: Any) -> Any:
    return _without_xml(plain(serialize_object(result, dict)))


def _without_xml(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_xml(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_xml(each) for each in value]
    return _element(value) if isinstance(value, etree._Element) else value


def _fault(fault: Fault) -> dict[str, Any]:
    """Its code, message and detail; of the detail the elements by their names alone."""
    detail = _element(fault.detail) if fault.detail is not None else None
    return {"code": fault.code, "message": fault.message, "detail": detail}


def _element(element: Any) -> Any:
    """An element without children is its text; one with children is an object, a name that comes twice a list."""
    children = [each for each in element if isinstance(each.tag, str)]
    if not children:
        return element.text or ""
    found: dict[str, Any] = {}
    for child in children:
        name, value = etree.QName(child).localname, _element(child)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found
