"""Finds what is wrong with workflows before they are activated."""

from collections.abc import Iterator, Sequence

from processors.lint_answers import doubts
from processors.lint_library import WARNING, Finding, Library
from processors.lint_names import near
from processors.lint_queues import queue_faults
from processors.lint_steps import Steps
from processors.mapping import TARGETS
from processors.sample import names as sample_names
from processors.sample_variables import RUN, TASK, variables_before
from processors.step_graph import comes_back, reachable, targets, ways, without
from processors.step_parts import deadlines
from processors.yaml_documents import Placed
from schemas.definition.documents import Email, Template, Workflow
from schemas.definition.documents import Mapping as FieldMappings
from schemas.definition.queue import Queue
from schemas.definition.steps import AssignCsm, Condition, CreateAccount, End

_ANYWHERE = {**sample_names(), "run": RUN, "task": TASK}


def lint(placed: Sequence[Placed], known: Library) -> list[Finding]:
    """Give every finding, in the order of the files."""
    return [finding for each in placed for finding in _Linter(each, known).findings()]


class _Linter(Steps):
    """Looks through one document."""

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
        for doubt in doubts(workflow):
            yield self._finding(WARNING, doubt.what, doubt.todo, *doubt.path)

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
