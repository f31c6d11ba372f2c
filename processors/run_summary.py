"""Folds the events of a run, one after the other, into its summary."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

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
    RUN_ENDED,
    RUNNING,
    WAITING_PERSON,
    WAITING_RESULT,
    WAITING_TIME,
    RunSummary,
)

FETCH = "fetch"
"""The step before the first one, which reads the deal."""

_OF_RUN: Mapping[str, str] = {
    "run.started": RUNNING,
    "run.held": HELD,
    "run.released": RUNNING,
    "run.not_enrolled": NOT_ENROLLED,
    "run.needs_attention": NEEDS_ATTENTION,
    "run.retried": FETCHING,
    "run.rerun": FETCHING,
    "run.completed": COMPLETED,
    "run.rejected": REJECTED,
    "run.cancelled": CANCELLED,
}
_OF_STEP: Mapping[str, str] = {
    # A step that asks nobody is done in the same breath; one that is not waits for an answer.
    "step.started": WAITING_RESULT,
    "step.waiting": WAITING_TIME,
    "step.retry_scheduled": WAITING_TIME,
    "step.completed": RUNNING,
    "step.skipped": RUNNING,
    "step.timed_out": RUNNING,
    "step.failed": RUNNING,
}
_TASK_OVER = frozenset({"task.answered", "task.expired", "task.cancelled"})
_NAMES = ("account_name", "company_name", "deal_name", "opportunity_name", "name")
_OWNERS = ("csm", "owner")
_WANTED = (*_NAMES, *_OWNERS, "stage", "step")
_MOST_CHARS = 200


def summarize(known: RunSummary | None, events: Iterable[RunEvent]) -> RunSummary | None:
    """Carry the events of one run, in order of their sequence, into its summary.

    An event that is not newer than the summary changes nothing.
    """
    for event in events:
        if known is None or event.sequence > known.sequence:
            known = _carry(known or _begun(event), event)
    return known


def _begun(event: RunEvent) -> RunSummary:
    return RunSummary(
        run_id=event.run_id,
        org_id=event.org_id,
        opportunity_id=event.opportunity_id,
        workflow_id=event.workflow_id,
        workflow_version=event.workflow_version,
        started_at=event.at or NEVER,
        updated_at=event.at or NEVER,
    )


def _carry(run: RunSummary, event: RunEvent) -> RunSummary:
    moves = event.kind in _OF_RUN or (event.kind in _OF_STEP and not run.ended)
    phase = _phase(run, event)
    tasks = _tasks(run.open_tasks, event)
    status = WAITING_PERSON if tasks and phase not in RUN_ENDED | {HELD, NEEDS_ATTENTION} else phase
    at = event.at or run.updated_at
    told = _told(event)
    names = _names(run.names, told, event)
    reason = event.reason if moves else run.reason
    return replace(
        run,
        workflow_version=_version(told, event) or run.workflow_version,
        stage=run.stage or _text(told, "stage", of=event.kind in ("run.started", "run.held")),
        status=status,
        phase=phase,
        outcome=event.outcome if _changes_outcome(event.kind) else run.outcome,
        reason=reason,
        step_id=_step(run, told, event),
        owner=_owner(told, event) or run.owner,
        open_tasks=tasks,
        due=event.due if event.due is not None or moves else run.due,
        updated_at=at,
        ended_at=_ended_at(run, status, at),
        sequence=event.sequence,
        events=run.events + 1,
        names=names,
        search=f"{run.opportunity_id} {names} {reason}".casefold(),
    )


def _phase(run: RunSummary, event: RunEvent) -> str:
    if event.kind == "run.completed" and event.outcome == REJECTED:
        return REJECTED
    if event.kind in _OF_RUN:
        return _OF_RUN[event.kind]
    if run.ended or event.kind not in _OF_STEP:
        return run.phase
    if event.kind == "step.started" and event.step_id == FETCH:
        return FETCHING
    return _OF_STEP[event.kind]


def _step(run: RunSummary, told: Mapping[str, Any], event: RunEvent) -> str:
    if event.kind in _OF_STEP and not run.ended:
        return event.step_id or run.step_id
    return _text(told, "step", of=event.kind == "run.migrated") or run.step_id


def _version(told: Mapping[str, Any], event: RunEvent) -> int:
    """Give the version that a run goes by after an event; a migration is told by the version it leaves."""
    target = told.get("to") if event.kind == "run.migrated" else None
    return target if type(target) is int and target > 0 else event.workflow_version


def _tasks(held: tuple[str, ...], event: RunEvent) -> tuple[str, ...]:
    if event.kind == "task.opened":
        return (*(task for task in held if task != event.task_id), event.task_id)
    # One voice of several that an approval needs leaves it open: its outcome is still empty.
    if event.kind in _TASK_OVER and (event.outcome or event.kind != "task.answered"):
        return tuple(task for task in held if task != event.task_id)
    return held


def _changes_outcome(kind: str) -> bool:
    return kind in ("run.completed", "run.rejected", "run.retried", "run.rerun")


def _ended_at(run: RunSummary, status: str, at: datetime) -> datetime | None:
    if status not in RUN_ENDED:
        return None
    return run.ended_at or at


def _told(event: RunEvent) -> Mapping[str, Any]:
    """Give what an event tells in `input` and `output`; nothing for text that is no JSON object."""
    told: dict[str, Any] = {}
    for text in (event.input, event.output):
        if not any(f'{name}"' in text for name in _WANTED):
            continue
        try:
            value = orjson.loads(text)
        except ValueError:
            continue
        if isinstance(value, dict):
            told |= value
    return told


def _text(told: Mapping[str, Any], name: str, *, of: bool = True) -> str:
    value = told.get(name)
    if not of or not isinstance(value, str):
        return ""
    return value[:_MOST_CHARS].replace("\0", "\N{REPLACEMENT CHARACTER}")


def _is_assignment(event: RunEvent) -> bool:
    return event.step_type == "assign_csm" or event.kind == "csm.reassigned"


def _owner(told: Mapping[str, Any], event: RunEvent) -> str:
    names = ("name", *_OWNERS) if _is_assignment(event) else _OWNERS
    return next((found for name in names if (found := _text(told, name))), "")


def _names(known: str, told: Mapping[str, Any], event: RunEvent) -> str:
    """Add the names that an event tells to those known, each once and not without end."""
    if not told or _is_assignment(event):
        return known
    for name in _NAMES:
        found = _text(told, name)
        if found and found not in known and len(known) < 5 * _MOST_CHARS:
            known = f"{known} {found}".strip()
    return known
