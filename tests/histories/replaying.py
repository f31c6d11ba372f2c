"""Replays a recorded history: each input is decided again, on the state as it was recorded before it.

So every decision stands for itself, and what a release stored, the next one can read and go on with.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from processors.catalogue import Catalogue
from processors.deal import Advance, Input, advance
from schemas.base import Part, Record
from schemas.contracts import RECORDS
from schemas.deal import EnrichedDeal
from schemas.definition.documents import Activation, WorkflowVersion
from schemas.ids import record_key
from schemas.run import DealRuns, Run
from schemas.run_event import RunEvent
from schemas.task import Task
from tests.histories.files import Plain


@dataclass(frozen=True, slots=True)
class Taken:
    """One input: a record, when it was written to Kafka, and which workflows were crowded then."""

    record: Input
    at: datetime
    crowded: tuple[str, ...] = ()


def history(story: str, deal: EnrichedDeal, catalogue: Catalogue, inputs: Sequence[Taken]) -> Plain:
    """Write down what the engine decides now."""
    state = DealRuns()
    written = []
    for taken in inputs:
        advanced = advance(state, taken.record, taken.at, catalogue, taken.crowded)
        shown: Plain = {"at": taken.at.isoformat(), "take": taken.record.ce_type}
        shown["record"] = _laid_over(deal, taken.record)
        if taken.crowded:
            shown["crowded"] = list(taken.crowded)
        written.append({**shown, "decided": decided(taken, state, advanced)})
        state = advanced.state
    return {
        "story": story,
        "deal": plain(deal),
        "inputs": written,
        "pinned": {
            "versions": [each.model_dump(mode="json") for each in catalogue.versions.values()],
            "active": {
                name: _activation(each) for name, each in catalogue.activations.items() if each.version
            },
        },
    }


def _activation(activation: Activation) -> Plain:
    return activation.model_dump(mode="json", exclude_defaults=True)


def replay(content: Plain) -> list[tuple[Plain, Plain]]:
    """Decide each input again. Gives input by input what was decided, and what is now."""
    catalogue = catalogue_of(content)
    deals: dict[str, EnrichedDeal] = {}
    runs: dict[str, Plain] = {}
    held: dict[str, Any] = {}
    tasks: dict[tuple[str, int], Plain] = {}
    last, compared = DealRuns(), []
    for shown in content["inputs"]:
        taken = _taken(content, shown)
        if isinstance(taken.record, EnrichedDeal):
            deals[taken.record.id] = taken.record
        state = DealRuns(
            runs={name: _run(run, tasks) for name, run in runs.items()},
            deals={name: _deal(deal, deals) for name, deal in held.items() if deal},
            last_input=last.last_input,
            last_outputs=last.last_outputs,
            seen=last.seen,
        )
        advanced = advance(state, taken.record, taken.at, catalogue, taken.crowded)
        compared.append((shown["decided"], _json(decided(taken, state, advanced))))
        # The state lives as JSON in a table, so it must survive that.
        last = DealRuns.model_validate_json(advanced.state.model_dump_json())
        _remember(shown["decided"], _ids(taken), runs, held, tasks)
    return compared


def decided(taken: Taken, before: DealRuns, advanced: Advance) -> Plain:
    """Show a decision: what happened, which tasks and commands went out, and what changed of the runs.

    What records repeat of the input (its deal, its moment, the cause that it is) is left out.
    """
    events, tasks, commands = [], [], []
    usual = _usual(taken)
    known = {deal.id: deal for deal in (*before.deals.values(), *advanced.state.deals.values())}
    for out in advanced.outputs:
        shown = _but({"key": out.key, **_unpacked(plain(out.record, known))}, out.record, usual)
        match out.record:
            case RunEvent():
                events.append(shown)
            case Task():
                tasks.append(shown)
            case record:
                commands.append({"send": record.ce_type, **shown})
    runs = {}
    for name, run in advanced.state.runs.items():
        now = _but(_shown(run, advanced.state, known), run, usual)
        was = _but(_shown(before.runs[name], before, known), run, usual) if name in before.runs else {}
        changed = {field: value for field, value in now.items() if was.get(field) != value}
        changed |= {field: None for field in was if field not in now}
        if changed:
            runs[name] = changed
    parts = {"events": events, "tasks": tasks, "commands": commands, "runs": runs,
             "missing": advanced.missing, "ignored": advanced.ignored}  # fmt: skip
    return {name: part for name, part in parts.items() if part}


def plain(record: Record, known: Mapping[str, EnrichedDeal] | None = None) -> Plain:
    """Give a record without its defaults, but with its kind; a deal that was read by its id."""
    shown = record.model_dump(mode="json", exclude_defaults=True)
    if "kind" in type(record).model_fields:
        shown = {"kind": getattr(record, "kind"), **shown}  # noqa: B009 - not every record has one
    deal = getattr(record, "deal", None)
    if isinstance(deal, EnrichedDeal) and known and known.get(deal.id) == deal:
        shown["deal"] = deal.id
    return shown


def catalogue_of(content: Plain) -> Catalogue:
    """Give the definitions that a history is pinned to."""
    versions = [WorkflowVersion.model_validate(each) for each in content["pinned"]["versions"]]
    active = {name: Activation.model_validate(each) for name, each in content["pinned"]["active"].items()}
    return Catalogue({(each.name, each.version): each for each in versions}, active)


def _laid_over(deal: EnrichedDeal, record: Record) -> Plain:
    """Give a record; of a deal only what differs from the story's."""
    shown = plain(record)
    if not isinstance(record, EnrichedDeal):
        return shown
    usual = plain(deal)
    return {name: value for name, value in shown.items() if usual.get(name) != value}


