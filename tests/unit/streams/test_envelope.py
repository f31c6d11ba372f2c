"""The envelope without Kafka: order of acknowledgements, keys in order, poison, lost deliveries, bounds."""

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from connectors.ports import Outgoing
from processors.breaker import TooManyFailuresError
from schemas.change import Change
from schemas.codec import Codec
from schemas.errors import ExitCode, UnavailableError
from streams.envelope import Envelope, Limits
from streams.job import Handler, Job, LostDeliveryError, one_by_one
from streams.metrics import DEAD_LETTERS, FAILING_SHARE, IN_FLIGHT, RECORDS_DONE, Metrics
from streams.records import Records
from tests.fixtures.agents import (
    ORG,
    FakeClock,
    FakeDelivery,
    FakeEvent,
    FakeMessage,
    change,
    entry_for,
    outbox,
    settle_down,
)

STAGES = "opportunity.stages"


class Bench:
    """An envelope with a handler of the test's own, and what came of it."""

    def __init__(self, delivery: FakeDelivery) -> None:
        self.delivery = delivery
        self.acked: list[int] = []
        self.lost: list[BaseException] = []
        self.metrics = Metrics()
        self._offset = 0

    async def open(self, handler: Handler, limits: Limits | None = None) -> "Bench":
        self.outbox = await outbox(self.delivery)
        self.envelope = Envelope(
            "probe",
            handler,
            outbox=self.outbox,
            metrics=self.metrics,
            clock=FakeClock(),
            on_lost=self.lost.append,
            limits=limits,
        )
        return self

    def event(
        self, number: int, key: str = "a", *, value: bytes | None = None, partition: int = 0
    ) -> FakeEvent:
        content = self.outbox.records.encode(change(number)) if value is None else value
        message = FakeMessage("salesforce.changes", partition, self._offset, key.encode(), content)
        self._offset += 1
        return FakeEvent(message, self.acked)

    async def take(self, *events: FakeEvent) -> None:
        for event in events:
            await self.envelope.take(event)
        await settle_down()


@pytest.fixture
def bench() -> Bench:
    return Bench(FakeDelivery())


async def emits_one(job: Job) -> None:
    await job.emit(entry_for(job.record))


