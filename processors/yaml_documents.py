"""Reads definition files: several YAML documents in one, every error with its line and column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from schemas.base import Part
from schemas.definition.calendar import Calendar
from schemas.definition.documents import Document, Email, Mapping, Template, Workflow
from schemas.definition.flow import Publish, SetVariables, Wait, WriteBrief
from schemas.definition.people import Approval, Form, Group
from schemas.definition.queue import Away, Member, Queue
from schemas.definition.steps import ApplyTemplate, AssignCsm, Condition, CreateAccount, End, SendEmail
from schemas.errors import DefinitionError

P = TypeVar("P", bound=Part)
D = TypeVar("D")

_LARGEST = 1024 * 1024
_DEEPEST = 20
_ADAPTER: TypeAdapter[Document] = TypeAdapter(Document)
_KINDS: dict[str, type[Part]] = {
    "workflow": Workflow,
    "mapping": Mapping,
    "template": Template,
    "email": Email,
    "queue": Queue,
    "group": Group,
    "calendar": Calendar,
}
_STEPS: dict[str, type[Part]] = {
    "create_account": CreateAccount,
    "condition": Condition,
    "assign_csm": AssignCsm,
    "apply_template": ApplyTemplate,
    "form": Form,
    "approval": Approval,
    "send_email": SendEmail,
    "wait": Wait,
    "set": SetVariables,
    "publish": Publish,
    "brief": WriteBrief,
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
    return [Placed(_validated(tree, file, _ADAPTER), file, tree) for tree in _trees(text, file)]


def parse_parts(text: str, file: str, kind: type[P]) -> list[P]:
    """Read a file whose documents are all of one kind, and are no definitions. Raises as `parse` does."""
    if len(text) > _LARGEST:
        raise DefinitionError(f"larger than {_LARGEST} characters", on=file)
    return [_validated(tree, file, TypeAdapter(kind)) for tree in _trees(text, file)]


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


def _validated(tree: Any, file: str, adapter: TypeAdapter[D]) -> D:
    if not isinstance(tree, CommentedMap):
        line, column = _place(tree, ())
        raise DefinitionError(
            "a document is a mapping that begins with `kind:`", on=file, line=line, column=column
        )
    try:
        return adapter.validate_python(_plain(tree))
    except ValidationError as error:
        problems = error.errors(include_url=False)
        # A key written wrong is also a key missing; what stands there says more than what does not.
        problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
        path = _path(problem["loc"])
        at = _tag(problem) if problem["type"] == "union_tag_invalid" else ""
        line, column = _place(tree, [*path, at] if at else path, at_key=problem["type"] == "extra_forbidden")
        what, todo = _explained(problem, path)
        raise DefinitionError(what, on=file, line=line, column=column, todo=todo) from None


def _path(loc: Sequence[str | int]) -> list[str | int]:
    """Give the path in the file of what pydantic found: it also names the member of each union it chose."""
    path = list(loc[1:] if loc and loc[0] in _KINDS else loc)
    in_step = path[:1] == ["steps"] and path[2:3] and path[2] in _STEPS
    return path[:2] + path[3:] if in_step else path


def _tag(problem: Any) -> str:
    """Give the key that says which member of a union is meant: `kind` or `type`."""
    return str(problem["ctx"]["discriminator"]).strip("'")


def _explained(problem: Any, path: list[str | int]) -> tuple[str, str]:
    name = ".".join(str(part) for part in path) or "the document"
    match problem["type"]:
        case "extra_forbidden":
            known = [
                *Workflow.model_fields,
                *(field for kind in _KINDS.values() for field in kind.model_fields),
            ]
            parts: tuple[type[Part], ...] = (*_STEPS.values(), Member, Away)
            known += [info.alias or field for part in parts for field, info in part.model_fields.items()]
            near = get_close_matches(str(path[-1]), known, n=1)
            return f"{name} is not known here", f"Did you mean {near[0]}?" if near else "Take it out."
        case "missing":
            return f"{name} is missing", "Add it."
        case "union_tag_not_found":
            return f"{name}: {_tag(problem)} is missing", "Add it."
        case "union_tag_invalid":
            tag, wanted = problem["ctx"]["tag"], problem["ctx"]["expected_tags"]
            near = get_close_matches(tag, [*_KINDS, *_STEPS], n=1)
            advice = f"Did you mean {near[0]}?" if near else ""
            return f"{name}: {_tag(problem)} {tag!r:.80} is not one of {wanted}", advice
        case _:
            value = problem.get("input")
            shown = f" is {value!r:.80}" if not isinstance(value, dict | list) else ""
            return f"{name}{shown}: {problem['msg'].removeprefix('Value error, ')}", ""


def _place(tree: Any, path: Any, *, at_key: bool = False) -> tuple[int, int]:
    line, column = (tree.lc.line, tree.lc.col) if isinstance(tree, CommentedMap | CommentedSeq) else (0, 0)
    node = tree
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line, column = node.lc.key(part) if at_key or _is_nested(node[part]) else node.lc.value(part)
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
