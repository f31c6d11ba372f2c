"""What strangers and mistakes send: always a problem document, never what they sent."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from schemas.errors import RefusedError, UnavailableError
from streams.metrics import HTTP_REQUESTS
from tests.fixtures.api import a_history, client, some_services

MARK = "EVILMARK"


async def asked(method: str, path: str, **sent: object) -> httpx.Response:
    async with client(some_services(await a_history())) as opened:
        return await opened.request(method, path, **sent)  # type: ignore[arg-type]  # a table of cases


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/runs?limit={MARK}", 422),
        ("/v1/runs?limit=0", 422),
        ("/v1/runs?limit=501", 422),
        (f"/v1/runs?{MARK}=1", 422),
        (f"/v1/runs?after={MARK}", 422),
        ("/v1/runs?after=2026-01-01T00:00:00_r1", 422),
        (f"/v1/runs?since={MARK}", 422),
        ("/v1/runs?since=2026-01-01T00:00:00", 422),
        ("/v1/runs?since=1767225600", 422),
        ("/v1/runs?until=0.5", 422),
        ("/v1/runs?since=0001-01-01T00:00:00%2B14:00", 422),
        ("/v1/runs?until=9999-12-31T23:59:59-14:00", 422),
        ("/v1/runs?after=0001-01-01T00:00:00%2B14:00_r1", 422),
        ("/v1/runs?org=00D5g000000Jm5XEAX", 422),
        (f"/v1/runs?text={MARK * 100}", 422),
        ("/v1/runs?owner=%00", 422),
        (f"/v1/tasks?after={MARK}", 422),
        (f"/v1/tasks?status={MARK}", 422),
        (f"/v1/runs/{MARK}'--", 422),
        ("/v1/runs/%00", 422),
        ("/v1/runs/r%25", 422),
        ("/v1/runs/" + "a" * 65, 422),
        ("/v1/runs/..%2f..%2fetc%2fpasswd", 404),
        ("/v1/tasks/..%2ft1", 404),
        ("/v1//runs", 404),
        ("//v1/runs", 404),
        ("/v1/runs/", 404),
        ("/V1/runs", 404),
        ("/docs", 404),
        ("/openapi.json", 404),
        (f"/{MARK}", 404),
        ("/v1/workflows/" + "a" * 201, 422),
        ("/v1/workflows/gate?version=0", 422),
        ("/v1/workflows/gate?version=99999999999999999999999", 404),
    ],
)
async def test_a_bad_question_is_a_problem_that_repeats_nothing(path: str, status: int) -> None:
    answer = await asked("GET", path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert MARK not in answer.text


@pytest.mark.parametrize("method", ["DELETE", "PUT", "TRACE", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods(method: str) -> None:
    assert (await asked(method, "/v1/runs")).status_code == 405


@pytest.mark.parametrize(
    ("name", "kept"), [("job-2026-09-15", True), ("x", False), ("a\nb" * 5, False), ("a" * 65, False)]
)
async def test_a_request_keeps_a_plain_name_of_its_own(name: str, kept: bool) -> None:
    answer = await asked("GET", "/v1/runs", headers={"X-Request-Id": name.encode()})
    assert (answer.headers["x-request-id"] == name) is kept


async def test_a_reply_is_not_kept_and_not_guessed_at() -> None:
    answer = await asked("GET", "/v1/runs")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnavailableError(f"the database at {MARK}"), 503),
        (RefusedError(f"no table {MARK}"), 502),
        (ZeroDivisionError(MARK), 500),
    ],
)
async def test_trouble_of_ours_stays_in_the_log(error: Exception, status: int) -> None:
    class Broken:
        async def select(self, _query: object) -> None:
            raise error

    broken: Any = Broken()
    services = replace(some_services(await a_history()), history=broken)
    async with client(services) as opened:
        answer = await opened.get("/v1/runs")
    assert answer.status_code == status
    assert MARK not in answer.text
    assert answer.json()["request_id"]
    counted = {"route": "/v1/runs", "method": "GET", "status": str(status)}
    assert services.metrics.value(HTTP_REQUESTS, **counted) == 1
