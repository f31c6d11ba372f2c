"""What we count on in Faust, mode and aiokafka, and what of theirs we work around.

A test that fails after an upgrade says which of our own files to look at again.
"""

import inspect
from types import SimpleNamespace
from typing import Any

import faust
import faust.streams
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.producer.message_accumulator import MessageAccumulator
from aiokafka.producer.sender import SendProduceReqHandler
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer
from faust.types import TP
from mode.utils.queues import FlowControlEvent, ThrowableQueue

from schemas.errors import BrokenInvariantError
from streams.table import StateStore, StateTable


@pytest.fixture
async def app() -> Any:
    return faust.App("contract", broker="kafka://127.0.0.1:1", store="memory://", web_enabled=False)


def test_the_stream_iterator_is_compiled() -> None:
    assert faust.streams._CStreamIterator is not None


@pytest.mark.parametrize(
    ("committed", "acked", "commits"),
    [
        (10, [10, 11], 12),
        (10, [12, 13], None),
        (10, [11, 12, 13], 14),  # offset 10 is not done: this is why streams/progress.py keeps the order
        (None, [11, 12], 13),  # nothing committed yet: no check at all
    ],
)
def test_a_commit_steps_over_one_unfinished_offset(
    committed: int | None, acked: list[int], commits: int | None
) -> None:
    place = TP("topic", 0)
    consumer = SimpleNamespace(
        _committed_offset={place: committed},
        _acked={place: list(acked)},
        _acked_index={place: set(acked)},
        _gap={place: None},
    )
    assert Consumer._new_offset(consumer, place) == commits


def test_a_rebalance_lets_records_flow_before_it_seeks_and_clears_queues_after() -> None:
    for method in (Recovery.on_recovery_completed, Recovery._resume_streams):
        source = inspect.getsource(method)
        steps = ["on_rebalance_complete.send()", "resume_partitions", "perform_seek", "flow_control.resume()"]
        places = [source.index(step) for step in steps]
        assert places == sorted(places), "look at streams/faust_driver.py again"


async def test_resuming_the_flow_throws_away_what_is_queued() -> None:
    flow = FlowControlEvent(initially_suspended=False)
    queue: Any = ThrowableQueue(flow_control=flow, clear_on_resume=True)
    await queue.put("a record")
    flow.resume()
    assert queue.empty()


def test_a_partition_that_has_no_commit_is_not_sought() -> None:
    source = inspect.getsource(AIOKafkaConsumer.seek_to_committed)
    assert "if offset and offset > 0:" in source, "look at streams/faust_driver.py again"


def test_idempotent_batches_are_retried_until_kafka_has_them() -> None:
    source = inspect.getsource(SendProduceReqHandler._can_retry)
    assert "self._sender._txn_manager is None and batch.expired()" in source
    assert "expired()" in inspect.getsource(MessageAccumulator.drain_by_nodes)


async def test_a_table_forgets_the_keys_of_partitions_that_went_away(app: Any) -> None:
    table = StateTable(app, name="t", delivery=None, partitions=4)  # type: ignore[arg-type]  # nothing is sent
    store = table.data
    assert isinstance(store, StateStore)
    store.hold(b"mine", b"1", 0)
    store.hold(b"gone", b"2", 1)
    store.hold(b"deleted", b"3", 0)
    store.hold(b"deleted", None, 0)
    await store.on_recovery_completed({TP("changelog", 0)}, set())
    assert table.read(b"mine") == b"1"
    assert table.read(b"gone") is None
    assert sorted(table.keys()) == [b"mine"]


async def test_a_table_is_not_written_as_a_dictionary(app: Any) -> None:
    table = StateTable(app, name="t", delivery=None, partitions=4)  # type: ignore[arg-type]  # nothing is sent
    with pytest.raises(BrokenInvariantError):
        table[b"key"] = b"value"


async def test_the_changelog_has_the_name_that_topics_apply_gives_it(app: Any) -> None:
    table = StateTable(app, name="runs", delivery=None, partitions=4)  # type: ignore[arg-type]  # as above
    assert table.changelog_topic_name == "contract-runs-changelog"
