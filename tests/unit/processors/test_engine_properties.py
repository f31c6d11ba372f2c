"""The engine under everything at once: events doubled, late, reordered; crashes; people who say anything.

Whatever comes, a run has ended or waits for something that has a name, an effect has one body, a task ends
once, and the history has no holes and says of the run what the run says of itself.
"""

import re
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from processors.brief.structured import structured
from processors.catalogue import Catalogue
from processors.deal import advance
from processors.matching import By, Match, as_text
from processors.sample import ACCOUNT, DEAL
from schemas.account import FindAccounts, UpsertAccount
from schemas.assignment import AssignCsm
from schemas.base import Record
from schemas.brief import WriteBrief
from schemas.deal import EnrichmentRequest
from schemas.definition.documents import Activation, WorkflowVersion
from schemas.email import SendEmail
from schemas.ids import derived_id
from schemas.inbox import COMMAND, DEAL_CHANGED, FAILED, RUN_COMMANDS, TASK_COMMANDS, InboxRecord
from schemas.run import ENDED, DealRuns, Purpose, Run, Status
from schemas.run_event import RunEvent
from schemas.stage import OPPORTUNITY_DELETED, StageEntry
from schemas.task import TASK_ENDED, Task
from tests.unit.processors.engine import OPPORTUNITY, ORG, T0, due, entry, result
from tests.unit.processors.random_workflows import BOSS, PEER, versions

_ASKING = UpsertAccount | FindAccounts | AssignCsm | SendEmail | WriteBrief | EnrichmentRequest
_LARGEST_STATE = 512 * 1024
_RENAMED = {f"s{number}": f"s{number}x" for number in range(7)}
"""What the steps of the first version are called in the second."""


