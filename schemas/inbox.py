"""What comes back to a run: results, timers that fell due, news of the deal, and what people say."""

from typing import ClassVar

from schemas.base import Moment, Record

RESULT = "result"
TIMER_DUE = "timer.due"
DEAL_CHANGED = "deal.changed"
COMMAND = "command"

SUCCEEDED = "succeeded"
FAILED = "failed"

TASK_COMMANDS = frozenset({"approve", "reject", "fill", "draft", "claim", "release", "delegate", "choose"})
"""What people say about a task."""
RUN_COMMANDS = frozenset({"retry", "cancel", "skip", "rerun", "start", "migrate", "reassign"})
"""What people say about a run; `start` lets a held one go."""


class InboxRecord(Record):
    """One input of a run: `kind` is `result`, `timer.due`, `deal.changed` or `command`.

    A result answers the command `command_id`. A failed one is `retryable` (the engine schedules the
    retry, not before `retry_at` where it is given) or final. `output` holds what the sink learned, by name.

    A command is what the person `actor` wants of a run or of its task `task_id`. The engine answers with a
    run event that this record caused; `command.refused` says why not. `values` are a form's answers, the
    choice, or a migration's step map; `to` is whom something is delegated or assigned to; `step_id` where a
    rerun begins; `force` lets a rerun repeat effects, and an operator answer for somebody else.
    """

    ce_type: ClassVar[str] = "dealwire.workflow.inbox"

    kind: str = RESULT
    opportunity_id: str = ""
    run_id: str = ""
    step_id: str = ""
    command_id: str = ""
    attempt: int = 1
    outcome: str = SUCCEEDED
    retryable: bool = False
    retry_at: Moment | None = None
    error: str = ""
    output: dict[str, str] = {}
    timer_id: str = ""
    command: str = ""
    actor: str = ""
    task_id: str = ""
    reason: str = ""
    values: dict[str, str] = {}
    to: tuple[str, ...] = ()
    version: int = 0
    force: bool = False
