"""Why a run stands where it stands, asked over HTTP."""

import pytest

from processors.run_summary import summarize
from schemas.access import Role
from streams.explaining import Explained
from tests.fixtures.api import TOKENS, WITHOUT_RUN, a_history, client, some_services
from tests.fixtures.run_events import events_of


async def test_a_deal_without_a_run_is_explained_by_its_id_of_either_length() -> None:
    services = some_services(await a_history())
    async with client(services, TOKENS[Role.OPERATOR]) as api:
        for about in (WITHOUT_RUN, WITHOUT_RUN[:15]):
            answer = await api.get(f"/v1/explanations/{about}")
            assert answer.status_code == 200
            assert answer.json() == {
                "explanations": [{"sentence": "Its stage starts no workflow.", "run": None}]
            }


async def test_a_run_is_given_with_its_sentence() -> None:
    summary = summarize(None, events_of([("run.started", {})]))
    assert summary is not None

    async def explain(_about: str) -> list[Explained]:
        return [Explained("It waits for Ann.", summary)]

    services = some_services(await a_history(), explain=explain)
    async with client(services) as api:
        (told,) = (await api.get("/v1/explanations/12345678")).json()["explanations"]
    assert told["sentence"] == "It waits for Ann."
    assert told["run"]["run_id"] == summary.run_id


@pytest.mark.parametrize(
    ("about", "status"), [("12345678", 404), ("short", 422), ("%00%00%00%00%00%00%00%00", 422)]
)
async def test_what_is_neither_is_said(about: str, status: int) -> None:
    async with client(some_services(await a_history())) as api:
        answer = await api.get(f"/v1/explanations/{about}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
