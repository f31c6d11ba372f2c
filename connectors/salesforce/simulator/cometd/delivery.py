"""Takes out of the change log what a session has not been given yet, and counts it as delivered."""

from typing import TYPE_CHECKING

import orjson

from connectors.salesforce.simulator.cometd.events import rendered
from connectors.salesforce.simulator.cometd.session import Session

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["LARGEST_RESPONSE", "take", "waiting"]

LARGEST_RESPONSE = 8_000_000
"""Bytes of events in one response. Clients are told to have a buffer of ten megabytes at least."""


def take(org: "Org", session: Session) -> list[bytes]:
    """Give the next messages of all a session's channels in the order of replay ids, and move its places on.

    What was taken is not given again to this session: a client that loses a response must subscribe anew from
    the last id it holds.
    """
    subscriptions = session.heard()
    behind = min((each.position for each in subscriptions), default=org.changes.newest)
    if behind >= org.changes.newest:
        return []
    budget = org.limits.max_delivered_events - org.limits.delivered_events.used
    messages: list[bytes] = []
    size = 0
    for event in org.changes.after(behind):
        takers = [each for each in subscriptions if each.takes(event)]
        if takers and (size > LARGEST_RESPONSE or len(messages) + len(takers) > budget):
            break
        for each in takers:
            data = rendered(event, org.objects[event.entity], each.hidden[event.entity])
            message = b'{"channel":' + orjson.dumps(each.channel) + b',"data":' + data + b"}"
            messages.append(message)
            size += len(message)
        for each in subscriptions:
            each.position = max(each.position, event.replay_id)
    if messages:
        org.limits.delivered_events.add(len(messages))
    return messages


def waiting(org: "Org", session: Session) -> bool:
    """Say whether there is something that a session has not been given."""
    subscriptions = session.heard()
    behind = min((each.position for each in subscriptions), default=org.changes.newest)
    return any(each.takes(event) for event in org.changes.after(behind) for each in subscriptions)
