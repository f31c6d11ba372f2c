"""Looks through the steps of a workflow, one by one."""

from collections.abc import Iterator

from processors.context import Context
from processors.lint_library import WARNING, Finding
from processors.lint_names import near
from processors.lint_queues import fact_faults
from processors.lint_texts import Texts
from processors.mapping import TARGETS
from processors.people_steps import never_fits
from processors.sample_variables import TASK, variables_of
from schemas.definition.any_step import AnyStep
from schemas.definition.flow import Publish, SetVariables, Wait
from schemas.definition.people import GROUP, Approval, Form
from schemas.definition.steps import ApplyTemplate, AssignCsm, Condition, CreateAccount, SendEmail


class Steps(Texts):
    """Finds what is wrong with single steps."""

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
            case _:
                yield from self._waiting(number, step, names)

    def _waiting(self, number: int, step: AnyStep, names: Context) -> Iterator[Finding]:
        """Look at the steps for people, time and values."""
        at = ("steps", number)
        match step:
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
                if why := never_fits(field_):
                    yield self._error(f"the prefill never fits: {why}", "", *at, "fields", place, "prefill")
            target = field_.maps_to or "custom."
            if not target.startswith("custom.") and target not in TARGETS:
                todo = near(target, TARGETS) or "Write custom.NAME for one of your own."
                yield self._error(f"an account has no field {target}", todo, *at, "fields", place, "maps_to")

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
