"""Versions and trials over HTTP, on a real Kafka: put in force, retired, and tried on what was recorded."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from processors.catalogue import control_key
from processors.sample import DEAL
from schemas.ids import record_key
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records
from tests.fixtures.served_api import served, until
from tests.unit.processors.test_versions import Control, flow

pytestmark = pytest.mark.kafka


async def test_versions_are_ruled_and_a_draft_is_tried(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    for record in Control(flow(), flow(condition="deal.is_won")).records:
        bench.produce("control", control_key(record), record)
    entered = {"entered_stage": "Closed Won", "entered_at": datetime.now(UTC), "as_of": datetime.now(UTC)}
    for number in range(3):
        opportunity = f"0065g00000Zk{number}QaAAJ"
        deal = DEAL.model_copy(update={"id": f"d{number}", "opportunity_id": opportunity, **entered})
        bench.produce("opportunity.enriched", record_key(deal.org_id, opportunity), deal)
    async with served(bench, tmp_path, monkeypatch) as asked:
        path = "/v1/workflows/flow"
        assert (await asked.get(path)).json()["active"] == 2
        for command, stands in (
            ({"command": "activate", "version": 1}, ("active", 1)),
            ({"command": "retire"}, ("retired", None)),
        ):
            assert (await asked.post(f"{path}/commands", json=command)).json()["changed"]
            await until(asked, path, lambda told, stands=stands: _standing(told) == stands)
            assert not (await asked.post(f"{path}/commands", json=command)).json()["changed"]
        gone = await asked.post(f"{path}/commands", json={"command": "delete", "version": 1})
        assert gone.json()["what"].startswith("flow v1 is deleted")
        await until(asked, path, lambda told: told.json()["versions"] == [2])
        begun = await asked.post("/v1/trials", json={"files": {"flow.yaml": flow()}, "days": 30})
        told = await until(
            asked, begun.headers["location"], lambda answer: answer.json()["state"] != "under way"
        )
    rows = [(row["count"], row["really"], row["draft"]) for row in told.json()["rows"]]
    assert (told.json()["state"], rows) == ("done", [(3, "not started", "ready")])


def _standing(told: httpx.Response) -> tuple[str, int | None]:
    return told.json()["status"], told.json()["active"]
