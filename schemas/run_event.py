"""The public history of runs."""

from typing import ClassVar

from schemas.base import Moment, Record


class RunEvent(Record):
    """One thing that happened in a run, in order of `sequence`, which counts from 1 within the run.

    Of runs: `run.started`, `.held`, `.not_enrolled`, `.needs_attention`, `.retried`, `.rerun`, `.migrated`,
    `.completed`, `.cancelled`. Of steps: `step.started`, `.skipped`, `.waiting`, `.retry_scheduled`,
    `.timed_out`, `.completed`, `.failed`. Of tasks: `task.opened`, `.claimed`, `.released`, `.delegated`,
    `.saved`, `.answered`, `.reminded`, `.escalated`, `.expired`, `.cancelled`. Also `deal.left_stage`,
    `notice.sent`, `notice.failed`, `csm.reassigned`, and `command.refused`, whose `reason` says why (its
    `run_id` is empty where no such run exists). Readers keep kinds they do not know.

    `input` and `output` are JSON objects as text without contact details, or empty. (An empty object as the
    default would keep Apicurio from recognising the contract as Avro.)
    """

    ce_type: ClassVar[str] = "dealwire.workflow.event"

    kind: str = ""
    opportunity_id: str = ""
    run_id: str = ""
    workflow_id: str = ""
    workflow_version: int = 0
    sequence: int = 0
    at: Moment | None = None
    step_id: str = ""
    step_type: str = ""
    attempt: int = 0
    outcome: str = ""
    reason: str = ""
    input: str = ""
    output: str = ""
    caused_by: str = ""
    """Id of the record that made this happen: a stage entry, a deal, a result, a timer, a command."""
    actor: str = ""
    """Who wanted it, where a person did."""
    task_id: str = ""
    due: Moment | None = None
    """When the run goes on by itself, where it waits for a time."""
