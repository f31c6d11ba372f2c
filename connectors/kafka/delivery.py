"""Sends records from inside agents: a send has happened when its future is done, and not before.

One idempotent aiokafka producer serves every agent of a process. Idempotent batches are retried by the
client until the broker has them in order, however long Kafka is away; an unreachable cluster therefore holds
an agent still and loses nothing. Only what can never succeed (a record too large, a topic that refuses us)
comes back as an error.

Delivery guarantee: at least once, in the order of `send` per key.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, MessageSizeTooLargeError

from connectors.kafka.config import KafkaConfig
from connectors.kafka.pulse import Pulse
from schemas.errors import RefusedError, UnavailableError

_LINGER_MS = 5
_BATCH_BYTES = 256 * 1024
_REQUEST_TIMEOUT_MS = 60_000
_RETRY_SECONDS = 0.5
MAX_REQUEST_BYTES = 6 * 1024 * 1024
"""The largest record of any topic with key and headers; the real limit is a topic's `max.message.bytes`."""

log = structlog.get_logger(__name__)


def aiokafka_settings(config: KafkaConfig) -> dict[str, Any]:
    """Give the settings every aiokafka client starts from. Holds the password: never log it."""
    settings: dict[str, Any] = {
        "bootstrap_servers": config.bootstrap_servers,
        "client_id": config.client_id,
        "security_protocol": config.security_protocol,
    }
    if config.security_protocol in ("SSL", "SASL_SSL"):
        settings["ssl_context"] = ssl.create_default_context(cafile=config.ssl_ca_file)
    if config.sasl_mechanism is not None:
        settings["sasl_mechanism"] = config.sasl_mechanism
    if config.sasl_username is not None and config.sasl_password is not None:
        settings["sasl_plain_username"] = config.sasl_username
        settings["sasl_plain_password"] = config.sasl_password.get_secret_value()
    return settings


class Delivery:
    """The producer of a process. Start it before the agents, stop it after them.

    `on_retry` is called each time Kafka did not take a record at once.
    """

    def __init__(
        self, config: KafkaConfig, *, pulse: Pulse | None = None, on_retry: Callable[[], None] = lambda: None
    ) -> None:
        self._config = config
        self._pulse = pulse
        self._on_retry = on_retry
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect. Raises `UnavailableError` if no broker answers."""
        producer = AIOKafkaProducer(
            **aiokafka_settings(self._config),
            acks="all",
            enable_idempotence=True,
            linger_ms=_LINGER_MS,
            max_batch_size=_BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
        try:
            await producer.start()
        except KafkaConnectionError as error:
            await producer.stop()
            raise UnavailableError(
                f"Kafka at {self._config.bootstrap_servers} does not answer: {error}",
                todo="Check [kafka] bootstrap_servers, or start one here: dealwire sandbox up",
            ) from error
        self._producer = producer

    async def stop(self) -> None:
        """Send what was accepted and disconnect."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
    ) -> asyncio.Future[Any]:
        """Accept a record for a topic by its full name; the future is done when Kafka has it.

        Waits while Kafka is unreachable. Raises `RefusedError` for a record over the size limit, and
        `FrozenError` if this process may have lost its partitions.
        """
        if self._pulse is not None:
            self._pulse.check()
        if self._producer is None:
            raise UnavailableError("the producer is not running", on=topic)
        while True:
            try:
                future: asyncio.Future[Any] = await self._producer.send(
                    topic, value, key=key, partition=partition, headers=list(headers)
                )
            except MessageSizeTooLargeError as error:
                raise RefusedError(
                    f"the record of {len(value or b'')} bytes is larger than Kafka may take", on=topic
                ) from error
            except (KafkaTimeoutError, KafkaConnectionError) as error:
                self._on_retry()
                log.warning("kafka unreachable, trying again", topic=topic, error=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return future
