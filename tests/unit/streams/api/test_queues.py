"""Queues over HTTP: who is in them, what they have, and who is kept from them; audited."""

from typing import Any

import httpx
import pytest

from processors.catalogue import Catalogue
from schemas.access import Role
from schemas.errors import UnavailableError
from streams.api.services import Services
from tests.fixtures.api import TOKENS, Audits, a_history, client, some_services
from tests.fixtures.memory_queues import Pauses, a_queue

PAUSE = {"command": "pause", "email": "Ada@x.example", "until": "2026-12-31", "reason": "on leave"}
MARK = "EVILMARK"


class Desk:
    """The API with queues and audits that a test looks into."""

    def __init__(self, services: Services, pauses: Pauses, audits: Audits) -> None:
        self.services, self.pauses, self.audits = services, pauses, audits

    async def get(self, path: str) -> httpx.Response:
        async with client(self.services, TOKENS[Role.VIEWER]) as asked:
            return await asked.get(path)

    async def post(self, body: Any) -> httpx.Response:
        async with client(self.services, TOKENS[Role.OPERATOR]) as asked:
            return await asked.post("/v1/absences", json=body)

    async def away(self) -> str | None:
        members = (await self.get("/v1/queues/takers")).json()["members"]
        until: str | None = members[0]["away_until"]
        return until

    @property
    def audited(self) -> list[tuple[str, str, str]]:
        return [(each.action, each.on, each.outcome) for each in self.audits.kept]


@pytest.fixture
async def desk() -> Desk:
    held = Catalogue(queues={name: a_queue(name) for name in ("takers", "others", "third")})
    pauses, audits = Pauses(held), Audits()
    services = some_services(await a_history(), catalogue=lambda: held, pause=pauses, audit=audits)
    return Desk(services, pauses, audits)


async def test_pages_join_by_name(desk: Desk) -> None:
    seen, after = [], ""
    while after is not None:
        page = (await desk.get(f"/v1/queues?limit=1&after={after}")).json()
        seen += [each["name"] for each in page["queues"]]
        after = page["after"]
    assert seen == ["others", "takers", "third"]


async def test_one_with_its_figures(desk: Desk) -> None:
    told = (await desk.get("/v1/queues/takers")).json()
    assert [(each["email"], each["capacity"]) for each in told["members"]] == [
        ("ada@x.example", None),
        ("bob@x.example", 5),
    ]
    (org,) = told["orgs"]
    assert (org["org_id"], org["turn"]) == ("org", 3)
    assert [(each["email"], each["open"], each["in_queue"]) for each in org["loads"]] == [
        ("ada@x.example", 2, True),
        ("bob@x.example", 0, True),
        ("gone@x.example", 1, False),
    ]
    assert (await desk.get("/v1/queues/others")).json()["orgs"] == []
    assert (await desk.get("/v1/queues/nobody")).status_code == 404


async def test_somebody_is_paused_everywhere_and_comes_back(desk: Desk) -> None:
    everywhere = ["others", "takers", "third"]
    assert (await desk.post(PAUSE)).json() == {"changed": True, "queues": everywhere}
    assert await desk.away() == "2026-12-31"
    assert (await desk.post(PAUSE)).json() == {"changed": False, "queues": []}
    for_good = {"command": "pause", "email": "ada@x.example"}
    assert (await desk.post(for_good)).json()["changed"]
    assert await desk.away() == "9999-12-31"
    assert (await desk.post({"command": "resume", "email": "ada@x.example"})).json()["changed"]
    assert await desk.away() is None
    assert desk.audited[:2] == [
        ("absence.pause", "Ada@x.example", "asked"),
        ("absence.pause", "Ada@x.example", "done"),
    ]
    assert desk.audited[-1] == ("absence.resume", "ada@x.example", "done")
    assert "on leave" not in "".join(each.model_dump_json() for each in desk.audits.kept)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**PAUSE, "email": "nobody@x.example"}, 409),
        ({**PAUSE, "until": "2020-01-01"}, 409),
        ({"command": "resume", "email": "nobody@x.example"}, 409),
        ({**PAUSE, "until": MARK}, 422),
        ({**PAUSE, "email": MARK}, 422),
        ({**PAUSE, "email": "a b@x.example"}, 422),
        ({**PAUSE, "email": "@" * 10_000}, 422),
        ({**PAUSE, "command": "fire"}, 422),
        ({**PAUSE, MARK: 1}, 422),
    ],
)
async def test_who_cannot_be_paused(desk: Desk, body: Any, status: int) -> None:
    answer = await desk.post(body)
    assert answer.status_code == status
    assert MARK not in answer.text
    assert [outcome for _, _, outcome in desk.audited] == (["asked", "refused"] if status == 409 else [])


async def test_kafka_is_away(desk: Desk) -> None:
    desk.pauses.fails = UnavailableError("no")
    assert (await desk.post(PAUSE)).status_code == 503
    assert desk.audited[-1][-1] == "failed"
    desk.audits.away_after, desk.pauses.fails = 0, None
    assert (await desk.post(PAUSE)).status_code == 503
    assert await desk.away() is None
