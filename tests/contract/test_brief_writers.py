"""Every brief writer keeps the same promises: the twin, and a chat endpoint over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from connectors.ports import BriefWriter
from connectors.writer.config import WriterConfig
from connectors.writer.http import HttpBriefWriter
from connectors.writer.memory import MemoryBriefWriter
from connectors.writer.standin.faults import Fault
from connectors.writer.standin.server import WriterStandIn
from processors.brief.answer_form import json_schema
from processors.brief.check import checked
from processors.brief.material import material
from processors.brief.prompt import prompt
from schemas.deal import EnrichedDeal, Note, Opportunity
from schemas.errors import ConfigurationError, DealwireError, RefusedError, UnavailableError
from tests.fixtures.agents import FakeClock
from tests.fixtures.answering import answering

DEAL = EnrichedDeal(
    id="deal",
    org_id="00D000000000001AAA",
    opportunity=Opportunity(name="Acme"),
    notes=(Note(id="1", title="Call", text="They want to scale. <b>Zürich</b> first, says kim@buyer.test."),),
)
ASKED = prompt(material(DEAL, {}), most_bytes=20_000)
SCHEMA = json_schema()


@pytest.fixture
async def standin() -> AsyncIterator[WriterStandIn]:
    server = WriterStandIn(api_key="key-1")
    yield server
    await server.stop()


async def over_http(standin: WriterStandIn, **settings: object) -> HttpBriefWriter:
    given = {"url": await standin.start(), "model": "small", "api_key": "key-1", **settings}
    return HttpBriefWriter(WriterConfig.model_validate(given))


@pytest.fixture(params=["memory", "http"])
async def writer(request: pytest.FixtureRequest, standin: WriterStandIn) -> AsyncIterator[BriefWriter]:
    made: BriefWriter = MemoryBriefWriter() if request.param == "memory" else await over_http(standin)
    yield made
    await made.close()


async def test_the_answer_has_the_form_that_was_asked_for(writer: BriefWriter) -> None:
    written = await writer.write(ASKED.messages, schema=SCHEMA)
    assert written.tokens > 0
    brief = checked(written.text, ASKED).brief
    assert brief is not None
    assert [(each.text, each.sources) for each in brief.goals] == [("They want to scale.", ("n1",))]


async def test_the_same_twice_is_answered_twice(writer: BriefWriter) -> None:
    one, other = await asyncio.gather(*(writer.write(ASKED.messages, schema=SCHEMA) for _ in range(2)))
    assert one.text == other.text


async def test_closing_twice_is_closing(writer: BriefWriter) -> None:
    await writer.write(ASKED.messages, schema=SCHEMA)
    await writer.close()
    await writer.close()


@pytest.mark.parametrize("kind", ["memory", "http"])
async def test_what_fails_says_whether_another_time_is_better(kind: str, standin: WriterStandIn) -> None:
    errors: list[DealwireError] = []
    if kind == "memory":
        twin = MemoryBriefWriter()
        twin.answer_next(UnavailableError("busy"), RefusedError("no"))
        failing: BriefWriter = twin
    else:
        standin.script([Fault.BROKEN, Fault.REFUSED])
        failing = await over_http(standin)
    for _ in range(2):
        with pytest.raises(DealwireError) as raised:
            await failing.write(ASKED.messages, schema=SCHEMA)
        errors.append(raised.value)
    assert [type(error) for error in errors] == [UnavailableError, RefusedError]
    assert (await failing.write(ASKED.messages, schema=SCHEMA)).text
    await failing.close()


@pytest.mark.parametrize(
    ("fault", "kind", "may_have_cost"),
    [
        (Fault.SLOW, UnavailableError, True),
        (Fault.BUSY, UnavailableError, False),
        (Fault.BROKEN, UnavailableError, True),
        (Fault.CUT, UnavailableError, True),
        (Fault.GARBAGE, UnavailableError, True),
        (Fault.OVERSIZED, UnavailableError, True),
        (Fault.BROKEN_OFF, UnavailableError, True),
        (Fault.REFUSED, RefusedError, None),
        (Fault.MOVED, RefusedError, None),
    ],
)
async def test_a_fault_is_sorted(
    standin: WriterStandIn, fault: Fault, kind: type[DealwireError], may_have_cost: bool | None
) -> None:
    standin.script([fault])
    writer = await over_http(standin, timeout_seconds=0.3)
    with pytest.raises(kind) as raised:
        await writer.write(ASKED.messages, schema=SCHEMA)
    assert getattr(raised.value, "unknown_outcome", None) is may_have_cost
    assert "abcd" not in str(raised.value)
    assert standin.calls == 1
    await writer.close()


@pytest.mark.parametrize("fault", [Fault.PROSE, Fault.INJECTED])
async def test_what_a_model_may_say_is_no_fault_of_the_endpoint(standin: WriterStandIn, fault: Fault) -> None:
    standin.script([fault])
    writer = await over_http(standin)
    written = await writer.write(ASKED.messages, schema=SCHEMA)
    assert checked(written.text, ASKED).brief is None
    await writer.close()


async def test_nobody_is_asked_until_the_endpoint_wants_it(standin: WriterStandIn) -> None:
    clock = FakeClock(datetime(2026, 9, 14, tzinfo=UTC))
    standin.script([Fault.BUSY])
    writer = HttpBriefWriter(
        WriterConfig.model_validate({"url": await standin.start(), "model": "small", "api_key": "key-1"}),
        clock=clock,
    )
    for waited in (0, 30, 59):
        clock.at = datetime(2026, 9, 14, tzinfo=UTC) + timedelta(seconds=waited)
        with pytest.raises(UnavailableError) as raised:
            await writer.write(ASKED.messages, schema=SCHEMA)
        assert raised.value.retry_after == timedelta(seconds=60 - waited)
    assert standin.calls == 1
    clock.at += timedelta(seconds=2)
    assert (await writer.write(ASKED.messages, schema=SCHEMA)).text
    await writer.close()


async def test_what_is_sent() -> None:
    bodies: list[dict[str, object]] = []
    keys: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.json())
        keys.append(request.headers.get("Authorization", ""))
        return web.json_response({"choices": [{"message": {"content": "{}"}}]})

    async with answering(handle) as server:
        for form in ("json_schema", "json_object", "none"):
            config = {"url": f"{server.url}/v1/", "model": "small", "api_key": "key-1", "answer_form": form}
            writer = HttpBriefWriter(WriterConfig.model_validate(config))
            written = await writer.write(ASKED.messages, schema=SCHEMA)
            assert written.tokens > 2_000  # an estimate, since the endpoint does not say
            await writer.close()
        assert {request.path for request in server.requests} == {"/v1/chat/completions"}
    assert keys == ["Bearer key-1"] * 3
    forms = [body.get("response_format") for body in bodies]
    assert forms[0] == {
        "type": "json_schema",
        "json_schema": {"name": "brief", "strict": True, "schema": SCHEMA},
    }
    assert forms[1:] == [{"type": "json_object"}, None]
    assert bodies[0]["max_tokens"] == 2_000
    assert "buyer.test" not in json.dumps(bodies)


async def test_an_endpoint_that_is_not_there_costs_nothing() -> None:
    writer = HttpBriefWriter(WriterConfig(url="http://127.0.0.1:9/v1", model="small"))
    with pytest.raises(UnavailableError) as raised:
        await writer.write(ASKED.messages, schema=SCHEMA)
    assert not raised.value.unknown_outcome
    await writer.close()


def test_without_an_endpoint_there_is_no_writer() -> None:
    with pytest.raises(ConfigurationError):
        HttpBriefWriter(WriterConfig())
