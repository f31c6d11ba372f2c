"""Takes out of the change log what a session has not been given yet, and counts it as delivered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from connectors.salesforce.simulator.cometd.channels import Log, Subscription
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
    budget = org.limits.max_delivered_events - org.limits.delivered_events.used
    messages: list[bytes] = []
    for log, subscriptions in _by_log(session):
        _take(log, subscriptions, messages, budget)
    if messages:
        org.limits.delivered_events.add(len(messages))
    return messages


def waiting(session: Session) -> bool:
    """Say whether there is something that a session has not been given."""
    return any(
        each.data(event)
        for log, subscriptions in _by_log(session)
        for event in log.after(min(each.position for each in subscriptions))
        for each in subscriptions
    )


def _take(log: Log, subscriptions: Sequence[Subscription], messages: list[bytes], budget: int) -> None:
    behind = min(each.position for each in subscriptions)
    if behind >= log.newest:
        return
    size = sum(map(len, messages))
    for event in log.after(behind):
        given = [
            b'{"channel":' + orjson.dumps(each.channel) + b',"data":' + data + b"}"
            for each in subscriptions
            for data in each.data(event)
        ]
        if given and (size > LARGEST_RESPONSE or len(messages) + len(given) > budget):
            break
        messages += given
        size += sum(map(len, given))
        for each in subscriptions:
            each.position = max(each.position, event.replay_id)


def _by_log(session: Session) -> list[tuple[Log, list[Subscription]]]:
    found: dict[int, tuple[Log, list[Subscription]]] = {}
    for each in session.heard():
        found.setdefault(id(each.log), (each.log, []))[1].append(each)
    return list(found.values())
