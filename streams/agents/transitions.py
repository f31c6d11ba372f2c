"""Changes of opportunities become stage entries."""

from typing import Any

from connectors.ports import Outgoing
from processors.transitions import news, observe
from schemas.change import Change
from schemas.ids import record_key
from schemas.run import StageState
from streams.app import Surroundings, add_table, attach, new_app
from streams.job import Job, expect, one_by_one

ROLE = "transitions"


def transitions(around: Surroundings) -> Any:
    """Make the app that reads `salesforce.changes`, keeps the last stages and writes `opportunity.stages`.

    Where workflows wait for a change of their deal, it tells the inbox of other changes too.
    """
    app = new_app(ROLE, around.settings)
    stages = add_table(app, "stages", around)

    async def handle(job: Job) -> None:
        change = expect(job.record, Change)
        held = job.recall(stages)
        state = StageState.model_validate_json(held) if held is not None else None
        seen = observe(state, change)
        if seen.entries and seen.state != state:
            await job.remember(stages, seen.state.model_dump_json().encode())
        key = record_key(change.org_id, change.record_id)
        told = news(change) if around.catalogue.now.watching else None
        records = (*seen.entries, told) if told is not None else seen.entries
        await job.emit(*(Outgoing(record, key, cause=change.id) for record in records))

    attach(app, ROLE, ("salesforce.changes",), one_by_one(handle), around, in_order=True)
    return app
