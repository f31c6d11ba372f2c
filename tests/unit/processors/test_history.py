"""Events of runs become stories; told twice or in halves, the story is the same."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from processors.history import RunStory, tell
from schemas.run_event import RunEvent

START = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)

TOLD = [
    ("run.started", "", 0, "", ""),
    ("step.started", "create", 1, "", ""),
    ("step.retry_scheduled", "create", 1, "", "the accounts API answers 503"),
    ("step.started", "create", 2, "", ""),
    ("step.completed", "create", 2, "", ""),
    ("step.started", "mail", 1, "", ""),
    ("step.failed", "mail", 1, "", "no address"),
    ("run.needs_attention", "", 0, "", "no address"),
    ("step.started", "mail", 1, "", ""),
    ("step.completed", "mail", 1, "", ""),
    ("run.completed", "", 0, "ready", ""),
]


def events(run: str = "r1") -> list[RunEvent]:
    return [
        RunEvent(
            id=f"{run}-{number}",
            org_id="00D5g000000Jm5XEAS",
            kind=kind,
            run_id=run,
            opportunity_id="0065g00000Zk1QaAAJ",
            workflow_id="closed-won",
            workflow_version=3,
            sequence=number,
            at=START + timedelta(seconds=number),
            step_id=step,
            step_type="create_account" if step == "create" else "send_email" if step else "",
            attempt=attempt,
            outcome=outcome,
            reason=reason,
            output='{"account": "a1"}' if kind == "step.completed" else "",
        )
        for number, (kind, step, attempt, outcome, reason) in enumerate(TOLD, start=1)
    ]


def story_after(count: int) -> RunStory:
    return tell({}, events()[:count])["r1"]


def test_the_story_after_each_event() -> None:
    assert [story_after(count).summary.status for count in range(1, len(TOLD) + 1)] == [
        "running",
        "waiting result",
        "waiting time",
        "waiting result",
        "running",
        "waiting result",
        "running",
        "needs attention",
        "waiting result",
        "running",
        "completed",
    ]


def test_a_retry_is_the_same_step_and_a_step_begun_again_is_a_new_one() -> None:
    steps = story_after(len(TOLD)).steps
    assert [(step.step_id, step.status, step.attempts) for step in steps] == [
        ("create", "completed", 2),
        ("mail", "failed", 1),
        ("mail", "completed", 1),
    ]
    assert steps[0].error == ""
    assert steps[1].error == "no address"


def test_an_ended_run_says_when_and_how() -> None:
    run = story_after(len(TOLD)).summary
    assert (run.ended, run.outcome, run.ended_at) == (True, "ready", START + timedelta(seconds=11))


@given(st.lists(st.integers(min_value=1, max_value=len(TOLD)), max_size=8))
def test_events_given_again_change_nothing(repeats: list[int]) -> None:
    told = tell({}, events())
    for count in repeats:
        told = tell(told, events()[:count])
    assert told == tell({}, events())


def test_runs_are_told_apart() -> None:
    mixed = [event for pair in zip(events("r1"), events("r2"), strict=True) for event in pair]
    told = tell({}, mixed)
    assert told["r1"].steps == told["r2"].steps
