"""The message of a mail, byte for byte: the same command always makes the same bytes (RFC 5322).

The headers are written here and not by the library, which loses the quotes of a long name with a comma in it
and folds a long Message-ID into something that no longer is one.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from connectors.email.addresses import parse_address
from schemas.email import SendEmail
from schemas.errors import RefusedError

__all__ = ["Message", "compose"]

# Seven bits and lines of ordinary length: every server takes that, whatever extensions it has.
_POLICY = SMTP.clone(cte_type="7bit")
_MESSAGE_ID = re.compile(r"<[\w.+-]{1,200}@[\w.-]{1,200}>", re.ASCII)
_LINE_BREAKING = {"Cc", "Cs", "Zl", "Zp"}
_PLAIN_CHARS = 66
_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class Message:
    """A mail as it goes over the wire: the envelope's addresses, and the content with CRLF line ends."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


def compose(mail: SendEmail, *, sender: Address, now: datetime) -> Message:
    """Make the message. Its Date is the moment of decision, `mail.at`; `now` stands in where that is missing.

    Raises `RefusedError` when an address, or the Message-ID, does not hold.
    """
    to, cc = _addresses(mail.to, "to"), _addresses(mail.cc, "cc")
    recipients = tuple(dict.fromkeys(address.addr_spec for address in to + cc))
    if not recipients:
        raise RefusedError("the mail has no recipient", on=f"mail {mail.id}", todo="Give it one.")
    if _MESSAGE_ID.fullmatch(mail.message_id) is None:
        raise RefusedError("the Message-ID does not have the form <id@domain>", on=f"mail {mail.id}")
    headers = {
        "From": _written(sender),
        "To": ",\r\n ".join(map(_written, to)),
        "Cc": ",\r\n ".join(map(_written, cc)),
        "Subject": _encoded(_one_line(mail.subject)),
        "Date": format_datetime(mail.at or now),
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",  # RFC 3834: no vacation notices, please
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
    return Message(sender.addr_spec, recipients, head.encode("ascii") + _body(mail))


def _addresses(texts: tuple[str, ...], field: str) -> tuple[Address, ...]:
    found = []
    for place, text in enumerate(texts, start=1):
        try:
            found.append(parse_address(text))
        except ValueError as error:
            raise RefusedError(
                f"address {place} of `{field}` does not hold: {error}", todo="Correct the address."
            ) from None
    return tuple(found)


def _written(address: Address) -> str:
    """Write one address as a header has it; a name that does not fit an ordinary line is cut."""
    name = address.display_name[:_NAME_CHARS]
    if name.isascii() and "=?" not in name:
        return formataddr((name, address.addr_spec))
    return f"{_encoded(name)} <{address.addr_spec}>"


def _encoded(text: str) -> str:
    """Write text that fits one line of ASCII as it is, any other in encoded words (RFC 2047)."""
    if text.isascii() and "=?" not in text and len(text) <= _PLAIN_CHARS:
        return text
    return Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _one_line(text: str) -> str:
    """Give a header's text without anything that could end its line."""
    return " ".join(
        "".join(" " if unicodedata.category(char) in _LINE_BREAKING else char for char in text).split()
    )


def _body(mail: SendEmail) -> bytes:
    body = EmailMessage(_POLICY)
    body.set_content(mail.text)
    if mail.html is not None:
        body.add_alternative(mail.html, subtype="html")
        # From the content, so that a resend has the same boundary and no part can hold it.
        digest = hashlib.sha256(f"{mail.id}\n{mail.text}\n{mail.html}".encode()).hexdigest()
        body.set_boundary(f"=_{digest[:40]}")
    return body.as_bytes()
