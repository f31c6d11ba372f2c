"""Tries expressions, paths and templates of a document on a sample deal."""

from collections.abc import Iterator, Mapping
from typing import Any

from processors import conditions, templates
from processors.context import Context, lookup, paths
from processors.lint_library import ERROR, WARNING, Finding, Library
from processors.lint_names import beside, near, with_custom
from processors.lint_queues import Fault
from processors.yaml_documents import Placed
from schemas.errors import DefinitionError, StepError


class Texts:
    """Finds what is wrong with the texts of one document."""

    def __init__(self, placed: Placed, known: Library) -> None:
        self._placed = placed
        self._known = known

    def _condition(self, expression: str, names: Context, *at: str | int) -> Iterator[Finding]:
        yield from self._expression(expression, names, *at, truth=True)

    def _expression(
        self, expression: str, names: Context, *at: str | int, truth: bool = False
    ) -> Iterator[Finding]:
        names = with_custom(names, expression)
        try:
            conditions.compiled(expression)
            found = list(self._paths(expression, names, *at))
            yield from found
            if not found:
                if truth:
                    conditions.holds(expression, names)
                else:
                    conditions.value(expression, names)
        except (DefinitionError, StepError) as error:
            yield self._error(error.what, "", *at)

    def _paths(self, expression: str, names: Context, *at: str | int) -> Iterator[Finding]:
        for path in paths(expression):
            root = path.partition(".")[0]
            if root in names:
                yield from self._path(path, names, *at)

    def _path(self, path: str, names: Context, *at: str | int) -> Iterator[Finding]:
        if ".custom." in path:
            return
        try:
            root = path.partition(".")[0]
            if root in ("account", "csm") and names.get(root) is None:
                yield self._error(
                    f"{root} is not known yet on every way here", "Create or assign it first.", *at
                )
                return
            lookup(names, path)
        except KeyError as missing:
            wrong = str(missing.args[0])
            if root == "vars":
                yield self._error(f"the variable {wrong} does not exist on every way here",
                                  near(wrong, names["vars"]) or "Set it first, or ask for it in a form.",
                                  *at)  # fmt: skip
                return
            yield self._error(f"{path}: there is no {wrong}", near(wrong, beside(path, names)), *at)

    def _template(self, source: str, names: Context, *at: str | int) -> Iterator[Finding]:
        names = with_custom(names, source)
        try:
            used = templates.check(source)
            unknown = sorted(used - names.keys())
            for name in unknown:
                yield self._error(
                    f"the template speaks of {name}, which is not known", near(name, names), *at
                )
            # A template by itself does not know which variables it will be given.
            if not unknown and not ("vars" in used and names.get("vars") == {}):
                templates.render(source, names)
        except (DefinitionError, StepError) as error:
            yield self._error(error.what, "", *at)

    def _named(self, name: str, known: Mapping[str, Any], kind: str, *at: str | int) -> Iterator[Finding]:
        if name not in known:
            yield self._error(f"there is no {kind} {name}", near(name, known), *at)

    def _fault(self, fault: Fault) -> Finding:
        return self._finding(ERROR if fault.error else WARNING, fault.what, fault.todo, *fault.path)

    def _error(self, what: str, todo: str, *at: str | int) -> Finding:
        return self._finding(ERROR, what, todo, *at)

    def _finding(self, severity: str, what: str, todo: str, *at: str | int) -> Finding:
        line, column = self._placed.place(*at)
        return Finding(severity, self._placed.file, line, column, what, todo)
