"""The engine: stage entries, enriched deals, results and due timers move the runs of an opportunity."""

import asyncio
from typing import Any

from connectors.ports import Outgoing
from processors.deal import Advance, advance
from processors.rush import Rush
from schemas.deal import EnrichedDeal
from schemas.errors import UnavailableError, UnreadableError
from schemas.inbox import InboxRecord
from schemas.run import DealRuns
from schemas.stage import StageEntry
from streams.agents.timers import fire_timers
from streams.app import Surroundings, add_table, attach, new_app
from streams.job import Job, one_by_one
from streams.metrics import TIMERS_WAITING
from streams.timers import Timer, TimerHeap

ROLE = "workflow"
INPUTS = ("opportunity.stages", "opportunity.enriched", "workflow.inbox")

_DEFINITION_WITHIN_SECONDS = 20.0
_LOOK_AGAIN_SECONDS = 0.5


def workflow(around: Surroundings) -> Any:
    """Make the app that keeps the table `runs`, writes `workflow.events` and commands, and fires timers."""
    app = new_app(ROLE, around.settings)
    runs = add_table(app, "runs", around)
    heap = TimerHeap()
    rush = Rush()
    around.metrics.watch(TIMERS_WAITING, lambda: len(heap))

    async def handle(job: Job) -> None:
        record = job.record
        if not isinstance(record, StageEntry | EnrichedDeal | InboxRecord):
            raise UnreadableError(f"a {record.ce_type} does not belong here")
        if isinstance(record, StageEntry) or (isinstance(record, InboxRecord) and record.version):
            # What was activated, retired or applied before this was written must be known: an entry that no
            # active workflow takes is done with.
            await around.catalogue.caught_up()
        held = job.recall(runs)
        state = DealRuns.model_validate_json(held) if held is not None else None
        step = await _advance(job, state, record)
        begun = _begun(state, step.state)
        rush.count(begun, job.origin.at)
        if step.state != state:
            await job.remember(runs, step.state.model_dump_json().encode())
            heap.replace(job.key, timers_of(job.key, step.state))
        if begun:
            # Which version a run begins with, and whether it is held, hangs on what this process knows now;
            # after a crash another might decide otherwise. So a run is kept before anything is told of it.
            await job.settled()
        await job.emit(
            *(Outgoing(out.record, out.key, cause=record.id, run_id=out.run_id) for out in step.outputs)
        )

    async def _advance(job: Job, state: DealRuns | None, record: Any) -> Advance:
        """Decide; a run whose definition this process has not read yet waits for it a moment."""
        try:
            async with asyncio.timeout(_DEFINITION_WITHIN_SECONDS):
                while True:
                    catalogue = around.catalogue.now
                    crowded = rush.crowded(catalogue, job.origin.at)
                    step = advance(state, record, job.origin.at, catalogue, crowded)
                    if not step.missing:
                        return step
                    await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        except TimeoutError:
            raise UnavailableError(
                "a run is pinned to a definition that the control topic does not hold",
                todo="Apply that version again, then send the dead letter back.",
            ) from None

    attach(app, ROLE, INPUTS, one_by_one(handle), around, in_order=True)
    fire_timers(app, runs, heap, around, read=timers_of)
    return app


def _begun(before: DealRuns | None, after: DealRuns) -> list[str]:
    """Give the workflows of the runs that are new."""
    known = before.runs if before is not None else {}
    return [run.workflow for name, run in after.runs.items() if name not in known]


def timers_of(key: str, state: DealRuns | bytes) -> list[Timer]:
    """Give the timers of an opportunity's runs, from its state or the bytes of it."""
    held = state if isinstance(state, DealRuns) else DealRuns.model_validate_json(state)
    return [Timer(timer.due, timer.id, run, key) for run, timer in held.timers()]
