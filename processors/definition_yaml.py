"""Writes a version as the YAML that it was applied from: it can be edited, and applied again."""

from collections.abc import Iterable
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from schemas.base import Part
from schemas.definition.documents import WorkflowVersion

_WIDTH = 110


def as_yaml(version: WorkflowVersion, *, status: str, heading: str = "") -> str:
    """Give the workflow and all it names, as documents of one file; `heading` becomes a comment.

    What has its default value is left out. A queue is not of a version: it is in force as it is now.
    """
    workflow = _plain(version.workflow)
    shown = {"kind": workflow.pop("kind"), "name": workflow.pop("name")}
    shown |= {"title": workflow.pop("title")} if "title" in workflow else {}
    workflow.pop("status", None)
    documents = [{**shown, "status": status, **workflow}, *map(_plain, _named(version))]
    written = StringIO()
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    yaml.dump_all(map(_with_blocks, documents), written)
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    return comment + written.getvalue()


def _named(version: WorkflowVersion) -> Iterable[Part]:
    for kind in (version.mappings, version.templates, version.emails, version.groups, version.calendars):
        yield from kind.values()


def _plain(part: Part) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_defaults=True, by_alias=True)


def _with_blocks(value: Any) -> Any:
    """Let text of several lines stand as it reads."""
    if isinstance(value, dict):
        return {name: _with_blocks(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_blocks(each) for each in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value
