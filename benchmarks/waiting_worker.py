"""A worker of the role `workflow`, in a process of its own, for the benchmark of pending timers.

Prints as JSON when it has its table and its timers, and ends when its input does.
"""

import asyncio
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import psutil

from benchmarks.agent_work import config_of, known_records
from connectors.kafka.delivery import Delivery
from connectors.ports import SystemClock
from streams.agents.workflow import workflow
from streams.app import Surroundings
from streams.catalogue import LiveCatalogue
from streams.metrics import TIMERS_WAITING, Metrics
from streams.outbox import Outbox
from streams.parking import Parking
from streams.settings import Settings, WorkerConfig

EXAMPLE = "approval-gate"
_LOOK_S = 0.02


async def _run(variant: str, bootstrap_servers: str, timers: int) -> None:
    config = config_of(bootstrap_servers, variant)
    delivery, metrics = Delivery(config), Metrics()
    records = await known_records(config)
    catalogue = LiveCatalogue(config, records)
    await catalogue.start()
    app = workflow(
        Surroundings(
            settings=Settings(kafka=config, worker=WorkerConfig(data_dir=Path(tempfile.mkdtemp()))),
            outbox=Outbox(config, records, delivery),
            metrics=metrics,
            clock=SystemClock(),
            on_lost=lambda error: sys.exit(repr(error)),
            catalogue=catalogue,
            parking=Parking(config),
            lookup_of=cast("Any", None),
        )
    )
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    await delivery.start()
    await app.start()
    await app.tables.recovery.completed.wait()
    recovered = time.perf_counter() - began
    while metrics.value(TIMERS_WAITING) < timers:  # noqa: ASYNC110 - a figure, which tells nobody when it grows
        await asyncio.sleep(_LOOK_S)
    told = {
        "started with its table after, s": round(recovered, 1),
        "its timers known, s later": round(time.perf_counter() - began - recovered, 1),
        "memory grown by, MiB": round((psutil.Process().memory_info().rss - before) / 2**20),
    }
    print(json.dumps(told), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    # Stopping in good order is no part of the measurement.
    os._exit(0)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
