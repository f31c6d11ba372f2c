"""The Pub/Sub API of one org, apart from gRPC: what each call is answered with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from connectors.salesforce.simulator.faults import Faults
from connectors.salesforce.simulator.pubsub.admission import admit
from connectors.salesforce.simulator.pubsub.failures import PubSubError
from connectors.salesforce.simulator.pubsub.schema import EventSchema
from connectors.salesforce.simulator.pubsub.schemas import Schemas
from connectors.salesforce.simulator.pubsub.stream import Stream
from connectors.salesforce.simulator.pubsub.subscribing import begin
from connectors.salesforce.simulator.pubsub.timing import Timing
from connectors.salesforce.simulator.pubsub.topics import find_topic

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["PubSubService", "TopicFacts"]


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What GetTopic tells."""

    name: str
    can_publish: bool
    can_subscribe: bool
    schema_id: str


class PubSubService:
    """Answers calls of users who were admitted."""

    def __init__(self, org: "Org", faults: Faults, timing: Timing) -> None:
        self.org = org
        self.faults = faults
        self.timing = timing
        self.schemas = Schemas(org.objects)
        self._calls = 0

    def rpc_id(self) -> str:
        """Give the id of a call, which is different for each and repeats with the seed."""
        self._calls += 1
        return str(UUID(int=self.org.seed << 64 | self._calls))

    def admit(self, metadata: Mapping[str, str]) -> str:
        """Give the id of the user that calls. Raises `PubSubError`."""
        return admit(self.org, metadata)

    def topic(self, user_id: str, name: str) -> TopicFacts:
        """Say what a topic is. Raises `PubSubError`."""
        topic = find_topic(self.org, name)
        heard = any(self.org.access.may_hear(user_id, entity) for entity in topic.entities)
        schema = self.schemas.of(topic.single).id if topic.single else ""
        return TopicFacts(topic.name, can_publish=False, can_subscribe=heard, schema_id=schema)

    def schema(self, schema_id: str) -> EventSchema:
        """Give a schema by its id. Raises `PubSubError`."""
        found = self.schemas.find(schema_id)
        if found is None:
            raise PubSubError("schema.validation.failed", f"There is no schema with the ID {schema_id!r}.")
        return found

    @contextmanager
    def place(self) -> Iterator[None]:
        """Count a stream for as long as it is open. Raises `PubSubError` if there are too many."""
        limits = self.org.limits
        if limits.pubsub_streams >= limits.max_pubsub_streams:
            raise PubSubError(
                "concurrent.client.limit.exceeded", "The org has as many concurrent streams as it may have."
            )
        limits.pubsub_streams += 1
        try:
            yield
        finally:
            limits.pubsub_streams -= 1

    def subscribe(self, user_id: str, topic_name: str, preset: int, replay_id: bytes) -> Stream:
        """Open a stream. Raises `PubSubError`."""
        topic = find_topic(self.org, topic_name)
        position = begin(self.org, preset, replay_id, refuse_ids=self.faults.refuse_replay_ids)
        return Stream(
            self.org,
            self.schemas,
            self.timing,
            self.faults.pubsub,
            user_id=user_id,
            topic=topic,
            position=position,
        )
