"""What each step does: ask somebody for something, be done at once, or end the run.

`begin` starts a step, `resume` carries it on with the result of what it asked for. A step that asks
changes the run only in what it will hold when the answer is yes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from processors.conditions import holds, value
from processors.context import Context, context
from processors.mapping import fill
from processors.templates import render, render_line
from schemas.account import Account, AppliedTemplate, Csm, UpsertAccount
from schemas.assignment import AssignCsm as AssignCommand
from schemas.base import Record
from schemas.deal import EnrichedDeal
from schemas.definition.documents import Email, WorkflowVersion
from schemas.definition.steps import (
    AnyStep,
    ApplyTemplate,
    AssignCsm,
    Condition,
    CreateAccount,
    End,
    SendEmail,
)
from schemas.email import SendEmail as SendCommand
from schemas.errors import BrokenInvariantError, StepError
from schemas.ids import effect_id, record_key
from schemas.inbox import InboxRecord
from schemas.run import Run

ACCOUNT, ASSIGN, SEND = "account", "assign", "send"


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody was asked: the command, its Kafka key, and which part of the step it is."""

    run: Run
    command: Record
    key: str
    part: str


@dataclass(frozen=True, slots=True)
class Done:
    """The step is done. `goto` names the next step where the deal decided it."""

    run: Run
    output: Mapping[str, Any] = field(default_factory=dict)
    goto: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over, with an outcome."""

    outcome: str


Outcome = Asked | Done | Ended


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step may look at: the version it belongs to, the deal, and the moment it is asked at."""

    version: WorkflowVersion
    deal: EnrichedDeal
    at: datetime

    def names(self, run: Run) -> Context:
        """Give what expressions and templates may speak of."""
        return context(self.deal, run.account, run.csm)


def begin(step: AnyStep, run: Run, scene: Scene) -> Outcome:
    """Start a step. Raises `StepError` if it cannot be done with this deal."""
    match step:
        case CreateAccount():
            mapping = scene.version.mappings[step.mapping]
            key = record_key(run.org_id, run.opportunity_id)
            account = fill(scene.deal, scene.names(run), mapping, key)
            return _store(step, run, account.model_copy(update={"csm": run.csm}), scene)
        case Condition():
            names = scene.names(run)
            for branch in step.branches:
                if holds(branch.when, names):
                    return Done(run, {"branch": branch.when, "next": branch.next}, goto=branch.next)
            return Done(run, {"branch": "default", "next": step.default}, goto=step.default)
        case AssignCsm(person=Csm() as person):
            return _assigned(step, run, person, scene)
        case AssignCsm():
            return Asked(run, *_command(step, run, scene, ASSIGN), ASSIGN)
        case ApplyTemplate():
            return _store(step, run, _templated(step, run, scene), scene)
        case SendEmail():
            return Asked(run, *_command(step, run, scene, SEND), SEND)
        case End():
            return Ended(step.outcome)


def repeat(step: AnyStep, run: Run, scene: Scene) -> tuple[Record, str]:
    """Give the command that a run waits for once more, with its key: the same but for its attempt."""
    part = run.pending.part if run.pending is not None else ""
    return _command(step, run, scene, part)


def resume(step: AnyStep, run: Run, scene: Scene, result: InboxRecord) -> Outcome:
    """Carry a step on with the good answer to what it asked for."""
    part = run.pending.part if run.pending is not None else ""
    if part == ASSIGN and isinstance(step, AssignCsm):
        csm = Csm(name=result.output.get("name", ""), email=result.output.get("email", ""))
        return _assigned(step, run, csm, scene)
    if part == ACCOUNT:
        return Done(run.model_copy(update={"account_stored": True}), _of_account(run, result))
    return Done(run, dict(result.output))


def _assigned(step: AssignCsm, run: Run, csm: Csm, scene: Scene) -> Outcome:
    run = run.model_copy(update={"csm": csm})
    if run.account is None:
        return Done(run, {"csm": csm.name})
    return _store(step, run, run.account.model_copy(update={"csm": csm}), scene)


def _store(step: AnyStep, run: Run, account: Account, scene: Scene) -> Asked:
    revision = run.account.revision + 1 if run.account is not None else 1
    whole = account.model_copy(update={"revision": revision, "run_id": run.id, "updated_at": scene.at})
    holding = run.model_copy(update={"account": whole})
    return Asked(holding, *_command(step, holding, scene, ACCOUNT), ACCOUNT)


def _command(step: AnyStep, run: Run, scene: Scene, part: str) -> tuple[Record, str]:
    """Give what a part of a step asks for, and its Kafka key."""
    common: dict[str, Any] = {
        "id": effect_id(run.id, step.id, run.visit, part),
        "org_id": run.org_id,
        "opportunity_id": run.opportunity_id,
        "run_id": run.id,
        "step_id": step.id,
        "attempt": run.pending.attempt if run.pending is not None else 1,
    }
    match step:
        case AssignCsm(queue=str(queue)) if part == ASSIGN:
            return AssignCommand(**common, queue=queue), record_key(run.org_id, queue)
        case SendEmail() if part == SEND:
            mail = _mail(step, scene.version.emails[step.email], scene.names(run))
            return SendCommand(**common, **mail, at=scene.at), record_key(run.org_id, run.opportunity_id)
        case _ if run.account is not None:
            return UpsertAccount(**common, account=run.account), run.account.key
        case _:
            raise BrokenInvariantError(
                f"step {step.id} asks for {part!r} without an account", on=f"run {run.id}"
            )


def _templated(step: ApplyTemplate, run: Run, scene: Scene) -> Account:
    if run.account is None:
        raise StepError("there is no account to apply a template to", on=f"step {step.id}")
    names = scene.names(run)
    variables = {name: value(expression, names) for name, expression in step.variables.items()}
    template = scene.version.templates[step.template]
    sections = {
        name: render(source, {**names, "vars": variables}) for name, source in template.sections.items()
    }
    return run.account.model_copy(update={"template": AppliedTemplate(name=template.name, sections=sections)})


def _mail(step: SendEmail, email: Email, names: Context) -> dict[str, Any]:
    return {
        "to": tuple(_address(entry, names) for entry in step.to),
        "cc": tuple(_address(entry, names) for entry in step.cc),
        "subject": render_line(email.subject, names),
        "text": render(email.text, names),
        "html": render(email.html, names, html=True) if email.html is not None else None,
    }


def _address(entry: str, names: Context) -> str:
    """Give an address as it stands, or the one that an expression gives."""
    if "@" in entry:
        return entry
    found = value(entry, names)
    if not isinstance(found, str) or "@" not in found:
        raise StepError(
            f"{entry!r} gives no mail address: it is {'empty' if not found else 'something else'}"
        )
    return found


def _of_account(run: Run, result: InboxRecord) -> dict[str, Any]:
    account = run.account
    if account is None:
        return dict(result.output)
    return {
        **result.output,
        "account": account.id,
        "revision": account.revision,
        "csm": account.csm.name if account.csm else None,
        "template": account.template.name if account.template else None,
    }
