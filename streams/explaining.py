"""Gathers what is known of a run, or of a deal without one, and has it explained."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import scan
from connectors.ports import RunHistory
from processors.explaining import explain_run
from processors.explaining_absence import Heard, explain_absence, latest
from processors.history import tell
from schemas.base import Record
from schemas.change import Checkpoint
from schemas.errors import UsageError
from schemas.ids import is_salesforce_id
from schemas.run_summary import NOT_ENROLLED, RunSummary
from schemas.stage import StageEntry
from schemas.topics import TOPICS
from streams.definitions import in_force
from streams.records import Records, connect
from streams.settings import Settings
from streams.task_board import TaskBoard

_MOST = 20
_NEEDED = ("tasks", "control", "opportunity.stages", "salesforce.checkpoints")


@dataclass(frozen=True, slots=True)
class Explained:
    """A sentence, and the run that it is about; None where it is about there being none."""

    sentence: str
    run: RunSummary | None = None


async def explain(settings: Settings, history: RunHistory, beginning: str, now: datetime) -> list[Explained]:
    """Explain the runs whose id or opportunity begins so; of an opportunity without a run, why it has none.

    Raises `UsageError` for what is neither, and `UnavailableError`.
    """
    found = list(await history.find(beginning, limit=_MOST))
    records = await connect(
        HttpRegistry(settings.registry), settings.kafka, [TOPICS[name] for name in _NEEDED]
    )
    # A refused enrolment is told like a run; asked for a deal, it is a reason why there is none.
    real = [run for run in found if run.status != NOT_ENROLLED or run.run_id.startswith(beginning)]
    if real:
        return await _runs(settings, history, records, real, now)
    if not is_salesforce_id(beginning):
        raise UsageError(
            f"no run {beginning!r:.60} is in the history", todo="Give the id of a run or an opportunity."
        )
    return await _absence(settings, records, beginning, found, now)


async def _runs(
    settings: Settings, history: RunHistory, records: Records, runs: Sequence[RunSummary], now: datetime
) -> list[Explained]:
    board = TaskBoard(settings.kafka, records)
    try:
        await board.refresh()
        tasks = list(board.tasks.values())
    finally:
        await board.close()
    explained = []
    for run in runs:
        story = replace(tell({}, await history.told(run.run_id))[run.run_id], summary=run)
        explained.append(Explained(explain_run(story, tasks, now), run))
    return explained


async def _absence(
    settings: Settings, records: Records, opportunity: str, refused: Sequence[RunSummary], now: datetime
) -> list[Explained]:
    ending = f":{opportunity}".encode()
    entries = await _all(settings, records, "opportunity.stages", ending)
    checkpoints = await _all(settings, records, "salesforce.checkpoints", b"")
    heard = Heard(
        entries=[each for each in entries if isinstance(each, StageEntry)],
        refused=refused,
        checkpoints=latest([each for each in checkpoints if isinstance(each, Checkpoint)]),
        catalogue=await in_force(settings.kafka, records),
        orgs=len(settings.orgs),
    )
    return [Explained(sentence) for sentence in explain_absence(heard, now)]


async def _all(settings: Settings, records: Records, topic: str, ending: bytes) -> list[Record]:
    """Read every record of a topic whose key ends so."""

    def values() -> list[bytes]:
        return [
            message.value
            for batch in scan(settings.kafka, topic)
            for message in batch
            if message.value is not None and message.key.endswith(ending)
        ]

    return [await records.decode(value) for value in await asyncio.to_thread(values)]
