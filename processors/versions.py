"""Which version of a workflow is in force: activated, retired, deleted, each as one control record."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

from processors.applying import Applied
from processors.catalogue import Catalogue, control_record
from schemas.control import ControlRecord
from schemas.definition.documents import Activation, WorkflowVersion
from schemas.errors import RefusedError, UsageError
from schemas.run_summary import RunSummary

ACTIVE, DRAFT, RETIRED = "active", "draft", "retired"
_NAMED = 10


def known_name(catalogue: Catalogue, name: str) -> str:
    """Give the name of a workflow that was applied. Raises `UsageError` for any other."""
    names = sorted({each for each, _ in catalogue.versions})
    if name not in names:
        near = get_close_matches(name, names, n=1)
        raise UsageError(
            f"there is no workflow {name}",
            todo=f"Did you mean {near[0]}?" if near else "Type: dealwire workflows list",
        )
    return name


def chosen(catalogue: Catalogue, name: str, number: int | None) -> WorkflowVersion:
    """Give a version: that of a number, else the active one, else the latest. Raises `UsageError`."""
    numbers = catalogue.numbers(known_name(catalogue, name))
    wanted = number or catalogue.activations.get(name, Activation()).version or numbers[-1]
    if wanted not in numbers:
        there = ", ".join(f"v{each}" for each in numbers)
        raise UsageError(f"{name} has no v{wanted}", todo=f"There are: {there}.")
    return catalogue.versions[name, wanted]


def status(catalogue: Catalogue, name: str, number: int = 0) -> str:
    """Say how a workflow stands: active, draft or retired; or one version of it, by its number."""
    activation = catalogue.activations.get(name, Activation())
    if activation.retired:
        return RETIRED
    return ACTIVE if activation.version and number in (0, activation.version) else DRAFT


def activate(catalogue: Catalogue, name: str, number: int | None, *, at: datetime, actor: str) -> Applied:
    """Let a version, by default the latest, start the runs from now on. Raises `UsageError`."""
    latest = catalogue.numbers(known_name(catalogue, name))[-1]
    version = chosen(catalogue, name, number or latest).version
    before = catalogue.activations.get(name, Activation())
    if before.version == version:
        return Applied(f"{name} v{version} is active since {before.since} already")
    # Deals that entered a stage while another version was active belong to the one that decides now.
    since = before.since if before.version else at.isoformat()
    said = f"{name} v{version} is active now"
    if before.version:
        said += f" in place of v{before.version}; open runs stay with theirs"
    return Applied(said, (_activation(name, Activation(version=version, since=since), at, actor),))


def retire(catalogue: Catalogue, name: str, *, at: datetime, actor: str) -> Applied:
    """Let a workflow start no more runs; its open ones go on. Raises `UsageError`."""
    if catalogue.activations.get(known_name(catalogue, name), Activation()).retired:
        return Applied(f"{name} is retired already")
    record = _activation(name, Activation(since=at.isoformat(), retired=True), at, actor)
    return Applied(f"{name} is retired: it starts no more runs, and its open ones go on", (record,))


def delete(
    catalogue: Catalogue, name: str, number: int, open_runs: Sequence[RunSummary], *, at: datetime, actor: str
) -> Applied:
    """Forget a version. Raises `RefusedError` if it is active or has open runs, `UsageError` if it is not."""
    version = chosen(catalogue, name, number).version
    on = f"{name} v{version}"
    if catalogue.activations.get(name, Activation()).version == version:
        raise RefusedError(
            "the version is active", on=on,
            todo=f"Activate another one, or type: dealwire workflows retire {name}",
        )  # fmt: skip
    pinned = [run for run in open_runs if (run.workflow_id, run.workflow_version) == (name, version)]
    if pinned:
        shown = ", ".join(f"{run.run_id[:8]} ({run.status})" for run in pinned[:_NAMED])
        more = f" and {len(pinned) - _NAMED} more" if len(pinned) > _NAMED else ""
        raise RefusedError(
            f"{len(pinned)} runs of it are open: {shown}{more}", on=on,
            todo="Let them end, cancel them, or move them to another version.",
        )  # fmt: skip
    record = control_record("deleted", name, version, "", at=at, actor=actor)
    return Applied(f"{on} is deleted; its number is not given again", (record,))


def _activation(name: str, activation: Activation, at: datetime, actor: str) -> ControlRecord:
    body = activation.model_dump_json()
    return control_record("active", name, activation.version, body, at=at, actor=actor)
