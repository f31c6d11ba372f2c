"""What people and sinks answer in a trial: what the script says, else what is assumed, and told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from processors.brief.structured import structured
from processors.form_values import checked
from processors.people_steps import NEW_ACCOUNT
from schemas.account import FindAccounts
from schemas.assignment import AssignCsm
from schemas.base import Record
from schemas.brief import WriteBrief
from schemas.deal import EnrichedDeal
from schemas.definition.queue import Queue
from schemas.definition.sample import Result, Value
from schemas.ids import derived_id
from schemas.inbox import COMMAND, FAILED, RESULT, InboxRecord
from schemas.task import APPROVAL, CLAIM, FORM, TASK_ENDED, Task, TaskField

NOBODY = "nobody"
_REJECTED = ("rejected", "reject", "no")
_TYPED = {"number": "1", "money": "1", "date": "2026-01-01", "email": "somebody@customer.example"}

Assumed = dict[str, None]


@dataclass(frozen=True, slots=True)
class Script:
    """What is known of people's answers and sinks' results, by step; and what the deal becomes later."""

    answers: Mapping[str, str | Mapping[str, Value]] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    later: EnrichedDeal | None = None


def from_sink(
    command: Record, script: Script, queues: Mapping[str, Queue], deal: EnrichedDeal, assumed: Assumed
) -> list[InboxRecord]:
    """Give the result of a command; nothing for one that nobody waits for."""
    if isinstance(command, AssignCsm) and not command.choose:
        return [_result(command)]
    step = str(getattr(command, "step_id", ""))
    told = script.results.get(step, Result())
    attempt = int(getattr(command, "attempt", 1))
    if told.error and (told.times is None or attempt <= told.times):
        retryable = told.times is not None
        return [_result(command, outcome=FAILED, retryable=retryable, error=told.error)]
    match command:
        case AssignCsm():
            return [_result(command, output=dict(told.output) or _of_queue(command, queues, assumed))]
        case FindAccounts():
            if "matches" not in told.output:
                assumed[f"{step}: no account looks like this customer"] = None
            return [_result(command, output={"matches": told.output.get("matches", "[]")})]
        case WriteBrief():
            brief = structured(deal, command.answers)
            output = {"brief": brief.model_dump_json(), "written_by": brief.written_by}
            return [_result(command, output=output)]
        case _:
            return [_result(command, output=dict(told.output))]


def from_person(task: Task, script: Script, assumed: Assumed) -> list[InboxRecord]:
    """Give what people say to a task as it stands now."""
    given = script.answers.get(task.step_id)
    if task.status in TASK_ENDED or given == NOBODY:
        return []
    step = task.step_id
    if task.kind == APPROVAL:
        voted = {vote.by for vote in task.votes}
        waiting = next((each for each in task.people if each not in voted), None)
        if waiting is None:
            return []
        if given is None:
            assumed[f"{step}: approved"] = None
        return [_word(task, "reject" if given in _REJECTED else "approve", waiting)]
    if not task.people or task.revision > 1:
        return []
    if task.kind == FORM:
        return [_word(task, "fill", task.people[0], _filled(task, given, assumed))]
    if task.kind == CLAIM:
        claimer = given if isinstance(given, str) else task.people[0]
        if given is None:
            assumed[f"{step}: {claimer} takes it"] = None
        return [_word(task, "claim", claimer)]
    keys = [choice.key for choice in task.choices]
    default = NEW_ACCOUNT if NEW_ACCOUNT in keys else (keys or [""])[0]
    if given is None:
        assumed[f"{step}: the choice is {default}"] = None
    choice = given if isinstance(given, str) else default
    return [_word(task, "choose", task.people[0], {"choice": choice})]


def _filled(task: Task, given: object, assumed: Assumed) -> dict[str, str]:
    values = dict(task.values)
    if isinstance(given, Mapping):
        values |= {name: _text(value) for name, value in given.items()}
    for each in task.fields:
        if each.required and not values.get(each.name):
            values[each.name] = _some(each)
            assumed[f"{task.step_id}: {each.name} is {values[each.name]!r}"] = None
    if given is None:
        assumed[f"{task.step_id}: filled as it is prefilled"] = None
    _, wrong = checked(task.fields, values, whole=True)
    for name, why in wrong.items():
        assumed[f"{task.step_id}: {name} is refused, {why}"] = None
    return values


def _some(wanted: TaskField) -> str:
    return wanted.choices[0] if wanted.choices else _TYPED.get(wanted.type, "something")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _of_queue(command: AssignCsm, queues: Mapping[str, Queue], assumed: Assumed) -> dict[str, str]:
    queue = queues.get(command.queue)
    if queue is None:
        assumed[f"{command.step_id}: the queue {command.queue} gives somebody"] = None
        return {"name": "Somebody", "email": "somebody@example.com"}
    first = queue.members[0]
    if queue.policy == "claim":
        return {"claim": "true", "members": ",".join(each.email for each in queue.members)}
    assumed[f"{command.step_id}: the queue {queue.name} gives {first.name}"] = None
    return {"name": first.name, "email": first.email}


def _result(command: Record, **fields: object) -> InboxRecord:
    attempt = getattr(command, "attempt", 1)
    content = {
        "id": derived_id("result", command.id, str(attempt)),
        "org_id": command.org_id,
        "kind": RESULT,
        "opportunity_id": getattr(command, "opportunity_id", ""),
        "run_id": getattr(command, "run_id", ""),
        "step_id": getattr(command, "step_id", ""),
        "command_id": command.id,
        "attempt": attempt,
        **fields,
    }
    return InboxRecord.model_validate(content)


def _word(task: Task, command: str, actor: str, values: Mapping[str, str] | None = None) -> InboxRecord:
    return InboxRecord(
        id=derived_id("word", task.id, command, actor, str(task.revision)),
        org_id=task.org_id,
        kind=COMMAND,
        opportunity_id=task.opportunity_id,
        run_id=task.run_id,
        step_id=task.step_id,
        command=command,
        actor=actor,
        task_id=task.id,
        values=dict(values or {}),
        reason="in a trial" if command == "reject" else "",
    )
