"""What a channel gives of the change log: of which entities, to whom, with what added."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.change_drafts import Body
from connectors.salesforce.simulator.changes import ChangeEvent
from connectors.salesforce.simulator.cometd.events import enriched, rendered
from connectors.salesforce.simulator.event_channels import Member
from connectors.salesforce.simulator.soql.predicates import Predicate
from connectors.salesforce.simulator.soql.row_filter import row_filter
from connectors.salesforce.simulator.text_diff import TextDiff

if TYPE_CHECKING:
    from connectors.salesforce.simulator.objects import Value
    from connectors.salesforce.simulator.org import Org

__all__ = ["ChangeFeed", "CustomFeed"]

_ENRICHED = ("UPDATE", "DELETE")


@dataclass(slots=True)
class ChangeFeed:
    """The standard channel, or the one of a single entity.

    What the user may see is fixed when it is made; a change of permissions counts from the next subscribe on
    (Change Data Capture Developer Guide, "Field-Level Security").
    """

    org: "Org"
    entities: frozenset[str]
    hidden: Mapping[str, frozenset[str]]

    def data(self, event: ChangeEvent) -> list[bytes]:
        """Give what a subscriber is given for an event: nothing, or its `data`."""
        if not event.selected or event.entity not in self.entities:
            return []
        return [rendered(event, self.org.objects[event.entity], self.hidden[event.entity])]


@dataclass(slots=True)
class CustomFeed:
    """A custom channel. Its events are filtered, and those with fields added are one for each record.

    Several messages may so have one replay id. The added values are those of the moment of delivery. Gap and
    overflow events are neither filtered nor added to; what a filter compares is the event's own fields and
    the added ones, which is our reading of the guide.
    """

    org: "Org"
    members: Mapping[str, Member]
    hidden: Mapping[str, frozenset[str]]
    _filters: dict[str, Predicate] = field(init=False)

    def __post_init__(self) -> None:
        self._filters = {
            name: row_filter(self.org, name, member.condition)
            for name, member in self.members.items()
            if member.condition
        }

    def data(self, event: ChangeEvent) -> list[bytes]:
        """Give what a subscriber is given for an event: `data` for each message of it."""
        member = self.members.get(event.entity)
        if member is None:
            return []
        kind, hidden = self.org.objects[event.entity], self.hidden[event.entity]
        if event.change_type.startswith("GAP_"):
            return [rendered(event, kind, hidden)]
        passing = [
            (record_id, body)
            for record_id in event.record_ids
            if self._passes(event.entity, body := self._body(event, member, record_id))
        ]
        if member.added and event.change_type in _ENRICHED:
            return [enriched(event, kind, hidden, record_id, body) for record_id, body in passing]
        # All records of a merged event have the same fields, so they pass together.
        return [rendered(event, kind, hidden)] if passing else []

    def _body(self, event: ChangeEvent, member: Member, record_id: str) -> Body:
        if not member.added or event.change_type not in _ENRICHED:
            return event.body
        row = self.org.get(event.entity, record_id, include_deleted=True) or {}
        more = {
            item.name: value
            for item in member.added
            if item.name not in event.body and (value := row.get(item.name)) is not None
        }
        return {**event.body, **more}

    def _passes(self, entity: str, body: Body) -> bool:
        test = self._filters.get(entity)
        if test is None:
            return True
        row: dict[str, Value] = {
            name: value for name, value in body.items() if not isinstance(value, TextDiff)
        }
        return test(row)
