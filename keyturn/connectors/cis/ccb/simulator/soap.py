"""How does the simulated CC&B speak SOAP 1.1: envelopes, the WS-Security UsernameToken, and its faults?"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from lxml import etree

from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.ccb.simulator.operations import OPERATIONS
from keyturn.connectors.cis.ccb.simulator.shapes import Shape, checked
from keyturn.connectors.cis.ccb.simulator.store import Store
from keyturn.connectors.cis.ccb.simulator.who import Known
from keyturn.connectors.cis.ccb.simulator.wsdl import NAMESPACE, wsdl
from keyturn.connectors.cis.simulating import Asked, Told

PATH = "/ouaf/webservices/CM"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_XML = "text/xml; charset=utf-8"


def operation_of(asked: Asked) -> str:
    """The name under which a fault plan knows a request: "CM-StartService OPEN"."""
    try:
        said = _body(_parsed(asked.body))
    except Refused:
        return "?"
    action = said.findtext(f"{{{NAMESPACE}}}action") or ""
    return f"{etree.QName(said).localname} {action}".strip()


def answer(store: Store, asked: Asked, who: Known) -> Told:
    """One request, in one transaction of the store."""
    if asked.method == "GET":
        return Told(200, wsdl(f"http://{asked.headers.get('host', '')}{PATH}"), _XML)
    bears_token = asked.headers.get("authorization", "").lower().startswith("bearer ")
    if bears_token and not who.desk.lets_in(asked):  # as a gateway says it: by HTTP
        return Told(401, b"", "text/plain", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    try:
        envelope = _parsed(asked.body)
        if not bears_token:
            _authenticate(envelope, who)
        said = _body(envelope)
        name = etree.QName(said).localname
        if name not in OPERATIONS or etree.QName(said).namespace != NAMESPACE:
            raise Refused("unknown_operation")
        operation = OPERATIONS[name]
        request = checked(operation.request, _read(said, operation.request))
        with store.operation() as cursor:
            done = operation.run(cursor, request)
    except Refused as no:
        return _fault(no)
    except Exception:  # whatever breaks here is told as a system error, without its words
        return _fault(Refused("broken"), code="Server")
    response = etree.Element(etree.QName(NAMESPACE, f"{name}Response"), nsmap={"cm": NAMESPACE})
    _write(response, done, operation.response)
    return _told(200, response)


def _parsed(body: bytes) -> Any:
    """The envelope. No document type, no entities, nothing from outside. Raises Refused."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        envelope = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise Refused("unreadable") from None
    if envelope.getroottree().docinfo.doctype or envelope.tag != f"{{{ENVELOPE}}}Envelope":
        raise Refused("unreadable")
    return envelope


def _body(envelope: Any) -> Any:
    body = envelope.find(f"{{{ENVELOPE}}}Body")
    if body is None or len(body) != 1:
        raise Refused("unreadable")
    return body[0]


def _authenticate(envelope: Any, who: Known) -> None:
    """Raises Refused unless a UsernameToken, by text or by digest, names user and password."""
    token = envelope.find(f"{{{ENVELOPE}}}Header/{{{SECURITY}}}Security/{{{SECURITY}}}UsernameToken")
    if token is None:
        raise Refused("not_authenticated")
    given = token.find(f"{{{SECURITY}}}Password")
    secret = (given.text or "") if given is not None else ""
    expected = who.password
    if given is not None and given.get("Type", "").endswith("#PasswordDigest"):
        nonce = base64.b64decode(token.findtext(f"{{{SECURITY}}}Nonce") or "")
        created = token.findtext(f"{{{UTILITY}}}Created") or ""
        digest = hashlib.sha1(nonce + created.encode() + who.password.encode(), usedforsecurity=False)
        expected = base64.b64encode(digest.digest()).decode()
    known = who.is_user(token.findtext(f"{{{SECURITY}}}Username") or "")
    if not known or not hmac.compare_digest(secret.encode(), expected.encode()):
        raise Refused("not_authenticated")


def _read(element: Any, shape: Shape) -> dict[str, Any]:
    """What stands in an element, by its shape. An element that the shape does not know stays, and is refused later."""
    found: dict[str, Any] = {}
    for child in element:
        if not isinstance(child.tag, str):
            continue  # a comment
        name = etree.QName(child).localname
        kind = shape.get(name)
        several = isinstance(kind, list)
        of = kind[0] if isinstance(kind, list) else kind
        value = _read(child, of) if isinstance(of, Mapping) else (child.text or "")
        if several:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _write(element: Any, said: Mapping[str, Any], shape: Shape) -> None:
    for name, kind in shape.items():
        value = said.get(name)
        several = value if isinstance(kind, list) else [value]
        of = kind[0] if isinstance(kind, list) else kind
        for each in several or ():
            if each is None or each == "":
                continue
            child = etree.SubElement(element, etree.QName(NAMESPACE, name))
            if isinstance(of, Mapping):
                _write(child, each, of)
            else:
                child.text = str(each).lower() if isinstance(each, bool) else str(each)


def _fault(no: Refused, *, code: str = "Client") -> Told:
    """A fault with the message's category and number in its detail."""
    fault = etree.Element(etree.QName(ENVELOPE, "Fault"), nsmap={"soapenv": ENVELOPE})
    etree.SubElement(fault, "faultcode").text = f"soapenv:{code}"
    etree.SubElement(fault, "faultstring").text = no.text
    detail = etree.SubElement(fault, "detail")
    for name, value in (
        ("messageCategory", no.category),
        ("messageNumber", no.number),
        ("messageParameter", no.about),
        ("messageText", no.text),
    ):
        etree.SubElement(detail, name).text = str(value)
    return _told(500, fault)


def _told(status: int, content: Any) -> Told:
    envelope = etree.Element(etree.QName(ENVELOPE, "Envelope"), nsmap={"soapenv": ENVELOPE})
    etree.SubElement(envelope, etree.QName(ENVELOPE, "Body")).append(content)
    return Told(status, etree.tostring(envelope, xml_declaration=True, encoding="UTF-8"), _XML)
