"""Faults of the Streaming API by name: every documented refusal, and what goes wrong without a word.

Source: Streaming API Developer Guide, "Streaming API Error Codes", "Handling Streaming API Errors". Where the
guide leaves open in which message a refusal stands, the choice is ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from connectors.salesforce.simulator.cometd import failures
from connectors.salesforce.simulator.cometd.server import CometdServer
from connectors.salesforce.simulator.faults import Denial, HttpFault, Storm
from schemas.errors import UsageError

__all__ = ["NAMES", "REFUSALS", "UnknownFaultError", "inflict"]

_HANDSHAKE, _CONNECT, _SUBSCRIBE = "/meta/handshake", "/meta/connect", "/meta/subscribe"
_NO_SESSION = '[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]'
_FORBIDDEN = '[{"message":"The request has been refused","errorCode":"API_DISABLED_FOR_ORG"}]'
_TOO_MUCH = 17 * 1024 * 1024
_LATE = timedelta(seconds=2)


class UnknownFaultError(UsageError):
    """There is no fault of this name."""


def _plain(channel: str, reason: str) -> Denial:
    return Denial(channel, reason, plain=True)


def _lost(channel: str, reason: str) -> Denial:
    return Denial(channel, reason, plain=True, reconnect="handshake")


REFUSALS: Final[Mapping[str, Denial]] = {
    "version-missing": _plain(_HANDSHAKE, failures.NO_VERSION),
    "version-unsupported": _plain(_HANDSHAKE, failures.UNSUPPORTED_VERSION),
    "connection-type-invalid": _plain(_CONNECT, failures.invalid_connection_type("websocket")),
    "channel-unknown": _plain(_SUBSCRIBE, failures.no_such_channel("{subscription}")),
    "channel-unknown-in-old-words": _plain(
        _SUBSCRIBE, "400::The channel you requested to subscribe to does not exist {{subscription}}"
    ),
    "channel-missing": _plain(_SUBSCRIBE, failures.CHANNEL_MISSING),
    "channel-without-slash": _plain(_SUBSCRIBE, failures.NO_LEADING_SLASH),
    "cookie-missing": _plain(_CONNECT, failures.no_cookie("{client}", "BAYEUX_BROWSER")),
    "cookie-missing-at-subscribe": _plain(_SUBSCRIBE, failures.no_cookie("{client}", "sfdc-stream")),
    "replay-id-invalid": _plain(_SUBSCRIBE, failures.invalid_replay_id(421337)),
    "user-other": _plain(_CONNECT, failures.OTHER_USER),
    "user-other-at-subscribe": _plain(_SUBSCRIBE, failures.OTHER_USER),
    "authentication-invalid": _plain(_CONNECT, failures.AUTHENTICATION_INVALID),
    "authentication-invalid-at-handshake": Denial(_HANDSHAKE, failures.AUTHENTICATION_INVALID),
    "authentication-missing": Denial(_HANDSHAKE, failures.NOT_AUTHENTICATED),
    "handshake-denied": _plain(_HANDSHAKE, failures.HANDSHAKE_DENIED),
    "handshake-denied-by-policy": _plain(_HANDSHAKE, failures.PUBLISH_DENIED),
    "handshake-not-completed": _lost(_SUBSCRIBE, failures.NO_HANDSHAKE),
    "unknown-client": _lost(_CONNECT, failures.UNKNOWN_CLIENT),
    "unknown-client-at-subscribe": _lost(_SUBSCRIBE, failures.UNKNOWN_CLIENT),
    "clients-exceeded": Denial(_HANDSHAKE, failures.CLIENTS_EXCEEDED),
    "events-exceeded": _plain(_CONNECT, failures.EVENTS_EXCEEDED),
    "events-exceeded-at-subscribe": _plain(_SUBSCRIBE, failures.EVENTS_EXCEEDED),
    "topic-full": _plain(_SUBSCRIBE, "403::Subscription limit exceeded for this topic"),
    "channel-not-created": _plain(_SUBSCRIBE, failures.cannot_create("{subscription}")),
    "channel-restricted": _plain(_SUBSCRIBE, failures.RESTRICTED_CHANNEL),
    "permission-missing": _plain(_SUBSCRIBE, failures.NO_PERMISSION),
    "permission-missing-in-other-words": _plain(
        _SUBSCRIBE, "403::User not allowed to subscribe CDC without required permissions"
    ),
    "entity-inaccessible": _plain(_SUBSCRIBE, failures.TOPIC_ENTITY),
    "where-fields-inaccessible": _plain(_SUBSCRIBE, failures.TOPIC_FIELDS),
    "connections-exceeded": Denial(
        _HANDSHAKE,
        "403::To protect all customers from excessive use and denial of service attacks, we limit the number "
        "of simultaneous connections per server. Your request has been denied because this limit has been "
        "exceeded.",
    ),
    "request-too-large": _plain(_SUBSCRIBE, failures.TOO_LARGE),
    "busy-at-handshake": Denial(_HANDSHAKE, failures.TOO_BUSY),
    "busy-at-connect": Denial(_CONNECT, failures.TOO_BUSY),
    "busy-at-subscribe": Denial(_SUBSCRIBE, failures.TOO_BUSY),
    "generic-not-created": _plain(_SUBSCRIBE, "403::Unable to create channel dynamically"),
    "generic-no-access": _plain(_SUBSCRIBE, "403::No access on channel"),
    "generic-unknown": _plain(_SUBSCRIBE, failures.GENERIC_UNKNOWN),
    "generic-case": _plain(_SUBSCRIBE, failures.CASE_ONLY),
}
"""The documented refusals. Each is of the next message on its meta channel."""


def _http(**more: object) -> Callable[[CometdServer, int, str], None]:
    fault = replace(HttpFault("^/cometd"), **more)  # type: ignore[arg-type] # the names are checked by replace

    def script(server: CometdServer, times: int, _channel: str) -> None:
        server.bayeux.faults.http.append(replace(fault, times=times))

    return script


def _storm(**advice: object) -> Callable[[CometdServer, int, str], None]:
    def script(server: CometdServer, times: int, _channel: str) -> None:
        server.bayeux.faults.storm = Storm(dict(advice), times)
        server.wake()

    return script


def _repeat(server: CometdServer, times: int, _channel: str) -> None:
    server.bayeux.faults.repeats += times


def _pad(server: CometdServer, _times: int, _channel: str) -> None:
    server.bayeux.faults.padding = _TOO_MUCH


def _restart(server: CometdServer, _times: int, _channel: str) -> None:
    server.restart()


def _drop(server: CometdServer, _times: int, _channel: str) -> None:
    server.drop_clients()


def _expire(server: CometdServer, _times: int, _channel: str) -> None:
    server.bayeux.org.sessions.expire_all()


def _silence(server: CometdServer, _times: int, channel: str) -> None:
    server.silence(channel)


def _silent_subscribe(server: CometdServer, times: int, _channel: str) -> None:
    server.bayeux.faults.silent_subscribes += times


def _delay(server: CometdServer, _times: int, _channel: str) -> None:
    server.bayeux.org.changes.delay = _LATE


def _gap(server: CometdServer, times: int, _channel: str) -> None:
    server.bayeux.org.changes.gaps_to_come += times


def _migrate(server: CometdServer, _times: int, _channel: str) -> None:
    server.bayeux.org.changes.forget_all()
    server.drop_clients()


_MISHAPS: Final[Mapping[str, Callable[[CometdServer, int, str], None]]] = {
    "server-restart": _restart,
    "clients-forgotten": _drop,
    "sessions-expired": _expire,
    "http-401": _http(status=401, body=_NO_SESSION, content_type="application/json"),
    "http-403": _http(status=403, body=_FORBIDDEN, content_type="application/json"),
    "http-503": _http(status=503),
    "login-page": _http(status=200),
    "connection-refused": _http(kill="before"),
    "answer-cut": _http(kill="after"),
    "advice-storm": _storm(reconnect="handshake", interval=0),
    "advice-storm-retry": _storm(reconnect="retry", interval=0),
    "advice-storm-none": _storm(reconnect="none", interval=0),
    "answer-too-large": _pad,
    "silent-subscription": _silence,
    "silent-subscribe": _silent_subscribe,
    "duplicates": _repeat,
    "delay": _delay,
    "gap": _gap,
    "migration": _migrate,
}

NAMES: Final = frozenset(REFUSALS) | frozenset(_MISHAPS)
"""Every name."""


def inflict(server: CometdServer, name: str, *, times: int = 1, channel: str = "/data/ChangeEvents") -> None:
    """Let what a name stands for go wrong, `times` times where it can be counted.

    `channel` is whose subscriptions fall silent. Raises `UnknownFaultError`.
    """
    refusal = REFUSALS.get(name)
    if refusal is not None:
        server.bayeux.faults.denials.append(replace(refusal, times=times))
        return
    mishap = _MISHAPS.get(name)
    if mishap is None:
        raise UnknownFaultError(
            f"there is no fault {name!r}", todo=f"Use one of: {', '.join(sorted(NAMES))}."
        )
    mishap(server, times, channel)
