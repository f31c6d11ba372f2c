"""Writes Outbound Messages as Salesforce does, and reads what they are answered with.

Source: SOAP API Developer Guide, "Understanding Notifications" and "Outbound Messaging WSDL".
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from connectors.salesforce.simulator.objects import FieldType, Row, Value
from connectors.salesforce.simulator.outbound.outbox import MOST_IN_ONE, Batch, Definition

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["CONTENT_TYPE", "envelope", "is_acknowledged", "wsdl"]

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
_NAMESPACE = "http://soap.sforce.com/2005/09/outbound"
_SOBJECTS = "urn:sobject.enterprise.soap.sforce.com"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_ACK = re.compile(rb"<(?:[\w.-]+:)?Ack(?:\s[^>]*)?>\s*(?:true|1)\s*</(?:[\w.-]+:)?Ack>")
_RESPONSE = re.compile(
    rb"<(?:[\w.-]+:)?notificationsResponse[^>]*http://soap\.sforce\.com/2005/09/outbound"
    rb"|http://soap\.sforce\.com/2005/09/outbound[^>]*>(?:.*?)<(?:[\w.-]+:)?notificationsResponse",
    re.DOTALL,
)


def envelope(org: "Org", batch: Batch) -> bytes:
    """Write a message. Fields without a value, and those the user to send as may not see, are left out."""
    base, org15, version = org.instance_url, org.org_id[:15], org.api_version
    definition = batch.definition
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n <soapenv:Body>\n'
        f'  <notifications xmlns="{_NAMESPACE}">\n'
        f"   <OrganizationId>{org.org_id}</OrganizationId>\n   <ActionId>{definition.id}</ActionId>\n"
        '   <SessionId xsi:nil="true"/>\n'
        f"   <EnterpriseUrl>{escape(base)}/services/Soap/c/{version}/{org15}</EnterpriseUrl>\n"
        f"   <PartnerUrl>{escape(base)}/services/Soap/u/{version}/{org15}</PartnerUrl>\n"
    )
    names = _named(org, definition)
    told = "".join(_notification(definition, names, id_, row) for id_, row in batch.records)
    return f"{head}{told}  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n".encode()


def is_acknowledged(status: int, content_type: str, body: bytes) -> bool:
    """Say whether an answer is an Ack: HTTP 200, XML, Salesforce's namespace, and the word."""
    plain = content_type.partition(";")[0].strip().lower()
    if status != 200 or plain not in {"text/xml", "application/soap+xml", "application/xml"}:  # noqa: PLR2004 - HTTP
        return False
    return _RESPONSE.search(body) is not None and _ACK.search(body) is not None


def wsdl(org: "Org", definition: Definition) -> bytes:
    """Write the WSDL of a message, which its listener is made from."""
    kind = org.objects[definition.entity]
    fields = "\n".join(
        f'     <element name="{name}" nillable="true" minOccurs="0" type="xsd:{_xsd(kind.find(name))}"/>'
        for name in definition.fields
        if name != "Id"
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions targetNamespace="{_NAMESPACE}" xmlns="http://schemas.xmlsoap.org/wsdl/"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:tns="{_NAMESPACE}"
 xmlns:ent="{_SOBJECTS}" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
 <types>
  <schema elementFormDefault="qualified" xmlns="http://www.w3.org/2001/XMLSchema"
   targetNamespace="{_SOBJECTS}">
   <simpleType name="ID"><restriction base="xsd:string"><length value="18"/></restriction></simpleType>
   <complexType name="sObject"><sequence>
     <element name="fieldsToNull" type="xsd:string" nillable="true" minOccurs="0" maxOccurs="unbounded"/>
     <element name="Id" type="ent:ID" nillable="true"/>
   </sequence></complexType>
   <complexType name="{definition.entity}"><complexContent><extension base="ent:sObject"><sequence>
{fields}
   </sequence></extension></complexContent></complexType>
  </schema>
  <schema elementFormDefault="qualified" xmlns="http://www.w3.org/2001/XMLSchema"
   targetNamespace="{_NAMESPACE}">
   <import namespace="{_SOBJECTS}"/>
   <element name="notifications"><complexType><sequence>
     <element name="OrganizationId" type="ent:ID"/>
     <element name="ActionId" type="ent:ID"/>
     <element name="SessionId" type="xsd:string" nillable="true"/>
     <element name="EnterpriseUrl" type="xsd:string"/>
     <element name="PartnerUrl" type="xsd:string"/>
     <element name="Notification" maxOccurs="{MOST_IN_ONE}" type="tns:{definition.entity}Notification"/>
   </sequence></complexType></element>
   <complexType name="{definition.entity}Notification"><sequence>
     <element name="Id" type="ent:ID"/>
     <element name="sObject" type="ent:{definition.entity}"/>
   </sequence></complexType>
   <element name="notificationsResponse"><complexType><sequence>
     <element name="Ack" type="xsd:boolean"/>
   </sequence></complexType></element>
  </schema>
 </types>
 <message name="notificationsRequest"><part element="tns:notifications" name="request"/></message>
 <message name="notificationsResponse"><part element="tns:notificationsResponse" name="response"/></message>
 <portType name="NotificationPort"><operation name="notifications">
   <input message="tns:notificationsRequest"/><output message="tns:notificationsResponse"/>
 </operation></portType>
 <binding name="NotificationBinding" type="tns:NotificationPort">
  <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="notifications"><soap:operation soapAction=""/>
   <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
  </operation>
 </binding>
 <service name="NotificationService"><port binding="tns:NotificationBinding" name="Notification">
   <soap:address location={quoteattr(definition.endpoint)}/>
 </port></service>
</definitions>
""".encode()


def _named(org: "Org", definition: Definition) -> list[str]:
    """Give the fields that are sent, the id first as in the WSDL."""
    hidden = org.access.hidden_fields(definition.user_id, definition.entity)
    return ["Id", *(name for name in definition.fields if name != "Id" and name not in hidden)]


def _notification(definition: Definition, names: Sequence[str], id_: str, row: Row) -> str:
    fields = "".join(
        f"     <sf:{name}>{_text(value)}</sf:{name}>\n"
        for name in names
        if (value := row.get(name)) is not None
    )
    return (
        f"   <Notification>\n    <Id>{id_}</Id>\n"
        f'    <sObject xsi:type="sf:{definition.entity}" xmlns:sf="{_SOBJECTS}">\n'
        f"{fields}    </sObject>\n   </Notification>\n"
    )


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return escape(str(value))


def _xsd(item: FieldType | None) -> str:
    kind = item.type if item is not None else "string"
    return {
        "datetime": "dateTime",
        "date": "date",
        "boolean": "boolean",
        "int": "int",
        "double": "double",
        "currency": "double",
        "percent": "double",
    }.get(kind, "string")
