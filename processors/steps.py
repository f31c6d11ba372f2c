"""What each step does: ask somebody for something, wait, be done at once, or end the run.

`begin` starts a step, `resume` carries it on with the result of what it asked for. A step that asks
changes the run only in what it will hold when the answer is yes. Steps for people are in `people_steps.py`,
what a step asks a sink for in `step_commands.py`.
"""

from datetime import UTC, date, datetime, time
from typing import Any

from pydantic import ValidationError

from processors.business_time import due
from processors.conditions import holds, value
from processors.existing_accounts import found, linked
from processors.form_values import with_answers
from processors.mapping import fill
from processors.outcomes import Asked, Done, Ended, Outcome, Paused, Scene
from processors.people_steps import choose_account, claim, opened
from processors.step_commands import ACCOUNT, ASSIGN, BRIEF, FIND, SEND, command, of_account, stored
from processors.templates import render
from processors.variables import publishable, with_variables
from schemas.account import Account, AppliedTemplate, Csm
from schemas.brief import Brief
from schemas.definition.any_step import AnyStep
from schemas.definition.flow import Publish, SetVariables, Wait, WriteBrief
from schemas.definition.people import Approval, Form
from schemas.definition.steps import (
    ApplyTemplate,
    AssignCsm,
    Condition,
    CreateAccount,
    End,
    SendEmail,
)
from schemas.errors import StepError
from schemas.ids import effect_id, record_key
from schemas.inbox import InboxRecord
from schemas.published import Published
from schemas.run import Run


def begin(step: AnyStep, run: Run, scene: Scene) -> Outcome:  # noqa: C901 - one line a type of step
    """Start a step. Raises `StepError` if it cannot be done with this deal."""
    match step:
        case CreateAccount():
            return _created(step, run, scene)
        case Condition():
            return _branched(step, run, scene)
        case AssignCsm(person=Csm() as person):
            return _assigned(step, run, person, scene)
        case AssignCsm():
            return Asked(run, *command(step, run, scene, ASSIGN), ASSIGN)
        case ApplyTemplate():
            return _templated(step, run, scene)
        case SendEmail():
            return Asked(run, *command(step, run, scene, SEND), SEND)
        case WriteBrief():
            return Asked(run, *command(step, run, scene, BRIEF), BRIEF)
        case Approval() | Form():
            return opened(step, run, scene)
        case Wait():
            return _waited(step, run, scene)
        case SetVariables():
            return _set(step, run, scene)
        case Publish():
            return _published(step, run, scene)
        case End():
            return Ended(step.outcome)


def repeat(step: AnyStep, run: Run, scene: Scene) -> Asked:
    """Give the command that a run waits for once more: the same but for its attempt."""
    part = run.pending.part if run.pending is not None else ""
    return Asked(run, *command(step, run, scene, part), part)


def resume(step: AnyStep, run: Run, scene: Scene, result: InboxRecord) -> Outcome:
    """Carry a step on with the good answer to what it asked for."""
    part = run.pending.part if run.pending is not None else ""
    match step, part:
        case AssignCsm(), str(asked) if asked == ASSIGN:
            if result.output.get("claim"):
                return claim(step, run, scene, result)
            csm = Csm(name=result.output.get("name", ""), email=result.output.get("email", ""))
            return _assigned(step, run, csm, scene)
        case CreateAccount(), str(asked) if asked == FIND:
            return _matched(step, run, scene, result)
        case WriteBrief(), _:
            return _briefed(run, result)
        case _, str(asked) if asked == ACCOUNT:
            return Done(run.model_copy(update={"account_stored": True}), of_account(run, result))
        case _:
            return Done(run, dict(result.output))


def assigned_to(step: AnyStep, run: Run, csm: Csm, scene: Scene) -> Outcome:
    """Carry a step on whose account a person has claimed."""
    return _assigned(step, run, csm, scene)


def account_chosen(step: CreateAccount, run: Run, key: str, scene: Scene) -> Outcome:
    """Carry a step on when it is known whose account it is: the key of an existing one, else a new one."""
    mapped = _mapped(step, run, scene)
    existing = next((each for each in run.candidates if each.key == key), None)
    return stored(step, run, linked(existing, mapped) if existing is not None else mapped, scene)


def _created(step: CreateAccount, run: Run, scene: Scene) -> Outcome:
    mapped = _mapped(step, run, scene)
    if run.account is not None and run.account_stored and run.account.key != _own_key(run):
        # It joined an account that was there before: what this deal leaves empty is not this deal's.
        return stored(step, run, linked(run.account, mapped), scene)
    if step.existing == "create" or run.account_stored:
        return stored(step, run, mapped, scene)
    drafted = run.model_copy(update={"account": mapped})
    return Asked(drafted, *command(step, drafted, scene, FIND), FIND)


