"""`/meta/subscribe`: from where a channel is followed, and why it may be refused."""

from typing import TYPE_CHECKING

from connectors.salesforce.simulator.cometd import failures
from connectors.salesforce.simulator.cometd.channels import Log, Subscription, open_channel
from connectors.salesforce.simulator.cometd.replies import Message, refuse, reply, subscriptions_of
from connectors.salesforce.simulator.cometd.session import Session
from connectors.salesforce.simulator.faults import Faults

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["subscribe"]

_ONLY_NEW, _ALL_RETAINED = -1, -2


def subscribe(org: "Org", session: Session, message: Message, faults: Faults) -> Message:
    """Follow the channels that a message names, all or none of them; give the reply.

    `ext.replay` maps channels to positions: absent or -1 is what comes, -2 what is retained and what comes,
    and an id what comes after it, if it is retained. Channels in the map that are not named do no harm.
    """
    named = message.get("subscription")
    channels = subscriptions_of(message)
    if not channels:
        return refuse(message, failures.CHANNEL_MISSING, subscription=named)
    if org.limits.delivered_events.used >= org.limits.max_delivered_events:
        return refuse(message, failures.EVENTS_EXCEEDED, failures.STOP, subscription=named)
    ext = message.get("ext")
    replay = ext.get("replay") if isinstance(ext, dict) else None
    wanted = replay if isinstance(replay, dict) else {}
    opened = []
    for channel in channels:
        found = open_channel(org, session.user_id, channel)
        if isinstance(found, str):
            return refuse(message, found, subscription=named)
        log, feed = found
        position = _position(log, wanted.get(channel, _ONLY_NEW), refuse_ids=faults.refuse_replay_ids)
        if position is None:
            return refuse(message, failures.invalid_replay_id(wanted[channel]), subscription=named)
        opened.append(Subscription(channel, log, feed, position, faults.silent_subscribe()))
    session.subscriptions |= {each.channel: each for each in opened}
    return reply(message, subscription=named)


def _position(log: Log, wanted: object, *, refuse_ids: bool) -> int | None:
    """Give the id after which events are wanted, or None for one that cannot be begun from."""
    text = str(wanted)
    if isinstance(wanted, bool) or not text.removeprefix("-").isdecimal():
        return None
    replay_id = int(text)
    if replay_id == _ONLY_NEW:
        return log.newest
    if replay_id == _ALL_RETAINED:
        return 0
    return replay_id if not refuse_ids and log.knows(replay_id) else None
