"""What a draft would have made of recorded deals, against what really happened to them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from processors.run_summary import summarize
from processors.sample_trial import entry_of
from processors.what_if import Trial, draft_catalogue, path_of, simulate
from processors.what_if_answers import NOBODY, Script
from schemas.deal import EnrichedDeal
from schemas.definition.documents import WorkflowVersion
from schemas.definition.queue import Queue
from schemas.definition.sample import Result
from schemas.run_event import RunEvent
from schemas.run_summary import CANCELLED, NOT_ENROLLED, RUN_ENDED

NOT_STARTED = "not started"
SAME, OUTCOME, BRANCH, APART = "same", "outcome", "branch", "not compared"


@dataclass(frozen=True, slots=True)
class Compared:
    """One recorded deal: how it really ended, how it would have, and where the ways part.

    `kind` is `same`, `outcome`, `branch` (the same outcome by another way), or `not compared`: the run is
    open, or was cancelled by a person or by its deal, which a draft cannot repeat.
    """

    kind: str
    really: str
    draft: str
    parting: str
    opportunity_id: str
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One stage entry as it was recorded: the deal as it was read first and last, and the run's events."""

    first: EnrichedDeal
    last: EnrichedDeal
    moment: datetime
    events: tuple[RunEvent, ...]


def replay(
    version: WorkflowVersion,
    queues: Mapping[str, Queue],
    deals: Iterable[EnrichedDeal],
    events: Iterable[RunEvent],
) -> Iterator[Compared]:
    """Compare, entry by entry, oldest first. Events of other workflows are passed over."""
    catalogue = draft_catalogue(version, queues)
    states: dict[str, Trial] = {}
    for entry in _entries(version.name, deals, events):
        deal = entry.first
        key = f"{deal.org_id}:{deal.opportunity_id}"
        summary = summarize(None, entry.events)
        really = NOT_STARTED if summary is None else summary.outcome or summary.status
        run = summary.run_id if summary is not None else ""
        if summary is not None and (summary.status not in RUN_ENDED or summary.status == CANCELLED):
            yield Compared(APART, really, "", "", deal.opportunity_id, run)
            continue
        trial = simulate(
            catalogue,
            entry_of(deal, deal.entered_stage, entry.moment),
            deal,
            _script(entry),
            state=states[key].state if key in states else None,
        )
        states[key] = trial
        draft = trial.outcome
        nothing = {NOT_STARTED, NOT_ENROLLED}
        parting = "" if {really, draft} & nothing else _parting(path_of(entry.events), trial.path)
        same = really == draft or {really, draft} <= nothing
        kind = (BRANCH if parting else SAME) if same else OUTCOME
        yield Compared(kind, really, draft, parting, deal.opportunity_id, run)


def tally(found: Iterable[Compared]) -> list[tuple[Compared, int]]:
    """Count what is alike; the first of each kind stands for it. Differences come first, the most first."""
    counts: Counter[tuple[str, ...]] = Counter()
    first: dict[tuple[str, ...], Compared] = {}
    for each in found:
        key = (each.kind, each.really, each.draft, each.parting)
        counts[key] += 1
        first.setdefault(key, each)
    order = [OUTCOME, BRANCH, SAME, APART]
    ranked = sorted(counts, key=lambda key: (order.index(key[0]), -counts[key], key))
    return [(first[key], counts[key]) for key in ranked]


def _entries(name: str, deals: Iterable[EnrichedDeal], events: Iterable[RunEvent]) -> list[_Entry]:
    by_run: dict[str, dict[int, RunEvent]] = {}
    for event in events:
        if event.workflow_id == name and event.run_id:
            by_run.setdefault(event.run_id, {})[event.sequence] = event
    run_of = {event.caused_by: run for run, told in by_run.items() for event in told.values()}
    grouped: dict[tuple[str, str, str, datetime], dict[str, EnrichedDeal]] = {}
    for deal in deals:
        if deal.entered_stage and deal.entered_at is not None:
            key = (deal.org_id, deal.opportunity_id, deal.entered_stage, deal.entered_at)
            grouped.setdefault(key, {})[deal.id] = deal
    found = []
    for (_, _, stage, moment), read in grouped.items():
        ordered = sorted(read.values(), key=lambda deal: deal.as_of or moment)
        causes = (*read, entry_of(ordered[0], stage, moment).id)
        run = next((run_of[cause] for cause in causes if cause in run_of), "")
        told = by_run.get(run, {})
        found.append(_Entry(ordered[0], ordered[-1], moment, tuple(told[key] for key in sorted(told))))
    return sorted(found, key=lambda entry: (entry.moment, entry.first.opportunity_id))


def _script(entry: _Entry) -> Script:
    """Give what people and sinks said then. What was typed into forms is not recorded."""
    answers: dict[str, str] = {}
    failed: dict[str, Result] = {}
    for event in entry.events:
        if event.kind == "task.answered" and event.outcome not in ("", "filled"):
            answers[event.step_id] = event.outcome
        elif event.kind == "task.expired":
            answers[event.step_id] = NOBODY
        elif event.kind == "step.failed":
            failed[event.step_id] = Result(error=event.reason or "it failed")
        elif event.kind == "step.completed":
            failed.pop(event.step_id, None)
    later = entry.last if entry.last is not entry.first else None
    return Script(answers=answers, results=failed, later=later)


def _parting(really: Sequence[str], draft: Sequence[str]) -> str:
    for one, other in zip_longest(really, draft, fillvalue="(end)"):
        if one != other:
            return f"{one} → {other}"
    return ""
