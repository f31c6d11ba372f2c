"""The engine with sinks that always answer, for tests: every record it sends comes back as its result."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from processors.applying import plan
from processors.brief.structured import structured
from processors.catalogue import Catalogue, fold
from processors.deal import Output, advance
from processors.engine.reading import FETCH
from processors.history import tell
from processors.lint_library import library
from processors.matching import Match, as_text
from processors.sample import DEAL
from processors.yaml_documents import parse
from schemas.account import FindAccounts, UpsertAccount
from schemas.assignment import AssignCsm
from schemas.base import Record
from schemas.brief import WriteBrief
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.definition.documents import Workflow
from schemas.email import SendEmail
from schemas.ids import derived_id, stage_entry_id
from schemas.inbox import COMMAND, FAILED, RESULT, TIMER_DUE, InboxRecord
from schemas.run import DealRuns, Purpose, Run, Status, Timer
from schemas.run_event import RunEvent
from schemas.stage import StageEntry
from schemas.task import Task

ROOT = Path(__file__).parents[3]
T0 = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
ORG, OPPORTUNITY = DEAL.org_id, DEAL.opportunity_id


@cache
def example_catalogue() -> Catalogue:
    return catalogue_of(*(file.read_text("utf-8") for file in sorted((ROOT / "examples").glob("*.yaml"))))


def catalogue_of(*texts: str) -> Catalogue:
    placed = [each for text in texts for each in parse(text, "test.yaml")]
    workflows = [each.document for each in placed if isinstance(each.document, Workflow)]
    steps = plan(workflows, library(placed), Catalogue(), at=T0 - timedelta(days=1), actor="test")
    return fold(record for step in steps for record in step.records)


def entry(stage: str = "Closed Won", moment: datetime = T0) -> StageEntry:
    return StageEntry(
        id=stage_entry_id(ORG, OPPORTUNITY, stage, moment),
        org_id=ORG,
        opportunity_id=OPPORTUNITY,
        stage=stage,
        entered_at=moment,
    )


class World:
    """One opportunity: its state, what was sent, what is still to come in. Each input takes a second."""

    def __init__(self, catalogue: Catalogue, deal: EnrichedDeal = DEAL) -> None:
        self.catalogue = catalogue
        self.deal = deal
        self.state: DealRuns | None = None
        self.sent: list[Output] = []
        self.coming: deque[Record] = deque()
        self.at = T0
        self.existing: list[Match] = []
        self.failures: dict[type[Record], int] = {}

    def take(self, record: Record) -> list[Output]:
        self.at += timedelta(seconds=1)
        advanced = advance(self.state, record, self.at, self.catalogue)  # type: ignore[arg-type]
        assert not advanced.missing
        # The state lives as JSON in a table, so it must survive that.
        self.state = DealRuns.model_validate_json(advanced.state.model_dump_json())
        assert self.state == advanced.state
        self.sent += advanced.outputs
        self._check_history()
        self.coming += [answer for out in advanced.outputs if (answer := self.answer(out.record)) is not None]
        return list(advanced.outputs)

    def _check_history(self) -> None:
        """Whoever reads only the public events must see runs standing where the engine has them."""
        seen = {story.summary.run_id: story.summary for story in tell({}, self.events()).values()}
        for run in self.state.runs.values() if self.state is not None else ():
            # One that is looked at anew tells nothing until its filter was passed.
            anew = run.id in seen and seen[run.id].status == "not enrolled" and run.status is Status.FETCHING
            if run.id in seen and not anew:
                status, step = seen[run.id].status, seen[run.id].step_id or run.step_id
                assert status == run.status.replace("_", " "), (run.id, self.kinds())
                # A step whose deal is read again stands where it stood, and reading is told of.
                assert step in (run.step_id, FETCH), (run.id, self.kinds())

    def answer(self, record: Record) -> Record | None:
        """What the world does with a record that the engine sent."""
        left = self.failures.get(type(record), 0)
        if left:
            self.failures[type(record)] = left - 1
            return result(record, outcome=FAILED, retryable=True, error="it answers 503")
        match record:
            case EnrichmentRequest():
                return self.deal.model_copy(
                    update={"id": derived_id("enriched", record.id), "request_id": record.id}
                )
            case AssignCsm():
                return result(record, output={"name": "Dana", "email": "dana@thread.example"})
            case FindAccounts():
                return result(record, output={"matches": as_text(self.existing)})
            case WriteBrief():
                brief = structured(self.deal, record.answers)
                return result(
                    record, output={"brief": brief.model_dump_json(), "written_by": brief.written_by}
                )
            case UpsertAccount() | SendEmail():
                return result(record)
            case _:
                return None

    def settle(self) -> None:
        """Feed everything back, and try again what is to be, until only people and time are waited for."""
        for _ in range(500):
            if self.coming:
                self.take(self.coming.popleft())
                continue
            soon = self.timers(Purpose.RETRY, Purpose.NOTICE)
            if not soon:
                return
            self.fire(*soon[0])
        raise AssertionError("it does not come to rest")

    def timers(self, *purposes: Purpose) -> list[tuple[str, Timer]]:
        """Give run id and timer of what is waited for, soonest first."""
        held = self.state.timers() if self.state is not None else ()
        wanted = [each for each in held if not purposes or each[1].purpose in purposes]
        return sorted(wanted, key=lambda each: each[1].due)

    def fire(self, run_id: str, timer: Timer) -> None:
        self.at = max(self.at, timer.due)
        self.coming.append(due(run_id, timer.id))

    def pass_time(self, time: timedelta) -> None:
        """Let time go by, with everything that falls due in it."""
        until = self.at + time
        for _ in range(500):
            soon = [each for each in self.timers() if each[1].due <= until]
            if not soon:
                self.at = max(self.at, until)
                return
            self.fire(*soon[0])
            self.settle()
        raise AssertionError("it does not come to rest")

    def waits_for_somebody(self) -> bool:
        """Whether some run has asked a person."""
        return self.state is not None and any(run.tasks for run in self.state.runs.values())

    @property
    def run(self) -> Run:
        """The one run, or the one that began last."""
        assert self.state is not None
        return list(self.state.runs.values())[-1]

    @property
    def task(self) -> Task:
        """The last task, as it was published last."""
        return [out.record for out in self.sent if isinstance(out.record, Task)][-1]

    def status(self) -> Status:
        return self.run.status

    def say(self, command: str, **fields: Any) -> RunEvent:
        """Say something, let it take its course, and give the event that answers."""
        word = InboxRecord(
            id=derived_id("word", command, str(self.at), repr(fields)),
            org_id=ORG,
            kind=COMMAND,
            opportunity_id=OPPORTUNITY,
            command=command,
            **{"run_id": self.run.id, "actor": "ops@thread.example", **fields},
        )
        outputs = self.take(word)
        self.settle()
        return next(out.record for out in outputs if isinstance(out.record, RunEvent))

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events()]

    def events(self, kind: str = "") -> list[RunEvent]:
        return [
            out.record
            for out in self.sent
            if isinstance(out.record, RunEvent) and kind in ("", out.record.kind)
        ]

    def commands(self, kind: type[Record]) -> list[Record]:
        return [out.record for out in self.sent if isinstance(out.record, kind)]


def result(command: Record, **fields: Any) -> InboxRecord:
    attempt = getattr(command, "attempt", 1)
    return InboxRecord(
        id=derived_id("result", command.id, str(attempt)),
        org_id=ORG,
        kind=RESULT,
        opportunity_id=OPPORTUNITY,
        run_id=getattr(command, "run_id", ""),
        command_id=command.id,
        attempt=attempt,
        **fields,
    )


def due(run_id: str, timer_id: str) -> InboxRecord:
    return InboxRecord(
        id=timer_id,
        org_id=ORG,
        kind=TIMER_DUE,
        opportunity_id=OPPORTUNITY,
        run_id=run_id,
        timer_id=timer_id,
    )


def with_amount(amount: object) -> EnrichedDeal:
    return DEAL.model_copy(update={"opportunity": DEAL.opportunity.model_copy(update={"amount": amount})})


__all__ = ["World", "catalogue_of", "due", "entry", "example_catalogue", "replace", "result", "with_amount"]
