"""What a failed Bayeux reply means: pure.

Source: Streaming API Developer Guide, "Streaming API Error Codes", "Handling Streaming API Errors".
`ext.sfdc.failureReason` is read first: `error` may say "authentication" where the server is only busy.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from schemas.errors import DealwireError, GapError, RefusedError, UnavailableError

__all__ = ["TokenRefusedError", "failure_of", "not_bayeux", "reason_of"]

_REPLAY_ID = re.compile(r"^400::The replayId \{.*\} you provided was invalid", re.DOTALL)
_BUSY = timedelta(seconds=30)
_EXHAUSTED = timedelta(minutes=15)
_LONGEST = 300
_NEW_SESSION = ("Unknown client", "handshake", "cookie present", "does not match the session's user")
_PERMISSION = (
    "Give the integration user View All on the objects of the channel (View All Data for Task and Event)."
)
_ADVICE = (
    ("API version", "Set api_version to one that Salesforce supports."),
    ("doesn't exist", "Check channels: names are case-sensitive; is the object selected for change events?"),
    ("does not exist", "Check channels: names are case-sensitive; is the object selected for change events?"),
    ("not allowed to subscribe", _PERMISSION),
    ("without required permissions", _PERMISSION),
    ("does not have access", _PERMISSION),
    ("Cannot create channel", _PERMISSION),
    ("Restricted channel", "Subscribe to a channel under /data/."),
)


class TokenRefusedError(UnavailableError):
    """The access token is no longer good. Log in again, then open again."""


def reason_of(reply: Mapping[str, Any]) -> str:
    """Give the true reason of a failed reply."""
    ext = reply.get("ext")
    told = ext.get("sfdc") if isinstance(ext, dict) else None
    reason = told.get("failureReason") if isinstance(told, dict) else None
    return str(reason or reply.get("error") or "no reason given")


def failure_of(reply: Mapping[str, Any], *, channel: str) -> DealwireError:
    """Sort a failed reply: lost (open again), refused token, gap, busy, exhausted, or refused for good."""
    reason = reason_of(reply)
    what = f"Salesforce answers {reply.get('channel')} with {reason}"[:_LONGEST]
    if _REPLAY_ID.match(reason):
        return GapError(
            "the position is no longer retained", on=channel, todo="What is retained is read from its edge."
        )
    if reason.startswith("401") or "denied_by_security_policy" in reason:
        return TokenRefusedError(what, on=channel)
    if "daily limit exceeded" in reason:
        return UnavailableError(
            what,
            on=channel,
            retry_after=_EXHAUSTED,
            todo="The org's event delivery allocation of 24 hours is used up; other subscribers share it.",
        )
    if reason.startswith("503") or "limit exceeded" in reason or "simultaneous connections" in reason:
        return UnavailableError(what, on=channel, retry_after=_BUSY)
    if any(text in reason for text in _NEW_SESSION):
        return UnavailableError(what, on=channel)
    if reply.get("channel") == "/meta/subscribe" or reason.startswith(("400", "413")):
        todo = next((advice for text, advice in _ADVICE if text in reason), "")
        return RefusedError(what, on=channel, todo=todo)
    return UnavailableError(what, on=channel)


def not_bayeux(payload: object, *, channel: str) -> DealwireError:
    """Sort an answer that is no list of Bayeux messages, such as the error body of the REST API."""
    first = payload[0] if isinstance(payload, list) and payload else payload
    code = first.get("errorCode") if isinstance(first, dict) else None
    what = f"Salesforce answers something that is not Bayeux: {code or type(payload).__name__}"[:_LONGEST]
    if code == "INVALID_SESSION_ID":
        return TokenRefusedError(what, on=channel)
    return UnavailableError(what, on=channel)
