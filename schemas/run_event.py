"""The public history of runs."""

from typing import ClassVar

from schemas.base import Moment, Record


class RunEvent(Record):
    """One thing that happened in a run, in order of `sequence`, which counts from 1 within the run.

    Kinds: `run.started`, `run.not_enrolled`, `run.held`, `step.started`, `step.completed`, `step.failed`,
    `step.retry_scheduled`, `run.needs_attention`, `run.completed`, `run.cancelled`. `input` and `output` are
    JSON objects as text without contact details, or empty. (An empty object as the default would keep
    Apicurio from recognising the contract as Avro.)
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
    """Id of the record that made this happen: a stage entry, an enriched deal, a result, a timer."""
