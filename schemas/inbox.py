"""What comes back to a run: results of commands and timers that fell due."""

from typing import ClassVar

from schemas.base import Moment, Record

RESULT = "result"
TIMER_DUE = "timer.due"

SUCCEEDED = "succeeded"
FAILED = "failed"


class InboxRecord(Record):
    """One input of a run: `kind` is `result` or `timer.due`.

    A result answers the command `command_id`. A failed one is `retryable` (the engine schedules the
    retry, not before `retry_at` where it is given) or final. `output` holds what the sink learned, by name.
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
