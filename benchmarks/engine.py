"""How many decisions a second the pure engine makes: `python -m benchmarks engine`, no Kafka.

A deal is carried the whole way through each example: every input is decided on as an agent does it, from the
state's JSON to the state's JSON. The baseline reads and writes the same states and decides nothing.
"""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from processors.catalogue import Catalogue
from processors.deal import advance
from processors.sample import DEAL
from processors.sample_trial import AT, entry_of
from processors.what_if import draft_catalogue
from processors.what_if_answers import Script, from_person, from_sink
from schemas.base import Record
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.definition.queue import Queue
from schemas.published import Published
from schemas.run import DealRuns, Status
from schemas.run_event import RunEvent
from schemas.task import Task
from streams.drafts import drafts

EXAMPLES = Path(__file__).parents[1] / "examples"
_SHOWN = {"automated-creation": 20_000, "segment-routing": 200_000, "approval-gate": 600_000}
"""Each example, and an amount that its filter lets in."""


def measure(_folder: Path, *, rounds: int = 300) -> dict[str, Any]:
    """Decide the inputs of each example so many times over."""
    return {name: _measured(*inputs(name), rounds) for name in _SHOWN}


def _measured(
    catalogue: Catalogue, taken: Sequence[tuple[bytes | None, Record]], rounds: int
) -> dict[str, Any]:
    plain, ours = [], []
    # In turns, so that whatever else the machine does falls on both.
    for _ in range(rounds):
        began = time.perf_counter()
        for held, _record in taken:
            same = DealRuns.model_validate_json(held) if held is not None else DealRuns()
            same.model_dump_json().encode()
        plain.append(time.perf_counter() - began)
        began = time.perf_counter()
        for held, record in taken:
            state = DealRuns.model_validate_json(held) if held is not None else None
            decided = advance(state, record, AT, catalogue)  # type: ignore[arg-type]  # as they were taken
            decided.state.model_dump_json().encode()
        ours.append(time.perf_counter() - began)
    decisions = len(taken) * rounds
    return {
        "inputs of a deal": len(taken),
        "decisions/s": round(decisions / sum(ours)),
        "states read and written, nothing decided, per second": round(decisions / sum(plain)),
        "ours takes": f"{sum(ours) / sum(plain):.2f}x",
    }


def inputs(name: str) -> tuple[Catalogue, list[tuple[bytes | None, Record]]]:
    """Give each input of a deal that goes an example's whole way, with the state that it meets."""
    opportunity = DEAL.opportunity.model_copy(update={"amount": Decimal(_SHOWN[name])})
    deal = DEAL.model_copy(update={"opportunity": opportunity})
    (version,), placed = drafts(EXAMPLES / f"{name}.yaml")
    queues = {each.document.name: each.document for each in placed if isinstance(each.document, Queue)}
    catalogue = draft_catalogue(version, queues)
    coming: deque[Record] = deque([entry_of(deal, version.workflow.trigger.stages[0], AT)])
    taken: list[tuple[bytes | None, Record]] = []
    held: bytes | None = None
    while coming:
        record = coming.popleft()
        taken.append((held, record))
        state = DealRuns.model_validate_json(held) if held is not None else None
        decided = advance(state, record, AT, catalogue)  # type: ignore[arg-type]  # as they were taken
        held = decided.state.model_dump_json().encode()
        for out in decided.outputs:
            coming += _answers(out.record, deal, queues)
    run = next(iter(DealRuns.model_validate_json(held or b"").runs.values()))
    assert run.status is Status.COMPLETED, f"{name} came to {run.status} at {run.step_id}"
    return catalogue, taken


def _answers(sent: Record, deal: EnrichedDeal, queues: Mapping[str, Queue]) -> Sequence[Record]:
    match sent:
        case EnrichmentRequest():
            return [deal.model_copy(update={"id": f"read {sent.id}", "request_id": sent.id})]
        case Task():
            return from_person(sent, Script(), {})
        case RunEvent() | Published():
            return []
        case command:
            return from_sink(command, Script(), queues, deal, {})
