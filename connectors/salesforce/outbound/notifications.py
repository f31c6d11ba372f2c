"""Reads an Outbound Message. Pure; hostile until read.

Source: SOAP API Developer Guide, "Outbound Messaging", "Understanding Notifications": SOAP 1.1, up to 100
notifications in a message, `OrganizationId` and each record's `Id`. No document type is taken, and so no
entity but XML's own five; depth and elements have a bound that no WSDL of a real org comes near.
"""

from dataclasses import dataclass
from xml.parsers.expat import ExpatError, ParserCreate

from schemas.errors import UnreadableError
from schemas.ids import id18

__all__ = ["ENVELOPE", "MOST_NOTIFICATIONS", "OUTBOUND", "Notifications", "read_notifications"]

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
MOST_NOTIFICATIONS = 100
_SOBJECT = "urn:sobject.enterprise.soap.sforce.com"
_DEPTH = 16
_ELEMENTS = 100_000
_LONGEST_ID = 40
_ROOT = (f"{ENVELOPE}|Envelope", f"{ENVELOPE}|Body", f"{OUTBOUND}|notifications")
_ORG = (*_ROOT, f"{OUTBOUND}|OrganizationId")
_NOTIFICATION = (*_ROOT, f"{OUTBOUND}|Notification")
_RECORD = (*_NOTIFICATION, f"{OUTBOUND}|sObject", f"{_SOBJECT}|Id")
_TEXTS = frozenset((_ORG, _RECORD))


@dataclass(frozen=True, slots=True)
class Notifications:
    """Who sent a message, and the deals it is about, each once, in order; ids of 18 characters."""

    org_id: str
    deals: tuple[str, ...]


class _Reading:
    def __init__(self) -> None:
        self.path: list[str] = []
        self.elements = 0
        self.notifications = 0
        self.found: list[tuple[tuple[str, ...], list[str]]] = []
        self.length = 0
        self.root = ""

    def opened(self, name: str, _attributes: dict[str, str]) -> None:
        self.path.append(name)
        self.elements += 1
        self.root = self.root or name
        if len(self.path) > _DEPTH or self.elements > _ELEMENTS:
            raise UnreadableError("the XML has more levels or elements than any Outbound Message")
        place = tuple(self.path)
        if place == _NOTIFICATION:
            self.notifications += 1
        if place in _TEXTS:
            self.found.append((place, []))
            self.length = 0

    def closed(self, _name: str) -> None:
        self.path.pop()

    def text(self, part: str) -> None:
        if self.found and tuple(self.path) == self.found[-1][0]:
            self.length += len(part)
            if self.length > _LONGEST_ID:
                raise UnreadableError("an id is longer than any record id")
            self.found[-1][1].append(part)

    def doctype(self, *_: object) -> None:
        raise UnreadableError("a document type declaration is not taken")

    def values(self, place: tuple[str, ...]) -> list[str]:
        return ["".join(parts).strip() for at, parts in self.found if at == place]


def read_notifications(body: bytes) -> Notifications:
    """Read a message. Raises `UnreadableError`, which names what is wrong and repeats no value but an id."""
    reading = _Reading()
    parser = ParserCreate(namespace_separator="|")
    parser.StartElementHandler = reading.opened
    parser.EndElementHandler = reading.closed
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = reading.doctype
    try:
        parser.Parse(body, True)
    except (ExpatError, ValueError, LookupError) as error:
        raise UnreadableError(f"the body is not XML: {error}") from error
    if reading.root != _ROOT[0]:
        raise UnreadableError("the root is not the Envelope of SOAP 1.1", todo=f"Its namespace is {ENVELOPE}")
    orgs = reading.values(_ORG)
    if len(orgs) != 1:
        raise UnreadableError("there is not one OrganizationId in it", todo=f"Its namespace is {OUTBOUND}")
    deals = reading.values(_RECORD)
    if not 1 <= reading.notifications <= MOST_NOTIFICATIONS:
        raise UnreadableError(
            f"it holds {reading.notifications} notifications; 1 to {MOST_NOTIFICATIONS} may be"
        )
    if len(deals) != reading.notifications:
        raise UnreadableError("a Notification has no single sObject with an Id", todo=f"Namespace {_SOBJECT}")
    ids = [id18(each) for each in deals]
    if any(not each.startswith("006") for each in ids):
        raise UnreadableError("a record is no Opportunity", todo="Define the message on Opportunity.")
    return Notifications(id18(orgs[0]), tuple(dict.fromkeys(ids)))
