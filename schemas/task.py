"""What a person is asked to do. The latest record of a task is the truth; any tool may show them."""

from typing import ClassVar

from schemas.base import Moment, Part, Record

OPEN, CLAIMED, DONE, EXPIRED, CANCELLED = "open", "claimed", "done", "expired", "cancelled"
TASK_ENDED = frozenset({DONE, EXPIRED, CANCELLED})

APPROVAL, FORM, CLAIM, CHOICE = "approval", "form", "claim", "choice"


class Vote(Part):
    """What one person said about an approval: `yes` or no, and why."""

    by: str
    yes: bool
    reason: str = ""
    at: Moment


class TaskField(Part):
    """One field of a form; `type` is text, long_text, choice, number, date, money, person or email."""

    name: str
    label: str = ""
    type: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""


class TaskChoice(Part):
    """One answer of a choice: its key, and what it means."""

    key: str
    label: str = ""


class Task(Record):
    """One thing that a person is asked for: `kind` is approval, form, claim (of an account) or choice.

    `status` goes from `open`, perhaps by way of `claimed`, to `done`, `expired` or `cancelled`; an ended task
    never opens again. `people` are the mail addresses of those who may answer, `need` how many yeses an
    approval wants. `values` are a form's answers (before the end: its prefilled values or draft) as text:
    numbers and amounts in decimal notation, dates as YYYY-MM-DD. `revision` counts from 1; a higher one
    replaces a lower one. Delivered at least once.
    """

    ce_type: ClassVar[str] = "dealwire.task"

    kind: str = APPROVAL
    status: str = OPEN
    revision: int = 1
    opportunity_id: str = ""
    run_id: str = ""
    workflow_id: str = ""
    workflow_version: int = 0
    step_id: str = ""
    title: str = ""
    text: str = ""
    people: tuple[str, ...] = ()
    claimed_by: str = ""
    need: int = 1
    votes: tuple[Vote, ...] = ()
    fields: tuple[TaskField, ...] = ()
    values: dict[str, str] = {}
    choices: tuple[TaskChoice, ...] = ()
    opened_at: Moment | None = None
    due: Moment | None = None
    reminded: int = 0
    escalated: bool = False
    outcome: str = ""
    """How it ended: `approved`, `rejected`, `filled`, the claimer's or the choice's key; empty before."""
    answered_by: str = ""
    answered_at: Moment | None = None
    reason: str = ""