class Engine(RuleBasedStateMachine):
    """One opportunity, and a world that answers when it likes, twice, late, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.state: DealRuns | None = None
        self.at = T0
        self.number = 0
        self.unanswered: list[Record] = []
        self.taken: list[Record] = []
        self.said: dict[str, Record] = {}
        self.tasks: dict[tuple[str, int], Task] = {}
        self.events: dict[str, RunEvent] = {}
        self.catalogue = Catalogue()
        self.signed = False

    @initialize(version=versions())
    def begin(self, version: WorkflowVersion) -> None:
        renamed = re.sub(r'"s(\d)"', r'"s\1x"', version.model_dump_json())
        second = WorkflowVersion.model_validate_json(renamed).model_copy(update={"version": 2})
        self.catalogue = Catalogue(
            {("w", 1): version, ("w", 2): second}, {"w": Activation(version=1, since=T0.isoformat())}
        )
        self.take(entry())

    def take(self, record: Record, *, crash: bool = False) -> None:
        """Take an input; after a crash between table and sending, once more."""
        self.at += timedelta(seconds=1)
        for _ in range(2 if crash else 1):
            advanced = advance(self.state, record, self.at, self.catalogue)  # type: ignore[arg-type]
            assert not advanced.missing
            for out in advanced.outputs:
                self.see(out.record, advanced.state.runs.get(out.run_id))
        self.state = DealRuns.model_validate_json(advanced.state.model_dump_json())
        self.taken.append(record)

    def see(self, record: Record, run: Run | None) -> None:
        match record:
            case Task():
                before = self.tasks.setdefault((record.id, record.revision), record)
                assert before == record, "a revision of a task says one thing"
            case RunEvent():
                assert self.events.setdefault(record.id, record) == record, "an event says one thing"
            case _:
                # A person's retry and a rerun ask for the same effect with what the deal says by then.
                tries = f"{record.id} {run.reruns} {run.attempts}" if run is not None else record.id
                plain = _but_for_attempts(record)
                assert self.said.setdefault(tries, plain) == plain, "an effect has one body"
                if isinstance(record, _ASKING) and record not in self.unanswered:
                    self.unanswered.append(record)

    def answer_to(self, record: Any) -> Record:
        match record:
            case EnrichmentRequest():
                stands = "Signed" if self.signed else "Kick-off"
                opportunity = DEAL.opportunity.model_copy(update={"next_step": stands})
                return DEAL.model_copy(
                    update={
                        "id": derived_id("enriched", record.id),
                        "request_id": record.id,
                        "opportunity": opportunity,
                    }
                )
            case AssignCsm(choose=True) if record.id < "8":
                return result(record, output={"claim": "true", "members": f"{BOSS},{PEER}"})
            case AssignCsm():
                return result(record, output={"name": "Dana", "email": "dana@thread.example"})
            case FindAccounts():
                known = ACCOUNT.model_copy(update={"id": "held", "key": "another:deal", "revision": 7})
                found = [Match(account=known, by=By.DOMAIN, score=0.95)] if record.id < "8" else []
                return result(record, output={"matches": as_text(found)})
            case WriteBrief():
                assert record.deal is not None
                brief = structured(record.deal, record.answers)
                return result(record, output={"brief": brief.model_dump_json(), "written_by": "structured"})
            case _:
                return result(record)

    @rule(data=st.data(), crash=st.booleans())
    def somebody_answers(self, data: st.DataObject, crash: bool) -> None:
        if self.unanswered:
            place = data.draw(st.integers(0, len(self.unanswered) - 1))
            self.take(self.answer_to(self.unanswered.pop(place)), crash=crash)

    @rule()
    def everybody_answers_in_turn(self) -> None:
        for _ in range(30):
            if not self.unanswered:
                return
            self.take(self.answer_to(self.unanswered.pop(0)))

    @rule(data=st.data(), retryable=st.booleans())
    def somebody_fails(self, data: st.DataObject, retryable: bool) -> None:
        if self.unanswered:
            place = data.draw(st.integers(0, len(self.unanswered) - 1))
            record = self.unanswered.pop(place)
            self.take(result(record, outcome=FAILED, retryable=retryable, error="503"))

    @rule(data=st.data())
    def something_comes_again(self, data: st.DataObject) -> None:
        self.take(data.draw(st.sampled_from(self.taken)))

    @rule(data=st.data(), crash=st.booleans())
    def a_timer_fires(self, data: st.DataObject, crash: bool) -> None:
        timers = self.state.timers() if self.state is not None else ()
        if timers:
            run_id, timer = data.draw(st.sampled_from(timers))
            self.at = max(self.at, timer.due)
            self.take(due(run_id, timer.id), crash=crash)

    @rule()
    def the_deal_changes(self) -> None:
        self.number += 1
        self.signed = self.number % 3 == 0
        news = derived_id("news", str(self.number))
        self.take(InboxRecord(id=news, org_id=ORG, kind=DEAL_CHANGED, opportunity_id=OPPORTUNITY))

    @rule(stage=st.sampled_from(["Closed Won", "Negotiation/Review"]))
    def the_deal_moves(self, stage: str) -> None:
        self.take(entry(stage, self.at))

    @rule(
        data=st.data(),
        command=st.sampled_from(sorted(TASK_COMMANDS)),
        actor=st.sampled_from([BOSS, PEER, "x"]),
    )
    def somebody_says_something_of_a_task(self, data: st.DataObject, command: str, actor: str) -> None:
        tasks = list(self.tasks.values())
        if tasks:
            task = data.draw(st.sampled_from(tasks))
            values = {"choice": task.choices[0].key} if task.choices else {}
            if task.fields:
                values = data.draw(
                    st.sampled_from([{"goals": "grow"}, {"seats": "many"}, {"seats": "12.5"}, {}])
                )
            self.say(command, task.run_id, actor, task_id=task.id, values=values, reason="so",
                     to=(PEER,), force=data.draw(st.booleans()))  # fmt: skip

    @rule(data=st.data(), command=st.sampled_from(sorted(RUN_COMMANDS)), force=st.booleans())
    def somebody_says_something_of_a_run(self, data: st.DataObject, command: str, force: bool) -> None:
        runs = list(self.state.runs) if self.state is not None else []
        run = data.draw(st.sampled_from([*runs, "no run"]))
        step = data.draw(st.sampled_from(["", "s0", "s1", "good", "nowhere"]))
        self.say(command, run, "ops@thread.example", step_id=step, version=2, force=force, values=_RENAMED,
                 to=(data.draw(st.sampled_from([BOSS, PEER])),))  # fmt: skip

    @rule(
        data=st.data(),
        command=st.sampled_from(["rerun", "rerun", "retry", "skip", "migrate"]),
        force=st.booleans(),
    )
    def an_operator_corrects_a_run(self, data: st.DataObject, command: str, force: bool) -> None:
        runs = self.runs()
        if runs:
            run = data.draw(st.sampled_from(runs))
            steps = self.catalogue.versions[run.workflow, run.version].workflow.steps
            step = data.draw(st.sampled_from(["", *(each.id for each in steps)]))
            self.say(command, run.id, "ops@thread.example", step_id=step, force=force, version=2,
                     values=_RENAMED)  # fmt: skip
            self.everybody_answers_in_turn()

    @rule(data=st.data(), yes=st.booleans())
    def somebody_decides(self, data: st.DataObject, yes: bool) -> None:
        held = [task for run in self.runs() for task in run.tasks.values()]
        if held:
            task = data.draw(st.sampled_from(held))
            command = {"approval": "approve" if yes else "reject", "form": "fill", "claim": "claim"}
            values = (
                {"choice": task.choices[-1 if yes else 0].key}
                if task.choices
                else {"goals": "grow", "seats": "12.5"}
            )
            self.say(command.get(task.kind, "choose"), task.run_id, data.draw(st.sampled_from(task.people)),
                     task_id=task.id, values=values, reason="so")  # fmt: skip
            self.everybody_answers_in_turn()

    @rule()
    def the_deal_is_deleted(self) -> None:
        if self.number % 5 == 4:
            gone = StageEntry(
                id=f"gone-{len(self.taken)}", org_id=ORG, kind=OPPORTUNITY_DELETED, opportunity_id=OPPORTUNITY
            )
            self.take(gone)
            assert all(run.status in ENDED for run in self.runs())

    def say(self, command: str, run_id: str, actor: str, **fields: Any) -> None:
        self.number += 1
        word = InboxRecord(
            id=derived_id("word", str(self.number)),
            org_id=ORG,
            kind=COMMAND,
            opportunity_id=OPPORTUNITY,
            command=command,
            run_id=run_id,
            actor=actor,
            **fields,
        )
        before = set(self.events)
        self.take(word)
        answers = [event for name, event in self.events.items() if name not in before]
        assert any(event.caused_by == word.id for event in answers), "a person is always answered"

    def runs(self) -> list[Run]:
        return list(self.state.runs.values()) if self.state is not None else []

    @invariant()
    def every_run_has_ended_or_waits_for_something_with_a_name(self) -> None:
        for run in self.runs():
            match run.status:
                case status if status in ENDED:
                    assert run.pending is None
                    assert run.tasks == {}
                    assert {timer.purpose for timer in run.timers} <= {Purpose.FORGET, Purpose.NOTICE}
                case Status.WAITING_RESULT | Status.FETCHING:
                    assert run.pending is not None
                    assert self.will_be_answered(run), f"nobody will answer {run.pending}"
                case Status.WAITING_PERSON:
                    assert any(task.step_id == run.step_id for task in run.tasks.values())
                case Status.WAITING_TIME:
                    waits = {timer.purpose for timer in run.timers}
                    assert waits & {Purpose.RETRY, Purpose.WAIT, Purpose.TIME_OUT} or self.watches(run)
                case Status.NEEDS_ATTENTION:
                    assert run.reason
                case Status.HELD:
                    assert run.reason

    @invariant()
    def no_timer_is_set_whose_record_was_taken_before(self) -> None:
        if self.state is not None:
            held = {timer.id for _, timer in self.state.timers()}
            assert not held & {*self.state.seen, self.state.last_input}, "it would be ignored for ever"

    def will_be_answered(self, run: Run) -> bool:
        """Whether the command a run waits for is still on its way, by its id and its attempt."""
        pending = run.pending
        return pending is not None and any(
            record.id == pending.command_id and getattr(record, "attempt", 0) >= pending.attempt
            for record in self.unanswered
        )

    def watches(self, run: Run) -> bool:
        step = self.catalogue.versions[run.workflow, run.version].workflow.step(run.step_id)
        return getattr(step, "until_true", None) is not None

    @invariant()
    def tasks_end_once_and_are_known_by_their_runs(self) -> None:
        latest: dict[str, Task] = {}
        for (name, revision), task in sorted(self.tasks.items()):
            before = latest.get(name)
            assert before is None or before.status not in TASK_ENDED, "an ended task says nothing more"
            assert revision == (before.revision + 1 if before is not None else revision)
            latest[name] = task
        held = {name for run in self.runs() for name in run.tasks}
        assert {name for name, task in latest.items() if task.status not in TASK_ENDED} == held

    @invariant()
    def histories_have_no_holes_and_say_what_the_runs_say(self) -> None:
        for run in self.runs():
            told = sorted(event.sequence for event in self.events.values() if event.run_id == run.id)
            assert told == list(range(1, run.sequence + 1))

    @invariant()
    def what_is_remembered_stays_small(self) -> None:
        if self.state is not None:
            without = self.state.model_copy(update={"deals": {}, "last_outputs": ()})
            assert len(without.model_dump_json()) < _LARGEST_STATE


def _but_for_attempts(record: Record) -> Record:
    return record.model_copy(update={"attempt": 1}) if hasattr(record, "attempt") else record


Engine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestEngine = Engine.TestCase