async def test_acknowledges_nothing_before_kafka_has_the_outputs(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    bench.delivery.held = True
    await bench.take(bench.event(0, "a"), bench.event(1, "b"))
    assert len(bench.delivery.to(STAGES)) == 2
    assert bench.acked == []
    bench.delivery.acknowledge()
    await settle_down()
    assert bench.acked == [0, 1]
    assert bench.metrics.value(RECORDS_DONE, agent="probe") == 2
    assert bench.metrics.value(IN_FLIGHT, agent="probe") == 0


async def test_acknowledges_in_order_whatever_finishes_first(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    bench.delivery.held = True
    await bench.take(*(bench.event(number, str(number)) for number in range(4)))
    first, second, third, fourth = (sent.future for sent in bench.delivery.sent)
    for future, acked in ((fourth, []), (second, []), (first, [0, 1]), (third, [0, 1, 2, 3])):
        future.set_result(None)
        await settle_down()
        assert bench.acked == acked


async def test_a_slow_partition_holds_up_no_other(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    bench.delivery.held = True
    await bench.take(bench.event(0, "a", partition=0), bench.event(1, "b", partition=1))
    bench.delivery.sent[1].future.set_result(None)
    await settle_down()
    assert bench.acked == [1]


async def test_the_next_input_of_a_key_waits_for_the_formers_outputs(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    bench.delivery.held = True
    await bench.take(bench.event(0, "a"), bench.event(1, "a"), bench.event(2, "b"))
    assert [sent.key for sent in bench.delivery.sent] == [b"%s:006000000000001AAA" % ORG.encode()] * 2
    handled = [dict(sent.headers)["ce_causationid"] for sent in bench.delivery.sent]
    assert handled == [b"change-0", b"change-2"]
    bench.delivery.sent[0].future.set_result(None)
    await settle_down()
    assert dict(bench.delivery.sent[2].headers)["ce_causationid"] == b"change-1"


async def test_a_record_that_cannot_be_read_is_set_aside_whole(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    bench.delivery.held = True
    event = bench.event(0, "a", value=b"garbage")
    event.message.headers = [("traceparent", b"kept"), ("deadletter_reason", b"an older one")]
    await bench.take(event)
    (letter,) = bench.delivery.to("dead-letters")
    assert (letter.key, letter.value) == (b"a", b"garbage")
    headers = dict(letter.headers)
    assert headers["traceparent"] == b"kept"
    assert headers["deadletter_error"] == b"WrongMagicError"
    assert b"magic byte" in headers["deadletter_reason"]
    assert headers["deadletter_topic"] == b"salesforce.changes"
    assert (headers["deadletter_partition"], headers["deadletter_offset"]) == (b"0", b"0")
    assert headers["deadletter_agent"] == b"probe"
    assert headers["deadletter_time"] == b"2026-09-14T08:30:12Z"
    assert len([name for name, _ in letter.headers if name == "deadletter_reason"]) == 1
    assert bench.acked == []
    bench.delivery.acknowledge()
    await settle_down()
    assert bench.acked == [0]
    assert bench.metrics.value(DEAD_LETTERS, agent="probe") == 1
    assert bench.metrics.value(RECORDS_DONE, agent="probe") == 0


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        (None, b"garbage", (None, b"garbage")),
        (b"a", None, (b"a", None)),
        (None, None, (None, b"")),
        (b"\xff", b"", (b"\xff", b"")),
    ],
    ids=["no key", "no value", "neither", "key is no text"],
)
async def test_strange_records_are_set_aside_too(
    bench: Bench, key: bytes | None, value: bytes | None, kept: tuple[bytes | None, bytes | None]
) -> None:
    await bench.open(one_by_one(emits_one))
    event = bench.event(0)
    event.message.key, event.message.value = key, value
    await bench.take(event)
    (letter,) = bench.delivery.to("dead-letters")
    assert (letter.key, letter.value) == kept
    assert bench.acked == [0]


async def test_a_failing_handler_costs_its_record_only(bench: Bench) -> None:
    async def handle(job: Job) -> None:
        if job.record.id == "change-1":
            raise ZeroDivisionError("a bug of ours, token=abc123")
        await emits_one(job)

    await bench.open(one_by_one(handle))
    await bench.take(*(bench.event(number) for number in range(3)))
    (letter,) = bench.delivery.to("dead-letters")
    assert dict(letter.headers)["deadletter_error"] == b"ZeroDivisionError"
    assert letter.value == bench.outbox.records.encode(change(1))
    assert len(bench.delivery.to(STAGES)) == 2
    assert bench.acked == [0, 1, 2]


async def test_a_lost_delivery_ends_the_worker_and_acknowledges_nothing_from_there(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    bench.delivery.held = True
    await bench.take(bench.event(0, "a"), bench.event(1, "a"), bench.event(2, "b"))
    bench.delivery.sent[0].future.set_exception(RuntimeError("not enough replicas, for good"))
    bench.delivery.sent[1].future.set_result(None)
    await settle_down()
    assert bench.acked == []
    (error,) = bench.lost
    assert isinstance(error, LostDeliveryError)
    waiting = asyncio.create_task(bench.envelope.take(bench.event(3, "c")))
    await settle_down()
    assert not waiting.done()
    assert len(bench.delivery.sent) == 2
    waiting.cancel()


async def test_a_dead_letter_that_is_refused_ends_the_worker(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    bench.delivery.refuses = {"dead-letters"}
    await bench.take(bench.event(0, value=b"garbage"))
    assert bench.acked == []
    assert len(bench.lost) == 1


async def test_waits_for_room(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one), Limits(inputs=2))
    bench.delivery.held = True
    await bench.take(bench.event(0, "a"), bench.event(1, "b"))
    third = asyncio.create_task(bench.envelope.take(bench.event(2, "c")))
    await settle_down()
    assert not third.done()
    assert bench.envelope.in_flight == 2
    bench.delivery.sent[0].future.set_result(None)
    await settle_down()
    assert third.done()
    bench.delivery.acknowledge()


async def test_waits_for_room_by_bytes(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one), Limits(bytes=100))
    bench.delivery.held = True
    await bench.take(bench.event(0, "a", value=bytes(101)))
    second = asyncio.create_task(bench.envelope.take(bench.event(1, "b")))
    await settle_down()
    assert not second.done()
    bench.delivery.acknowledge()
    await settle_down()
    assert second.done()


async def test_runs_no_more_handlers_side_by_side_than_allowed(bench: Bench) -> None:
    running = 0
    most = 0
    go = asyncio.Event()

    async def handle(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await go.wait()
        running -= 1
        await emits_one(job)

    await bench.open(one_by_one(handle), Limits(side_by_side=3))
    await bench.take(*(bench.event(number, str(number)) for number in range(10)))
    go.set()
    await settle_down()
    assert most == 3
    assert bench.acked == list(range(10))


async def test_a_handler_gets_what_waits_for_its_key_up_to_a_batch(bench: Bench) -> None:
    seen: list[list[str]] = []
    go = asyncio.Event()

    async def handle(jobs: Sequence[Job]) -> None:
        seen.append([job.record.id for job in jobs])
        await go.wait()

    await bench.open(handle, Limits(batch=3))
    await bench.take(bench.event(0), bench.event(1, "other"))
    await bench.take(*(bench.event(number) for number in range(2, 7)))
    assert seen == [["change-0"], ["change-1"]]
    go.set()
    await settle_down()
    assert seen[2:] == [["change-2", "change-3", "change-4"], ["change-5", "change-6"]]
    assert bench.acked == list(range(7))


async def test_one_bad_input_of_a_batch_is_found(bench: Bench) -> None:
    async def handle(jobs: Sequence[Job]) -> None:
        if any(job.record.id == "change-2" for job in jobs):
            raise ValueError("one of them")
        for job in jobs:
            await emits_one(job)

    await bench.open(handle, Limits(batch=5, linger_seconds=0.001))
    for number in range(5):
        await bench.envelope.take(bench.event(number))
    await asyncio.sleep(0.02)
    assert len(bench.delivery.to(STAGES)) == 4
    (letter,) = bench.delivery.to("dead-letters")
    assert letter.value == bench.outbox.records.encode(change(2))
    assert bench.acked == list(range(5))


async def test_an_output_too_large_is_this_records_trouble_only(bench: Bench) -> None:
    async def handle(job: Job) -> None:
        if job.record.id == "change-0":
            await job.emit(Outgoing(Change(id="x", org_id=ORG, body=bytes(4 * 1024 * 1024)), "a"))

    await bench.open(one_by_one(handle))
    await bench.take(bench.event(0), bench.event(1))
    (letter,) = bench.delivery.to("dead-letters")
    assert b"too large" in dict(letter.headers)["deadletter_reason"]
    assert bench.acked == [0, 1]
    assert bench.lost == []


class _LearnsLater(Records):
    """A registry that does not answer the first time it is asked about a new schema."""

    asked = 0

    async def decode(self, _data: bytes) -> Change:
        self.asked += 1
        if self.asked == 1:
            raise UnavailableError("the schema registry does not answer")
        return change(7)


async def test_asks_an_unreachable_registry_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.reading._PAUSE_SECONDS", 0.001)
    await bench.open(one_by_one(emits_one))
    value = bench.outbox.records.encode(change(7))
    later = _LearnsLater(None, Codec())  # type: ignore[arg-type]  # never asked: decode is overridden
    later.encode = bench.outbox.records.encode  # type: ignore[method-assign]
    object.__setattr__(bench.outbox, "records", later)
    await bench.take(bench.event(7, value=value))
    await asyncio.sleep(0.02)
    assert later.asked == 2
    assert bench.acked == [0]
    assert bench.delivery.to("dead-letters") == []


async def test_outputs_carry_the_trace_on(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    event = bench.event(0)
    event.message.headers = [("traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01")]
    await bench.take(event, bench.event(1), bench.event(1))
    first, second, again = (dict(sent.headers)["traceparent"] for sent in bench.delivery.to(STAGES))
    assert first.startswith(b"00-" + b"a" * 32)
    assert b"b" * 16 not in first
    assert second == again != first


async def test_state_follows_the_partition_of_its_input(bench: Bench) -> None:
    writes: list[tuple[bytes, bytes | None, int]] = []

    class Table:
        def read(self, key: bytes) -> bytes | None:
            return next((value for known, value, _ in reversed(writes) if known == key), None)

        async def write(self, key: bytes, value: bytes | None, partition: int) -> asyncio.Future[None]:
            writes.append((key, value, partition))
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            future.set_result(None)
            return future

    table = Table()

    async def handle(job: Job) -> None:
        before = job.recall(table) or b""  # type: ignore[arg-type]  # a stand-in
        await job.remember(table, before + b"x")  # type: ignore[arg-type]

    await bench.open(one_by_one(handle))
    await bench.take(bench.event(0, "k", partition=3), bench.event(1, "k", partition=3))
    assert writes == [(b"k", b"x", 3), (b"k", b"xx", 3)]


async def test_a_bad_deploy_ends_the_worker_instead_of_setting_everything_aside(bench: Bench) -> None:
    async def handle(_job: Job) -> None:
        raise ZeroDivisionError("in every record")

    await bench.open(one_by_one(handle))
    with capture_logs() as logs:
        await bench.take(*(bench.event(number, str(number)) for number in range(200)))
    assert logs[-1]["event"] == "agent stops: an input cannot be finished"
    (error,) = bench.lost
    assert isinstance(error, TooManyFailuresError)
    assert error.exit_code is ExitCode.TEMPORARY
    assert "ZeroDivisionError" in str(error)
    assert len(bench.delivery.to("dead-letters")) == 19
    assert bench.acked == list(range(19))
    assert bench.metrics.value(FAILING_SHARE, agent="probe") == 1


async def test_poison_among_good_records_does_not_break_it(bench: Bench) -> None:
    await bench.open(one_by_one(emits_one))
    with capture_logs():
        for number in range(300):
            bad = number % 3 == 2
            await bench.take(bench.event(number, str(number), value=b"garbage" if bad else None))
    assert len(bench.delivery.to("dead-letters")) == 100
    assert bench.lost == []
