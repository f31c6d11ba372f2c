"""Finds what is wrong with workflows before they are activated."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from processors import conditions, templates
from processors.context import Context, lookup, paths
from processors.lint_names import beside, near, with_custom
from processors.lint_queues import Fault, fact_faults, queue_faults
from processors.mapping import TARGETS
from processors.sample import names as sample_names
from processors.sample_variables import RUN, TASK, variables_before, variables_of
from processors.step_graph import comes_back, reachable, targets, ways, without
from processors.step_parts import deadlines
from processors.yaml_documents import Placed
from schemas.definition.any_step import AnyStep
from schemas.definition.calendar import Calendar
from schemas.definition.documents import Email, Template, Workflow
from schemas.definition.documents import Mapping as FieldMappings
from schemas.definition.flow import Publish, SetVariables, Wait
from schemas.definition.people import GROUP, Approval, Form, Group
from schemas.definition.queue import Queue
from schemas.definition.steps import (
    ApplyTemplate,
    AssignCsm,
    Condition,
    CreateAccount,
    End,
    SendEmail,
)
from schemas.errors import DefinitionError, StepError

ERROR, WARNING = "error", "warning"
_ANYWHERE = {**sample_names(), "run": RUN, "task": TASK}


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


def lint(placed: Sequence[Placed], known: Library) -> list[Finding]:
    """Give every finding, in the order of the files."""
    return [finding for each in placed for finding in _Linter(each, known).findings()]


class _Linter:
    """Looks through one document."""

    def __init__(self, placed: Placed, known: Library) -> None:
        self._placed = placed
        self._known = known

    def findings(self) -> Iterator[Finding]:
        match self._placed.document:
            case Workflow() as workflow:
                yield from self._workflow(workflow)
            case FieldMappings() as mapping:
                yield from self._mapping(mapping)
            case Template() as template:
                for name, source in template.sections.items():
                    yield from self._template(source, {**_ANYWHERE, "vars": {}}, "sections", name)
            case Email() as email:
                for part in ("subject", "text", "html"):
                    source = getattr(email, part)
                    if source is not None:
                        yield from self._template(source, {**_ANYWHERE, "vars": {}}, part)
            case Queue() as queue:
                yield from map(self._fault, queue_faults(queue))

    def _workflow(self, workflow: Workflow) -> Iterator[Finding]:
        if workflow.trigger.filter is not None:
            yield from self._condition(workflow.trigger.filter, sample_names(account=False, csm=False),
                                       "trigger", "filter")  # fmt: skip
        ids = [step.id for step in workflow.steps]
        for number, step in enumerate(workflow.steps):
            for path, target in targets(step):
                if target not in ids:
                    yield self._error(f"there is no step {target}", near(target, ids), "steps", number, *path)
        if any(target not in ids for step in workflow.steps for _, target in targets(step)):
            return
        yield from self._graph(workflow)
        for place, entry in enumerate(workflow.trigger.ask):
            yield from self._person(entry, sample_names(account=False, csm=False), "trigger", "ask", place)
        no_account = without(workflow, lambda each: isinstance(each, CreateAccount))
        no_csm = without(workflow, lambda each: isinstance(each, AssignCsm))
        variables = variables_before(workflow)
        for number, step in enumerate(workflow.steps):
            known = sample_names(account=step.id not in no_account, csm=step.id not in no_csm)
            names = {**known, "vars": variables[step.id], "run": RUN}
            if step.when is not None:
                yield from self._condition(step.when, names, "steps", number, "when")
            yield from self._step(number, step, names)
            for path, deadline in deadlines(step):
                yield from self._named(
                    deadline.calendar, self._known.calendars, "calendar", "steps", number, *path
                )

    def _graph(self, workflow: Workflow) -> Iterator[Finding]:
        known = ways(workflow)
        reached = reachable(workflow.steps[0].id, known)
        for number, step in enumerate(workflow.steps):
            if step.id not in reached:
                yield self._error(f"no way leads to the step {step.id}", "Lead one there, or take it out.",
                                  "steps", number)  # fmt: skip
            if step.id in reached and comes_back(workflow, step.id):
                yield self._error(f"from the step {step.id} a way leads back to it, without end",
                                  "Let every way lead to an end.", "steps", number)  # fmt: skip
        last = workflow.steps[-1]
        if last.id in reached and not isinstance(last, End | Condition) and last.next is None:
            yield self._error(f"after the step {last.id} nothing follows", "Add a step of type end.",
                              "steps", len(workflow.steps) - 1)  # fmt: skip

    def _step(self, number: int, step: AnyStep, names: Context) -> Iterator[Finding]:
        at = ("steps", number)
        match step:
            case CreateAccount():
                yield from self._named(step.mapping, self._known.mappings, "mapping", *at, "mapping")
            case Condition():
                yield from self._branches(step, names, number)
            case AssignCsm(queue=str(queue)):
                yield from self._named(queue, self._known.queues, "queue", *at, "queue")
                for fact, expression in step.facts.items():
                    yield from self._expression(expression, names, *at, "facts", fact)
                if queue in self._known.queues:
                    yield from map(self._fault, fact_faults(step, self._known.queues[queue], *at))
            case ApplyTemplate():
                if names["account"] is None:
                    yield self._error("there is no account yet on every way here", "Create it first.", *at)
                yield from self._applied(step, names, number)
            case SendEmail():
                yield from self._mail(step, names, number)
            case Approval() | Form():
                yield from self._asked(step, names, number)
            case Wait():
                if step.until is not None:
                    yield from self._expression(step.until, names, *at, "until")
                if step.until_true is not None:
                    yield from self._condition(step.until_true, names, *at, "until_true")
            case SetVariables():
                computed = dict(names["vars"])
                for name, expression in step.values.items():
                    yield from self._expression(expression, {**names, "vars": computed}, *at, "values", name)
                    computed[name] = variables_of(step)[name]
            case Publish():
                for name, expression in step.values.items():
                    yield from self._expression(expression, names, *at, "values", name)
            case _:
                pass

    def _asked(self, step: Approval | Form, names: Context, number: int) -> Iterator[Finding]:
        at = ("steps", number)
        for place, entry in enumerate(step.to):
            yield from self._person(entry, names, *at, "to", place)
        for place, entry in enumerate(step.escalate.to if step.escalate is not None else ()):
            yield from self._person(entry, names, *at, "escalate", "to", place)
        for part in ("title", "text"):
            yield from self._template(getattr(step, part), names, *at, part)
        if step.email is not None:
            yield from self._named(step.email, self._known.emails, "email", *at, "email")
            yield from self._mail_texts(step.email, {**names, "task": TASK}, *at, "email")
        for place, field_ in enumerate(step.fields if isinstance(step, Form) else ()):
            if field_.prefill is not None:
                yield from self._expression(field_.prefill, names, *at, "fields", place, "prefill")
            if field_.maps_to is not None and not field_.maps_to.startswith("custom."):
                if field_.maps_to not in TARGETS:
                    yield self._error(f"an account has no field {field_.maps_to}",
                                      near(field_.maps_to, TARGETS) or "Write custom.NAME for your own.",
                                      *at, "fields", place, "maps_to")  # fmt: skip

    def _person(self, entry: str, names: Context, *at: str | int) -> Iterator[Finding]:
        """Look at one entry of those who are asked: an address, a group, or an expression."""
        if entry.startswith(GROUP):
            yield from self._named(entry.removeprefix(GROUP), self._known.groups, "group", *at)
        elif "@" not in entry:
            yield from self._expression(entry, names, *at)

    def _mail_texts(self, name: str, names: Context, *at: str | int) -> Iterator[Finding]:
        email = self._known.emails.get(name)
        for source in (email.subject, email.text, email.html) if email is not None else ():
            if source is not None:
                yield from self._template(source, names, *at)

    def _branches(self, step: Condition, names: Context, number: int) -> Iterator[Finding]:
        seen: list[str] = []
        for place, branch in enumerate(step.branches):
            at = ("steps", number, "branches", place, "when")
            yield from self._condition(branch.when, names, *at)
            plain = " ".join(branch.when.split())
            if plain in seen or "true" in seen:
                yield self._error("this branch is never taken", "An earlier one holds first.", *at)
            if plain in ("true", "false"):
                yield self._finding(WARNING, f"it is always {plain}", "", *at)
            seen.append(plain)

    def _applied(self, step: ApplyTemplate, names: Context, number: int) -> Iterator[Finding]:
        at = ("steps", number)
        for name, expression in step.variables.items():
            yield from self._expression(expression, names, *at, "variables", name)
        yield from self._named(step.template, self._known.templates, "template", *at, "template")
        template = self._known.templates.get(step.template)
        for source in template.sections.values() if template is not None else ():
            variables = {**names["vars"], **dict.fromkeys(step.variables, "x")}
            yield from self._template(source, {**names, "vars": variables}, *at, "template")

    def _mail(self, step: SendEmail, names: Context, number: int) -> Iterator[Finding]:
        at = ("steps", number)
        for part in ("to", "cc"):
            for place, entry in enumerate(getattr(step, part)):
                if "@" not in entry:
                    yield from self._expression(entry, names, *at, part, place)
        yield from self._named(step.email, self._known.emails, "email", *at, "email")
        yield from self._mail_texts(step.email, names, *at, "email")

    def _mapping(self, mapping: FieldMappings) -> Iterator[Finding]:
        for number, field in enumerate(mapping.fields):
            for part, path in (("source", field.source), ("term", field.term)):
                if path is not None:
                    yield from self._path(
                        path, sample_names(account=False, csm=False), "fields", number, part
                    )
            if not field.target.startswith("custom.") and field.target not in TARGETS:
                yield self._error(f"an account has no field {field.target}",
                                  near(field.target, TARGETS) or "Write custom.NAME for one of your own.",
                                  "fields", number, "target")  # fmt: skip
        if "name" not in {field.target for field in mapping.fields}:
            yield self._finding(
                WARNING, "nothing fills the account's name", "Map deal.name to name.", "fields"
            )

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
