"""The audit over HTTP: pages of it, for admins."""

from datetime import UTC, datetime

import pytest

from schemas.audit import AuditRecord
from schemas.base import Moment
from tests.fixtures.api import MemoryTrail, a_history, client, some_services

AT: Moment = datetime(2026, 9, 15, tzinfo=UTC)
MARK = "EVILMARK"


def a_record(number: int, actor: str = "Ann@x.example") -> AuditRecord:
    return AuditRecord(id=f"a{number}", org_id="", at=AT, actor=actor, action="run.retry", on="r1")


async def test_pages_join_even_where_one_is_empty() -> None:
    trail = MemoryTrail(
        *(a_record(number, "bob@x.example" if number == 1 else "ann@x.example") for number in range(5))
    )
    seen, after, pages = [], "", 0
    async with client(some_services(await a_history(), audit_trail=trail)) as asked:
        while after is not None:
            params = {"limit": "1", "actor": "ANN@x.example", "after": after}
            page = (await asked.get("/v1/audit", params=params)).json()
            seen += [each["id"] for each in page["records"]]
            after, pages = page["after"], pages + 1
    assert (seen, pages) == (["a0", "a2", "a3", "a4"], 5)


async def test_what_is_asked_for() -> None:
    trail = MemoryTrail(a_record(1))
    async with client(some_services(await a_history(), audit_trail=trail)) as asked:
        params = {"action": "run.retry", "on": "r1", "outcome": "asked", "since": "2026-09-15T00:00:00Z"}
        (told,) = (await asked.get("/v1/audit", params=params)).json()["records"]
        assert (await asked.get("/v1/audit", params={**params, "outcome": "done"})).json()["records"] == []
    assert (told["actor"], told["action"], told["at"]) == (
        "Ann@x.example",
        "run.retry",
        "2026-09-15T00:00:00Z",
    )
    assert trail.asked[0].since == AT


@pytest.mark.parametrize(
    "query", [f"after={MARK}", "after=0:", "after=0:1_", f"since={MARK}", "limit=0", f"{MARK}=1"]
)
async def test_a_bad_question(query: str) -> None:
    async with client(some_services(await a_history())) as asked:
        answer = await asked.get(f"/v1/audit?{query}")
    assert (answer.status_code, MARK in answer.text) == (422, False)
