"""Many runs corrected at once: none is left out, the oldest first, and never too many on their way."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from connectors.history.memory import MemoryRunHistory
from processors.commanding import Answer, Outcome
from processors.run_summary import summarize
from schemas.inbox import COMMAND, InboxRecord
from schemas.run_query import RunQuery
from schemas.run_summary import COMPLETED, NEEDS_ATTENTION, RUNNING
from streams.corrections import every, say_all
from tests.fixtures.run_events import ORG, START, an_event


async def _history(count: int) -> MemoryRunHistory:
    """Give so many runs, each begun a minute before the last; every third one needs attention."""
    history = MemoryRunHistory(summarize)
    events = []
    for number in range(count):
        run, at = f"r{number:04}", START - timedelta(minutes=number)
        kind = "run.needs_attention" if number % 3 == 0 else "run.completed"
        events += [
            an_event(1, "run.started", run).model_copy(update={"at": at}),
            an_event(2, kind, run).model_copy(update={"at": at}),
        ]
    await history.append(events, [], at=START)
    return history


async def test_every_run_is_found_over_pages_the_oldest_first() -> None:
    history = await _history(1600)
    found = await every(history, RunQuery(), [NEEDS_ATTENTION])
    assert len(found) == 534, "more than one page"
    assert len({run.run_id for run in found}) == 534
    moments = [run.started_at for run in found]
    assert moments == sorted(moments)


@pytest.mark.parametrize(
    ("statuses", "count"),
    [([], 0), ([RUNNING], 0), ([NEEDS_ATTENTION], 4), ([COMPLETED], 6), ([COMPLETED, NEEDS_ATTENTION], 10)],
)
async def test_only_runs_of_these_statuses_are_found(statuses: list[str], count: int) -> None:
    found = await every(await _history(10), RunQuery(), statuses)
    assert len(found) == count
    moments = [run.started_at for run in found]
    assert moments == sorted(moments), "over all statuses together"


async def test_what_the_query_asks_for_holds_for_every_status() -> None:
    assert (
        await every(await _history(10), RunQuery(workflow_id="another"), [COMPLETED, NEEDS_ATTENTION]) == []
    )


class Commander:
    """Answers in its own time, the later the earlier; counts who waits for it."""

    def __init__(self, broken: str = "") -> None:
        self.waiting = self.most = 0
        self.broken = broken

    async def say(self, word: InboxRecord) -> Answer:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        for _ in range(100 - int(word.run_id) % 100):
            await asyncio.sleep(0)
        self.waiting -= 1
        if word.run_id == self.broken:
            raise ConnectionError("the broker is gone")
        return Answer(word.id, Outcome.DONE)


def _words(count: int) -> list[InboxRecord]:
    return [
        InboxRecord(id=f"w{number}", org_id=ORG, kind=COMMAND, run_id=str(number)) for number in range(count)
    ]


async def test_answers_come_in_the_order_of_the_words_and_only_some_are_on_their_way() -> None:
    commander: Any = Commander()
    told: list[int] = []
    answers = await say_all(commander, _words(200), lambda: told.append(1))
    assert [each.command_id for each in answers] == [f"w{number}" for number in range(200)]
    assert len(told) == 200, "each is told as it comes"
    assert commander.most == 64


async def test_nothing_said_is_nothing_answered() -> None:
    commander: Any = Commander()
    assert await say_all(commander, [], lambda: None) == []


async def test_one_that_fails_is_not_hidden() -> None:
    commander: Any = Commander(broken="3")
    with pytest.raises(ExceptionGroup) as caught:
        await say_all(commander, _words(10), lambda: None)
    assert caught.group_contains(ConnectionError, match="the broker is gone")
