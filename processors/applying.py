"""What `dealwire apply` writes: versions with everything they name, which one is active, and queues."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from processors.catalogue import Catalogue, control_record, same_content
from processors.lint_library import Library
from processors.step_parts import deadlines, groups
from schemas.control import ControlRecord
from schemas.definition.documents import Activation, Workflow, WorkflowVersion
from schemas.definition.people import GROUP, Ask
from schemas.definition.queue import Queue
from schemas.definition.steps import ApplyTemplate, CreateAccount, SendEmail


@dataclass(frozen=True, slots=True)
class Applied:
    """One thing that `apply` does, in words, with the records that do it."""

    what: str
    records: tuple[ControlRecord, ...] = ()


def bundle(workflow: Workflow, known: Library, version: int) -> WorkflowVersion:
    """Put everything a workflow names into one version. The workflow must have passed lint."""
    mappings = {step.mapping for step in workflow.steps if isinstance(step, CreateAccount)}
    templates = {step.template for step in workflow.steps if isinstance(step, ApplyTemplate)}
    emails = {step.email for step in workflow.steps if isinstance(step, SendEmail | Ask) and step.email}
    asked = {name for step in workflow.steps for name in groups(step)}
    asked |= {each.removeprefix(GROUP) for each in workflow.trigger.ask if each.startswith(GROUP)}
    return WorkflowVersion(
        name=workflow.name,
        version=version,
        workflow=workflow,
        mappings={name: known.mappings[name] for name in sorted(mappings)},
        templates={name: known.templates[name] for name in sorted(templates)},
        emails={name: known.emails[name] for name in sorted(emails)},
        groups={name: known.groups[name] for name in sorted(asked)},
        calendars={name: known.calendars[name] for name in sorted(calendars_of(workflow))},
    )


def calendars_of(workflow: Workflow) -> set[str]:
    """Give the calendars that the deadlines of a workflow count by."""
    return {each.calendar for step in workflow.steps for _, each in deadlines(step)}


def plan(
    workflows: Sequence[Workflow], known: Library, catalogue: Catalogue, *, at: datetime, actor: str
) -> Iterator[Applied]:
    """Give what must be written so that these definitions are in force. Applied again, nothing is written."""
    for queue in known.queues.values():
        if catalogue.queues.get(queue.name) != queue:
            yield Applied(f"queue {queue.name}: {len(queue.members)} people", (_queue(queue, at, actor),))
    for workflow in workflows:
        yield _workflow(workflow, known, catalogue, at, actor)


def _workflow(workflow: Workflow, known: Library, catalogue: Catalogue, at: datetime, actor: str) -> Applied:
    latest = catalogue.latest(workflow.name)
    candidate = bundle(workflow, known, catalogue.next_number(workflow.name))
    records = []
    if latest is not None and same_content(latest, candidate):
        number, said = latest.version, f"workflow {workflow.name}: v{latest.version} is unchanged"
    else:
        number, said = candidate.version, f"workflow {workflow.name}: v{candidate.version} is new"
        records.append(
            control_record("workflow", workflow.name, number, candidate.model_dump_json(), at=at, actor=actor)
        )
    active = catalogue.activations.get(workflow.name, Activation())
    wanted = number if workflow.status == "active" else 0
    if active.retired:
        said += f", retired; to bring it back, type: dealwire workflows activate {workflow.name}"
    elif active.version == wanted:
        said += ", active" if wanted else ", a draft"
    else:
        # A workflow that was active stays so for the deals that entered a stage before its new version.
        since = active.since if active.version and wanted else at.isoformat()
        body = Activation(version=wanted, since=since).model_dump_json()
        records.append(control_record("active", workflow.name, wanted, body, at=at, actor=actor))
        said += ", now active" if wanted else ", now a draft"
    return Applied(said, tuple(records))


def _queue(queue: Queue, at: datetime, actor: str) -> ControlRecord:
    return control_record("queue", queue.name, 0, queue.model_dump_json(), at=at, actor=actor)
