"""What control records say, folded into one view: versions, which are active, queues, and who is paused."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from pydantic import TypeAdapter, ValidationError

from schemas.control import ControlRecord
from schemas.definition.documents import Activation, WorkflowVersion
from schemas.definition.flow import Wait
from schemas.definition.queue import Absence, Queue, identity
from schemas.errors import UnreadableError
from schemas.ids import derived_id

_ACTIVATION = TypeAdapter(Activation)


@dataclass(frozen=True, slots=True)
class ActiveWorkflow:
    """A version that starts new runs, for deals that entered a stage since then."""

    version: WorkflowVersion
    since: datetime


@dataclass(frozen=True)
class Catalogue:
    """Every definition that was applied. Never changes; a new control record makes a new one."""

    versions: Mapping[tuple[str, int], WorkflowVersion] = field(default_factory=dict)
    activations: Mapping[str, Activation] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    absences: Mapping[str, Absence] = field(default_factory=dict)
    """Who is paused in every queue, by e-mail."""
    deleted: frozenset[tuple[str, int]] = frozenset()
    """Versions that were there; their numbers are not given again."""

    @cached_property
    def watching(self) -> bool:
        """Whether runs of any version may wait for a later change of their deal."""
        return any(
            isinstance(step, Wait) and step.until_true is not None
            for version in self.versions.values()
            for step in version.workflow.steps
        )

    def active(self) -> Iterator[ActiveWorkflow]:
        """Give the workflows that start runs, by name."""
        for name, activation in sorted(self.activations.items()):
            version = self.versions.get((name, activation.version))
            if version is not None:
                yield ActiveWorkflow(version, datetime.fromisoformat(activation.since))

    def latest(self, name: str) -> WorkflowVersion | None:
        """Give the highest version of a workflow, active or not."""
        numbers = self.numbers(name)
        return self.versions[name, numbers[-1]] if numbers else None

    def numbers(self, name: str) -> list[int]:
        """Give the numbers of the versions that a workflow has, lowest first."""
        return sorted(number for known, number in self.versions if known == name)

    def next_number(self, name: str) -> int:
        """Give the number of a workflow's next version: one that no version ever had."""
        gone = [number for known, number in self.deleted if known == name]
        return max([0, *self.numbers(name), *gone]) + 1


def fold(records: Iterable[ControlRecord]) -> Catalogue:
    """Fold control records, the latest of each key. Raises `UnreadableError` naming a wrong one."""
    versions: dict[tuple[str, int], WorkflowVersion] = {}
    activations: dict[str, Activation] = {}
    queues: dict[str, Queue] = {}
    absences: dict[str, Absence] = {}
    deleted: set[tuple[str, int]] = set()
    for record in records:
        try:
            match record.kind:
                case "workflow":
                    versions[record.name, record.version] = WorkflowVersion.model_validate_json(record.body)
                case "deleted":
                    deleted.add((record.name, record.version))
                case "active":
                    activations[record.name] = _activation(record.body)
                case "queue":
                    queues[record.name] = Queue.model_validate_json(record.body)
                case "absence":
                    absences[identity(record.name)] = Absence.model_validate_json(record.body)
                case _:
                    continue
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise _broken(record, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        except ValueError as error:
            raise _broken(record, f"since: {error}") from None
    back = [email for email, absence in absences.items() if absence.until is None]
    for email in back:
        del absences[email]
    kept = {key: version for key, version in versions.items() if key not in deleted}
    return Catalogue(kept, activations, queues, absences, frozenset(deleted))


def _activation(body: str) -> Activation:
    """Read an activation. Raises `ValueError` if it starts runs since a moment that is none."""
    activation = _ACTIVATION.validate_json(body)
    if activation.version and datetime.fromisoformat(activation.since).tzinfo is None:
        raise ValueError("it has no time zone")
    return activation


def _broken(record: ControlRecord, why: str) -> UnreadableError:
    return UnreadableError(f"the control record does not hold: {why}", on=control_key(record))


def control_key(record: ControlRecord) -> str:
    """Give the Kafka key of a control record."""
    match record.kind:
        case "workflow" | "deleted":
            return f"workflow:{record.name}:{record.version}"
        case "active":
            return f"workflow:{record.name}:active"
        case kind:
            return f"{kind}:{record.name}"


def control_record(
    kind: str, name: str, version: int, body: str, *, at: datetime, actor: str
) -> ControlRecord:
    """Make a control record. Its id comes from its key and body: the same said again has the same id."""
    record = ControlRecord(
        id="", org_id="", kind=kind, name=name, version=version, body=body, at=at, actor=actor
    )
    return record.model_copy(update={"id": derived_id("control", control_key(record), body)})


def same_content(one: WorkflowVersion, other: WorkflowVersion) -> bool:
    """Whether two versions say the same, apart from number and status."""

    def content(version: WorkflowVersion) -> str:
        plain = version.model_dump(mode="json", exclude={"version": True, "workflow": {"status"}})
        return json.dumps(plain, sort_keys=True)

    return content(one) == content(other)
