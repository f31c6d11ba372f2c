"""SOAP envelopes of the login call: read without entities or DTD, written as the partner API writes them.

Source: SOAP API Developer Guide, "login()", "logout()", "ExceptionCode"; the elements jsforce and
simple-salesforce look for.
"""

from dataclasses import dataclass
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape

__all__ = ["BadEnvelopeError", "Call", "fault", "logged_in", "logged_out", "read"]

_PARTNER = "urn:partner.soap.sforce.com"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_MAX_DEPTH = 30
# Envelope, Body, the call: its arguments are the fourth level.
_ARGUMENT_LEVEL = 4


class BadEnvelopeError(ValueError):
    """Not an envelope we read: not XML, with a DTD, too deep, or without a call in its body."""


@dataclass(frozen=True, slots=True)
class Call:
    """What an envelope asks for: the operation, its arguments, and the session of its header."""

    operation: str
    arguments: dict[str, str]
    session: str


def read(body: bytes) -> Call:
    """Read an envelope. Raises `BadEnvelopeError`."""
    stack: list[str] = []
    texts: dict[tuple[str, ...], str] = {}

    def opened(name: str, _attributes: dict[str, str]) -> None:
        stack.append(name.rsplit("|", 1)[-1])
        if len(stack) > _MAX_DEPTH:
            raise BadEnvelopeError("nested too deeply")
        texts.setdefault(tuple(stack), "")

    def closed(_name: str) -> None:
        stack.pop()

    def text(part: str) -> None:
        texts[tuple(stack)] += part

    def doctype(*_: object) -> None:
        raise BadEnvelopeError("a document type declaration is not allowed")

    parser = ParserCreate(namespace_separator="|")
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except (ExpatError, ValueError, LookupError) as error:
        raise BadEnvelopeError(str(error)) from error
    return _call(texts)


def _call(texts: dict[tuple[str, ...], str]) -> Call:
    operations = [path[2] for path in texts if len(path) == _ARGUMENT_LEVEL - 1 and path[1] == "Body"]
    if not operations:
        raise BadEnvelopeError("there is no call in the body")
    operation = operations[0]
    arguments = {
        path[3]: value
        for path, value in texts.items()
        if len(path) == _ARGUMENT_LEVEL and path[1:3] == ("Body", operation)
    }
    session = texts.get(("Envelope", "Header", "SessionHeader", "sessionId"), "")
    return Call(operation, arguments, session.strip())


def logged_in(result: dict[str, str], user: dict[str, str]) -> str:
    """Write a loginResponse; `result` in the order of the WSDL, `user` is its userInfo."""
    inner = "".join(_element(name, value) for name, value in result.items())
    info = "".join(_element(name, value) for name, value in user.items())
    return _envelope(f"<loginResponse><result>{inner}<userInfo>{info}</userInfo></result></loginResponse>")


def logged_out() -> str:
    """Write a logoutResponse."""
    return _envelope("<logoutResponse/>")


def fault(code: str, message: str) -> str:
    """Write a fault with Salesforce's exception code."""
    kind = "LoginFault" if code == "INVALID_LOGIN" else "UnexpectedErrorFault"
    code, message = escape(code), escape(message)
    return _envelope(
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring><detail>"
        f'<sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}></detail></soapenv:Fault>",
        default="",
    )


def _element(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>" if value else f'<{name} xsi:nil="true"/>'


def _envelope(body: str, default: str = f' xmlns="{_PARTNER}"') -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_ENVELOPE}"{default}'
        ' xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
