"""Which channels there are, and what of the change log a subscription to one is given."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.changes import ChangeEvent
from connectors.salesforce.simulator.cometd import failures

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["ALL", "Subscription", "open_channel"]

ALL = "/data/ChangeEvents"
_PREFIX = "/data/"


@dataclass(slots=True)
class Subscription:
    """A session's place in one channel: every event up to `position` was given.

    What the user may see is fixed when it is made; a change of permissions counts from the next subscribe on
    (Change Data Capture Developer Guide, "Field-Level Security").
    """

    channel: str
    entities: frozenset[str]
    hidden: dict[str, frozenset[str]]
    position: int
    silent: bool = False
    """Whether it is dead without anybody having been told: a fault, cured by subscribing anew."""

    def takes(self, event: ChangeEvent) -> bool:
        """Say whether an event is for this subscription."""
        return event.entity in self.entities and event.replay_id > self.position


def open_channel(org: "Org", user_id: str, channel: str, position: int) -> Subscription | str:
    """Give a subscription from a position on, or the error that the channel is refused with."""
    if not channel.startswith("/"):
        return failures.NO_LEADING_SLASH
    if channel.startswith(("/meta/", "/service/")):
        return failures.RESTRICTED_CHANNEL
    if not channel.startswith(("/data/", "/event/", "/topic/", "/u/")):
        return failures.cannot_create(channel)
    known = {kind.event_name: name for name, kind in org.objects.items() if kind.change_events}
    if channel == ALL:
        entities = [name for name in known.values() if org.access.may_hear(user_id, name)]
    else:
        entity = known.get(channel.removeprefix(_PREFIX)) if channel.startswith(_PREFIX) else None
        if entity is None:
            return failures.no_such_channel(channel)
        if not org.access.may_hear(user_id, entity):
            return failures.NO_PERMISSION
        entities = [entity]
    hidden = {name: org.access.hidden_fields(user_id, name) for name in entities}
    return Subscription(channel, frozenset(entities), hidden, position)
