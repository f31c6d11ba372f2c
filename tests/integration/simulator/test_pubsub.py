"""The simulated org's Pub/Sub API on sockets, as a bare gRPC client meets it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import grpc
import pytest

from connectors.salesforce.pubsub_api import pubsub_api_pb2 as pb
from connectors.salesforce.pubsub_api.pubsub_api_pb2_grpc import PubSubStub
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.pubsub.tls import make_certificate
from connectors.salesforce.simulator.server import OrgServer
from tests.fixtures.pubsub_org import OPPORTUNITIES, Caller, calling, code_of


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as made:
        yield made


async def test_a_stage_that_moves_is_heard_with_its_changed_fields(caller: Caller) -> None:
    call = await caller.following()
    caller.move("Closed Won")
    response = await call.read()
    payload = await caller.read(response.events[0])
    assert payload["StageName"] == "Closed Won"
    assert payload["Amount"] is None
    assert payload["ChangeEventHeader"]["recordIds"] == [caller.deal]
    assert payload["ChangeEventHeader"]["changedFields"] == ["0x0703C0A0"]
    assert response.latest_replay_id == response.events[0].replay_id
    assert response.pending_num_requested == 99
    assert response.rpc_id
    call.cancel()


async def test_events_since_an_id_come_once(caller: Caller) -> None:
    for stage in ("Qualification", "Needs Analysis", "Closed Won"):
        caller.move(stage)
    call = await caller.following(replay_preset=pb.EARLIEST)
    events = (await call.read()).events
    call.cancel()
    call = await caller.following(replay_preset=pb.CUSTOM, replay_id=events[-2].replay_id)
    again = (await call.read()).events
    assert [each.replay_id for each in again] == [events[-1].replay_id]
    assert again[0].event.id == events[-1].event.id
    call.cancel()


async def test_a_quiet_stream_gives_a_position_that_can_be_resumed_from_until_retention_ends(
    caller: Caller,
) -> None:
    call = await caller.following()
    caller.move("Qualification")
    await call.read()
    caller.org.clock.advance(timedelta(seconds=270))
    quiet = await call.read()
    assert list(quiet.events) == []
    call.cancel()
    caller.org.clock.advance(timedelta(hours=71))
    caller.org.sessions.timeout = timedelta(days=7)
    call = await caller.following(replay_preset=pb.CUSTOM, replay_id=quiet.latest_replay_id)
    caller.move("Closed Won")
    assert len((await call.read()).events) == 1
    call.cancel()
    caller.org.clock.advance(timedelta(hours=73))
    call = await caller.following(replay_preset=pb.CUSTOM, replay_id=quiet.latest_replay_id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.read()
    assert code_of(refused.value) == "subscription.fetch.replayid.corrupted"
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_stream_without_requests_is_closed_after_a_while(caller: Caller) -> None:
    call = await caller.following(1)
    caller.move("Closed Won")
    assert len((await call.read()).events) == 1
    caller.org.clock.advance(timedelta(seconds=70))
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_no_more_is_given_than_was_requested(caller: Caller) -> None:
    for stage in ("Qualification", "Needs Analysis", "Closed Won"):
        caller.move(stage)
    call = await caller.following(2, replay_preset=pb.EARLIEST)
    first = await call.read()
    assert (len(first.events), first.pending_num_requested) == (2, 0)
    await call.write(pb.FetchRequest(num_requested=5))
    rest = (await call.read()).events
    assert rest[0].replay_id > first.latest_replay_id
    call.cancel()


@pytest.mark.parametrize(
    ("first", "later", "code"),
    [
        ({"topic_name": ""}, None, "topic.validation.empty"),
        ({"topic_name": "/data/NoSuchEvent"}, None, "topic.not.found"),
        ({"num_requested": 0}, None, "subscription.fetch.requested.events.invalid"),
        ({"replay_preset": pb.CUSTOM}, None, "subscription.fetch.replayid.validation.failed"),
        (
            {"replay_preset": pb.CUSTOM, "replay_id": b"nonsense"},
            None,
            "subscription.fetch.replayid.corrupted",
        ),
        ({}, {"topic_name": "/data/AccountChangeEvent"}, "subscription.fetch.topic.mismatch"),
        ({}, {"num_requested": -1}, "subscription.fetch.requested.events.invalid"),
    ],
)
async def test_what_is_asked_wrongly_is_refused(
    caller: Caller, first: dict[str, Any], later: dict[str, Any] | None, code: str
) -> None:
    call = await caller.following(5, **first)
    if later is not None:
        await call.write(pb.FetchRequest(**{"num_requested": 1, **later}))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.read()
    assert code_of(refused.value) == code
    assert "rpcId: " in str(refused.value.details())


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("accesstoken", "wrong", "service.auth.error"),
        ("accesstoken", "", "service.auth.headers.invalid"),
        ("tenantid", "00D000000000001AAA", "service.auth.headers.invalid"),
        ("instanceurl", "http://elsewhere.example", "service.auth.headers.invalid"),
    ],
)
async def test_who_is_not_of_the_org_is_refused(caller: Caller, header: str, value: str, code: str) -> None:
    metadata = tuple((dict(caller.metadata) | {header: value}).items())
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await caller.stub.GetTopic(pb.TopicRequest(topic_name=OPPORTUNITIES), metadata=metadata)
    assert code_of(refused.value) == code
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_schema_that_there_is_not_is_refused(caller: Caller) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await caller.stub.GetSchema(pb.SchemaRequest(schema_id="none"), metadata=caller.metadata)
    assert code_of(refused.value) == "schema.validation.failed"


async def test_it_is_served_with_tls_to_whoever_trusts_its_authority() -> None:
    server = OrgServer(Org())
    await server.start()
    certificate = make_certificate()
    port = await server.start_pubsub(certificate=certificate)
    try:
        trusting = grpc.ssl_channel_credentials(certificate.authority_pem)
        async with grpc.aio.secure_channel(f"localhost:{port}", trusting) as channel:
            stub: Any = PubSubStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.GetTopic(pb.TopicRequest(topic_name=OPPORTUNITIES))
        assert code_of(refused.value) == "service.auth.headers.invalid"
    finally:
        await server.stop()
