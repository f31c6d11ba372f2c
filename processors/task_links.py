"""Links by which one person answers one task: what they say, how they are signed, how they get into mails.

A link is `payload.signature`: base64url of a JSON list (task, person, end in seconds since 1970), and
HMAC-SHA256 of it (RFC 2104). It is as good as the person's word about that one task until it ends, so it is
made where the mail leaves, and stands on no topic: up to there a mail holds a mark in its place.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.errors import RefusedError

_MARK = "https://task.invalid/"
"""No host has this name (RFC 6761, 6.4), so a mark that slips through leads nowhere."""
_MARKED = re.compile(re.escape(_MARK) + r"([A-Za-z0-9-]{1,64})")
_LONGEST = 2000
_SPOKEN = re.compile(r"\btask\.link\b")


@dataclass(frozen=True, slots=True)
class Link:
    """Who may answer which task, and until when."""

    task_id: str
    person: str
    until: datetime


def mark(task_id: str) -> str:
    """Give what stands in a mail in place of the link to a task."""
    return f"{_MARK}{task_id}"


def speaks_of_link(*sources: str | None) -> bool:
    """Whether templates hold the link: then each person gets a mail of their own."""
    return any(source is not None and _SPOKEN.search(source) for source in sources)


def with_links(text: str, link_to: Callable[[str], str]) -> str:
    """Put links in place of the marks of a text."""
    return _MARKED.sub(lambda found: link_to(found[1]), text)


def sign(link: Link, key: bytes) -> str:
    """Give the link as text that is safe in a URL. The same link and key give the same text."""
    payload = json.dumps([link.task_id, link.person, int(link.until.timestamp())], separators=(",", ":"))
    text = _base64(payload.encode())
    return f"{text}.{_signature('link', text, key)}"


def read(text: str, keys: Iterable[bytes], now: datetime) -> Link:
    """Read a link that one of the keys has signed. Raises `RefusedError` in words for whoever followed it."""
    payload, _, signature = text.partition(".")
    if len(text) > _LONGEST or not any(
        hmac.compare_digest(_signature("link", payload, key).encode(), signature.encode()) for key in keys
    ):
        raise RefusedError("This link is not one of ours, or it was cut short.")
    task_id, person, until = json.loads(_plain(payload))
    link = Link(task_id, person, datetime.fromtimestamp(until, UTC))
    if link.until <= now:
        raise RefusedError("This link has ended. The task may still be open: ask for it where you work.")
    return link


def form_token(text: str, key: bytes) -> str:
    """Give what a page puts into its form, so that only that page's form is taken."""
    return _signature("form", text, key)


def is_form_token(token: str, text: str, keys: Iterable[bytes]) -> bool:
    """Whether a form comes from the page of this link."""
    return token.isascii() and any(hmac.compare_digest(form_token(text, key), token) for key in keys)


def _signature(purpose: str, text: str, key: bytes) -> str:
    return _base64(hmac.new(key, f"{purpose}:{text}".encode(), hashlib.sha256).digest())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _plain(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise RefusedError("This link is not one of ours, or it was cut short.") from None
