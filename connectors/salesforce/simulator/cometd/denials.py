"""Carries out a scripted refusal of a Bayeux message."""

from connectors.salesforce.simulator.cometd import failures
from connectors.salesforce.simulator.cometd.replies import (
    Message,
    refuse,
    shut_out,
    subscriptions_of,
)
from connectors.salesforce.simulator.faults import Denial

__all__ = ["denied"]


def denied(message: Message, denial: Denial) -> Message:
    """Give the refusal. `{client}` and `{subscription}` in its text are those of the message."""
    reason = denial.reason.replace("{client}", str(message.get("clientId"))).replace(
        "{subscription}", ", ".join(subscriptions_of(message))
    )
    if denial.plain:
        return _plain(message, reason, denial)
    if message["channel"] == "/meta/handshake":
        return shut_out(message, reason)
    ext = {"sfdc": {"failureReason": reason}}
    if message["channel"] == "/meta/connect":
        # So does a busy server: the error says authentication, only the reason is true.
        return refuse(message, failures.AUTHENTICATION_INVALID, failures.STOP, ext=ext)
    return refuse(message, reason, subscription=message.get("subscription"), ext=ext)


def _plain(message: Message, reason: str, denial: Denial) -> Message:
    advice = {"reconnect": denial.reconnect, "interval": 0}
    refused = refuse(message, reason, advice, subscription=message.get("subscription"))
    if reason == failures.UNKNOWN_CLIENT:
        refused.pop("clientId", None)
    return refused
