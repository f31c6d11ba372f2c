"""What the Streaming API refuses, in its own words.

Clients match on these texts, so they are kept to the letter, with the braces and double spaces of the
original. Source: Streaming API Developer Guide, "Streaming API Error Codes".
"""

from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "AUTHENTICATION_INVALID",
    "CASE_ONLY",
    "CHANNEL_MISSING",
    "CLIENTS_EXCEEDED",
    "EVENTS_EXCEEDED",
    "GENERIC_UNKNOWN",
    "HANDSHAKE_AGAIN",
    "HANDSHAKE_DENIED",
    "NOT_AUTHENTICATED",
    "NO_HANDSHAKE",
    "NO_LEADING_SLASH",
    "NO_PERMISSION",
    "NO_VERSION",
    "OTHER_USER",
    "PUBLISH_DENIED",
    "RESTRICTED_CHANNEL",
    "STOP",
    "TOO_BUSY",
    "TOO_LARGE",
    "TOPIC_ENTITY",
    "TOPIC_FIELDS",
    "UNKNOWN_CLIENT",
    "UNSUPPORTED_VERSION",
    "cannot_create",
    "invalid_connection_type",
    "invalid_replay_id",
    "no_cookie",
    "no_such_channel",
]

NO_VERSION: Final = "400::API version in the URI is mandatory. URI format: '/cometd/67.0'"
UNSUPPORTED_VERSION: Final = (
    "400::Unsupported API version. Only API versions '37.0' and later are supported. "
    "URI format: '/cometd/67.0'"
)
CHANNEL_MISSING: Final = "400::Channel name not specified"
NO_LEADING_SLASH: Final = "400::Channel subscriptions must start with a leading '/'"
OTHER_USER: Final = "400::Authenticated user id does not match the session's user id"
AUTHENTICATION_INVALID: Final = "401::Authentication invalid"
NOT_AUTHENTICATED: Final = "401::Request requires authentication"
HANDSHAKE_DENIED: Final = "403::Handshake denied"
NO_HANDSHAKE: Final = "403::Client has not completed handshake"
UNKNOWN_CLIENT: Final = "403::Unknown client"
CLIENTS_EXCEEDED: Final = "403::Organization concurrent user limit exceeded"
EVENTS_EXCEEDED: Final = "403::Organization total events daily limit exceeded"
RESTRICTED_CHANNEL: Final = "403::Restricted channel"
NO_PERMISSION: Final = "403::User not allowed to subscribe CDC without View All Data permissions"
TOPIC_ENTITY: Final = "403::Subscriber does not have access to the entity in this topic"
TOPIC_FIELDS: Final = (
    "403::Subscriber does not have access to all fields referenced in the where clause of this topic"
)
GENERIC_UNKNOWN: Final = "404::Unknown channel"
CASE_ONLY: Final = "404::channel names may not vary only by case"
PUBLISH_DENIED: Final = "403:denied_by_security_policy:create_denied"
TOO_LARGE: Final = "413::Maximum Request Size Exceeded"
TOO_BUSY: Final = "503::Server is too busy.  Please try your request again later."

STOP: Final[Mapping[str, Any]] = {"reconnect": "none", "interval": 0}
HANDSHAKE_AGAIN: Final[Mapping[str, Any]] = {"interval": 0, "reconnect": "handshake"}


def invalid_connection_type(name: object) -> str:
    """Refuse what is not long polling."""
    return f"400::Invalid connection type {{{name}}}"


def no_such_channel(channel: str) -> str:
    """Refuse a channel that there is not."""
    return f"400::The channel you requested to subscribe to doesn't exist {{{channel}}}"


def cannot_create(channel: str) -> str:
    """Refuse a channel that only its owner may make."""
    return f"403::Cannot create channel {{{channel}}}"


def no_cookie(client_id: str, cookie: str) -> str:
    """Refuse a client that lost its cookies."""
    return f"400::Client {client_id} has established a session, but no {cookie} cookie present"


def invalid_replay_id(replay_id: object) -> str:
    """Refuse a position that is not retained."""
    return (
        f"400::The replayId {{{replay_id}}} you provided was invalid.  "
        "Please provide a valid ID, -2 to replay all events, or -1 to replay only new events."
    )
