"""From where a topic is followed: the presets, and positions that are not retained."""

from enum import IntEnum
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.pubsub.failures import PubSubError
from connectors.salesforce.simulator.pubsub.replay import from_wire

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["Preset", "begin"]


class Preset(IntEnum):
    """Where a subscription begins, by the numbers of the protocol."""

    LATEST = 0
    EARLIEST = 1
    CUSTOM = 2


def begin(org: "Org", preset: int, replay_id: bytes, *, refuse_ids: bool = False) -> int:
    """Give the id after which events are wanted. Raises `PubSubError`."""
    if preset == Preset.EARLIEST:
        return 0
    if preset != Preset.CUSTOM:
        return org.changes.newest
    if not replay_id:
        raise PubSubError(
            "subscription.fetch.replayid.validation.failed",
            "A replay ID is required with the replay preset CUSTOM.",
        )
    position = from_wire(replay_id)
    if position is None or refuse_ids or not org.changes.knows(position):
        raise PubSubError(
            "subscription.fetch.replayid.corrupted",
            "The Replay ID validation failed. Ensure that the Replay ID is valid and within retention.",
        )
    return position
