"""How fast recorded deals are replayed against a draft: `python -m benchmarks what-if`, no Kafka."""

import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from processors.definition_yaml import as_yaml
from processors.sample import DEAL
from processors.sample_trial import AT, entry_of
from processors.what_if import draft_catalogue, simulate
from processors.what_if_answers import Script
from processors.what_if_history import replay, tally
from processors.yaml_documents import parse
from schemas.deal import EnrichedDeal
from schemas.definition.documents import Workflow, WorkflowVersion
from schemas.definition.queue import Queue
from schemas.run_event import RunEvent
from streams.drafts import drafts

_EXAMPLE = Path(__file__).parents[1] / "examples" / "segment-routing.yaml"
_BORDER = ("deal.amount > 100000.0", "deal.amount > 150000.0")


def measure(_folder: Path, *, runs: int = 10_000) -> dict[str, Any]:
    """Record so many runs of the routing example, then replay them against one with another border."""
    (version,), placed = drafts(_EXAMPLE)
    queues = {each.document.name: each.document for each in placed if isinstance(each.document, Queue)}
    deals: list[EnrichedDeal] = []
    events: list[RunEvent] = []
    for deal in _deals(runs):
        told = _recorded(version, queues, deal)
        deals.append(deal.model_copy(update={"id": told[0].caused_by}))
        events += told
    began, busy = time.perf_counter(), time.process_time()
    counted = tally(replay(_moved(version), queues, deals, events))
    seconds = time.perf_counter() - began
    busy = time.process_time() - busy
    assert sum(count for _, count in counted) == runs
    bodies = [event.model_dump_json() for event in events]
    began = time.perf_counter()
    for body in bodies:
        RunEvent.model_validate_json(body)
    read = time.perf_counter() - began
    return {
        "replayed": {
            "past runs": runs,
            "seconds": round(seconds, 1),
            "of them on the processor": round(busy, 1),
            "runs/s": round(runs / seconds),
            "only reading their events, runs/s": round(runs / read),
            "replaying takes": f"{seconds / read:.1f}x",
        },
        "went another way": {
            f"{each.kind}: {each.really} → {each.draft} {each.parting}": n for each, n in counted
        },
    }


def _deals(count: int) -> Iterator[EnrichedDeal]:
    for number in range(count):
        opportunity = f"006{number:012d}AAA"
        amount = Decimal(50_000 + number * 450_000 // count)
        yield DEAL.model_copy(
            update={
                "id": f"deal-{number}",
                "opportunity_id": opportunity,
                "opportunity": DEAL.opportunity.model_copy(update={"id": opportunity, "amount": amount}),
                "entered_stage": "Closed Won",
                "entered_at": AT + timedelta(seconds=number),
            }
        )


def _recorded(version: WorkflowVersion, queues: dict[str, Queue], deal: EnrichedDeal) -> tuple[RunEvent, ...]:
    entry = entry_of(deal, deal.entered_stage, deal.entered_at or AT)
    return simulate(draft_catalogue(version, queues), entry, deal, Script()).events


def _moved(version: WorkflowVersion) -> WorkflowVersion:
    (workflow,) = (
        each.document
        for each in parse(as_yaml(version, status="draft").replace(*_BORDER), "draft.yaml")
        if isinstance(each.document, Workflow)
    )
    return version.model_copy(update={"workflow": workflow, "version": version.version + 1})
