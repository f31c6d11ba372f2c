"""The Pub/Sub API behind gRPC: reads requests, waits, writes responses, ends calls with a status."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import grpc

from connectors.salesforce.pubsub_api import pubsub_api_pb2 as pb
from connectors.salesforce.pubsub_api.pubsub_api_pb2_grpc import PubSubServicer
from connectors.salesforce.simulator.pubsub.failures import PubSubError
from connectors.salesforce.simulator.pubsub.news import News
from connectors.salesforce.simulator.pubsub.replay import to_wire
from connectors.salesforce.simulator.pubsub.service import PubSubService
from connectors.salesforce.simulator.pubsub.stream import Batch, Stream

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]

__all__ = ["Servicer"]


class Servicer(PubSubServicer):
    """The calls of `eventbus.v1.PubSub`. Streams look again when the org changes or its clock moves."""

    def __init__(self, service: PubSubService) -> None:
        self._service = service
        self._news = News()
        service.org.changes.watch(self._news.tell)
        service.org.clock.watch(self._news.tell)

    def wake(self) -> None:
        """Have every stream look again."""
        self._news.tell()

    async def GetTopic(self, request: pb.TopicRequest, context: "Context") -> pb.TopicInfo:  # noqa: N802 - the name of the call
        """Say what a topic is."""
        async with self._call(context) as (user_id, rpc_id):
            self._service.faults.pubsub.refuse("GetTopic")
            facts = self._service.topic(user_id, request.topic_name)
            return pb.TopicInfo(
                topic_name=facts.name,
                tenant_guid=self._service.org.org_id,
                can_publish=facts.can_publish,
                can_subscribe=facts.can_subscribe,
                schema_id=facts.schema_id,
                rpc_id=rpc_id,
            )

    async def GetSchema(self, request: pb.SchemaRequest, context: "Context") -> pb.SchemaInfo:  # noqa: N802 - the name of the call
        """Give a schema."""
        async with self._call(context) as (_user_id, rpc_id):
            self._service.faults.pubsub.refuse("GetSchema")
            schema = self._service.schema(request.schema_id)
            return pb.SchemaInfo(schema_json=schema.json, schema_id=schema.id, rpc_id=rpc_id)

    async def Subscribe(  # noqa: N802 - the name of the call
        self, requests: AsyncIterator[pb.FetchRequest], context: "Context"
    ) -> None:
        """Follow a topic for as long as the subscriber asks for events."""
        async with self._call(context) as (user_id, rpc_id):
            first = await anext(requests, None)
            if first is None:
                return
            stream = self._service.subscribe(user_id, first.topic_name, first.replay_preset, first.replay_id)
            stream.request(first.num_requested)
            with self._service.place():
                reading = asyncio.create_task(self._read(requests, stream))
                try:
                    await self._deliver(stream, reading, context, rpc_id)
                finally:
                    reading.cancel()

    async def _read(self, requests: AsyncIterator[pb.FetchRequest], stream: Stream) -> None:
        try:
            async for request in requests:
                stream.again(request.topic_name, request.num_requested)
                self._news.tell()
        finally:
            self._news.tell()

    async def _deliver(
        self, stream: Stream, reading: asyncio.Task[None], context: "Context", rpc_id: str
    ) -> None:
        while not stream.is_over():
            if reading.done():
                reading.result()
                if not stream.pending:
                    # The subscriber will ask for nothing more.
                    return
            batch = stream.poll()
            if batch is not None:
                await context.write(_response(batch, rpc_id))
            elif not stream.is_over():
                left = stream.due_at - self._service.org.clock.now()
                await self._news.wait(left.total_seconds())

    @asynccontextmanager
    async def _call(self, context: "Context") -> AsyncIterator[tuple[str, str]]:
        """Admit a caller, give the user's id and the call's, and turn a refusal into a status."""
        rpc_id = self._service.rpc_id()
        metadata = {str(key): str(value) for key, value in context.invocation_metadata() or ()}
        try:
            yield self._service.admit(metadata), rpc_id
        except PubSubError as error:
            await _refuse(context, error, rpc_id)


async def _refuse(context: "Context", error: PubSubError, rpc_id: str) -> NoReturn:
    await context.abort(
        grpc.StatusCode[error.status],
        f"{error.message} rpcId: {rpc_id}",
        trailing_metadata=tuple(error.trailers.items()),
    )


def _response(batch: Batch, rpc_id: str) -> pb.FetchResponse:
    return pb.FetchResponse(
        events=[
            pb.ConsumerEvent(
                event=pb.ProducerEvent(id=each.id, schema_id=each.schema_id, payload=each.payload),
                replay_id=to_wire(each.replay_id),
            )
            for each in batch.events
        ],
        latest_replay_id=to_wire(batch.latest),
        rpc_id=rpc_id,
        pending_num_requested=batch.pending,
    )
