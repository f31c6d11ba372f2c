"""What the engine remembers of an opportunity. Kept as JSON in tables, never on a public topic."""

from enum import StrEnum
from typing import Any

from schemas.account import Account, Csm
from schemas.base import Moment, Part
from schemas.deal import EnrichedDeal
from schemas.task import Task

MOST_VISITS = 1000
"""How often a run may come to one step; more is a loop that nobody meant."""


ATTEMPTS_OF_A_RERUN = 1000


class Status(StrEnum):
    """Where a run stands."""

    HELD = "held"
    FETCHING = "fetching"
    WAITING_RESULT = "waiting_result"
    WAITING_PERSON = "waiting_person"
    WAITING_TIME = "waiting_time"
    NEEDS_ATTENTION = "needs_attention"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    NOT_ENROLLED = "not_enrolled"


ENDED = frozenset({Status.COMPLETED, Status.REJECTED, Status.CANCELLED, Status.NOT_ENROLLED})


class Purpose(StrEnum):
    """What a run wants to be woken for."""

    RETRY = "retry"
    TIME_OUT = "time_out"
    WAIT = "wait"
    REMIND = "remind"
    ESCALATE = "escalate"
    NOTICE = "notice"
    FORGET = "forget"


class Timer(Part):
    """Something that falls due. A timer whose id a run no longer holds is stale, and is ignored.

    `about` says what it concerns, where a run has several of a purpose: a task, or a command.
    """

    id: str
    due: Moment
    purpose: Purpose
    about: str = ""


class Pending(Part):
    """The command whose result a run waits for. Its id stays over all attempts."""

    command_id: str
    part: str
    """Which of a step's commands it is, for a step that has several."""
    since: Moment
    """When it was asked for first; a repeat of the command carries the same moment."""
    attempt: int = 1


class Notice(Part):
    """A command that a run does not wait for (a reminder's mail), as it was sent: type, key and JSON."""

    ce_type: str
    key: str
    body: str
    attempt: int = 1


class Run(Part):
    """One execution of one version of a workflow for one opportunity."""

    id: str
    org_id: str
    opportunity_id: str
    workflow: str
    version: int
    entry_id: str = ""
    stage: str = ""
    entered_at: Moment | None = None
    previous_stage: str | None = None
    """Stage, moment and stage before of the entry that started the run."""
    fetch_fields: tuple[str, ...] = ()
    """The custom fields to read with the deal: those of every run that the same stage entry started."""
    status: Status = Status.FETCHING
    step_id: str = ""
    goto: str = ""
    """Where to go on when the deal has been read; empty is the first step."""
    visits: dict[str, int] = {}
    """How often each step was begun since the run began or was rerun."""
    forced: int = 0
    """How often it was rerun with its effects repeated."""
    reruns: int = 0
    reads: int = 0
    """How often the deal was asked for anew."""
    attempts: int = 0
    """The number of the last attempt before the present try of the step. A person's retry goes on counting,
    and a rerun begins at the next thousand: an answer is known by its attempt."""
    pending: Pending | None = None
    timers: tuple[Timer, ...] = ()
    tasks: dict[str, Task] = {}
    """Its open tasks, by id."""
    notices: dict[str, Notice] = {}
    look_again: bool = False
    """The deal changed while it was being read."""
    variables: dict[str, Any] = {}
    """What steps computed and people answered: JSON values by name."""
    sequence: int = 0
    started: bool = False
    """Whether its beginning was told."""
    account: Account | None = None
    """The account as it should be, once a step made it."""
    account_stored: bool = False
    candidates: tuple[Account, ...] = ()
    """Accounts that may be the same customer, while a person chooses."""
    csm: Csm | None = None
    reason: str = ""

    def visit_of(self, step_id: str) -> int:
        """Give the number of the present visit to a step, which its effects are named by."""
        return self.forced * MOST_VISITS + self.visits.get(step_id, 1)

    def first_attempts(self) -> int:
        """Give the number before the first attempt of a step."""
        return self.reruns * ATTEMPTS_OF_A_RERUN

    def timer(self, purpose: Purpose, about: str = "") -> Timer | None:
        """Give the timer for a purpose, if the run has one."""
        found = (each for each in self.timers if each.purpose is purpose and each.about == about)
        return next(found, None)


class DealRuns(Part):
    """Everything remembered of one opportunity: its runs, and the last input with what it caused.

    `deals` holds the enriched deal of each open run. An ended run stays whole for a while, for a rerun; then
    it keeps only its enrolment: that it was, and how it ended. `last_outputs` are repeated when the last
    input comes again; `seen` holds the ids of older inputs, which are ignored.
    """

    runs: dict[str, Run] = {}
    deals: dict[str, EnrichedDeal] = {}
    last_input: str = ""
    last_outputs: tuple[tuple[str, str, str], ...] = ()
    """CloudEvents type, Kafka key and JSON of each record that the last input caused."""
    seen: tuple[str, ...] = ()
    ignored: int = 0
    """How many inputs came again after others."""

    def timers(self) -> tuple[tuple[str, Timer], ...]:
        """Give run id and timer of everything that runs wait for."""
        return tuple((run.id, timer) for run in self.runs.values() for timer in run.timers)


class StageState(Part):
    """What is remembered of an opportunity: its present stage, and the entries and fates published last."""

    stage: str = ""
    entered_at: Moment | None = None
    entries: tuple["KnownEntry", ...] = ()
    fates: tuple["KnownFate", ...] = ()


class KnownEntry(Part):
    """An entry that was published: its id, stage and moment, and where it came from."""

    id: str
    stage: str
    entered_at: Moment
    previous_stage: str | None = None
    late: bool = False
    created: bool = False
    change_id: str = ""
    event_at: Moment | None = None
    """When the deal itself said that it entered; None while only its history told of it."""
    row_id: str = ""
    """The row of the deal's history that told of it, too."""


class KnownFate(Part):
    """A deletion or its undoing that was published: its id and kind, when it was, and where it came from."""

    id: str
    kind: str
    at: Moment
    change_id: str = ""
