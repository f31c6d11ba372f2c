"""An agent that minds the order of a key, without Kafka: what it parks, what it lets through."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from connectors.kafka.config import KafkaConfig
from schemas.dead_letter import Kind, Letter, Place, read
from schemas.errors import BrokenInvariantError, UnreadableError
from streams.dead_letters import mark, sent_back
from streams.envelope import Envelope, Limits
from streams.job import Job, one_by_one
from streams.metrics import DEAD_LETTERS, PARKED, Metrics
from streams.parking import Gate, Parking
from tests.fixtures.agents import (
    AT,
    FakeClock,
    FakeDelivery,
    FakeEvent,
    FakeMessage,
    Sent,
    change,
    outbox,
    settle_down,
)

CHANGES = "salesforce.changes"


class Agent:
    """An agent whose handler fails for the records named in `broken`."""

    def __init__(self) -> None:
        self.delivery = FakeDelivery()
        self.metrics = Metrics()
        self.parking = Parking(KafkaConfig())
        self.broken = {"change-1"}
        self.done: list[str] = []
        self.acked: list[int] = []
        self.log: list[FakeMessage] = []

    async def open(self) -> "Agent":
        self.outbox = await outbox(self.delivery)
        self.envelope = Envelope(
            "probe",
            one_by_one(self._handle),
            outbox=self.outbox,
            metrics=self.metrics,
            clock=FakeClock(),
            on_lost=lambda error: pytest.fail(repr(error)),
            gate=Gate("probe", self.parking, lambda _place: False),
        )
        return self

    async def _handle(self, job: Job) -> None:
        if job.record.id in self.broken:
            raise UnreadableError("no amount")
        self.done.append(job.record.id)

    async def take(self, number: int, key: str = "k", value: bytes | None = None) -> None:
        content = self.outbox.records.encode(change(number)) if value is None else value
        await self.arrives(key.encode(), content, [("ce_id", b"%d" % number)])

    async def arrives(self, key: bytes | None, value: bytes | None, headers: Any) -> None:
        message = FakeMessage(CHANGES, 0, len(self.log), key, value, list(headers))
        self.log.append(message)
        await self.deliver(message)

    async def deliver(self, message: FakeMessage) -> None:
        with capture_logs():
            await self.envelope.take(FakeEvent(message, self.acked))
            await settle_down()

    def letters(self) -> list[tuple[Sent, Letter]]:
        found = []
        for sent in self.delivery.to("dead-letters"):
            at = sent.future.result()
            letter = read(
                Place(at.topic, at.partition, at.offset),
                sent.key or b"",
                len(sent.value or b""),
                sent.headers,
            )
            assert isinstance(letter, Letter)
            found.append((sent, letter))
        return found


@pytest.fixture
async def agent() -> Agent:
    return await Agent().open()


async def test_later_records_of_the_key_are_parked_and_others_go_on(agent: Agent) -> None:
    for number, key in ((0, "k"), (1, "k"), (2, "k"), (3, "other"), (4, "k")):
        await agent.take(number, key)
    assert agent.done == ["change-0", "change-3"]
    assert agent.acked == [0, 1, 2, 3, 4]
    (_, first), (_, second), (_, third) = agent.letters()
    assert (first.reason, first.parked, first.holds) == ("no amount", False, True)
    assert second.parked
    assert third.parked
    assert "parked behind salesforce.changes[0]@1" in second.reason
    assert second.holds
    assert agent.metrics.value(DEAD_LETTERS, agent="probe") == 1
    assert agent.metrics.value(PARKED, agent="probe") == 2


async def test_everything_goes_in_order_once_mended_and_sent_back(agent: Agent) -> None:
    for number in range(4):
        await agent.take(number)
    agent.broken = set()
    for sent, letter in agent.letters():
        await agent.arrives(sent.key, sent.value, sent_back(letter, sent.headers))
    await agent.take(9)
    assert agent.done == ["change-0", "change-1", "change-2", "change-3", "change-9"]
    assert len(agent.letters()) == 3


async def test_a_record_that_fails_again_is_a_new_letter_in_the_same_seat(agent: Agent) -> None:
    await agent.take(1)
    await agent.take(2)
    for sent, letter in agent.letters():
        await agent.arrives(sent.key, sent.value, sent_back(letter, sent.headers))
    first, second, again, behind = (letter for _, letter in agent.letters())
    assert [(each.seat, each.redrives) for each in (again, behind)] == [(first.seat, 1), (second.seat, 1)]
    assert (again.parked, behind.parked) == (False, True)
    assert agent.done == []


async def test_the_same_arrival_again_changes_nothing(agent: Agent) -> None:
    await agent.take(1)
    await agent.deliver(agent.log[0])
    assert len(agent.letters()) == 1
    assert agent.acked == [0, 0]


async def test_a_discarded_letter_lets_the_key_go_on(agent: Agent) -> None:
    await agent.take(1)
    ((_, letter),) = agent.letters()
    place = Place("dead-letters", 0, 10)
    made = mark(letter, Kind.DISCARDED, actor="ann", at=AT, why="not needed")
    agent.parking.now.take(read(place, b"k", 0, made), place)
    await agent.take(2)
    assert agent.done == ["change-2"]


@pytest.mark.parametrize(
    ("key", "value"),
    [(b"k", b"garbage"), (b"k", None), (None, b"garbage"), (None, None)],
    ids=["not our bytes", "no value", "no key", "neither"],
)
async def test_what_no_release_can_read_holds_up_nobody(
    agent: Agent, key: bytes | None, value: bytes | None
) -> None:
    await agent.arrives(key, value, [])
    await agent.take(2)
    assert agent.done == ["change-2"]
    ((_, letter),) = agent.letters()
    assert not letter.holds


@pytest.mark.parametrize(
    "spoil", [lambda good: good[:-1], lambda good: b"\0\0\0\0\x63" + good[5:]], ids=["cut", "schema unknown"]
)
async def test_what_another_release_may_read_does(agent: Agent, spoil: Callable[[bytes], bytes]) -> None:
    async def nowhere(_schema_id: int) -> None:
        return None

    agent.outbox.records._registry.schema = nowhere  # type: ignore[assignment, method-assign]
    await agent.take(0, value=spoil(agent.outbox.records.encode(change(0))))
    await agent.take(2)
    assert agent.done == []
    assert [letter.parked for _, letter in agent.letters()] == [False, True]


async def test_an_agent_that_takes_batches_cannot_mind_the_order(agent: Agent) -> None:
    with pytest.raises(BrokenInvariantError):
        Envelope(
            "probe",
            one_by_one(agent._handle),
            outbox=agent.outbox,
            metrics=agent.metrics,
            clock=FakeClock(),
            on_lost=lambda _: None,
            gate=Gate("probe", agent.parking, lambda _place: False),
            limits=Limits(batch=2),
        )
