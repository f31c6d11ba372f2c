"""Which topics there are, and what of the change log one of them carries."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.pubsub.failures import PubSubError

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["ALL", "Topic", "find_topic"]

ALL = "/data/ChangeEvents"
_DATA = "/data/"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `entities` are the objects whose changes it carries."""

    name: str
    entities: frozenset[str]

    @property
    def single(self) -> str | None:
        """Its only object, if it has one: then permission is asked for when it is subscribed to."""
        return next(iter(self.entities)) if self.name != ALL else None


def find_topic(org: "Org", name: str) -> Topic:
    """Give a topic by its name. Raises `PubSubError`."""
    if not name:
        raise PubSubError("topic.validation.empty", "The topic name is empty.")
    known = {kind.event_name: entity for entity, kind in org.objects.items() if kind.change_events}
    if name == ALL and known:
        return Topic(name, frozenset(known.values()))
    entity = known.get(name.removeprefix(_DATA)) if name.startswith(_DATA) else None
    if entity is None:
        raise PubSubError("topic.not.found", f"The topic {name} does not exist or you have no access to it.")
    return Topic(name, frozenset((entity,)))
