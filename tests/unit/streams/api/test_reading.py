"""What is shown of runs, tasks and workflows: pages, filters, entity tags."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from schemas.definition.documents import Activation
from streams.api.services import Services
from tests.fixtures.api import NOW, MemoryBoard, a_history, a_task, catalogue, client, some_services
from tests.fixtures.run_events import an_event


@pytest.fixture
async def services() -> Services:
    return some_services(await a_history())


@pytest.fixture
async def asked(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with client(services) as opened:
        yield opened


async def test_pages_of_runs_join_without_gap_or_repeat(asked: httpx.AsyncClient) -> None:
    seen, after = [], ""
    while True:
        page = (await asked.get("/v1/runs", params={"limit": 2, "after": after})).json()
        seen += [run["run_id"] for run in page["runs"]]
        after = page["after"]
        if after is None:
            break
    assert seen == ["r3", "r2", "r1"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"workflow": "closed-won"}, 3),
        ({"workflow": "other"}, 0),
        ({"status": "waiting person"}, 3),
        ({"stage": "Closed Won", "step": "gate"}, 3),
        ({"org": "00D5g000000Jm5X"}, 3),
        ({"since": "2026-09-15T11:30:00Z"}, 1),
        ({"until": "2026-09-15T11:30:00Z"}, 2),
        ({"text": "0065G00000ZK1"}, 3),
        ({"owner": "Dana"}, 1),
        ({"owner": "' OR 1=1 --"}, 0),
    ],
)
async def test_filters_of_runs(
    services: Services, asked: httpx.AsyncClient, filters: dict[str, str], expected: int
) -> None:
    given = an_event(4, "csm.reassigned", "r2", output='{"name": "Dana"}', at=NOW)
    await services.history.append([given], [], at=NOW)
    answer = await asked.get("/v1/runs", params=filters)
    assert len(answer.json()["runs"]) == expected


async def test_a_run_is_shown_whole_and_again_only_if_it_changed(
    services: Services, asked: httpx.AsyncClient
) -> None:
    first = await asked.get("/v1/runs/r1")
    assert first.json()["steps"][0]["step_id"] == "gate"
    assert [event["kind"] for event in first.json()["others"]] == ["run.started", "task.opened"]
    known = {"If-None-Match": first.headers["etag"]}
    again = await asked.get("/v1/runs/r1", headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await services.history.append([an_event(4, "run.completed", outcome="ready")], [], at=NOW)
    assert (await asked.get("/v1/runs/r1", headers=known)).json()["outcome"] == "ready"


@pytest.mark.parametrize(
    "path", ["/v1/runs/r", "/v1/runs/r9", "/v1/tasks/t", "/v1/workflows/gat", "/v1/workflows/gate?version=9"]
)
async def test_what_is_not_there(asked: httpx.AsyncClient, path: str) -> None:
    answer = await asked.get(path)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_pages_of_tasks_join_whatever_their_moments(services: Services) -> None:
    tasks = [
        a_task(1),
        a_task(2, due=NOW + timedelta(hours=2)),
        a_task(3, due=NOW - timedelta(hours=2)),
        a_task(4, due=NOW + timedelta(hours=2)),
        a_task(5, opened_at=None),
        a_task(6, status="done"),
    ]
    services = some_services(await a_history(), board=MemoryBoard(*tasks))
    seen, after = [], ""
    async with client(services) as asked:
        while after is not None:
            page = (await asked.get("/v1/tasks", params={"limit": 1, "after": after})).json()
            seen += [task["id"] for task in page["tasks"]]
            after = page["after"]
        overdue = (await asked.get("/v1/tasks", params={"overdue": "true"})).json()["tasks"]
        everything = (await asked.get("/v1/tasks", params={"status": "all"})).json()["tasks"]
    assert seen == ["t3", "t2", "t4", "t5", "t1"]
    assert [task["id"] for task in overdue] == ["t3"]
    assert len(everything) == 6


async def test_a_task_has_its_revision_as_tag(asked: httpx.AsyncClient) -> None:
    answer = await asked.get("/v1/tasks/t1")
    assert (answer.json()["people"], answer.headers["etag"]) == (["ann@x.example"], '"1"')
    assert (await asked.get("/v1/tasks/t1", headers={"If-None-Match": 'W/"1"'})).status_code == 304


async def test_workflows_with_a_version(asked: httpx.AsyncClient) -> None:
    listed = (await asked.get("/v1/workflows")).json()["workflows"]
    assert [(each["name"], each["active"], each["versions"]) for each in listed] == [("gate", 1, [1, 2])]
    active = (await asked.get("/v1/workflows/gate")).json()
    assert active["definition"]["version"] == 1
    assert active["definition"]["workflow"]["steps"][0]["id"] == "one"
    assert (active["status"], active["version_status"]) == ("active", "active")
    other = (await asked.get("/v1/workflows/gate?version=2")).json()
    assert (other["definition"]["version"], other["status"], other["version_status"]) == (
        2,
        "active",
        "draft",
    )


async def test_a_workflow_that_was_retired_says_so_and_since_when() -> None:
    held = catalogue()
    services = some_services(await a_history(), catalogue=lambda: held)
    async with client(services) as asked:
        before = await asked.get("/v1/workflows/gate")
        held = replace(held, activations={"gate": Activation(since="2026-09-02T00:00:00Z", retired=True)})
        after = await asked.get("/v1/workflows/gate", headers={"If-None-Match": before.headers["etag"]})
        (listed,) = (await asked.get("/v1/workflows")).json()["workflows"]
    whole = after.json()
    assert (whole["status"], whole["version_status"], whole["active"]) == ("retired", "retired", None)
    assert (listed["status"], listed["since"]) == ("retired", "2026-09-02T00:00:00Z")
    held = replace(held, activations={})
    async with client(services) as asked:
        (listed,) = (await asked.get("/v1/workflows")).json()["workflows"]
        draft = await asked.get("/v1/workflows/gate", headers={"If-None-Match": after.headers["etag"]})
    assert (listed["status"], listed["since"], draft.status_code) == ("draft", "", 200)


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
async def test_health(ready: bool, status: int) -> None:
    async with client(some_services(await a_history(), ready=lambda: ready), None) as asked:
        assert (await asked.get("/ready")).status_code == status
        assert (await asked.get("/live")).status_code == 200


async def test_what_was_answered_is_counted_by_route_and_not_by_path(services: Services) -> None:
    async with client(services) as asked:
        for path in ("/v1/runs/r1", "/v1/runs/r9", "/v1/runs/r8", "/somewhere", "/v1/tasks"):
            await asked.get(path)
        await asked.request("BREW", "/v1/runs")
        answer = await asked.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    counted = [line for line in answer.text.splitlines() if line.startswith("dealwire_http_requests_total")]
    name = "dealwire_http_requests_total"
    assert counted == [
        f'{name}{{method="GET",route="/v1/runs/{{run_id}}",status="200"}} 1',
        f'{name}{{method="GET",route="/v1/runs/{{run_id}}",status="404"}} 2',
        f'{name}{{method="GET",route="/v1/tasks",status="200"}} 1',
        f'{name}{{method="GET",route="other",status="404"}} 1',
        f'{name}{{method="other",route="/v1/runs",status="405"}} 1',
    ]
    assert 'duration_seconds_count{method="GET",route="/v1/runs/{run_id}"} 3' in answer.text
