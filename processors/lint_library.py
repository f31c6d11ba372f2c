"""What lint finds, and what definitions may name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from processors.yaml_documents import Placed
from schemas.definition.calendar import Calendar
from schemas.definition.documents import Email, Template
from schemas.definition.documents import Mapping as FieldMappings
from schemas.definition.people import Group
from schemas.definition.queue import Queue
from schemas.errors import DefinitionError

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, where it stands, and what to do. A workflow with an error is not applied."""

    severity: str
    file: str
    line: int
    column: int
    what: str
    todo: str = ""

    def __str__(self) -> str:
        advice = f" {self.todo}" if self.todo else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.what}.{advice}"


@dataclass(frozen=True, slots=True)
class Library:
    """What definitions may name: everything in the files given, by kind and name."""

    mappings: Mapping[str, FieldMappings]
    templates: Mapping[str, Template]
    emails: Mapping[str, Email]
    queues: Mapping[str, Queue]
    groups: Mapping[str, Group] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)


def library(placed: Sequence[Placed]) -> Library:
    """Collect what these documents define. Raises `DefinitionError` if a name is defined twice."""
    found: dict[tuple[str, str], Placed] = {}
    for each in placed:
        key = (each.document.kind, each.document.name)
        if key in found:
            line, column = each.place("name")
            other = found[key]
            raise DefinitionError(
                f"the {key[0]} {key[1]} is defined twice", on=each.file, line=line, column=column,
                todo=f"The other one is in {other.file}, line {other.place('name')[0]}.",
            )  # fmt: skip
        found[key] = each
    documents = [each.document for each in placed]
    return Library(
        {each.name: each for each in documents if isinstance(each, FieldMappings)},
        {each.name: each for each in documents if isinstance(each, Template)},
        {each.name: each for each in documents if isinstance(each, Email)},
        {each.name: each for each in documents if isinstance(each, Queue)},
        {each.name: each for each in documents if isinstance(each, Group)},
        {each.name: each for each in documents if isinstance(each, Calendar)},
    )
