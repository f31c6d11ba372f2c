"""The channels of what is posted: `/event/`, `/topic/`, `/u/`.

Source: Platform Events Developer Guide, "Subscribe to Platform Event Notifications"; Streaming API Developer
Guide, "Filtered Subscriptions", "Generic Streaming".
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from connectors.salesforce.simulator.cometd import failures
from connectors.salesforce.simulator.cometd.push_topics import topic_query
from connectors.salesforce.simulator.event_bus import EventBus, Posted

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["PREFIXES", "PostedFeed", "open_posted"]

PREFIXES = ("/event/", "/topic/", "/u/")
_SCHEMA_ID = 22


@dataclass(frozen=True, slots=True)
class PostedFeed:
    """What of a bus is for one channel: events of its name, whose fields are what a filter says."""

    name: str
    prefix: str
    wanted: Mapping[str, str]
    hidden: frozenset[str]

    def data(self, event: Posted) -> list[bytes]:
        """Give what a subscriber is given for an event: nothing, or its `data`."""
        if event.name != self.name or any(
            str(event.body.get(field)) != value for field, value in self.wanted.items()
        ):
            return []
        return [orjson.dumps(self._shape(event))]

    def _shape(self, event: Posted) -> dict[str, Any]:
        if self.prefix == "/event/":
            told = {"replayId": event.replay_id, "EventUuid": event.uuid}
            return {"schema": _schema_id(event), "payload": event.body, "event": told}
        created = event.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{event.at.microsecond // 1000:03d}Z"
        if self.prefix == "/u/":
            told = {"createdDate": created, "replayId": event.replay_id}
            return {"payload": event.body["payload"], "event": told}
        shown = {name: value for name, value in event.body.items() if name not in self.hidden}
        told = {"createdDate": created, "replayId": event.replay_id, "type": event.kind}
        return {"event": told, "sobject": shown}


def open_posted(org: "Org", user_id: str, channel: str) -> tuple[EventBus, PostedFeed] | str:
    """Give the bus and the feed of a channel, or the error that it is refused with."""
    prefix = next(each for each in PREFIXES if channel.startswith(each))
    if prefix == "/event/":
        name = channel.removeprefix(prefix)
        if name not in org.platform_events.types:
            return failures.no_such_channel(channel)
        return org.platform_events.bus, PostedFeed(name, prefix, {}, frozenset())
    if prefix == "/u/":
        if next(iter(org.children("StreamingChannel", "Name", channel)), None) is None:
            alike = [
                row for row in org.rows("StreamingChannel") if str(row["Name"]).lower() == channel.lower()
            ]
            return failures.CASE_ONLY if alike else failures.GENERIC_UNKNOWN
        return org.generic_events, PostedFeed(channel, prefix, {}, frozenset())
    return _topic(org, user_id, channel)


def _topic(org: "Org", user_id: str, channel: str) -> tuple[EventBus, PostedFeed] | str:
    name, _, condition = channel.removeprefix("/topic/").partition("?")
    topic = next(iter(org.children("PushTopic", "Name", name)), None)
    if topic is None or not topic["IsActive"]:
        return failures.no_such_channel(channel)
    query = topic_query(org, str(topic["Query"]))
    if not org.access.may_hear(user_id, query.entity):
        return failures.TOPIC_ENTITY
    hidden = org.access.hidden_fields(user_id, query.entity)
    if hidden & query.compared:
        return failures.TOPIC_FIELDS
    return org.notifications, PostedFeed(name, "/topic/", dict(parse_qsl(condition)), hidden)


def _schema_id(event: Posted) -> str:
    digest = hashlib.sha256(f"{event.name}:{','.join(event.body)}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_SCHEMA_ID]
