"""Queues on a real Kafka: workers die and share anew, and each command has one answer that adds up."""

import asyncio
import json
import random
import signal
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from processors.absences import pause, resume
from processors.assignment import assign
from processors.catalogue import Catalogue, control_key, control_record, fold
from schemas.assignment import AssignCsm
from schemas.control import ControlRecord
from schemas.definition.queue import Absence, Queue
from schemas.inbox import InboxRecord
from schemas.queue_state import QueueState
from streams.agents.assignments import assignments
from streams.control import write
from streams.queue_figures import queue_states
from tests.fixtures.agents import ORG
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records
from tests.fixtures.workers import Workers, whole

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

AT = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
QUEUES = 8
COMMANDS = 200


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    return AgentBench(config, await known_records(config), tmp_path)


def queue(name: str, policy: str = "round_robin", people: str = "abc") -> Queue:
    members = [{"name": each, "email": f"{each}@thread.example", "weight": place + 1, "capacity": 1000}
               for place, each in enumerate(people)]  # fmt: skip
    return Queue.model_validate({"kind": "queue", "name": name, "policy": policy, "members": members})


def control(of: Queue) -> ControlRecord:
    return control_record("queue", of.name, 0, of.model_dump_json(), at=AT, actor="ann")


class Model:
    """What one queue should answer: the pure function, fed the same commands in the same order."""

    def __init__(self, of: Queue, chance: random.Random) -> None:
        self.queue = of
        self.state = QueueState()
        self.commands: list[AssignCsm] = []
        self.expected: dict[str, dict[str, str]] = {}
        for number in range(COMMANDS):
            self._ask(number, chance)

    def _ask(self, number: int, chance: random.Random) -> None:
        """Ask for somebody; now and then the same once more, or for another one than an earlier answer."""
        earlier = chance.choice(list(self.expected.values())).get("email", "") if self.expected else ""
        command = AssignCsm(
            id=f"{self.queue.name}-{number}",
            org_id=ORG,
            queue=self.queue.name,
            opportunity_id=f"006{number:012d}AAA",
            run_id="run",
            exclude=(earlier,) if number % 4 == 3 else (),
            released=earlier if number % 4 == 3 else "",
        )
        for asked in (command, *chance.sample(self.commands, k=min(1, len(self.commands)))):
            self.commands.append(asked)
            self.state, answer = assign(self.state, self.queue, asked, AT, {})
            self.expected.setdefault(asked.id, {"name": answer.name, "email": answer.email})


@pytest.mark.long
async def test_each_command_has_one_answer_and_loads_add_up_while_workers_die(bench: AgentBench) -> None:
    chance = random.Random(11)
    policies = ("round_robin", "weighted", "least_loaded")
    models = [Model(queue(f"q{number}", policies[number % 3]), chance) for number in range(QUEUES)]
    write(bench.config, bench.records, [control(model.queue) for model in models])
    workers = Workers("assignments", bench.config, 2)
    try:
        for part in range(4):
            size = len(models[0].commands) // 4 + 1
            for place in range(part * size, (part + 1) * size):
                for model in models:
                    for command in model.commands[place : place + 1]:
                        bench.queue("assignments.commands", f"{ORG}:{model.queue.name}", command)
            bench.flush()
            await asyncio.sleep(chance.uniform(2, 4))
            workers.send(part % 2, signal.SIGKILL if part < 3 else signal.SIGTERM)
            await asyncio.sleep(0.5)
            workers.start_what_ended()
        await workers.until_done("assignments.commands")
    finally:
        workers.end()

    answers: defaultdict[str, set[str]] = defaultdict(set)
    for _, value in whole(bench.config, bench.config.topic("workflow.inbox")):
        result = bench.records.decode_known(value)
        assert isinstance(result, InboxRecord)
        answers[result.command_id].add(json.dumps(result.output))
    expected = {name: {json.dumps(each)} for model in models for name, each in model.expected.items()}
    assert len(expected) == QUEUES * COMMANDS
    assert dict(answers) == expected
    assert whole(bench.config, bench.config.topic("dead-letters")) == []
    states = queue_states(bench.config)
    assert {name: of[ORG].load for name, of in states.items()} == {
        model.queue.name: model.state.load for model in models
    }
    given_back = COMMANDS // 4
    assert {sum(of[ORG].load.values()) for of in states.values()} == {COMMANDS - given_back}


async def test_who_is_paused_gets_nothing_until_they_are_resumed(bench: AgentBench) -> None:
    of = queue("csm", people="ab")
    catalogue = Catalogue(queues={"csm": of})
    today = datetime.now(UTC)
    paused = pause("b@thread.example", Absence(until=today.date() + timedelta(days=1)), catalogue,
                   at=today, actor="ann")  # fmt: skip
    assert paused is not None
    write(bench.config, bench.records, [control(of), paused])
    commands = [
        AssignCsm(id=f"a{number}", org_id=ORG, queue="csm", opportunity_id="006", run_id="run",
                  exclude=("a@thread.example",) if number == 2 else ())
        for number in range(5)
    ]  # fmt: skip
    bench.produce("assignments.commands", f"{ORG}:csm", *commands[:3])
    async with bench.running(assignments):
        results = await bench.read("workflow.inbox", 3)
        states = await asyncio.to_thread(queue_states, bench.config)
    resumed = resume("B@thread.example", fold([control(of), paused]), at=today, actor="ann")
    assert resumed is not None
    assert control_key(resumed) == control_key(paused)
    write(bench.config, bench.records, [resumed])
    bench.produce("assignments.commands", f"{ORG}:csm", *commands[3:])
    async with bench.running(assignments):
        results = await bench.read("workflow.inbox", 5)
    told = [result for result in results if isinstance(result, InboxRecord)]
    assert [result.output.get("name", "-") for result in told] == ["a", "a", "-", "b", "a"]
    assert states["csm"][ORG].load == {"a@thread.example": 2}
    failed = told[2]
    assert failed.error.startswith("nobody of the queue csm can take it: a: not to be chosen; b: away until")
    assert failed.retryable
    assert failed.retry_at is not None
    assert failed.retry_at.date() == today.date() + timedelta(days=2)


async def test_a_claim_names_the_people_and_loads_are_told(bench: AgentBench) -> None:
    write(bench.config, bench.records, [control(queue("pool", "claim", "ab"))])
    asked = AssignCsm(id="a1", org_id=ORG, queue="pool", opportunity_id="006", run_id="run")
    taken = asked.model_copy(update={"id": "a2", "choose": False, "taken": "a@thread.example"})
    bench.produce("assignments.commands", f"{ORG}:pool", asked, taken, taken)
    async with bench.running(assignments):
        results = await bench.read("workflow.inbox", 3)
    outputs = [result.output for result in results if isinstance(result, InboxRecord)]
    assert outputs == [{"claim": "true", "members": "a@thread.example,b@thread.example"}, {}, {}]
    assert queue_states(bench.config)["pool"][ORG].load == {"a@thread.example": 1}


def test_a_day_stays_a_day_over_the_topic() -> None:
    absence = Absence(until=date.max)
    assert Absence.model_validate_json(absence.model_dump_json()) == absence
