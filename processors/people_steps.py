"""The tasks that steps open: approvals, forms, and accounts that a person claims."""

from typing import Any

from processors.business_time import due
from processors.conditions import value
from processors.context import Context
from processors.existing_accounts import Found
from processors.form_values import checked
from processors.outcomes import Opened, Scene
from processors.templates import render, render_line
from processors.variables import plain
from schemas.definition.people import GROUP, Approval, Form, FormField
from schemas.definition.steps import AssignCsm, CreateAccount
from schemas.errors import StepError
from schemas.ids import derived_id
from schemas.inbox import InboxRecord
from schemas.run import Run
from schemas.task import APPROVAL, CHOICE, CLAIM, FORM, Task, TaskChoice, TaskField

NEW_ACCOUNT = "new"
"""The choice that joins none of the accounts there are."""


def opened(step: Approval | Form, run: Run, scene: Scene) -> Opened:
    """Open the task of an approval or a form. Raises `StepError` if nobody can be asked."""
    names = scene.names(run)
    asked = people(step.to, scene, names)
    task = _task(step.id, run, scene).model_copy(
        update={
            "title": render_line(step.title, names),
            "text": render(step.text, names),
            "people": asked,
            "due": due(scene.at, step.time_out, scene.version.calendars) if step.time_out else None,
        }
    )
    if isinstance(step, Form):
        fields = tuple(_field(field) for field in step.fields)
        given, unread = _prefilled(step.fields, names)
        values, unfit = checked(fields, given, whole=False)
        empty = {**unread, **unfit}
        told = tuple(_told(field, empty.get(field.name)) for field in fields)
        task = task.model_copy(update={"kind": FORM, "fields": told, "values": values})
        return Opened(run, task, left_empty=empty)
    need = {"any": 1, "all": len(asked)}.get(str(step.need), step.need)
    if int(need) > len(asked):
        raise StepError(
            f"{need} have to approve, and {len(asked)} are asked", on=f"step {step.id}",
            todo="Ask more people, or need fewer.",
        )  # fmt: skip
    return Opened(run, task.model_copy(update={"kind": APPROVAL, "need": int(need)}))


def claim(step: AssignCsm, run: Run, scene: Scene, result: InboxRecord) -> Opened:
    """Open the task by which somebody of a queue takes the account."""
    members = tuple(each for each in result.output.get("members", "").split(",") if each)
    if not members:
        raise StepError("the queue has nobody who could claim it", on=f"queue {step.queue}")
    task = _task(step.id, run, scene).model_copy(
        update={"kind": CLAIM, "people": members, "title": f"Take on {scene.deal.opportunity.name}"}
    )
    return Opened(run, task)


def choose_account(step: CreateAccount, run: Run, scene: Scene, matches: tuple[Found, ...]) -> Opened:
    """Open the task that asks whether a deal belongs to an account that exists."""
    choices = [
        TaskChoice(key=each.account.key, label=f"Join {each.name or each.account.name} ({each.by})"[:300])
        for each in matches
    ]
    task = _task(step.id, run, scene).model_copy(
        update={
            "kind": CHOICE,
            "title": f"Is {scene.deal.opportunity.name} a customer we have?"[:300],
            "people": people(step.to, scene, scene.names(run)),
            "choices": (*choices, TaskChoice(key=NEW_ACCOUNT, label="Create a new account")),
            "due": due(scene.at, step.time_out, scene.version.calendars) if step.time_out else None,
        }
    )
    return Opened(run, task)


def people(entries: tuple[str, ...], scene: Scene, names: Context) -> tuple[str, ...]:
    """Give the addresses of those who are asked. Raises `StepError` if it comes to nobody."""
    found: list[str] = []
    for entry in entries:
        if entry.startswith(GROUP):
            found += scene.version.groups[entry.removeprefix(GROUP)].members
        elif "@" in entry:
            found.append(entry)
        else:
            given = value(entry, names)
            found += [str(each) for each in (given if isinstance(given, list) else [given]) if each]
    wrong = next((each for each in found if "@" not in each), None)
    if wrong is not None or not found:
        raise StepError(
            f"{' and '.join(entries)} gives {'nobody' if not found else 'no mail address'} to ask",
            todo="Fill the field in Salesforce (the owner's manager, say), or name somebody else.",
        )
    return tuple(dict.fromkeys(each.strip() for each in found))


def _task(step_id: str, run: Run, scene: Scene) -> Task:
    return Task(
        id=derived_id("task", run.id, step_id, str(run.visit_of(step_id)), str(run.attempts)),
        org_id=run.org_id,
        opportunity_id=run.opportunity_id,
        run_id=run.id,
        workflow_id=run.workflow,
        workflow_version=run.version,
        step_id=step_id,
        opened_at=scene.at,
    )


def never_fits(field: FormField) -> str:
    """Give why a prefill does not fit its field whatever the deal is like; empty where that is not known."""
    given, _ = _prefilled((field,), {})
    _, errors = checked((_field(field),), given, whole=False)
    return errors.get(field.name, "")


def _field(field: FormField) -> TaskField:
    return TaskField(
        name=field.name,
        label=field.label,
        type=field.type,
        required=field.required,
        choices=field.choices,
        help=field.help,
    )


def _told(field: TaskField, why: str | None) -> TaskField:
    """Tell the person beside a field why it is empty, where the deal should have filled it."""
    if why is None:
        return field
    return field.model_copy(update={"help": f"{field.help} (Could not be prefilled: {why})".strip()})


def _prefilled(fields: tuple[FormField, ...], names: Context) -> tuple[dict[str, str], dict[str, str]]:
    """Give what the deal says already, and of which fields it cannot be read, and why."""
    given: dict[str, str] = {}
    unread: dict[str, str] = {}
    for field in fields:
        if field.prefill is None:
            continue
        try:
            found: Any = plain(value(field.prefill, names))
        except StepError as error:
            unread[field.name] = error.what
            continue
        if isinstance(found, str) and field.type == "date":
            found = found[:10]
        if found is not None:
            given[field.name] = str(found)
    return given, unread