def _matched(step: CreateAccount, run: Run, scene: Scene, result: InboxRecord) -> Outcome:
    matches = found(result)
    run = run.model_copy(update={"candidates": tuple(each.account for each in matches)})
    if matches and step.existing == "ask":
        return choose_account(step, run, scene, matches)
    return account_chosen(step, run, matches[0].account.key if matches else "", scene)


def _briefed(run: Run, result: InboxRecord) -> Done:
    try:
        brief = Brief.model_validate_json(result.output.get("brief", ""))
    except ValidationError:
        raise StepError("the brief that came back cannot be read", todo="Retry the run.") from None
    told = {name: result.output[name] for name in ("written_by", "fell_back") if result.output.get(name)}
    return Done(with_variables(run, {"brief": brief.model_dump(mode="json")}), told)


def _mapped(step: CreateAccount, run: Run, scene: Scene) -> Account:
    own = run.account.key if run.account is not None else _own_key(run)
    mapped = fill(scene.deal, scene.names(run), scene.version.mappings[step.mapping], own)
    answers = with_answers(mapped, scene.version.workflow, run.variables)
    return answers.model_copy(update={"csm": run.csm})


def _own_key(run: Run) -> str:
    return record_key(run.org_id, run.opportunity_id)


def _branched(step: Condition, run: Run, scene: Scene) -> Done:
    names = scene.names(run)
    for branch in step.branches:
        if holds(branch.when, names):
            return Done(run, {"branch": branch.when, "next": branch.next}, goto=branch.next)
    return Done(run, {"branch": "default", "next": step.default}, goto=step.default)


def _assigned(step: AnyStep, run: Run, csm: Csm, scene: Scene) -> Outcome:
    run = run.model_copy(update={"csm": csm})
    if run.account is None:
        return Done(run, {"csm": csm.name})
    return stored(step, run, run.account.model_copy(update={"csm": csm}), scene)


def _templated(step: ApplyTemplate, run: Run, scene: Scene) -> Outcome:
    if run.account is None:
        raise StepError("there is no account to apply a template to", on=f"step {step.id}")
    names = scene.names(run)
    variables = {name: value(expression, names) for name, expression in step.variables.items()}
    template = scene.version.templates[step.template]
    known = {**names, "vars": {**run.variables, **variables}}
    sections = {name: render(source, known) for name, source in template.sections.items()}
    applied = AppliedTemplate(name=template.name, sections=sections)
    return stored(step, run, run.account.model_copy(update={"template": applied}), scene)


def _waited(step: Wait, run: Run, scene: Scene) -> Outcome:
    if step.until_true is not None:
        if holds(step.until_true, scene.names(run)):
            return Done(run, {"holds": step.until_true})
        return Paused(run, watching=True)
    if step.duration is not None:
        return Paused(run, until=due(scene.at, step.duration, scene.version.calendars))
    until = _moment(str(step.until), value(str(step.until), scene.names(run)))
    if until <= scene.at:
        return Done(run, {"until": until.isoformat(), "passed": True})
    return Paused(run, until=until)


def _moment(expression: str, found: Any) -> datetime:
    """Read what an expression gave as a moment; a day begins at midnight UTC."""
    if isinstance(found, str):
        try:
            found = datetime.fromisoformat(found)
        except ValueError:
            raise StepError(f"{expression!r} gives {found!r:.60}, which is no date") from None
    if isinstance(found, datetime):
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    if isinstance(found, date):
        return datetime.combine(found, time(), UTC)
    raise StepError(f"{expression!r} gives {'nothing' if found is None else 'no date'} to wait until")


def _set(step: SetVariables, run: Run, scene: Scene) -> Done:
    computed: dict[str, Any] = {}
    for name, expression in step.values.items():
        run = with_variables(run, {name: value(expression, scene.names(run))})
        computed[name] = run.variables[name]
    return Done(run, computed)


def _published(step: Publish, run: Run, scene: Scene) -> Done:
    names = scene.names(run)
    record = Published(
        id=effect_id(run.id, step.id, run.visit_of(step.id), "publish"),
        org_id=run.org_id,
        topic=step.topic,
        opportunity_id=run.opportunity_id,
        run_id=run.id,
        workflow_id=run.workflow,
        step_id=step.id,
        at=scene.at,
        values={name: publishable(value(expression, names)) for name, expression in step.values.items()},
    )
    key = record_key(run.org_id, run.opportunity_id)
    return Done(run, {"topic": step.topic, "record": record.id}, sent=((record, key),))
