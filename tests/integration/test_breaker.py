"""A worker in which every record fails ends itself, so does the next; what they left is still to be done."""

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from schemas.errors import ExitCode
from streams.agents.transitions import transitions
from streams.letters import board
from streams.settings import Settings, WorkerConfig
from tests.fixtures.agents import ORG, change
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka

CHANGES = "salesforce.changes"
COUNT = 60


async def worker_ends(bench: AgentBench) -> int:
    config = bench.config
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fixtures.agent_worker", "transitions"),
        *(config.bootstrap_servers, config.topic_prefix, "1"),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(90):
            return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()


async def test_a_bad_release_stops_and_a_good_one_goes_on_where_it_stood(kafka: str, tmp_path: Path) -> None:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    for number in range(COUNT):
        bench.queue(CHANGES, f"{ORG}:{number}", b"\0\0\0\x27\x0fof a schema that nobody registered")
    bench.flush()

    assert await worker_ends(bench) == ExitCode.TEMPORARY
    first = len(board(config).aside)
    assert 0 < first < 20
    assert await worker_ends(bench) == ExitCode.TEMPORARY
    assert len(board(config).aside) == first  # it knew at its first failure

    # Somebody says that the records are bad and not the release.
    bench.settings = Settings(kafka=config, worker=WorkerConfig(data_dir=tmp_path, breaker_share=0))
    bench.produce(CHANGES, f"{ORG}:good", change(1))
    with capture_logs():  # a traceback for each, drawn with frames, would take a minute
        async with bench.running(transitions):
            await bench.read_raw("dead-letters", COUNT, within_s=30)
    assert len(board(config).aside) == COUNT