def _taken(content: Plain, shown: Plain) -> Taken:
    kind = RECORDS[shown["take"]]
    body = {**content["deal"], **shown["record"]} if kind is EnrichedDeal else shown["record"]
    record: Any = kind.model_validate(body)
    return Taken(record, datetime.fromisoformat(shown["at"]), tuple(shown.get("crowded", ())))


def _ids(taken: Taken) -> Plain:
    return {"org_id": taken.record.org_id, "opportunity_id": taken.record.opportunity_id}


def _usual(taken: Taken) -> Plain:
    """Give what records have of the input that caused them, by name."""
    record = taken.record
    deal = _ids(taken)
    at = taken.at.isoformat().replace("+00:00", "Z")
    return {**deal, "key": record_key(*deal.values()), "at": at, "caused_by": record.id}


def _but(shown: Plain, record: Part, usual: Plain) -> Plain:
    """Leave out what is as usual. What is not stands there, even where it is the default."""
    left = {name: value for name, value in shown.items() if usual.get(name) != value}
    missing = (name for name in usual if name in type(record).model_fields and name not in shown)
    return {**left, **dict.fromkeys(missing)}


def _shown(run: Run, state: DealRuns, known: Mapping[str, EnrichedDeal]) -> Plain:
    """Show a run: its tasks by their revision, as they were published; its deal by the id of the reading."""
    shown = run.model_dump(mode="json", exclude_defaults=True)
    if run.tasks:
        shown["tasks"] = {task.id: task.revision for task in run.tasks.values()}
    for name, notice in run.notices.items():
        record = RECORDS[notice.ce_type].model_validate_json(notice.body)
        shown["notices"][name]["body"] = plain(record)
    deal = state.deals.get(run.id)
    if deal is not None:
        shown["deal"] = deal.id if known.get(deal.id) == deal else plain(deal)
    return shown


def _remember(shown: Plain, ids: Plain, runs: dict[str, Plain], held: dict[str, Any],
              tasks: dict[tuple[str, int], Plain]) -> None:  # fmt: skip
    for task in shown.get("tasks", ()):
        tasks[task["id"], task.get("revision", 1)] = ids | {
            name: task[name] for name in task if name != "key"
        }
    for name, changed in shown.get("runs", {}).items():
        run = runs.setdefault(name, dict(ids))
        for field, value in changed.items():
            if field == "deal":
                held[name] = value
            elif value is None:
                run.pop(field, None)
            else:
                run[field] = value


def _run(shown: Plain, tasks: Mapping[tuple[str, int], Plain]) -> Run:
    content = dict(shown)
    content["tasks"] = {name: tasks[name, revision] for name, revision in shown.get("tasks", {}).items()}
    content["notices"] = {
        name: {**notice, "body": RECORDS[notice["ce_type"]].model_validate(notice["body"]).model_dump_json()}
        for name, notice in shown.get("notices", {}).items()
    }
    return Run.model_validate(content)


def _deal(shown: str | Plain, deals: Mapping[str, EnrichedDeal]) -> EnrichedDeal:
    return deals[shown] if isinstance(shown, str) else EnrichedDeal.model_validate(shown)


def _unpacked(shown: Plain) -> Plain:
    """Show what an event carries as JSON text as what it says."""
    for name in ("input", "output"):
        if isinstance(shown.get(name), str):
            shown[name] = json.loads(shown[name])
    return shown


def _json(value: Plain) -> Plain:
    content: Plain = json.loads(json.dumps(value))
    return content
