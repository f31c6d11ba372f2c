"""Commands by way of a real Kafka: the engine's answer is heard, a repeat's too, and silence is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.history.memory import MemoryRunHistory
from connectors.kafka.delivery import Delivery
from connectors.ports import RunHistory, SystemClock
from connectors.salesforce.memory import MemoryDealLookup
from processors.applying import plan
from processors.catalogue import Catalogue, control_key
from processors.commanding import Answer, Outcome, Said, about_task
from processors.lint_library import library
from processors.run_summary import summarize
from processors.sample import DEAL
from processors.task_list import one_task
from processors.yaml_documents import parse
from schemas.definition.documents import Workflow
from schemas.ids import stage_entry_id
from schemas.run_event import RunEvent
from schemas.stage import StageEntry
from schemas.task import Task
from streams.agents.enrich import enrich
from streams.agents.workflow import workflow
from streams.commanding import Commander
from streams.outbox import Outbox
from streams.task_board import TaskBoard
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka

KEY = f"{DEAL.org_id}:{DEAL.opportunity_id}"
GATE = """
kind: workflow
name: gate
status: active
trigger: {stages: [Closed Won]}
steps:
  - {id: one, type: approval, to: [ann@x.example], title: One, rejected: 'no'}
  - {id: two, type: approval, to: [ann@x.example], title: Two, rejected: 'no'}
  - {id: "yes", type: end, outcome: ready}
  - {id: "no", type: end, outcome: rejected}
"""


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    bench.lookups = {DEAL.org_id: MemoryDealLookup(DEAL.org_id, [DEAL])}
    placed = parse(GATE, "gate.yaml")
    workflows = [each.document for each in placed if isinstance(each.document, Workflow)]
    since = datetime.now(UTC) - timedelta(minutes=1)
    for applied in plan(workflows, library(placed), Catalogue(), at=since, actor="test"):
        for record in applied.records:
            bench.produce("control", control_key(record), record)
    return bench


@asynccontextmanager
async def commander(
    bench: AgentBench, *, seconds: float = 20, history: RunHistory | None = None
) -> AsyncIterator[Commander]:
    delivery = Delivery(bench.config)
    await delivery.start()
    outbox = Outbox(bench.config, bench.records, delivery)
    patience = timedelta(seconds=seconds)
    async with Commander(outbox, SystemClock(), patience=patience, history=history) as made:
        yield made
    await delivery.stop()


def won() -> StageEntry:
    moment = datetime.now(UTC)
    return StageEntry(
        id=stage_entry_id(DEAL.org_id, DEAL.opportunity_id, "Closed Won", moment),
        org_id=DEAL.org_id,
        opportunity_id=DEAL.opportunity_id,
        stage="Closed Won",
        entered_at=moment,
    )


async def opened(bench: AgentBench, count: int = 1) -> Task:
    """Give the newest task as soon as so many records of tasks are there."""
    records = await bench.read("tasks", count)
    assert len(records) == count
    task = records[-1]
    assert isinstance(task, Task)
    return task


async def test_the_answer_is_heard_and_a_repeat_is_answered_again(bench: AgentBench) -> None:
    async with bench.running(workflow, enrich), commander(bench) as said:
        bench.produce("opportunity.stages", KEY, won())
        word = about_task(await opened(bench), "approve", Said(actor="Ann@x.example", key="k"))
        both = await asyncio.gather(said.say(word), said.say(word))
        once_more = await said.say(word)
        late = await said.say(word.model_copy(update={"id": "another", "actor": "bob@x.example"}))
    assert {each.outcome for each in (*both, once_more)} == {Outcome.DONE}
    assert {each.event.caused_by for each in (*both, once_more) if each.event is not None} == {word.id}
    assert both[0].event is not None
    assert (both[0].event.kind, both[0].event.actor) == ("task.answered", "Ann@x.example")
    assert (late.outcome, late.reason[:18]) == (Outcome.REFUSED, "the task has ended")


async def test_the_board_shows_tasks_as_they_stand(bench: AgentBench) -> None:
    board = TaskBoard(bench.config, bench.records)
    await board.refresh()
    assert board.tasks == {}
    async with bench.running(workflow, enrich), commander(bench) as said:
        bench.produce("opportunity.stages", KEY, won())
        first = await opened(bench)
        await said.say(about_task(first, "approve", Said(actor="ann@x.example", key="k")))
        await opened(bench, 3)
        await board.refresh()
    assert (board.tasks[first.id].status, board.tasks[first.id].outcome) == ("done", "approved")
    assert [each.status for each in board.tasks.values() if each.id != first.id] == ["open"]
    assert one_task(board.tasks, first.id[:8]) == board.tasks[first.id]
    bench.produce("tasks", f"{KEY}:{first.id}", first)  # an older revision, repeated after a crash
    await board.refresh()
    assert board.tasks[first.id].status == "done"
    await board.close()


async def test_without_an_answer_it_is_under_way_or_was_told_before(bench: AgentBench) -> None:
    task = Task(id="t", org_id=DEAL.org_id, opportunity_id=DEAL.opportunity_id, run_id="r")
    word = about_task(task, "approve", Said(actor="ann@x.example", key="k"))
    async with commander(bench, seconds=0.3) as said:
        assert await said.say(word) == Answer(word.id, Outcome.UNDER_WAY)
    history = MemoryRunHistory(summarize)
    told = RunEvent(id="e", org_id=DEAL.org_id, kind="task.answered", run_id="r", sequence=1,
                    at=datetime.now(UTC), caused_by=word.id)  # fmt: skip
    await history.append([told], [], at=datetime.now(UTC))
    async with commander(bench, seconds=0.3, history=history) as said:
        assert (await said.say(word)).outcome is Outcome.DONE
    assert len(await bench.read("workflow.inbox", 2)) == 2
