"""Questions to a history of a million runs in SQLite, and how fast it takes events in then."""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.history.config import HistoryConfig
from connectors.history.sql import SqlRunHistory
from connectors.history.tables import make_tables, to_event_row, to_row
from connectors.sql.database import Database
from processors.run_summary import summarize
from schemas.history_feed import Slice
from schemas.run_event import RunEvent
from schemas.run_query import Cursor, RunQuery
from schemas.run_summary import RunSummary

_RUNS = 1_000_000
_AT_ONCE = 10_000
_ASKED = 50
_CARRIED = 10_000
_END = datetime(2026, 9, 1, tzinfo=UTC)
_SPAN_S = 90 * 86_400
_ORGS = [f"00D5g00000{number:05d}EAA" for number in range(3)]
_OWNERS = [f"Owner {number}" for number in range(40)]
_ENDS = [("run.completed", "ready", "")] * 90 + [
    ("run.completed", "rejected", ""),
    ("run.cancelled", "", "the deal left its stage"),
    ("run.not_enrolled", "", "the filter does not hold"),
    ("run.needs_attention", "", "the accounts API answers 422: name is empty"),
    ("step.waiting", "", ""),
]
_TOPIC = "workflow.events"


def measure(folder: Path, runs: int = _RUNS) -> dict[str, Any]:
    """Fill a file with runs of 90 days, ask it typical questions, then append to it as the service does."""
    return asyncio.run(_measure(folder, runs))


async def _measure(folder: Path, runs: int) -> dict[str, Any]:
    config = HistoryConfig(url=f"sqlite+aiosqlite:///{folder}/history.db")
    history = SqlRunHistory(Database(config, durable=False), summarize)
    await history.create_tables()
    chance = random.Random(7)  # noqa: S311 - chance from a seed, not for secrets
    began = time.perf_counter()
    some = await _fill(config, runs, chance)
    filled = time.perf_counter() - began
    figures: dict[str, Any] = {}
    async with Database(config, durable=False).engine.connect() as connection:
        plain = _primary_key(connection, some, chance)
        for name, ask in _questions(history, some, chance).items():
            figures[name] = await _timed(ask, plain)
            print(f"  {name}: {figures[name]}", file=sys.stderr)
    figures["appended in the service's batches"] = await _carry(history, runs, chance)
    await history.close()
    return {
        **figures,
        "runs": runs,
        "filled in bulk, seconds": round(filled, 1),
        "file, GiB": round((folder / "history.db").stat().st_size / 2**30, 2),
    }


