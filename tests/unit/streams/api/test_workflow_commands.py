"""Versions over HTTP: put in force, retired, forgotten; audited, and never twice."""

from typing import Any

import httpx
import pytest

from processors.catalogue import Catalogue
from schemas.access import Role
from schemas.errors import UnavailableError
from schemas.run_summary import RunSummary
from streams.api.services import Services
from tests.fixtures.api import TOKENS, Audits, a_history, catalogue, client, some_services
from tests.fixtures.memory_versions import MemoryVersions
from tests.fixtures.run_events import START

PATH = "/v1/workflows/gate/commands"
MARK = "EVILMARK"


class Desk:
    """The API over two versions of one workflow, the first of them active."""

    def __init__(self, services: Services, versions: MemoryVersions, audits: Audits) -> None:
        self.services, self.versions, self.audits = services, versions, audits

    async def post(self, body: Any, path: str = PATH, **headers: str) -> httpx.Response:
        async with client(self.services, TOKENS[Role.ADMIN]) as asked:
            return await asked.post(
                path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
            )

    async def tag(self) -> str:
        async with client(self.services, TOKENS[Role.VIEWER]) as asked:
            return str((await asked.get("/v1/workflows/gate")).headers["etag"])

    @property
    def audited(self) -> list[tuple[str, str, str]]:
        return [(each.action, each.on, each.outcome) for each in self.audits.kept]


async def a_desk(held: Catalogue, *runs: RunSummary) -> Desk:
    versions, audits = MemoryVersions(held, *runs), Audits()
    services = some_services(await a_history(), catalogue=lambda: held, versions=versions, audit=audits)
    return Desk(services, versions, audits)


@pytest.fixture
async def desk() -> Desk:
    return await a_desk(catalogue())


@pytest.mark.parametrize(
    ("body", "changed", "what"),
    [
        ({"command": "activate"}, True, "gate v2 is active now in place of v1; open runs stay with theirs"),
        (
            {"command": "activate", "version": 1},
            False,
            "gate v1 is active since 2026-09-01T00:00:00+00:00 already",
        ),
        ({"command": "retire"}, True, "gate is retired: it starts no more runs, and its open ones go on"),
        ({"command": "delete", "version": 2}, True, "gate v2 is deleted; its number is not given again"),
    ],
)
async def test_a_version_is_put_in_force_or_away(
    desk: Desk, body: dict[str, Any], changed: bool, what: str
) -> None:
    foreseen = await desk.post({**body, "dry_run": True})
    assert foreseen.json() == {"changed": changed, "what": what}
    assert (desk.versions.written, desk.audited) == ([], [])
    assert (await desk.post(body)).json() == {"changed": changed, "what": what}
    assert desk.versions.written == ([(what, "ann@x.example")] if changed else [])
    on = f"gate v{body['version']}" if "version" in body else "gate"
    action = f"workflow.{body['command']}"
    assert desk.audited == [(action, on, "asked"), (action, on, "done")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/workflows/other/commands", {"command": "retire"}, 404),
        (PATH, {"command": "activate", "version": 9}, 404),
        (PATH, {"command": "delete"}, 422),
        (PATH, {"command": "delete", "version": 1}, 409),
        (PATH, {"command": "activate", "version": 0}, 422),
        (PATH, {"command": "activate", "version": MARK}, 422),
        (PATH, {"command": MARK}, 422),
        (PATH, {"command": "retire", MARK: 1}, 422),
    ],
)
async def test_what_cannot_be_done(desk: Desk, path: str, body: dict[str, Any], status: int) -> None:
    answer = await desk.post(body, path)
    assert answer.status_code == status
    assert MARK not in answer.text
    assert desk.versions.written == []
    assert [outcome for _, _, outcome in desk.audited][-1:] in ([], ["refused"])


async def test_a_version_with_open_runs_stays_and_the_reply_says_why() -> None:
    run = RunSummary(
        run_id="r1",
        org_id="00D5g000000Jm5XEAS",
        opportunity_id="0065g00000Zk1QaAAJ",
        workflow_id="gate",
        workflow_version=2,
        status="waiting",
        started_at=START,
        updated_at=START,
    )
    desk = await a_desk(catalogue(), run)
    answer = await desk.post({"command": "delete", "version": 2})
    assert (answer.status_code, answer.json()["detail"]) == (409, "1 runs of it are open: r1 (waiting).")


async def test_nobody_overwrites_what_they_have_not_seen(desk: Desk) -> None:
    seen = await desk.tag()
    stale = await desk.post({"command": "retire"}, If_Match='"9-9-9"')
    assert (stale.status_code, stale.headers["etag"]) == (412, seen)
    assert desk.versions.written == []
    assert (await desk.post({"command": "retire"}, If_Match=seen)).status_code == 200


async def test_the_same_key_is_the_same_change(desk: Desk) -> None:
    key = {"Idempotency-Key": "k-1"}
    async with client(desk.services) as asked:
        answers = [await asked.post(PATH, json={"command": "activate"}, headers=key) for _ in range(2)]
        other = await asked.post(PATH, json={"command": "retire"}, headers=key)
    assert [each.status_code for each in (*answers, other)] == [200, 200, 422]


async def test_what_kafka_or_the_audit_does_not_take_is_not_done(desk: Desk) -> None:
    desk.versions.fails = UnavailableError("no")
    assert (await desk.post({"command": "retire"})).status_code == 503
    assert desk.audited[-1][-1] == "failed"
    desk.versions.fails, desk.audits.away_after = None, 0
    assert (await desk.post({"command": "retire"})).status_code == 503
    assert desk.versions.written == []
