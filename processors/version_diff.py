"""What differs between two versions of a workflow: step by step, then in whatever the steps name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.base import Part
from schemas.definition.any_step import AnyStep
from schemas.definition.documents import Workflow, WorkflowVersion

ADDED, REMOVED, CHANGED = "added", "removed", "changed"

Sections = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one section (`step create`) that was added, removed or changed; None: it is not there.

    A section that is new or gone is one difference, without a field.
    """

    section: str
    change: str
    field: str = ""
    before: Any = None
    after: Any = None


def differences(before: WorkflowVersion, after: WorkflowVersion) -> list[Difference]:
    """Compare two versions. Where a step leads counts, not the line it stands in."""
    return list(_compared(_sections(before), _sections(after)))


def _compared(before: Sections, after: Sections) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            yield Difference(name, REMOVED)
        elif name not in before:
            yield Difference(name, ADDED)
        else:
            yield from _fields(name, before[name], after[name])


def _fields(section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for field in dict.fromkeys((*before, *after)):
        old, new = before.get(field), after.get(field)
        if old != new:
            change = ADDED if field not in before else REMOVED if field not in after else CHANGED
            yield Difference(section, change, field, old, new)


def _sections(version: WorkflowVersion) -> Sections:
    workflow = version.workflow
    found: Sections = {
        "workflow": {"title": workflow.title, "begins": workflow.steps[0].id},
        "trigger": _flat(workflow.trigger),
    }
    found |= {f"step {step.id}": _of_step(workflow, step) for step in workflow.steps}
    kinds: dict[str, Mapping[str, Part]] = {
        "mapping": version.mappings,
        "template": version.templates,
        "email": version.emails,
        "group": version.groups,
        "calendar": version.calendars,
    }
    for kind, named in kinds.items():
        found |= {f"{kind} {name}": _flat(part) for name, part in named.items()}
    return found


def _of_step(workflow: Workflow, step: AnyStep) -> dict[str, Any]:
    fields = {name: value for name, value in _flat(step).items() if name != "id"}
    if "next" in type(step).model_fields:
        # A step without a `next` leads to the one below it, so a step put in between changes it.
        fields["next"] = workflow.after(step)
    return fields


def _flat(part: Part) -> dict[str, Any]:
    plain = part.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude={"kind", "name"})
    return dict(_leaves(plain, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Give dotted paths and what stands there; what has a name of its own goes by that, not by its place."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for number, each in enumerate(value, start=1):
            name = (each.get("name") or each.get("target")) if isinstance(each, dict) else None
            yield from _leaves(each, f"{path}.{name or number}")
    else:
        yield path, value
