"""Commands become persons: the next one of a queue, the same one if asked again."""

from typing import Any

import structlog

from connectors.ports import Outgoing
from processors.answer_memory import find, places, set_aside
from processors.assignment import assign
from schemas.assignment import AssignCsm
from schemas.errors import RefusedError
from schemas.inbox import FAILED
from schemas.queue_state import Answer, AnswerBlock, QueueState
from streams.agents.commands import answered, failure, success
from streams.app import Surroundings, add_table, attach, new_app
from streams.job import Job, expect, one_by_one
from streams.logs import masked
from streams.metrics import FAILED_ATTEMPTS, UNDECIDED_MEMBERS

ROLE = "assignments"

log = structlog.get_logger(__name__)


def assignments(around: Surroundings) -> Any:
    """Make the app that reads `assignments.commands`, keeps turns and loads of each queue, and answers."""
    app = new_app(ROLE, around.settings)
    queues = add_table(app, "queues", around)

    async def handle(job: Job) -> None:
        command = expect(job.record, AssignCsm)
        catalogue = around.catalogue.now
        queue = catalogue.queues.get(command.queue)
        if queue is None:
            around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
            unknown = RefusedError(
                "there is no such queue", on=f"queue {command.queue}", todo="Type: dealwire apply -f …"
            )
            await job.emit(failure(command, unknown, around.clock.now()))
            return
        held = job.recall(queues)
        state = QueueState.model_validate_json(held) if held is not None else QueueState()
        older = find(command.id, (job.recall(queues, place) for place in places(state)))
        after, answer = assign(state, queue, command, job.origin.at, catalogue.absences, older=older)
        if after is not state:
            after, blocks = set_aside(after)
            # Blocks first: if the process dies between, the answers are in both places, never in neither.
            for place, block in blocks:
                await job.remember(queues, _json(block), place)
            await job.remember(queues, _json(after))
        if answer.undecided:
            around.metrics.add(UNDECIDED_MEMBERS, agent=ROLE)
            log.warning("conditions of members cannot be decided with the facts given", queue=queue.name,
                        command=command.id, run=command.run_id, why=answer.undecided)  # fmt: skip
        if answer.error:
            around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
        await job.emit(_told(command, answer))

    attach(app, ROLE, ("assignments.commands",), one_by_one(handle), around)
    return app


def _told(command: AssignCsm, answer: Answer) -> Outgoing:
    if answer.error:
        log.warning("nobody can be assigned", queue=command.queue, command=command.id, run=command.run_id,
                    attempt=command.attempt, error=answer.error, retry_at=answer.retry_at)  # fmt: skip
        return answered(
            command,
            outcome=FAILED,
            retryable=answer.retry_at is not None,
            retry_at=answer.retry_at,
            error=masked(answer.error),
        )
    if answer.members:
        return success(command, {"claim": "true", "members": ",".join(answer.members)})
    return success(command, {"name": answer.name, "email": answer.email} if command.choose else {})


def _json(held: QueueState | AnswerBlock) -> bytes:
    return held.model_dump_json(exclude_defaults=True).encode()
