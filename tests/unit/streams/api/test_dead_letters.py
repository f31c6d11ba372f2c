"""Dead letters over HTTP: pages of them, one whole, and work on many that is begun and asked about."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from schemas.access import Role
from schemas.dead_letter import PARKED, Place
from schemas.errors import RefusedError, UnavailableError
from streams.api.services import Services
from streams.letter_desk import Dealing
from tests.fixtures.api import TOKENS, Audits, a_history, client, some_services
from tests.fixtures.memory_letters import MemoryLetters, a_letter

WORK = "/v1/dead-letter-work"
ALL = {"command": "redrive", "which": {"all": True}}
MARK = "EVILMARK"


@pytest.fixture
def letters() -> MemoryLetters:
    return MemoryLetters(
        a_letter(1),
        a_letter(2, holds=True, key=b"same"),
        a_letter(3, holds=True, key=b"same", error=PARKED, reason="parked"),
        a_letter(4, agent="enrich", error="KeyError"),
        a_letter(5, origin=Place("salesforce", 0, -1)),
    )


@pytest.fixture
def audits() -> Audits:
    return Audits()


@pytest.fixture
async def services(letters: MemoryLetters, audits: Audits) -> AsyncIterator[Services]:
    made = some_services(await a_history(), letters=letters, audit=audits)
    yield made
    letters.go.set()
    await made.undertakings.close()


@pytest.fixture
async def asked(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with client(services, TOKENS[Role.OPERATOR]) as opened:
        yield opened


async def ended(asked: httpx.AsyncClient, path: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            told: dict[str, Any] = (await asked.get(path)).json()
            if told["state"] != "under way":
                return told


async def test_pages_join_while_letters_come_and_go(asked: httpx.AsyncClient, letters: MemoryLetters) -> None:
    seen, after = [], ""
    while after is not None:
        page = (await asked.get("/v1/dead-letters", params={"limit": 2, "after": after})).json()
        seen += [each["id"] for each in page["letters"]]
        if len(seen) == 2:
            letters.held.aside.pop(a_letter(1).identity)
        after = page["after"]
    assert seen == ["0:1", "0:2", "0:3", "0:4", "0:5"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"agent": "enrich"}, ["0:4"]),
        ({"reason": "keyerror"}, ["0:4"]),
        ({"key": "same"}, ["0:2", "0:3"]),
        ({"topic": "workflow.inbox", "until": "2026-09-14T10:00:00Z"}, ["0:1"]),
        ({"since": "2026-09-14T13:00:00Z"}, ["0:5"]),
        ({"dealt_with": "true"}, []),
    ],
)
async def test_filters(asked: httpx.AsyncClient, filters: dict[str, str], expected: list[str]) -> None:
    page = (await asked.get("/v1/dead-letters", params=filters)).json()
    assert [each["id"] for each in page["letters"]] == expected


async def test_one_whole_and_again_only_if_it_was_dealt_with(
    asked: httpx.AsyncClient, letters: MemoryLetters
) -> None:
    first = await asked.get("/v1/dead-letters/0:4")
    told = first.json()
    assert (told["unreadable"], told["begins"], told["headers"]) == ("no schema", "00 01", {"ce_id": "x"})
    known = {"If-None-Match": first.headers["etag"]}
    assert (await asked.get("/v1/dead-letters/0:4", headers=known)).status_code == 304
    await letters.discard([a_letter(4, agent="enrich")], Dealing(actor="ann", why="w"), lambda _: None)
    after = (await asked.get("/v1/dead-letters/0:4", headers=known)).json()
    assert (after["dealt_with"], after["by"], after["because"]) == ("discarded", "ann", "w")
    letters.gone = True
    assert (await asked.get("/v1/dead-letters/0:4")).status_code == 404


async def test_a_redrive_is_begun_and_asked_about(
    asked: httpx.AsyncClient, letters: MemoryLetters, audits: Audits
) -> None:
    letters.go.clear()
    begun = await asked.post(WORK, json={**ALL, "reason": "mended", "rate": 5, "wait": 0})
    assert (begun.status_code, begun.json()["state"], begun.json()["count"]) == (202, "under way", 4)
    place = begun.headers["location"]
    assert (await asked.get(place)).json()["state"] == "under way"
    letters.go.set()
    told = await ended(asked, place)
    assert (told["state"], told["done"], told["came"]["redriven"]) == ("done", 4, 4)
    (how,) = letters.dealings
    assert (how.actor, how.why, how.rate, how.wait_seconds) == ("ann@x.example", "mended", 5, 0)
    assert [(each.action, each.outcome) for each in audits.kept] == [
        ("dead-letter.redrive", "asked"),
        ("dead-letter.redrive", "done"),
    ]
    assert {each.command_id for each in audits.kept} == {told["id"]}
    assert "mended" not in "".join(each.model_dump_json() for each in audits.kept)
    done = (await asked.get("/v1/dead-letters?dealt_with=true")).json()["letters"]
    assert sorted(each["id"] for each in done) == ["0:1", "0:2", "0:3", "0:4"]


async def test_a_dry_run_says_what_goes_and_what_stays(
    asked: httpx.AsyncClient, letters: MemoryLetters, audits: Audits
) -> None:
    body = {"command": "redrive", "which": {"letters": ["0:3", "0:4", "0:5"]}, "dry_run": True}
    answer = await asked.post(WORK, json=body)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "command": "redrive",
            "count": 1,
            "meant": ["0:4"],
            "held_back": {"0:3": "0:2"},
            "from_outside": ["0:5"],
        },
    )
    discard = {**body, "command": "discard", "reason": "nobody needs them"}
    assert (await asked.post(WORK, json=discard)).json()["meant"] == ["0:3", "0:4", "0:5"]
    assert (letters.dealings, audits.kept) == ([], [])


async def test_one_at_a_time_and_the_same_key_is_the_same_work(
    asked: httpx.AsyncClient, letters: MemoryLetters, audits: Audits
) -> None:
    letters.go.clear()
    key = {"Idempotency-Key": "once"}
    first, again = [await asked.post(WORK, json=ALL, headers=key) for _ in range(2)]
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    other = await asked.post(WORK, json=ALL)
    assert (other.status_code, other.json()["detail"]) == (
        409,
        f"Other work is under way: {first.headers['location']}",
    )
    letters.go.set()
    await ended(asked, first.headers["location"])
    late = await asked.post(WORK, json=ALL, headers=key)
    assert (late.json()["state"], len(letters.dealings)) == ("done", 1)
    assert [each.outcome for each in audits.kept] == ["asked", "asked", "refused", "done"]


async def test_work_is_stopped_and_the_rest_stays_aside(
    asked: httpx.AsyncClient, letters: MemoryLetters, audits: Audits
) -> None:
    letters.go.clear()
    place = (await asked.post(WORK, json=ALL)).headers["location"]
    assert (await asked.post(f"{place}/stop")).status_code == 200
    told = await ended(asked, place)
    assert (told["state"], told["done"], told["trouble"]) == ("stopped", 0, "")
    assert len(letters.held.aside) == 5
    assert audits.kept[-1].outcome == "stopped"
    letters.go.set()
    next_one = await asked.post(WORK, json=ALL)
    assert (await ended(asked, next_one.headers["location"]))["state"] == "done"


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (UnavailableError(f"Kafka at {MARK}"), "Kafka does not answer."),
        (RefusedError("too large", on="letter 0:1"), "too large (letter 0:1)"),
        (ZeroDivisionError(MARK), "This is our fault. The log has more under the work's id."),
    ],
)
async def test_work_that_fails_says_so(
    asked: httpx.AsyncClient, letters: MemoryLetters, audits: Audits, error: Exception, trouble: str
) -> None:
    letters.fails = error
    begun = await asked.post(WORK, json=ALL)
    told = await ended(asked, begun.headers["location"])
    assert (told["state"], told["trouble"]) == ("failed", trouble)
    assert audits.kept[-1].outcome == "failed"


async def test_nothing_is_begun_that_cannot_be_audited(
    asked: httpx.AsyncClient, letters: MemoryLetters, audits: Audits
) -> None:
    audits.away_after = 0
    assert (await asked.post(WORK, json=ALL)).status_code == 503
    assert letters.dealings == []


@pytest.mark.parametrize(
    "body",
    [
        {"command": "redrive", "which": {}},
        {"command": "redrive"},
        {"command": "discard", "which": {"all": True}},
        {"command": "discard", "which": {"all": True}, "reason": "  "},
        {"command": "burn", "which": {"all": True}},
        {**ALL, MARK: 1},
        {**ALL, "rate": -1},
        {**ALL, "wait": 601},
        {"command": "redrive", "which": {"letters": [MARK]}},
        {"command": "redrive", "which": {"letters": ["0:1"] * 501}},
        {"command": "redrive", "which": {"topic": MARK}},
    ],
)
async def test_a_bad_command_begins_nothing(
    asked: httpx.AsyncClient, letters: MemoryLetters, audits: Audits, body: dict[str, Any]
) -> None:
    answer = await asked.post(WORK, json=body)
    assert answer.status_code == 422
    assert MARK not in answer.text
    assert (letters.dealings, audits.kept) == ([], [])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/dead-letters/0:9", 404),
        ("/v1/dead-letters/9", 422),
        ("/v1/dead-letter-work/nothing", 404),
        (f"/v1/dead-letters?after={MARK}", 422),
        (f"/v1/dead-letters?topic={MARK}", 422),
        ("/v1/dead-letters?limit=501", 422),
    ],
)
async def test_a_bad_question(asked: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await asked.get(path)
    assert (answer.status_code, MARK in answer.text) == (status, False)


async def test_who_may_not_is_audited(services: Services, audits: Audits) -> None:
    async with client(services, TOKENS[Role.VIEWER]) as viewer:
        assert (await viewer.post(WORK, json=ALL)).status_code == 403
        assert (await viewer.post("/v1/dead-letter-work/w/stop")).status_code == 403
    assert [(each.action, each.on, each.outcome) for each in audits.kept] == [
        ("dead-letter-work.command", "dead-letter-work", "denied"),
        ("dead-letter-work.command", "w", "denied"),
    ]
