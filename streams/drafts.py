"""Workflows in files, as the versions they would become: for comparing and trying before they are applied."""

from collections.abc import Sequence
from pathlib import Path

from processors.applying import bundle
from processors.catalogue import Catalogue
from processors.lint import lint
from processors.lint_library import ERROR, library
from processors.yaml_documents import Placed
from schemas.definition.documents import Workflow, WorkflowVersion
from schemas.errors import DefinitionError, UsageError
from streams.definitions import read


def drafts(path: Path, catalogue: Catalogue | None = None) -> tuple[list[WorkflowVersion], list[Placed]]:
    """Read the workflows of a file or folder, and every document they may name.

    What a file names and does not define is taken from the other files of its folder. Raises as `bundled`.
    """
    own = read([path])
    placed = [*own, *([] if path.is_dir() else _beside(path, own))]
    return bundled(own, placed, catalogue, str(path)), placed


def bundled(
    own: Sequence[Placed], placed: Sequence[Placed], catalogue: Catalogue | None, where: str
) -> list[WorkflowVersion]:
    """Make versions of the workflows in `own`, with what they name out of `placed`.

    Each gets the number it would be applied under. Raises `DefinitionError` if one has an error, `UsageError`
    if there is no workflow.
    """
    known = library(placed)
    errors = [finding for finding in lint(own, known) if finding.severity == ERROR]
    if errors:
        raise DefinitionError("\n".join(map(str, errors)), todo="Mend it first.")
    applied = catalogue or Catalogue()
    found = [
        bundle(each.document, known, applied.next_number(each.document.name))
        for each in own
        if isinstance(each.document, Workflow)
    ]
    if not found:
        raise UsageError(f"no workflow is in {where}", todo="Name a file with a document of kind: workflow.")
    return found


def one_draft(path: Path, name: str, catalogue: Catalogue | None = None) -> WorkflowVersion:
    """Read the one workflow of a file, or that of a name. Raises as `drafts` does."""
    return named(drafts(path, catalogue)[0], name, str(path))


def named(found: Sequence[WorkflowVersion], name: str, where: str) -> WorkflowVersion:
    """Give the only draft, or that of a name. Raises `UsageError` where there is not one."""
    wanted = [each for each in found if name in ("", each.name)]
    if len(wanted) != 1:
        names = ", ".join(each.name for each in found)
        raise UsageError(f"{where} has the workflows {names}", todo="Say which one: --workflow NAME")
    return wanted[0]


def _beside(path: Path, own: Sequence[Placed]) -> list[Placed]:
    """Give what the other files of the folder define, save for workflows and what the file defines itself."""
    defined = {(each.document.kind, each.document.name) for each in own}
    others = [file for file in sorted(path.parent.glob("*.y*ml")) if file.resolve() != path.resolve()]
    return [
        each
        for each in (read(others) if others else [])
        if not isinstance(each.document, Workflow) and (each.document.kind, each.document.name) not in defined
    ]
