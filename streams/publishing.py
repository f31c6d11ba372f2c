"""Events into Kafka, pipelined: no record waits for another's round trip, and a bounded number are sent."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.producer import Producer
from connectors.ports import Malformed, Received
from processors.checkpointing import AcknowledgedPrefix, Ticket
from schemas.change import Change
from schemas.codec import cloudevents_headers
from schemas.dead_letter import TOPIC
from schemas.ids import record_key
from schemas.topics import topic_of
from streams import dead_letters
from streams.job import Headers, Origin
from streams.records import Records
from streams.tracing import child, continued

__all__ = ["REPLAY_ID_HEADER", "Publisher", "change_message"]

REPLAY_ID_HEADER = "ce_replayid"
_IN_FLIGHT = 5000
_NO_OFFSET = -1
_Message = tuple[str, str, bytes, Headers]

log = structlog.get_logger(__name__)


class Publisher:
    """Sends the changes of events, and tells the prefix which events Kafka has.

    `on_moved` is called when the prefix moved, `on_failed` once for a record that Kafka gave back: then
    nothing after it may count, and the process must end.
    """

    def __init__(
        self,
        producer: Producer,
        records: Records,
        kafka: KafkaConfig,
        *,
        on_moved: Callable[[], None],
        on_failed: Callable[[BaseException], None],
    ) -> None:
        self._producer = producer
        self._records = records
        self._kafka = kafka
        self._on_moved = on_moved
        self._on_failed = on_failed
        self._room = asyncio.Semaphore(_IN_FLIGHT)

    async def publish(
        self, prefix: AcknowledgedPrefix, ticket: Ticket, received: Received, changes: Sequence[Change]
    ) -> None:
        """Start sending what is to be kept of an event; waits only for room."""
        messages = [change_message(self._records, change) for change in changes]
        if received.malformed is not None:
            messages.append(self._set_aside(received, received.malformed))
        left = len(messages)

        def delivered(future: "asyncio.Future[None]") -> None:
            nonlocal left
            self._room.release()
            error = asyncio.CancelledError() if future.cancelled() else future.exception()
            if error is not None:
                self._on_failed(error)
                return
            left -= 1
            if not left and prefix.acknowledged(ticket):
                self._on_moved()

        if not messages and prefix.acknowledged(ticket):
            self._on_moved()
        for topic, key, value, headers in messages:
            await self._room.acquire()
            sent = await self._producer.send(self._kafka.topic(topic), key.encode(), value, headers)
            sent.add_done_callback(delivered)

    def _set_aside(self, received: Received, malformed: Malformed) -> _Message:
        log.error("event set aside", channel=received.channel, error=str(malformed.error))
        headers = dead_letters.headers(
            [(REPLAY_ID_HEADER, received.replay_id.encode())],
            Origin(received.channel, _NO_OFFSET, _NO_OFFSET, received.at),
            malformed.error,
            agent="subscriber",
            at=received.at,
        )
        return TOPIC, received.channel, malformed.raw, headers


def change_message(records: Records, change: Change) -> _Message:
    """Give a change as Kafka gets it: topic (without prefix), key, value and headers."""
    key = record_key(change.org_id, change.record_id)
    headers = cloudevents_headers(
        change,
        subject=key,
        time=_text(change.commit_time),
        traceparent=child(continued(None, change.id), change.id),
    )
    headers.append((REPLAY_ID_HEADER, change.replay_id.encode()))
    return topic_of(change).name, key, records.encode(change), headers


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")
