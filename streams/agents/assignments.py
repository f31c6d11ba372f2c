"""Commands become persons: the next one of a queue, the same one if asked again."""

from typing import Any

from processors.assignment import assign
from schemas.assignment import AssignCsm
from schemas.errors import RefusedError
from schemas.run import QueueState
from streams.agents.commands import failure, success
from streams.app import Surroundings, add_table, attach, new_app
from streams.job import Job, expect, one_by_one
from streams.metrics import FAILED_ATTEMPTS

ROLE = "assignments"


def assignments(around: Surroundings) -> Any:
    """Make the app that reads `assignments.commands`, keeps the turn of each queue and answers."""
    app = new_app(ROLE, around.settings)
    queues = add_table(app, "queues", around)

    async def handle(job: Job) -> None:
        command = expect(job.record, AssignCsm)
        queue = around.catalogue.now.queues.get(command.queue)
        if queue is None:
            around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
            unknown = RefusedError(
                "there is no such queue", on=f"queue {command.queue}", todo="Type: dealwire apply -f …"
            )
            await job.emit(failure(command, unknown, around.clock.now()))
            return
        held = job.recall(queues)
        state = QueueState.model_validate_json(held) if held is not None else None
        after, csm = assign(state, queue, command)
        if after != state:
            await job.remember(queues, after.model_dump_json().encode())
        await job.emit(success(command, {"name": csm.name, "email": csm.email}))

    attach(app, ROLE, ("assignments.commands",), one_by_one(handle), around)
    return app
