"""Which channels there are, and a client's place in one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from connectors.salesforce.simulator.cometd import failures
from connectors.salesforce.simulator.cometd.feeds import ChangeFeed, CustomFeed
from connectors.salesforce.simulator.cometd.posted_channels import PREFIXES, open_posted

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["ALL", "Feed", "Log", "Subscription", "open_channel"]

ALL = "/data/ChangeEvents"
_PREFIX = "/data/"
_CUSTOM = "__chn"


class Log(Protocol):
    """Where events are retained, by replay ids that rise."""

    @property
    def newest(self) -> int:
        """The replay id up to which everything is there."""

    def knows(self, replay_id: int) -> bool:
        """Say whether an id is retained."""

    def after(self, replay_id: int) -> Iterator[Any]:
        """Give what is retained after an id."""


class Feed(Protocol):
    """What a channel gives of a log."""

    def data(self, event: Any) -> list[bytes]:
        """Give the `data` of each message that an event is on this channel; there may be none."""


@dataclass(slots=True)
class Subscription:
    """A session's place in one channel: every event up to `position` was given."""

    channel: str
    log: Log
    feed: Feed
    position: int
    silent: bool = False
    """Whether it is dead without anybody having been told: a fault, cured by subscribing anew."""

    def data(self, event: Any) -> list[bytes]:
        """Give what an event is to this subscription."""
        return self.feed.data(event) if event.replay_id > self.position else []


def open_channel(org: "Org", user_id: str, channel: str) -> tuple[Log, Feed] | str:
    """Give the log and the feed of a channel, or the error that it is refused with."""
    if not channel.startswith("/"):
        return failures.NO_LEADING_SLASH
    if channel.startswith(("/meta/", "/service/")):
        return failures.RESTRICTED_CHANNEL
    if channel.startswith(PREFIXES):
        return open_posted(org, user_id, channel)
    if not channel.startswith(_PREFIX):
        return failures.cannot_create(channel)
    if channel.startswith(_PREFIX) and channel.endswith(_CUSTOM):
        return _custom(org, user_id, channel)
    return _standard(org, user_id, channel)


def _standard(org: "Org", user_id: str, channel: str) -> tuple[Log, Feed] | str:
    known = {kind.event_name: name for name, kind in org.objects.items() if kind.change_events}
    if channel == ALL and known:
        entities = [name for name in known.values() if org.access.may_hear(user_id, name)]
    else:
        entity = known.get(channel.removeprefix(_PREFIX))
        if entity is None:
            return failures.no_such_channel(channel)
        if not org.access.may_hear(user_id, entity):
            return failures.NO_PERMISSION
        entities = [entity]
    return org.changes, ChangeFeed(org, frozenset(entities), _hidden(org, user_id, entities))


def _custom(org: "Org", user_id: str, channel: str) -> tuple[Log, Feed] | str:
    members = org.channels.members(channel.removeprefix(_PREFIX))
    if members is None:
        return failures.no_such_channel(channel)
    heard = {each.entity: each for each in members if org.access.may_hear(user_id, each.entity)}
    return org.changes, CustomFeed(org, heard, _hidden(org, user_id, heard))


def _hidden(org: "Org", user_id: str, entities: Iterable[str]) -> dict[str, frozenset[str]]:
    return {name: org.access.hidden_fields(user_id, name) for name in entities}
