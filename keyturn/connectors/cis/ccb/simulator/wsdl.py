"""How does the simulated CC&B describe its inbound web services: a WSDL made of the shapes of `operations.py`?"""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from keyturn.connectors.cis.ccb.simulator.operations import OPERATIONS
from keyturn.connectors.cis.ccb.simulator.shapes import Shape

NAMESPACE = "urn:utility:cm"
SERVICE, PORT = "CM-Services", "CM-Port"

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"'
    f' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:cm="{NAMESPACE}" targetNamespace="{NAMESPACE}">'
)


def wsdl(address: str) -> bytes:
    """The document; `address` is where the services are."""
    elements, messages, ports, bindings = "", "", "", ""
    for name, operation in OPERATIONS.items():
        for suffix, shape in (("", operation.request), ("Response", operation.response)):
            elements += f'<xs:element name="{name}{suffix}">{_type(shape)}</xs:element>'
            messages += (
                f'<wsdl:message name="{name}{suffix}Message"><wsdl:part name="body" element="cm:{name}{suffix}"/>'
                "</wsdl:message>"
            )
        said = f'<wsdl:input message="cm:{name}Message"/><wsdl:output message="cm:{name}ResponseMessage"/>'
        ports += f'<wsdl:operation name="{name}">{said}</wsdl:operation>'
        literal = '<soap:body use="literal"/>'
        bindings += (
            f'<wsdl:operation name="{name}"><soap:operation soapAction="{name}"/>'
            f"<wsdl:input>{literal}</wsdl:input><wsdl:output>{literal}</wsdl:output></wsdl:operation>"
        )
    return (
        f'{_HEAD}<wsdl:types><xs:schema targetNamespace="{NAMESPACE}" elementFormDefault="qualified">{elements}</xs:schema>'
        f'</wsdl:types>{messages}<wsdl:portType name="CM-PortType">{ports}</wsdl:portType>'
        '<wsdl:binding name="CM-Binding" type="cm:CM-PortType">'
        f'<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{bindings}</wsdl:binding>'
        f'<wsdl:service name="{SERVICE}"><wsdl:port name="{PORT}" binding="cm:CM-Binding">'
        f"<soap:address location={quoteattr(address)}/></wsdl:port></wsdl:service></wsdl:definitions>"
    ).encode()


def _type(shape: Shape) -> str:
    fields = "".join(_element(name, kind) for name, kind in shape.items())
    return f"<xs:complexType><xs:sequence>{fields}</xs:sequence></xs:complexType>"


def _element(name: str, kind: Any) -> str:
    most = ""
    if isinstance(kind, list):
        kind, most = kind[0], ' maxOccurs="unbounded"'
    start = f'<xs:element name="{escape(name)}" minOccurs="0"{most}'
    if isinstance(kind, Mapping):
        return f"{start}>{_type(kind)}</xs:element>"
    if kind in (bool, int):
        return f'{start} type="xs:{"boolean" if kind is bool else "integer"}"/>'
    return (
        f'{start}><xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="{kind}"/></xs:restriction>'
        "</xs:simpleType></xs:element>"
    )
