"""Questions that strangers put to a history of runs: it answers as its twin does, and takes nothing amiss."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.ports import RunHistory
from schemas.run_query import Cursor, RunQuery
from tests.fixtures.run_events import START, events_of
from tests.fixtures.run_history import HISTORIES, a_history

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
TEXTS = [
    "%",
    "_",
    "\\",
    "\\%",
    "'",
    '"',
    "';DROP TABLE runs;--",
    "' OR '1'='1",
    "\uffff",
    "\U0010ffff",
    "\u202e",
    "İ",
    "x" * 200,
    "\r\n",
    ":name",
    "?1",
    "$1",
]


@pytest.fixture(params=HISTORIES)
async def history(request: pytest.FixtureRequest) -> AsyncIterator[RunHistory]:
    async with a_history(request.param, request) as opened:
        for run in ("r1", "r2"):
            told = [("run.started", {"input": '{"stage": "Closed Won"}'})]
            await opened.append(events_of(told, run), [], at=START)
        yield opened


@pytest.mark.parametrize("field", ["org_id", "stage", "workflow_id", "status", "owner", "text"])
async def test_no_text_means_more_than_itself(history: RunHistory, field: str) -> None:
    for text in TEXTS:
        asked: dict[str, Any] = {field: text}
        assert list(await history.select(RunQuery(**asked))) == [], text


async def test_no_beginning_of_an_id_means_more_than_itself(history: RunHistory) -> None:
    for text in TEXTS:
        assert list(await history.find(text, limit=1)) == [], text
        assert list(await history.told(text)) == [], text
    assert len(await history.select(RunQuery())) == 2


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"since": FIRST}, 2),
        ({"since": LAST}, 0),
        ({"until": FIRST}, 0),
        ({"until": LAST}, 2),
        ({"since": LAST, "until": FIRST}, 0),
        ({"after": Cursor(FIRST, "r1")}, 0),
        ({"after": Cursor(LAST, "r1")}, 2),
        ({"after": Cursor(LAST, "\U0010ffff'")}, 2),
    ],
)
async def test_moments_at_the_end_of_time(history: RunHistory, asked: dict[str, Any], count: int) -> None:
    assert len(await history.select(RunQuery(**asked))) == count
