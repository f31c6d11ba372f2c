"""Every fault of the simulated org's Pub/Sub API, ordered over its control port."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import grpc
import pytest

from connectors.salesforce.pubsub_api import pubsub_api_pb2 as pb
from tests.fixtures.pubsub_org import OPPORTUNITIES, Caller, calling, code_of

Order = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as made:
        yield made


@pytest.fixture
async def order(caller: Caller) -> AsyncIterator[Order]:
    port = await caller.server.start_control()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:

        async def post(path: str, **body: Any) -> dict[str, Any]:
            async with http.post(path, json=body) as response:
                assert response.status == 200, await response.text()
                found = await response.json()
                assert isinstance(found, dict)
                return found

        yield post


async def test_a_stream_ends_without_an_error(caller: Caller, order: Order) -> None:
    await order("/pubsub/faults", kind="end", after=1)
    call = await caller.following()
    caller.move("Qualification")
    caller.move("Closed Won")
    assert len((await call.read()).events) == 1
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_a_stream_goes_silent(caller: Caller, order: Order) -> None:
    call = await caller.following()
    await order("/pubsub/faults", kind="silent")
    caller.move("Closed Won")
    # Another stream is told at once, so silence is no delay.
    other = await caller.following(replay_preset=pb.EARLIEST)
    assert (await other.read()).events
    assert not call.done()
    call.cancel()
    other.cancel()


async def test_a_stream_fails_with_a_code_of_the_sheet(caller: Caller, order: Order) -> None:
    await order("/pubsub/faults", kind="error", code="subscription.internal.error", message="Boom.")
    call = await caller.following()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.read()
    assert code_of(refused.value) == "subscription.internal.error"
    assert refused.value.code() is grpc.StatusCode.INTERNAL


async def test_an_error_has_trailers_that_say_nothing(caller: Caller, order: Order) -> None:
    await order("/pubsub/faults", kind="error", status="UNAVAILABLE", trailers={"error-code": "", "x": "?"})
    call = await caller.following()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.read()
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert code_of(refused.value) == ""


@pytest.mark.parametrize("name", ["GetTopic", "GetSchema"])
async def test_a_call_without_a_stream_fails(caller: Caller, order: Order, name: str) -> None:
    await order("/pubsub/faults", kind="error", call=name)
    request = pb.TopicRequest(topic_name=OPPORTUNITIES) if name == "GetTopic" else pb.SchemaRequest()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await getattr(caller.stub, name)(request, metadata=caller.metadata)
    assert code_of(refused.value) == "service.unavailable"


async def test_a_payload_cannot_be_read(caller: Caller, order: Order) -> None:
    await order("/pubsub/faults", kind="corrupt")
    call = await caller.following()
    caller.move("Qualification")
    caller.move("Closed Won")
    spoilt, well = await two(call)
    with pytest.raises((EOFError, ValueError, OverflowError, IndexError)):
        await caller.read(spoilt)
    assert (await caller.read(well))["StageName"] == "Closed Won"
    call.cancel()


async def test_an_event_comes_twice(caller: Caller, order: Order) -> None:
    await order("/pubsub/faults", kind="duplicate")
    call = await caller.following()
    caller.move("Closed Won")
    first, again = await two(call)
    assert first == again
    call.cancel()


async def test_a_schema_changes_while_a_stream_is_open(caller: Caller, order: Order) -> None:
    call = await caller.following()
    caller.move("Qualification")
    first = (await call.read()).events[0]
    changed = await order("/pubsub/schema", entity="Opportunity", field="Region__c")
    caller.move("Closed Won")
    second = (await call.read()).events[0]
    assert second.event.schema_id == changed["schema_id"] != first.event.schema_id
    assert "Region__c" in await caller.read(second)
    assert "Region__c" not in await caller.read(first)
    call.cancel()


async def test_the_server_goes_away_and_comes_back(caller: Caller, order: Order) -> None:
    call = await caller.following()
    await order("/pubsub/restart")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.read()
    assert refused.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    info = await caller.stub.GetTopic(
        pb.TopicRequest(topic_name=OPPORTUNITIES), metadata=caller.metadata, wait_for_ready=True
    )
    assert info.can_subscribe


async def test_there_are_more_streams_than_an_org_may_have(caller: Caller, order: Order) -> None:
    await order("/pubsub/limits", streams=1)
    call = await caller.following()
    second = await caller.following()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await second.read()
    assert code_of(refused.value) == "concurrent.client.limit.exceeded"
    call.cancel()


async def test_more_events_than_are_allotted_end_the_stream(caller: Caller) -> None:
    call = await caller.following()
    caller.org.limits.max_delivered_events = 1
    caller.move("Qualification")
    caller.move("Closed Won")
    assert len((await call.read()).events) == 1
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.read()
    assert code_of(refused.value) == "subscription.limit.exceeded"


async def two(call: Any) -> tuple[pb.ConsumerEvent, pb.ConsumerEvent]:
    """Give the next two events of a stream, in however many responses."""
    events: list[pb.ConsumerEvent] = []
    while len(events) < 2:
        events += (await call.read()).events
    return events[0], events[1]
