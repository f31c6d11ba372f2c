"""The codec with the registry behind it: ids learned at the start, unknown ones asked for once."""

from collections.abc import Iterable

from connectors.kafka.config import KafkaConfig
from connectors.ports import SchemaRegistry
from schemas.base import Record
from schemas.codec import Codec
from schemas.contracts import contract, subject
from schemas.errors import ConfigurationError, UnknownSchemaError
from schemas.topics import Topic, all_topics


class Records:
    """Encodes and decodes records. `decode` never blocks unless the id was never seen before."""

    def __init__(self, registry: SchemaRegistry, codec: Codec) -> None:
        self._registry = registry
        self._codec = codec

    def encode(self, record: Record) -> bytes:
        """Give the wire bytes of a record."""
        return self._codec.encode(record)

    def decode_known(self, data: bytes) -> Record:
        """Read a record whose schema was seen before. Raises a `DecodeError`."""
        return self._codec.decode(data)

    async def decode(self, data: bytes) -> Record:
        """Read a record, asking the registry for a schema id that is new here. Raises a `DecodeError`."""
        try:
            return self._codec.decode(data)
        except UnknownSchemaError as error:
            schema = await self._registry.schema(error.schema_id)
            if schema is None:
                raise
            self._codec.learn(error.schema_id, schema)
            return self._codec.decode(data)


async def connect(
    registry: SchemaRegistry, config: KafkaConfig, topics: Iterable[Topic] | None = None
) -> Records:
    """Learn the ids of these topics' contracts, or of all. Raises `ConfigurationError` if one is missing."""
    codec = Codec()
    for topic in all_topics(config.publish_topics) if topics is None else topics:
        if topic.record is None:
            continue
        text = contract(topic.record)
        name = subject(config.topic(topic.name))
        schema_id = await registry.id_of(name, text)
        if schema_id is None:
            raise ConfigurationError(
                f"the contract of {topic.record.ce_type} is not registered",
                on=f"subject {name}",
                todo="Type: dealwire topics apply",
            )
        codec.learn(schema_id, text)
    return Records(registry, codec)