async def _fill(config: HistoryConfig, runs: int, chance: random.Random) -> list[RunSummary]:
    """Write rows without the service's care; give some of the runs."""
    tables, engine = make_tables(), Database(config, durable=False).engine
    some: list[RunSummary] = []
    for start in range(0, runs, _AT_ONCE):
        told = [
            _told(number, _SPAN_S * number / runs, chance)
            for number in range(start, min(start + _AT_ONCE, runs))
        ]
        rows = [run for run in (summarize(None, events) for events in told) if run is not None]
        some += rows[:: max(1, len(rows) // 10)]
        async with engine.begin() as connection:
            await connection.execute(insert(tables.runs), [to_row(run) for run in rows])
            await connection.execute(
                insert(tables.events), [to_event_row(event) for events in told for event in events]
            )
    await engine.dispose()
    return some


def _told(number: int, second: float, chance: random.Random) -> list[RunEvent]:
    """Give the events of one run, which begins so many seconds after the first one."""
    run_id = f"{chance.getrandbits(128):032x}"
    at = _END - timedelta(seconds=_SPAN_S - second)
    kind, outcome, reason = chance.choice(_ENDS)
    workflow, stage = f"workflow-{chance.randrange(12)}", f"Stage {chance.randrange(5)}"
    owner, name = chance.choice(_OWNERS), f"Customer {number % 300_000}"
    common = {
        "org_id": chance.choice(_ORGS),
        "opportunity_id": f"006{number:012d}AAA",
        "run_id": run_id,
        "workflow_id": workflow,
        "workflow_version": 1,
    }
    step = {"step_id": f"step-{chance.randrange(8)}", "step_type": "create_account"}
    parts: list[dict[str, Any]] = [
        {"kind": "run.started", "input": f'{{"stage": "{stage}"}}'},
        {"kind": "step.started", **step},
        {"kind": "step.completed", **step, "output": f'{{"account_name": "{name}", "csm": "{owner}"}}'},
        {"kind": kind, "outcome": outcome, "reason": reason},
    ]
    return [
        RunEvent(id=f"{run_id}-{place}", sequence=place, at=at + timedelta(seconds=place), **common, **part)
        for place, part in enumerate(parts, start=1)
    ]


Ask = Callable[[], Awaitable[Sequence[object]]]


def _questions(history: SqlRunHistory, some: list[RunSummary], chance: random.Random) -> Mapping[str, Ask]:
    def asking(**fields: Callable[[], Any]) -> Ask:
        return lambda: history.select(RunQuery(**{name: make() for name, make in fields.items()}))

    def workflow() -> str:
        return f"workflow-{chance.randrange(12)}"

    def a_run() -> RunSummary:
        return chance.choice(some)

    def since() -> datetime:
        return _END - timedelta(days=chance.uniform(1, 80))

    return {
        "the newest 50": asking(),
        "that need attention": asking(status=lambda: "needs attention"),
        "of a workflow, that need attention": asking(workflow_id=workflow, status=lambda: "needs attention"),
        "of an org and a stage, up to a day": asking(
            org_id=lambda: chance.choice(_ORGS), stage=lambda: f"Stage {chance.randrange(5)}", until=since
        ),
        "rejected, of an owner": asking(
            outcome=lambda: "rejected", owner=lambda: chance.choice(_OWNERS),
            since=lambda: _END - timedelta(30),
        ),
        "at a step, of an owner, of a workflow": asking(
            step_id=lambda: f"step-{chance.randrange(8)}", owner=lambda: chance.choice(_OWNERS),
            workflow_id=workflow,
        ),
        "a page far back": asking(after=lambda: Cursor.of(a_run())),
        "a page far back, completed": asking(after=lambda: Cursor.of(a_run()), status=lambda: "completed"),
        "a text that many have": asking(text=lambda: "api answers 422"),
        "a text of three runs": asking(text=lambda: a_run().names),
        "a text of none": asking(text=lambda: "nobody has this"),
        "by opportunity": lambda: history.find(a_run().opportunity_id, limit=20),
        "one run whole": lambda: history.told(a_run().run_id),
    }  # fmt: skip


def _primary_key(connection: AsyncConnection, some: list[RunSummary], chance: random.Random) -> Ask:
    """Give the baseline: one row by its primary key, and nothing made of it."""
    runs = make_tables().runs

    async def ask() -> Sequence[object]:
        return (
            await connection.execute(select(runs).where(runs.c.run_id == chance.choice(some).run_id))
        ).all()

    return ask


async def _timed(ask: Ask, plain: Ask) -> Mapping[str, Any]:
    """Time a question and the baseline in turns, so that whatever else the machine does falls on both."""
    took: dict[Ask, list[float]] = {ask: [], plain: []}
    for asked in took:
        await asked()
    for _ in range(_ASKED):
        for asked, times in took.items():
            began = time.perf_counter()
            await asked()
            times.append((time.perf_counter() - began) * 1000)
    ours, baseline = sorted(took[ask]), sorted(took[plain])
    return {
        "p50, ms": round(ours[_ASKED // 2], 2),
        "p99, ms": round(ours[-1], 2),
        "a row by primary key, p50, ms": round(baseline[_ASKED // 2], 2),
        "ours takes": f"{ours[_ASKED // 2] / baseline[_ASKED // 2]:.1f}x",
    }


async def _carry(history: SqlRunHistory, first: int, chance: random.Random) -> Mapping[str, float]:
    """Append runs as the service does: their events mixed, a transaction for each 2,000."""
    told = [_told(first + number, _SPAN_S + number, chance) for number in range(_CARRIED)]
    coming = [events[place] for place in range(4) for events in told]
    await history.begin(_TOPIC, {0: 0}, at=_END)
    began = time.perf_counter()
    for start in range(0, len(coming), 2000):
        batch = coming[start : start + 2000]
        assert await history.append(batch, [Slice(_TOPIC, 0, start, start + len(batch))], at=_END)
    return {"events/s": round(len(coming) / (time.perf_counter() - began))}
