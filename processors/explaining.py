"""Why a run stands where it stands, in a sentence: for whom or what it waits, since when, until when."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from processors.history import WAITING_TO_RETRY, RunStory, StepStory
from schemas.run_event import RunEvent
from schemas.run_summary import (
    CANCELLED,
    COMPLETED,
    FETCHING,
    HELD,
    NEEDS_ATTENTION,
    NEVER,
    NOT_ENROLLED,
    REJECTED,
    WAITING_PERSON,
    WAITING_RESULT,
    WAITING_TIME,
)
from schemas.task import TASK_ENDED, Task

_ROLES: Mapping[str, str] = {
    "fetch": "enrich",
    "create_account": "accounts",
    "apply_template": "accounts",
    "assign_csm": "assignments",
    "send_email": "emails",
    "brief": "briefs",
}
_ASKS: Mapping[str, str] = {
    "approval": "to approve",
    "form": "to fill in",
    "claim": "to take",
    "choice": "to choose about",
}
_MOST_PEOPLE = 5


def explain_run(story: RunStory, tasks: Iterable[Task], now: datetime) -> str:
    """Say why a run waits, failed or ended. `tasks` are the tasks of the deal as they stand."""
    run = story.summary
    step = story.steps[-1] if story.steps else None
    match run.status:
        case status if status == WAITING_PERSON:
            return _people(story, tasks, now)
        case status if status == WAITING_TIME:
            return _time(story, step, now)
        case status if status in (WAITING_RESULT, FETCHING):
            return _result(step)
        case status if status == HELD:
            return (
                f"It is held since {_at(run.started_at)}: {run.reason or 'somebody has to let it go'}. "
                f"Let it go: dealwire runs start {run.run_id[:8]}"
            )
        case status if status == NEEDS_ATTENTION:
            return (
                f"Step {run.step_id or 'fetch'} failed at {_at(run.updated_at)}: {_sentence(run.reason)} "
                f"Mend it, then type: dealwire runs retry {run.run_id[:8]} (or skip, rerun, cancel)"
            )
        case status if status == NOT_ENROLLED:
            return f"It never started: {_sentence(run.reason)}"
        case status if status in (COMPLETED, REJECTED, CANCELLED):
            return _ended(story)
        case _:
            return f"It is going on at step {run.step_id}, since {_at(run.updated_at)}."


def _people(story: RunStory, tasks: Iterable[Task], now: datetime) -> str:
    run = story.summary
    mine = [task for task in tasks if task.run_id == run.run_id and task.status not in TASK_ENDED]
    if not mine:
        return f"It waits for people at step {run.step_id}, since {_at(run.updated_at)}."
    return " ".join(_task(task, now) for task in sorted(mine, key=lambda each: each.opened_at or NEVER))


def _task(task: Task, now: datetime) -> str:
    people = ", ".join(task.people[:_MOST_PEOPLE])
    if len(task.people) > _MOST_PEOPLE:
        people += f" and {len(task.people) - _MOST_PEOPLE} more"
    who = task.claimed_by or people or "nobody (see to it that somebody is asked)"
    count = f", {task.need - sum(vote.yes for vote in task.votes)} more yes needed" if task.need > 1 else ""
    claimed = ", who has claimed it" if task.claimed_by else ""
    return (
        f"It waits for {who}{claimed} {_ASKS.get(task.kind, 'to answer')} “{task.title or task.step_id}” "
        f"(task {task.id[:8]}{count}), since {_at(task.opened_at)}{_until(task.due, now)}."
    )


def _time(story: RunStory, step: StepStory | None, now: datetime) -> str:
    run = story.summary
    name = step.step_id if step is not None else run.step_id
    if step is not None and step.status == WAITING_TO_RETRY:
        return (
            f"Step {name} failed {step.attempts} times, at last with: {_sentence(step.error)} "
            f"It is tried again by itself{_until(run.due, now)}."
        )
    what = f" {run.reason}" if run.reason else ""
    since = step.started_at if step is not None else run.updated_at
    until = _until(run.due, now) or ", without end"
    return f"It waits at step {name}{what}, since {_at(since)}{until}."


def _result(step: StepStory | None) -> str:
    if step is None:
        return "It has begun, and nothing was told since."
    role = _ROLES.get(step.step_type)
    hint = f" Does a worker with the role {role} run?" if role else ""
    return f"Step {step.step_id} asked for its result at {_at(step.started_at)} and has no answer yet.{hint}"


def _ended(story: RunStory) -> str:
    run = story.summary
    when = _at(run.ended_at)
    if run.status == CANCELLED:
        event = _last(story, "run.cancelled")
        by = f" by {event.actor}" if event is not None and event.actor else ""
        return f"It was cancelled{by} at {when}: {_sentence(run.reason)}"
    if run.status == REJECTED:
        event = _last(story, "task.answered")
        if event is not None and event.outcome == "rejected":
            return f"It ended as rejected at {when}: {event.actor} said no, {_sentence(event.reason)}"
    return f"It ended as {run.outcome or run.status} at {when}, at step {run.step_id}."


def _last(story: RunStory, kind: str) -> RunEvent | None:
    return next((event for event in reversed(story.others) if event.kind == kind), None)


def _until(due: datetime | None, now: datetime) -> str:
    if due is None:
        return ""
    return f", until {_at(due)}" if due >= now else f", overdue since {_at(due)}"


def _sentence(text: str) -> str:
    """Give a reason with its full stop."""
    return f"{(text or 'no reason was told').rstrip('. ')}."


def _at(moment: datetime | None) -> str:
    return "an unknown time" if moment is None or moment == NEVER else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
