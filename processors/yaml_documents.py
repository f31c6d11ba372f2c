"""Reads definition files: several YAML documents in one, every error with its line and column."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from schemas.base import Part
from schemas.definition.documents import Document, Email, Mapping, Queue, Template, Workflow
from schemas.definition.steps import ApplyTemplate, AssignCsm, Condition, CreateAccount, End, SendEmail
from schemas.errors import DefinitionError

_LARGEST = 1024 * 1024
_DEEPEST = 20
_ADAPTER: TypeAdapter[Document] = TypeAdapter(Document)
_KINDS: dict[str, type[Part]] = {
    "workflow": Workflow,
    "mapping": Mapping,
    "template": Template,
    "email": Email,
    "queue": Queue,
}
_STEPS: dict[str, type[Part]] = {
    "create_account": CreateAccount,
    "condition": Condition,
    "assign_csm": AssignCsm,
    "apply_template": ApplyTemplate,
    "send_email": SendEmail,
    "end": End,
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A document and where its parts stand."""

    document: Document
    file: str
    tree: Any

    def place(self, *path: str | int) -> tuple[int, int]:
        """Give line and column of a part, or of the nearest part around it; both count from 1."""
        return _place(self.tree, path)


def parse(text: str, file: str) -> list[Placed]:
    """Read every document of a file.

    Raises `DefinitionError` with file, line and column; what field, what value, and what is expected there.
    """
    if len(text) > _LARGEST:
        raise DefinitionError(f"larger than {_LARGEST} characters", on=file)
    return [Placed(_validated(tree, file), file, tree) for tree in _trees(text, file)]


def _trees(text: str, file: str) -> Iterator[Any]:
    try:
        _refuse_tricks(text, file)
        for tree in YAML(typ="rt").load_all(text):
            if tree is not None:
                yield tree
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        raise DefinitionError(f"not YAML: {error.problem}", on=file, line=line, column=column) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise DefinitionError(f"not YAML: {error}", on=file) from None


def _refuse_tricks(text: str, file: str) -> None:
    """Refuse aliases, which can blow up a small file, tags, which name types, and a depth nobody reads."""
    depth = 0
    for event in YAML(typ="rt").parse(text):
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise DefinitionError("anchors and aliases are not used here", on=file, line=line, column=column)
        name = type(event).__name__
        if getattr(event, "tag", None) and getattr(event, "ctag", None):
            raise DefinitionError("tags are not used here", on=file, line=line, column=column)
        depth += name.endswith(("MappingStartEvent", "SequenceStartEvent"))
        depth -= name.endswith(("MappingEndEvent", "SequenceEndEvent"))
        if depth > _DEEPEST:
            raise DefinitionError(f"deeper than {_DEEPEST} levels", on=file, line=line, column=column)


def _validated(tree: Any, file: str) -> Document:
    if not isinstance(tree, CommentedMap):
        line, column = _place(tree, ())
        raise DefinitionError(
            "a document is a mapping that begins with `kind:`", on=file, line=line, column=column
        )
    try:
        return _ADAPTER.validate_python(_plain(tree))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        path = [part for part in problem["loc"] if part not in _KINDS and part not in _STEPS]
        line, column = _place(tree, path)
        what, todo = _explained(problem, path)
        raise DefinitionError(what, on=file, line=line, column=column, todo=todo) from None


def _explained(problem: Any, path: list[str | int]) -> tuple[str, str]:
    name = ".".join(str(part) for part in path) or "the document"
    match problem["type"]:
        case "extra_forbidden":
            known = [
                *Workflow.model_fields,
                *(field for kind in _KINDS.values() for field in kind.model_fields),
            ]
            known += [field for step in _STEPS.values() for field in step.model_fields]
            near = get_close_matches(str(path[-1]), known, n=1)
            return f"{name} is not known here", f"Did you mean {near[0]}?" if near else "Take it out."
        case "missing":
            return f"{name} is missing", "Add it."
        case "union_tag_invalid" | "union_tag_not_found":
            wanted = problem.get("ctx", {}).get("expected_tags") or "one of its kinds"
            field = problem.get("ctx", {}).get("discriminator", "'kind'").strip("'")
            return f"{name}: {field} is not one of {wanted}", ""
        case _:
            value = problem.get("input")
            shown = f" is {value!r:.80}" if not isinstance(value, dict | list) else ""
            return f"{name}{shown}: {problem['msg']}", ""


def _place(tree: Any, path: Any) -> tuple[int, int]:
    line, column = (tree.lc.line, tree.lc.col) if isinstance(tree, CommentedMap | CommentedSeq) else (0, 0)
    node = tree
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line, column = node.lc.value(part) if not _is_nested(node[part]) else node.lc.key(part)
            node = node[part]
        elif isinstance(node, CommentedMap) and part in node.lc.data:
            line, column = node.lc.key(part)
            break
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line, column = node.lc.item(part)
            node = node[part]
        else:
            break
    return line + 1, column + 1


def _is_nested(node: Any) -> bool:
    return isinstance(node, CommentedMap | CommentedSeq)


def _plain(node: Any) -> Any:
    """Give the tree without ruamel's types, which keep comments and quotes."""
    if isinstance(node, CommentedMap):
        return {str(key): _plain(item) for key, item in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(item) for item in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return str(node)
