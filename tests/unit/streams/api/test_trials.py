"""Drafts over HTTP: checked, and tried on samples, on a live deal and on what was recorded."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from processors.sample import DEAL
from schemas.access import Role
from streams.api.services import Services
from tests.fixtures.api import NOW, TOKENS, a_history, client, some_services
from tests.fixtures.memory_versions import MemoryTrying

EXAMPLES = Path(__file__).parents[4] / "examples"
FILES = {name: (EXAMPLES / name).read_text("utf-8") for name in ("automated-creation.yaml", "shared.yaml")}
SAMPLE = "title: a small deal\ndeal: {amount: 20000}\nexpect: {outcome: OUTCOME}\n"
MARK = "EVILMARK"


@pytest.fixture
def trying() -> MemoryTrying:
    return MemoryTrying({DEAL.opportunity_id: DEAL})


@pytest.fixture
async def services(trying: MemoryTrying) -> AsyncIterator[Services]:
    made = some_services(await a_history(), trying=trying)
    yield made
    trying.go.set()
    await made.trials.close()


@pytest.fixture
async def asked(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with client(services, TOKENS[Role.OPERATOR]) as opened:
        yield opened


async def test_sound_definitions_are_sound(asked: httpx.AsyncClient) -> None:
    told = (await asked.post("/v1/definition-checks", json={"files": FILES, "org": "main"})).json()
    assert (told["sound"], [each for each in told["findings"] if each["severity"] == "error"]) == (True, [])
    assert told["definitions"] > 1


BROKEN = """\
kind: workflow
name: w
trigger: {stages: [Closed Wone]}
steps:
  - {id: a, type: end, when: 'deal.amuont > 1'}
"""


@pytest.mark.parametrize(
    ("text", "org", "line", "words"),
    [
        (BROKEN, "", 5, "amuont"),
        (BROKEN.replace("amuont", "amount"), "main", 3, "has no active stage 'Closed Wone'"),
        ("kind: workflow\nname: [", "", 2, "not YAML"),
        ("kind: workflow\na: &x 1\nb: *x\n", "", 2, "anchors and aliases"),
        ("kind: nothing\nname: w\n", "", 1, "nothing"),
        (BROKEN + "---\n" + BROKEN, "", 8, "defined twice"),
    ],
)
async def test_what_is_wrong_is_said_with_its_line(
    asked: httpx.AsyncClient, text: str, org: str, line: int, words: str
) -> None:
    answer = await asked.post("/v1/definition-checks", json={"files": {"w.yaml": text}, "org": org})
    told = answer.json()
    assert (answer.status_code, told["sound"]) == (200, False)
    assert any(
        (each["file"], each["line"]) == ("w.yaml", line) and words in each["what"]
        for each in told["findings"]
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"files": {}},
        {"files": {"../w.yaml": "a: 1"}},
        {"files": {"w.yaml": 1}},
        {"files": {"a.yaml": "x" * 200_000, "b.yaml": "x" * 200_000}},
        {"files": FILES, "org": MARK},
        {"files": FILES, MARK: 1},
    ],
)
@pytest.mark.parametrize("path", ["/v1/definition-checks", "/v1/trials"])
async def test_a_body_that_does_not_hold(asked: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    answer = await asked.post(path, json=body)
    assert answer.status_code == 422
    assert MARK not in answer.text


@pytest.mark.parametrize(("expected", "as_expected"), [("ready", True), ("rejected", False)])
async def test_a_sample_goes_its_way(asked: httpx.AsyncClient, expected: str, as_expected: bool) -> None:
    body = {"files": FILES, "samples": SAMPLE.replace("OUTCOME", expected)}
    told = (await asked.post("/v1/trials", json=body)).json()
    (trial,) = told["trials"]
    assert (told["as_expected"], trial["title"], trial["outcome"]) == (as_expected, "a small deal", "ready")
    assert bool(trial["unmet"]) is not as_expected
    assert trial["steps"]
    assert trial["mails"]


async def test_a_live_deal_is_only_read(asked: httpx.AsyncClient) -> None:
    body = {"files": FILES, "opportunity": DEAL.opportunity_id, "org": "main"}
    told = (await asked.post("/v1/trials", json=body)).json()
    assert [each["outcome"] for each in told["trials"]] == ["ready"]
    other = {**body, "opportunity": "0065g00000Zk9QaAAJ"}
    assert (await asked.post("/v1/trials", json=other)).status_code == 404
    assert (await asked.post("/v1/trials", json={**body, "org": ""})).status_code == 422


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"days": 3, "samples": SAMPLE},
        {"samples": "deal: ["},
        {"samples": "deal: {amount: many}"},
        {"samples": "# none"},
        {"opportunity": "https://evil.example/006"},
        {"days": 3, "workflow": "other"},
    ],
)
async def test_what_cannot_be_tried(asked: httpx.AsyncClient, what: dict[str, Any]) -> None:
    assert (await asked.post("/v1/trials", json={"files": FILES, **what})).status_code == 422


async def ended(asked: httpx.AsyncClient, path: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            told: dict[str, Any] = (await asked.get(path)).json()
            if told["state"] != "under way":
                return told


async def test_recorded_deals_are_tried_while_nobody_waits(
    asked: httpx.AsyncClient, trying: MemoryTrying
) -> None:
    deals = [
        DEAL.model_copy(update={"id": f"d{number}", "opportunity_id": f"0065g00000Zk{number}QaAAJ",
                                "entered_stage": "Closed Won", "entered_at": NOW})
        for number in range(7)
    ]  # fmt: skip
    trying.told = (deals, (), 2)
    trying.go.clear()
    body = {"files": FILES, "days": 30}
    begun = await asked.post("/v1/trials", json=body, headers={"Idempotency-Key": "k"})
    place = begun.headers["location"]
    assert (begun.status_code, begun.json()["state"]) == (202, "under way")
    same = await asked.post("/v1/trials", json=body, headers={"Idempotency-Key": "k"})
    assert same.json()["id"] == begun.json()["id"]
    busy = await asked.post("/v1/trials", json=body)
    assert (busy.status_code, place in busy.json()["detail"]) == (409, True)
    trying.go.set()
    told = await ended(asked, place)
    assert (told["state"], told["done"], told["count"], told["unreadable"]) == ("done", 7, 7, 2)
    assert [(row["count"], row["kind"], row["really"], row["draft"]) for row in told["rows"]] == [
        (7, "outcome", "not started", "ready")
    ]
    assert trying.since == NOW - timedelta(days=30)


async def test_a_trial_is_stopped(asked: httpx.AsyncClient, trying: MemoryTrying) -> None:
    trying.go.clear()
    begun = await asked.post("/v1/trials", json={"files": FILES, "days": 1})
    place = begun.headers["location"]
    assert (await asked.post(f"{place}/stop")).status_code == 200
    assert (await ended(asked, place))["state"] == "stopped"
    assert (await asked.get("/v1/trials/other")).status_code == 404
