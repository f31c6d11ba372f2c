"""Holds workflows to one org: its stages, and the custom fields that its integration user may read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from processors.lint_library import ERROR, Finding
from processors.lint_names import custom_of
from processors.yaml_documents import Placed
from schemas.definition.documents import Document, Workflow, WorkflowVersion

_CUSTOM = "__c"
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class OrgFacts:
    """What lint asks of an org: its id and name, its active stages, and field names by object."""

    org_id: str
    name: str
    stages: tuple[str, ...]
    fields: Mapping[str, frozenset[str]]


def lint_against(placed: Sequence[Placed], org: OrgFacts) -> list[Finding]:
    """Give what does not fit the org. Workflows that are for other orgs are left alone."""
    return [finding for each in placed if _is_for(each, org) for finding in _findings(each, org)]


def lint_version(version: WorkflowVersion, org: OrgFacts) -> list[Finding]:
    """Give what does not fit the org in a version that was applied. It has no lines any more, only a name."""
    documents: list[Document] = [version.workflow, *version.mappings.values()]
    documents += [*version.templates.values(), *version.emails.values()]
    file = f"{version.name} v{version.version}"
    # What is bundled with a workflow is for the orgs of the workflow.
    if not _is_for(Placed(version.workflow, file, None), org):
        return []
    return lint_against([Placed(document, file, None) for document in documents], org)


def _is_for(placed: Placed, org: OrgFacts) -> bool:
    named = placed.document.trigger.orgs if isinstance(placed.document, Workflow) else ()
    return not named or org.org_id in named


def _findings(placed: Placed, org: OrgFacts) -> Iterator[Finding]:
    document = placed.document
    if isinstance(document, Workflow):
        for number, stage in enumerate(document.trigger.stages):
            if stage not in org.stages:
                what = f"the org {org.name} has no active stage {stage!r}"
                todo = _meant(stage, org.stages) or _offer(org.stages)
                yield _error(placed, what, todo, "trigger", "stages", number)
    for path, text in _texts(document.model_dump(mode="json", by_alias=True)):
        for entity, name in custom_of(text):
            known = org.fields.get(entity, frozenset())
            if name.casefold() not in {each.casefold() for each in known}:
                what = f"{entity} of {org.name} has no field {name} that may be read"
                custom = sorted(each for each in known if each.endswith(_CUSTOM))
                todo = _meant(name, custom) or "Add it, or let the integration user read it."
                yield _error(placed, what, todo, *path)


def _meant(name: str, known: Iterable[str]) -> str:
    """Give the advice to write what was likely meant; case and `__c` make no two names alike or different."""
    plain = {each.casefold().removesuffix(_CUSTOM): each for each in known}
    found = get_close_matches(name.casefold().removesuffix(_CUSTOM), plain, n=1)
    return f"Did you mean {plain[found[0]]}?" if found else ""


def _offer(stages: Sequence[str]) -> str:
    more = ", …" if len(stages) > _SHOWN else ""
    return f"It has: {', '.join(stages[:_SHOWN])}{more}."


def _error(placed: Placed, what: str, todo: str, *at: str | int) -> Finding:
    line, column = placed.place(*at)
    return Finding(ERROR, placed.file, line, column, what, todo)


def _texts(value: Any, *path: str | int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Give every text of a document, and the way to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts(each, *path, name)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _texts(each, *path, number)
