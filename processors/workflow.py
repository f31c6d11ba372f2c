"""The engine: one pure function, `decide(version, run, event) -> Decision`.

A run is walked step by step until it waits for something or ends. A step that asks a sink for something waits
for its result; the command's id is the effect id (run, step, visit, part), the same over every attempt, so an
effect is done once however often it is asked for. The parts are in `processors/engine/`.
"""

from datetime import datetime

from processors.engine.answering import answered
from processors.engine.answers import task_said
from processors.engine.correcting import begin_reading, corrected
from processors.engine.leaving import deal_changed, left_stage
from processors.engine.reading import has_read
from processors.engine.telling import Decision, Event, Telling
from processors.engine.waking import woken
from processors.engine.walking import close
from schemas.deal import EnrichedDeal
from schemas.definition.documents import WorkflowVersion
from schemas.inbox import COMMAND, DEAL_CHANGED, RESULT, TASK_COMMANDS, TIMER_DUE, InboxRecord
from schemas.run import ENDED, Run, Status
from schemas.stage import StageEntry


def start(version: WorkflowVersion, run: Run, *, at: datetime, cause: str) -> Decision:
    """Begin a run by asking for its deal."""
    telling = Telling(run, at, cause)
    begin_reading(telling, version)
    return telling.done()


def hold(run: Run, reason: str, *, at: datetime, cause: str) -> Decision:
    """Keep a run from beginning until a person starts it."""
    telling = Telling(run, at, cause)
    telling.tell("run.held", reason=reason)
    telling.change(status=Status.HELD, reason=reason)
    return telling.done()


def cancel(run: Run, reason: str, *, at: datetime, cause: str) -> Decision:
    """End an open run without finishing it; its tasks, its timers and whatever it waits for become stale."""
    telling = Telling(run, at, cause)
    telling.tell("run.cancelled", reason=reason)
    close(telling, Status.CANCELLED, reason)
    return telling.done()


def decide(
    version: WorkflowVersion, run: Run, event: Event, *, target: WorkflowVersion | None = None
) -> Decision:
    """Decide what an event means for a run. What the run does not wait for changes nothing.

    `target` is the version that a command wants the run to migrate to. A person's command is always
    answered: by what it did, or by `command.refused` with the reason.
    """
    telling = Telling(run, event.at, event.record.id)
    match event.record:
        case InboxRecord(kind=kind) as word if kind == COMMAND:
            telling.actor = word.actor
            if word.command in TASK_COMMANDS and word.task_id:
                task_said(telling, version, event, word)
            else:
                corrected(telling, version, event, word, target)
        case InboxRecord(kind=kind) as due if kind == TIMER_DUE:
            woken(telling, version, event, due.timer_id)
        case InboxRecord(kind=kind) as result if kind == RESULT:
            answered(telling, version, event, result)
        case EnrichedDeal() as deal if run.status not in ENDED:
            has_read(telling, version, deal)
        case StageEntry() as entry if run.status not in ENDED:
            if entry.stage not in version.workflow.trigger.stages:
                left_stage(telling, version, event, entry)
            deal_changed(telling, version)
        case InboxRecord(kind=kind) if kind == DEAL_CHANGED:
            deal_changed(telling, version)
        case _:
            pass
    return telling.done()
