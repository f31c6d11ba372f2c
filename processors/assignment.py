"""Gives out customer success managers in turn."""

from schemas.account import Csm
from schemas.assignment import AssignCsm
from schemas.definition.documents import Queue
from schemas.run import QueueState

_REMEMBERED = 2000


def assign(state: QueueState | None, queue: Queue, command: AssignCsm) -> tuple[QueueState, Csm]:
    """Give the next person of the queue. The same command gets the same answer, and does not use up a turn.

    Answers are remembered for the last 2,000 commands, far longer than a command can be on its way.
    """
    known = state or QueueState()
    if command.id in known.answers:
        return known, known.answers[command.id]
    csm = queue.members[known.turn % len(queue.members)]
    answers = {**known.answers, command.id: csm}
    while len(answers) > _REMEMBERED:
        del answers[next(iter(answers))]
    return QueueState(turn=known.turn + 1, answers=answers), csm
