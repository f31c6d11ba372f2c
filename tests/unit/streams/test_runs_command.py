"""`dealwire runs` reads the history's database, and says so when it is not what one expects."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.ports import RunHistory
from schemas.errors import UnavailableError, UsageError
from schemas.history_feed import Slice
from schemas.run_query import Cursor
from streams.cli import context, runs
from streams.cli.options import OPTIONS
from tests.fixtures.run_events import OPPORTUNITY, ORG, START, an_event, events_of
from tests.fixtures.run_history import sql_history

TOPIC = "workflow.events"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(context, "configure", lambda *_: None)  # the log is that of the other tests too
    url = f"sqlite+aiosqlite:///{tmp_path}/history.db"
    file = tmp_path / "dealwire.toml"
    # Nothing listens there: whoever asks Kafka in these tests is told so at once.
    file.write_text(
        f'[history]\nurl = "{url}"\n[kafka]\nbootstrap_servers = "127.0.0.1:1"\n'
        '[registry]\nurl = "http://127.0.0.1:1"\n'
    )
    OPTIONS.config = file
    yield url
    OPTIONS.config = None


def fill(url: str, *, at: datetime | None = None, behind: int = 0, count: int = 3) -> None:
    async def filling() -> None:
        history = sql_history(url)
        await history.create_tables()
        moment = at or datetime.now(UTC)
        await history.begin(TOPIC, {0: 0}, at=moment)
        for number in range(count):
            await told(history, number)
        refused = an_event(0, "command.refused", "", id="x", reason="too late", actor="[bold]eve")
        assert await history.append([refused], [Slice(TOPIC, 0, 0, 1, behind)], at=moment)
        await history.close()

    asyncio.run(filling())


async def told(history: RunHistory, number: int) -> None:
    events = events_of(
        [
            ("run.started", {"input": '{"stage": "Closed Won"}'}),
            ("step.started", {"step_id": "gate", "step_type": "approval"}),
            ("task.opened", {"task_id": "t1"}),
            (
                "task.answered",
                {"task_id": "t1", "outcome": "approved", "actor": "ann", "reason": "[red]fine"},
            ),
            ("step.completed", {"step_id": "gate", "output": '{"owner": "Ann"}'}),
            ("step.dreamt", {"reason": "of sheep"}),
            ("run.completed", {"outcome": "ready"}),
        ],
        f"run-{number}",
    )
    begun = START + timedelta(days=number)
    await history.append([event.model_copy(update={"at": begun}) for event in events], [], at=START)


def run(*words: str) -> tuple[str, str]:
    done = CliRunner().invoke(runs.app, words, catch_exceptions=False, env={"COLUMNS": "300"})
    assert done.exit_code == 0
    return done.stdout, done.stderr


def test_lists_newest_first_and_pages(url: str) -> None:
    fill(url)
    first = json.loads(run("list", "--json", "--limit", "2")[0])
    assert [each["run_id"] for each in first["runs"]] == ["run-2", "run-1"]
    second = json.loads(run("list", "--json", "--limit", "2", "--after", first["after"])[0])
    assert ([each["run_id"] for each in second["runs"]], second["after"]) == (["run-0"], None)
    shown, warned = run("list", "--limit", "2")
    assert f"--after {first['after']}" in shown
    assert warned == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--status", "completed"], 3),
        (["--status", "held"], 0),
        (["--workflow", "closed-won", "--outcome", "ready", "--step", "gate", "--owner", "Ann"], 3),
        (["--stage", "Contract Sent"], 0),
        (["--org", ORG[:15]], 3),
        (["--org", "00D000000000001AAA"[:15]], 0),
        (["--since", "2026-09-16"], 2),
        (["--until", "2026-09-16T00:00+02:00"], 1),
        (["--text", OPPORTUNITY.lower()], 3),
    ],
)
def test_lists_what_is_asked_for(url: str, words: list[str], found: int) -> None:
    fill(url)
    assert len(json.loads(run("list", "--json", *words)[0])["runs"]) == found


def test_shows_a_run_whole_and_what_was_refused(url: str) -> None:
    fill(url, count=1)
    shown, warned = run("show", OPPORTUNITY[:15])
    for text in (
        "run-0",
        "Closed Won",
        "gate",
        "task.answered",
        "[red]fine",
        "step.dreamt",
        "of sheep",
        "ready",
    ):
        assert text in shown
    assert "command.refused" in shown
    assert "[bold]eve" in shown
    assert warned == ""
    (story,) = json.loads(run("show", "run-0", "--json")[0])
    assert [step["status"] for step in story["steps"]] == ["completed"]
    assert len(story["others"]) == 5


def test_says_that_events_are_missing(url: str) -> None:
    async def filling() -> None:
        history = sql_history(url)
        await history.create_tables()
        await history.begin(TOPIC, {0: 0}, at=START)
        await history.append([an_event(7, "run.completed")], [], at=START)
        await history.close()

    asyncio.run(filling())
    assert "6 events are no longer kept" in run("show", "r1")[0]


def test_an_unknown_run_says_what_to_type(url: str) -> None:
    fill(url)
    with pytest.raises(UsageError, match="dealwire runs list"):
        run("show", "nobody")


@pytest.mark.parametrize("words", [["--after", "x"], ["--since", "soon"], ["--after", "2026-09-15_r1"]])
def test_what_cannot_be_read_is_said(url: str, words: list[str]) -> None:
    fill(url)
    with pytest.raises(UsageError):
        run("list", *words)


def test_warns_of_a_history_that_nobody_feeds(url: str) -> None:
    fill(url, at=START)
    assert "last fed at 2026-09-15 08:30:00" in run("list")[1]


def test_warns_of_a_history_that_is_behind(url: str) -> None:
    fill(url, behind=1200)
    assert "1200 events behind" in run("list")[1]


def test_says_nothing_of_what_is_on_its_way(url: str) -> None:
    fill(url, behind=12)
    assert run("list")[1] == ""


def test_without_a_database_it_says_so_and_asks_the_topic(url: str) -> None:
    done = CliRunner().invoke(runs.app, ["list"])
    assert "the whole topic is read" in done.stderr
    assert "dealwire history run" in done.stderr
    assert isinstance(done.exception, UnavailableError)  # there is no registry either
    assert not Path(url.partition(":///")[2]).exists()


def test_a_place_in_a_list_survives_being_written() -> None:
    place = Cursor(START + timedelta(microseconds=7), "r_1")
    assert Cursor.parse(str(place)) == place
