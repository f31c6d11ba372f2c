"""The shapes of Bayeux replies: what is echoed of a message, how a yes and a no look."""

from collections.abc import Mapping
from typing import Any

import orjson

from connectors.salesforce.simulator.cometd import failures

__all__ = ["EXTENSIONS", "Message", "refuse", "reply", "response", "shut_out", "subscriptions_of", "unknown"]

Message = dict[str, Any]

EXTENSIONS: Mapping[str, bool] = {"replay": True, "payload.format": True}
"""What the server says it can, in the reply to a handshake."""

_ECHOED = ("id", "channel", "clientId")


def reply(message: Message, **more: object) -> Message:
    """Say yes. An id comes back as it was sent, text or number."""
    return _echo(message) | {"successful": True} | _given(more)


def refuse(message: Message, error: str, advice: Mapping[str, Any] | None = None, **more: object) -> Message:
    """Say no, with an error of `failures` and advice on what to do."""
    return _echo(message) | {"error": error, "successful": False} | _given({"advice": advice, **more})


def unknown(message: Message) -> Message:
    """Refuse a client that is not, or no longer, known. Such a reply carries no client id."""
    never = message.get("clientId") is None
    refused = refuse(
        message, failures.NO_HANDSHAKE if never else failures.UNKNOWN_CLIENT, failures.HANDSHAKE_AGAIN
    )
    refused.pop("clientId", None)
    return refused


def shut_out(message: Message, reason: str) -> Message:
    """Refuse a handshake; why stands beside the error."""
    ext = {"sfdc": {"failureReason": reason}, **EXTENSIONS}
    return refuse(message, failures.HANDSHAKE_DENIED, {"reconnect": "none"}, ext=ext)


def subscriptions_of(message: Message) -> list[str]:
    """Give the channels that a message names: one, or an array of them."""
    named = message.get("subscription")
    names = named if isinstance(named, list) else [named]
    return [name for name in names if isinstance(name, str) and name]


def response(events: list[bytes], own: Message, *, reply_first: bool = False, padding: int = 0) -> bytes:
    """Join events and the reply to a connect into one response, with white space in front if asked for."""
    last = orjson.dumps(own)
    parts = [last, *events] if reply_first else [*events, last]
    return b"[" + b" " * padding + b",".join(parts) + b"]"


def _echo(message: Message) -> Message:
    return {name: message[name] for name in _ECHOED if name in message}


def _given(more: Mapping[str, object]) -> Message:
    return {name: value for name, value in more.items() if value is not None}
