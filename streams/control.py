"""Writes control records, for commands: it blocks until Kafka has them."""

from collections.abc import Iterable

from confluent_kafka import KafkaException, Producer

from connectors.kafka.config import KafkaConfig
from processors.catalogue import control_key
from schemas.codec import cloudevents_headers
from schemas.control import ControlRecord
from schemas.errors import UnavailableError
from schemas.topics import TOPICS
from streams.records import Records

_FLUSH_SECONDS = 30


def write(config: KafkaConfig, records: Records, control: Iterable[ControlRecord]) -> None:
    """Write control records in this order. Raises `UnavailableError` unless Kafka acknowledged them all."""
    topic = config.topic(TOPICS["control"].name)
    failed: list[str] = []

    def delivered(error: object, _message: object) -> None:
        if error is not None:
            failed.append(str(error))

    producer = Producer({**config.librdkafka(), "enable.idempotence": True, "partitioner": "murmur2_random"})
    for record in control:
        key = control_key(record)
        moment = record.at.isoformat() if record.at is not None else ""
        headers = cloudevents_headers(record, subject=key, time=moment)
        try:
            producer.produce(topic, records.encode(record), key, headers=dict(headers), on_delivery=delivered)
        except (KafkaException, BufferError) as error:
            raise UnavailableError(f"Kafka does not take the record: {error}", on=topic) from error
    left = producer.flush(_FLUSH_SECONDS)
    if left or failed:
        raise UnavailableError(
            f"{left + len(failed)} control records were not acknowledged {'; '.join(failed)}",
            on=f"{topic} at {config.bootstrap_servers}",
            todo="Type the command again; what was written is not written twice.",
        )
