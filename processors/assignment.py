"""Answers commands to a queue, and keeps its turns and loads. The same command gets the same answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from processors.availability import Absences, PassedOver, Sifted, sift
from processors.turns import next_of
from schemas.assignment import AssignCsm
from schemas.definition.queue import Member, Queue, identity
from schemas.queue_state import Answer, QueueState

_LONGEST_WAIT = timedelta(days=7)
_NAMED = 10
_LONGEST_NAME = 80


def assign(
    state: QueueState | None,
    queue: Queue,
    command: AssignCsm,
    at: datetime,
    absences: Absences,
    *,
    older: Answer | None = None,
) -> tuple[QueueState, Answer]:
    """Answer a command with the next person of the queue, with those who may claim, or with why nobody can.

    A command that was answered well gets that answer for good, and uses up nothing; `older` is the answer
    that was set aside, if there is one. One that failed is decided anew by its next attempt. A failure may
    be tried again when somebody comes back within a week; anything else needs a person. Loads change only
    with an answer that is no failure.
    """
    known = state or QueueState()
    held = known.answers.get(command.id, older)
    if held is not None and (not held.error or command.attempt <= held.attempt):
        return known, held
    load = _counted(known.load, command.released, -1)
    if not command.choose:
        return _with_answer(known, command, Answer(), load=_counted(load, command.taken, 1))
    sifted = sift(queue, command, load, at, absences)
    undecided = _listed([each for each in sifted.passed_over if each.undecided])
    if not sifted.free:
        return _with_answer(known, command, _nobody(queue, sifted, at, undecided))
    if queue.policy == "claim":
        members = tuple(member.email for member in sifted.free)
        return _with_answer(known, command, Answer(members=members, undecided=undecided), load=load)
    chosen, credit = next_of(known, load, queue, sifted.free)
    after = known.model_copy(
        update={
            "turn": known.turn + 1,
            "chosen": _kept({**known.chosen, chosen.who: known.turn}, queue),
            "credit": _kept(credit, queue),
        }
    )
    answer = Answer(name=chosen.name, email=chosen.email, undecided=undecided)
    return _with_answer(after, command, answer, load=_counted(load, chosen.who, 1))


def _with_answer(
    state: QueueState, command: AssignCsm, answer: Answer, *, load: dict[str, int] | None = None
) -> tuple[QueueState, Answer]:
    answer = answer.model_copy(update={"attempt": command.attempt})
    answers = {key: each for key, each in state.answers.items() if key != command.id}
    answers[command.id] = answer
    changed = {"answers": answers} if load is None else {"answers": answers, "load": load}
    return state.model_copy(update=changed), answer


def _nobody(queue: Queue, sifted: Sifted, at: datetime, undecided: str) -> Answer:
    back = [each.back_at for each in sifted.passed_over if each.back_at is not None]
    first = min(back, default=None)
    return Answer(
        error=f"nobody of the queue {queue.name} can take it: {_listed(sifted.passed_over)}",
        retry_at=first if first is not None and first - at <= _LONGEST_WAIT else None,
        undecided=undecided,
    )


def _listed(passed_over: Sequence[PassedOver]) -> str:
    told = [f"{_name(each.member)}: {each.why}" for each in passed_over[:_NAMED]]
    more = len(passed_over) - len(told)
    return "; ".join([*told, f"and {more} more"] if more else told)


def _name(member: Member) -> str:
    return (member.name or member.email)[:_LONGEST_NAME]


def _counted(load: Mapping[str, int], email: str, by: int) -> dict[str, int]:
    """Give the loads with one of them changed; who has nothing is not listed."""
    who = identity(email)
    changed = {**load, who: load.get(who, 0) + by} if who else dict(load)
    return {each: count for each, count in changed.items() if count > 0}


def _kept(figures: Mapping[str, int], queue: Queue) -> dict[str, int]:
    """Leave out people who are no longer in the queue; without an open account nothing is owed to them."""
    members = {member.who for member in queue.members}
    return {who: figure for who, figure in figures.items() if who in members}
