"""What the engine remembers of an opportunity. Kept as JSON in tables, never on a public topic."""

from enum import StrEnum

from schemas.account import Account, Csm
from schemas.base import Moment, Part
from schemas.deal import EnrichedDeal


class Status(StrEnum):
    """Where a run stands."""

    FETCHING = "fetching"
    WAITING_RESULT = "waiting_result"
    WAITING_TIME = "waiting_time"
    NEEDS_ATTENTION = "needs_attention"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NOT_ENROLLED = "not_enrolled"


ENDED = frozenset({Status.COMPLETED, Status.CANCELLED, Status.NOT_ENROLLED})


class Timer(Part):
    """Something that falls due. A timer whose id a run no longer holds is stale, and is ignored."""

    id: str
    due: Moment


class Pending(Part):
    """The command whose result a run waits for. Its id stays over all attempts."""

    command_id: str
    part: str
    """Which of a step's commands it is, for a step that has several."""
    since: Moment
    """When it was asked for first; a repeat of the command carries the same moment."""
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
    visit: int = 1
    pending: Pending | None = None
    timer: Timer | None = None
    sequence: int = 0
    account: Account | None = None
    """The account as it should be, once a step made it."""
    account_stored: bool = False
    csm: Csm | None = None
    reason: str = ""


class DealRuns(Part):
    """Everything remembered of one opportunity: its runs, and the last input with what it caused.

    `deals` holds the enriched deal of each open run. An ended run keeps only its enrolment: that it was, and
    how it ended. `last_outputs` are repeated when the last input comes again; `seen` holds the ids of older
    inputs, which are ignored.
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
        """Give run id and timer of every run that waits for one."""
        return tuple((run.id, run.timer) for run in self.runs.values() if run.timer is not None)


class StageState(Part):
    """What is remembered of an opportunity's stage: the present one, and the entries published last."""

    stage: str = ""
    entered_at: Moment | None = None
    entries: tuple["KnownEntry", ...] = ()


class KnownEntry(Part):
    """An entry that was published: its id, stage and moment, and where it came from."""

    id: str
    stage: str
    entered_at: Moment
    previous_stage: str | None = None
    late: bool = False
    created: bool = False
    change_id: str = ""
