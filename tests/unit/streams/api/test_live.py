"""Server-sent events: what is heard, in which form, and what becomes of those who do not listen well."""

import json
from collections.abc import AsyncIterator

import pytest

from schemas.run_event import RunEvent
from streams.api.events import EventFilters, told
from streams.api.live import MOST_LISTENERS, Audience
from tests.fixtures.api import a_history, client, some_services
from tests.fixtures.run_events import an_event


def data(piece: str) -> RunEvent:
    assert piece.startswith("data: ")
    assert piece.endswith("\n\n")
    assert piece.count("\n") == 2
    return RunEvent.model_validate_json(piece.removeprefix("data: "))


async def begun(audience: Audience, **asked: str) -> AsyncIterator[str]:
    stream = told(audience, EventFilters(**asked).wants)
    assert (await anext(stream)).startswith(":")
    return stream


async def test_what_happens_is_told_as_one_line_of_json() -> None:
    audience = Audience()
    stream = await begun(audience)
    event = an_event(1, "step.failed", reason="two\nlines\r\n\r\ndata: forged")
    audience.tell(event)
    assert data(await anext(stream)) == event


@pytest.mark.parametrize("asked", [{"run": "r2"}, {"workflow": "other"}])
async def test_only_what_is_wanted(asked: dict[str, str]) -> None:
    audience = Audience()
    stream = await begun(audience, **asked)
    audience.tell(an_event(1, "run.started", "r1"))
    audience.tell(an_event(1, "run.started", "r2", workflow_id="other"))
    assert data(await anext(stream)).run_id == "r2"


async def test_one_who_does_not_keep_up_is_ended_and_told_so() -> None:
    audience = Audience()
    slow, quick = await begun(audience), await begun(audience)
    for number in range(1, 400):
        audience.tell(an_event(number, "run.started"))
        assert data(await anext(quick)).sequence == number
    pieces = [piece async for piece in slow]
    assert [data(piece).sequence for piece in pieces[:-1]] == list(range(1, 257))
    assert pieces[-1] == f"event: end\ndata: {json.dumps({'why': 'too slow'})}\n\n"


async def test_silence_has_a_pulse_and_an_end() -> None:
    stream = told(Audience(), lambda _: True, heartbeat_s=0, longest_s=60)
    assert [await anext(stream), await anext(stream)] == [": listening\n\n", ": quiet\n\n"]
    pieces = [piece async for piece in told(Audience(), lambda _: True, longest_s=0)]
    assert "come again" in pieces[-1]


async def test_the_end_of_the_api_ends_the_streams() -> None:
    audience = Audience()
    stream = await begun(audience)
    audience.end()
    assert "the API stops" in await anext(stream)


async def test_as_many_listen_as_may() -> None:
    audience = Audience()
    streams = [await begun(audience) for _ in range(MOST_LISTENERS)]
    async with client(some_services(await a_history(), audience=audience)) as asked:
        assert (await asked.get("/v1/events")).status_code == 503
        await streams[0].aclose()  # type: ignore[attr-defined]  # it is a generator
        assert not audience.full
        assert (await asked.get("/v1/events?nonsense=1")).status_code == 422
