"""What people say to runs and tasks, as commands, and how the engine's events answer them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.errors import UsageError
from schemas.ids import derived_id
from schemas.inbox import COMMAND, RUN_COMMANDS, TASK_COMMANDS, InboxRecord
from schemas.run_event import RunEvent
from schemas.run_summary import RunSummary
from schemas.task import Task

REFUSED_EVENT = "command.refused"


class Outcome(StrEnum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"
    UNDER_WAY = "under way"


@dataclass(frozen=True, slots=True)
class Answer:
    """How the engine answered a command: done, or refused with the `reason`.

    `UNDER_WAY` is no answer yet: the command is in Kafka and will be answered by an event that it caused.
    `event` is the first one; what it names comes first in the history, the rest follows there.
    """

    command_id: str
    outcome: Outcome
    reason: str = ""
    event: RunEvent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who says something, why, and under which key: the same said again under one key is one command.

    `force` lets an operator answer for somebody else, and a rerun repeat its effects.
    """

    actor: str
    key: str
    reason: str = ""
    force: bool = False


def about_task(
    task: Task, command: str, said: Said, *, values: Mapping[str, str] | None = None, to: Iterable[str] = ()
) -> InboxRecord:
    """Make a command about a task. Raises `UsageError` for one there is not, or that nobody says."""
    _must_be_known(command, TASK_COMMANDS, said)
    return InboxRecord(
        id=_command_id(said, command, task.run_id, task.id),
        org_id=task.org_id,
        kind=COMMAND,
        opportunity_id=task.opportunity_id,
        run_id=task.run_id,
        step_id=task.step_id,
        command=command,
        actor=said.actor,
        task_id=task.id,
        reason=said.reason,
        values=dict(values or {}),
        to=tuple(to),
        force=said.force,
    )


def about_run(
    run: RunSummary,
    command: str,
    said: Said,
    *,
    step_id: str = "",
    version: int = 0,
    values: Mapping[str, str] | None = None,
    to: Iterable[str] = (),
) -> InboxRecord:
    """Make a command about a run: `step_id` where a rerun begins, `version` and `values` of a migration.

    Of a reassignment, `to` is the mail address of whoever gets the account, and `values` may hold the `name`.
    Raises `UsageError` for one there is not, or that nobody says.
    """
    _must_be_known(command, RUN_COMMANDS, said)
    return InboxRecord(
        id=_command_id(said, command, run.run_id, ""),
        org_id=run.org_id,
        kind=COMMAND,
        opportunity_id=run.opportunity_id,
        run_id=run.run_id,
        step_id=step_id,
        command=command,
        actor=said.actor,
        reason=said.reason,
        values=dict(values or {}),
        to=tuple(to),
        version=version,
        force=said.force,
    )


def answer(command_id: str, events: Iterable[RunEvent]) -> Answer:
    """Give what events say of a command; those that something else caused say nothing."""
    mine = next((event for event in events if event.caused_by == command_id), None)
    if mine is None:
        return Answer(command_id, Outcome.UNDER_WAY)
    if mine.kind == REFUSED_EVENT:
        return Answer(command_id, Outcome.REFUSED, mine.reason, mine)
    return Answer(command_id, Outcome.DONE, event=mine)


def _must_be_known(command: str, known: frozenset[str], said: Said) -> None:
    if command not in known:
        raise UsageError(f"there is no command {command!r:.40}", todo=f"Use: {', '.join(sorted(known))}.")
    if not said.actor.strip():
        raise UsageError("it is not said by whom", todo="Name who says it, by mail address.")


def _command_id(said: Said, command: str, run_id: str, task_id: str) -> str:
    return derived_id("command", said.key, said.actor.casefold(), command, run_id, task_id)
