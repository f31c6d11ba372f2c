"""`dealwire runs watch`: what it draws as events come, and how it ends."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from processors.history import RunStory, tell
from schemas.errors import UnavailableError
from schemas.run_event import RunEvent
from streams.cli import context, runs
from streams.cli.runs_display import overview
from streams.settings import Settings
from tests.fixtures.run_events import START, an_event, events_of

STARTED: tuple[str, dict[str, Any]] = ("run.started", {})
COMPLETED: tuple[str, dict[str, Any]] = ("run.completed", {"outcome": "ready"})
FAILED: tuple[str, dict[str, Any]] = ("run.needs_attention", {"reason": "[red]no such person"})


def drawn(told: Mapping[str, RunStory], rows: int = 20) -> list[str]:
    """Give the lines on a screen that is wide enough, without what only fills them up."""
    console = Console(width=250, color_system=None)
    with console.capture() as screen:
        console.print(overview(told, rows))
    return [line.rstrip() for line in screen.get().splitlines()]


def a_run(name: str, *, days: int = 0, last: Sequence[tuple[str, dict[str, Any]]] = ()) -> list[RunEvent]:
    events = events_of([STARTED, *last], name)
    begun = START + timedelta(days=days)
    return [event.model_copy(update={"at": begun + timedelta(seconds=event.sequence)}) for event in events]


def test_before_any_event_there_are_no_runs_yet() -> None:
    counts, columns = drawn({})
    assert counts == "no runs yet"
    assert columns.split() == [
        "started", "opportunity", "workflow", "status", "step", "owner", "outcome", "run",
    ]  # fmt: skip


def test_each_status_is_counted_and_the_newest_runs_stand_on_top() -> None:
    events = [
        *a_run("aaaa-old", last=[COMPLETED]),
        *a_run("bbbb-new", days=2, last=[COMPLETED]),
        *a_run("cccc-mid", days=1, last=[FAILED]),
    ]
    counts, _, *lines = drawn(tell({}, events))
    assert counts == "2 completed · 1 needs attention"
    assert [line.split()[-1] for line in lines] == ["bbbb-new", "cccc-mid", "aaaa-old"]
    assert "[red]no such person" in lines[1], "what somebody else wrote is text, not markup"


def test_all_runs_are_counted_where_only_some_have_room() -> None:
    told = tell({}, [event for number in range(30) for event in a_run(f"run-{number:02}", days=number)])
    counts, _, *lines = drawn(told, rows=3)
    assert counts.split()[0] == "30"
    assert [line.split()[-1] for line in lines] == ["run-29", "run-28", "run-27"]


def test_doubled_events_and_runs_in_another_order_draw_the_same_picture() -> None:
    first, second = a_run("r1", last=[COMPLETED]), a_run("r2", days=1)
    once = drawn(tell({}, [*first, *second]))
    told: dict[str, RunStory] = {}
    for batch in (second[:1], [], first, second, first[1:]):  # one run's own events keep their order
        told = tell(told, batch)
    assert drawn(told) == once


def test_a_run_whose_beginning_is_no_longer_kept_is_shown() -> None:
    counts, _, line = drawn(tell({}, [an_event(7, "run.completed", "tail", outcome="ready")]))
    assert counts == "1 completed"
    assert line.split()[-1] == "tail"


def watched(monkeypatch: pytest.MonkeyPatch, *pictures: dict[str, RunStory] | BaseException) -> Result:
    """Watch a topic that goes so, as a person would."""

    def following(_settings: Settings) -> Iterator[dict[str, RunStory]]:
        for picture in pictures:
            if isinstance(picture, BaseException):
                raise picture
            yield picture

    monkeypatch.setattr(context, "configure", lambda *_: None)  # the log is that of the other tests too
    monkeypatch.setattr(runs, "follow", following)
    return CliRunner().invoke(runs.app, ["watch", "--rows", "1"], env={"COLUMNS": "250"})


def test_the_last_picture_stays_when_ctrl_c_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = tell({}, [*a_run("r1", last=[COMPLETED]), *a_run("r2", days=1, last=[COMPLETED])])
    done = watched(monkeypatch, {}, told, KeyboardInterrupt())
    assert done.exit_code == 0
    assert "2 completed" in done.stdout
    assert "r2" in done.stdout
    assert f"{START:%Y-%m-%d}" not in done.stdout, "there is room for one"


def test_kafka_that_goes_away_is_an_error_and_not_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = UnavailableError("Kafka does not answer")
    assert watched(monkeypatch, {}, gone).exception is gone


def test_no_room_for_a_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "configure", lambda *_: None)
    assert CliRunner().invoke(runs.app, ["watch", "--rows", "0"]).exit_code == 2
