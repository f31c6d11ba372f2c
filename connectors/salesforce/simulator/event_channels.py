"""Custom channels: which entities are on them, which of their events, and what is added to those.

Source: Change Data Capture Developer Guide, "Enrich Change Events with Extra Fields", "Event Enrichment
Considerations", "Filter Your Stream of Change Events"; Tooling API, "PlatformEventChannelMember".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects import FieldType, ObjectType, Row

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["EventChannels", "Member"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,70}__chn", re.ASCII)
_MEMBER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,200}", re.ASCII)
_MOST_ENRICHED = 10
_MOST_CHANNELS = 100
_CHANNEL, _MEMBER = "PlatformEventChannel", "PlatformEventChannelMember"


@dataclass(frozen=True, slots=True)
class Member:
    """An entity on a channel. `added` are the fields that its updates and deletes carry besides."""

    entity: str
    added: tuple[FieldType, ...]
    condition: str


class EventChannels:
    """The custom channels of an org. Refusals are `DmlError`."""

    def __init__(self, org: "Org") -> None:
        self._org = org
        self._members: dict[str, Member] = {}
        self._metadata: dict[str, Mapping[str, Any]] = {}

    def members(self, channel: str) -> list[Member] | None:
        """Give what is on a channel, by its full name; None if there is no such channel."""
        if self._named(_CHANNEL, channel) is None:
            return None
        rows = self._org.children(_MEMBER, "EventChannel", channel)
        return [self._members[str(row["Id"])] for row in rows]

    def metadata(self, record_id: str) -> Mapping[str, Any]:
        """Give the metadata that a channel or a member was made with."""
        return self._metadata[record_id]

    def add_channel(self, full_name: str, metadata: Mapping[str, Any]) -> str:
        """Make a channel, and give its id."""
        if not _NAME.fullmatch(full_name):
            raise DmlError("INVALID_INPUT", f"{full_name} does not end in __chn", ("FullName",))
        if metadata.get("channelType") != "data":
            raise DmlError("INVALID_INPUT", "channelType: only data channels can be made here", ("Metadata",))
        self._new(_CHANNEL, full_name)
        if self._org.count(_CHANNEL) >= _MOST_CHANNELS:
            raise DmlError("LIMIT_EXCEEDED", f"at most {_MOST_CHANNELS} channels can be made")
        label = str(metadata.get("label") or full_name.removesuffix("__chn"))
        return self._store(
            _CHANNEL,
            {
                "FullName": full_name,
                "DeveloperName": full_name.removesuffix("__chn"),
                "MasterLabel": label,
                "ChannelType": "data",
            },
            metadata,
        )

    def add_member(self, full_name: str, metadata: Mapping[str, Any]) -> str:
        """Put an entity on a channel, and give the member's id. The filter is checked by the caller."""
        if not _MEMBER_NAME.fullmatch(full_name):
            raise DmlError("INVALID_INPUT", f"{full_name}: not a name", ("FullName",))
        channel, selected = str(metadata.get("eventChannel")), str(metadata.get("selectedEntity"))
        on_channel = self.members(channel)
        if on_channel is None:
            raise DmlError("INVALID_CROSS_REFERENCE_KEY", f"there is no channel {channel}", ("EventChannel",))
        kind = self.entity(selected)
        self._new(_MEMBER, full_name)
        if any(each.entity == kind.name for each in on_channel):
            raise DmlError("DUPLICATE_VALUE", f"{selected} is on {channel} already", ("SelectedEntity",))
        self._check_allocation(kind.name)
        condition = str(metadata.get("filterExpression") or "")
        member = Member(kind.name, _added(kind, metadata.get("enrichedFields") or []), condition)
        record_id = self._store(
            _MEMBER,
            {
                "FullName": full_name,
                "DeveloperName": full_name,
                "EventChannel": channel,
                "SelectedEntity": selected,
                **({"FilterExpression": condition} if condition else {}),
            },
            metadata,
        )
        self._members[record_id] = member
        self._tell()
        return record_id

    def remove(self, kind: str, record_id: str) -> None:
        """Take away a member, or a channel that has none."""
        row = self._org.get(kind, record_id)
        if row is None:
            raise DmlError("NOT_FOUND", "The requested resource does not exist")
        if kind == _CHANNEL and self.members(str(row["FullName"])):
            raise DmlError("DELETE_FAILED", f"{row['FullName']!s} has members")
        self._org.store.forget(kind, str(row["Id"]))
        self._members.pop(str(row["Id"]), None)
        self._metadata.pop(str(row["Id"]), None)
        self._tell()

    def entity(self, selected: str) -> ObjectType:
        """Find the object of a change event."""
        for kind in self._org.objects.values():
            if kind.change_events and kind.event_name == selected:
                return kind
        raise DmlError("INVALID_INPUT", f"{selected} is no change event", ("SelectedEntity",))

    def _named(self, kind: str, full_name: str) -> Row | None:
        return next(iter(self._org.children(kind, "FullName", full_name)), None)

    def _new(self, kind: str, full_name: str) -> None:
        if self._named(kind, full_name) is not None:
            raise DmlError("DUPLICATE_DEVELOPER_NAME", f"{full_name} is there already", ("FullName",))

    def _check_allocation(self, entity: str) -> None:
        changes, most = self._org.changes, self._org.limits.allocation.selected_entities
        if len({*changes.selected, *changes.on_channels, entity}) > most:
            raise DmlError("LIMIT_EXCEEDED", f"at most {most} entities can be selected over all channels")

    def _store(self, kind: str, values: Mapping[str, str], metadata: Mapping[str, Any]) -> str:
        record_id = self._org.ids.mint(self._org.objects[kind].key_prefix)
        stamp = self._org.clock.now().replace(microsecond=0)
        self._org.store.put(kind, {"Id": record_id, "IsDeleted": False, **values, "SystemModstamp": stamp})
        self._metadata[record_id] = metadata
        return record_id

    def _tell(self) -> None:
        self._org.changes.on_channels = {each.entity for each in self._members.values()}


def _added(kind: ObjectType, wanted: object) -> tuple[FieldType, ...]:
    """Find the fields that are to be added: by name, by relationship, or all of a compound one.

    A relationship means its id: nothing is read from the parent.
    """
    names = (
        [str(each.get("name")) for each in wanted if isinstance(each, dict)]
        if isinstance(wanted, list)
        else []
    )
    if len(names) > _MOST_ENRICHED:
        raise DmlError("LIMIT_EXCEEDED", f"at most {_MOST_ENRICHED} fields can be added", ("EnrichedFields",))
    added: list[FieldType] = []
    for name in names:
        found = [
            item
            for item in kind.fields
            if item.in_events and name in {item.name, item.relationship_name, item.compound}
        ]
        if not found or any(item.type == "textarea" and not item.filterable for item in found):
            raise DmlError(
                "INVALID_FIELD", f"{name} cannot be added to events of {kind.name}", ("EnrichedFields",)
            )
        added += found
    return tuple(dict.fromkeys(added))
