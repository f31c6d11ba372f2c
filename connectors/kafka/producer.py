"""librdkafka's producer for asyncio: headers, futures, no thread per send.

The client's own asyncio producer takes no headers and may send a batch twice. Here one thread polls for
delivery reports and hands them to the event loop in batches.

Delivery guarantee: at least once to each call of `send`, in the order of the calls per key; idempotent, so a
retry of the client adds nothing. A record is in Kafka when its future is done. The client tries for ever
while the cluster is away, so that no record can overtake one that was given up.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from functools import partial

import structlog
from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as LibrdkafkaProducer

from connectors.kafka.config import KafkaConfig
from schemas.errors import RefusedError, UnavailableError

__all__ = ["Producer"]

_POLL_S = 0.1
_ROOM_S = 0.01
_FLUSH_S = 30.0
_LINGER_MS = 5
_QUEUED_KIB = 128 * 1024
_MAX_REQUEST_BYTES = 5 * 1024 * 1024
"""A 4 MiB record with its key and headers; the topics' `max.message.bytes` is the real limit."""

log = structlog.get_logger(__name__)
_Report = tuple["asyncio.Future[None]", KafkaError | None]


class Producer:
    """The producer of a process. Make it inside the event loop that uses it.

    The partitioner is murmur2, as Java clients and Faust have it.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._fatal: KafkaError | None = None
        self._reports: deque[_Report] = deque()
        settings = {
            **config.librdkafka(),
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": _LINGER_MS,
            "compression.type": "gzip",
            "message.max.bytes": _MAX_REQUEST_BYTES,
            "message.timeout.ms": 0,
            "queue.buffering.max.kbytes": _QUEUED_KIB,
            "error_cb": self._on_error,
        }
        self._client = LibrdkafkaProducer(settings, logger=logging.getLogger("librdkafka"))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="kafka-producer", daemon=True)
        self._thread.start()

    async def send(
        self, topic: str, key: bytes, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> "asyncio.Future[None]":
        """Accept a record for a topic by its full name; the future is done when Kafka has it.

        Waits while there is no room, as when Kafka is away. Raises `RefusedError` for a record that can never
        be sent; the future raises it for one that Kafka refuses, and `UnavailableError` after a fatal error.
        """
        future = self._loop.create_future()
        while True:
            if self._fatal is not None:
                raise self._sorted(self._fatal, topic)
            try:
                self._client.produce(
                    topic, value, key, headers=list(headers), on_delivery=partial(self._report, future)
                )
            except BufferError:
                await asyncio.sleep(_ROOM_S)
            except KafkaException as error:
                raise self._sorted(error.args[0], topic) from error
            else:
                return future

    async def close(self, timeout_seconds: float = _FLUSH_S) -> None:
        """Wait for what was accepted, then stop. Raises `UnavailableError` if it did not all get through."""
        try:
            left = await asyncio.to_thread(self._client.flush, timeout_seconds)
        finally:
            self._closing.set()
            await asyncio.to_thread(self._thread.join)
        if left:
            self._client.purge()  # what is let go of must not keep the process from ending
            raise UnavailableError(
                f"{left} records are not acknowledged by Kafka after {timeout_seconds:.0f} seconds",
                on=self._config.bootstrap_servers,
                todo="They are sent again from the last checkpoint.",
            )

    def _report(self, future: "asyncio.Future[None]", error: KafkaError | None, _message: Message) -> None:
        self._reports.append((future, error))

    def _poll(self) -> None:
        while not self._closing.is_set():
            self._client.poll(_POLL_S)
            self._hand_over()
        self._hand_over()

    def _hand_over(self) -> None:
        reports = []
        while self._reports:  # `flush` may append from another thread, only this one takes
            reports.append(self._reports.popleft())
        if reports and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, reports)

    def _settle(self, reports: Sequence[_Report]) -> None:
        for future, error in reports:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(self._sorted(error, "delivery"))

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error
        log.warning("kafka producer", error=error.str(), fatal=error.fatal())

    def _sorted(self, error: KafkaError, on: str) -> RefusedError | UnavailableError:
        if error.fatal() or error.retriable() or self._fatal is not None:
            return UnavailableError(
                f"the Kafka producer cannot go on: {error.str()}",
                on=on,
                todo="Start the process again; it resumes from its last checkpoint.",
            )
        return RefusedError(
            f"Kafka refuses a record: {error.str()}",
            on=on,
            todo="Check the topic and its limits (dealwire topics check), and the ACLs of this login.",
        )
