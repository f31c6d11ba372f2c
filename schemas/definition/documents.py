"""The documents of a definition file; `kind` says which."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Part
from schemas.definition.any_step import AnyStep
from schemas.definition.calendar import Calendar
from schemas.definition.people import Group, People
from schemas.definition.queue import Queue
from schemas.definition.steps import Expression, Name

StageName = Annotated[str, StringConstraints(min_length=1, max_length=255)]
TemplateText = Annotated[str, StringConstraints(max_length=20_000)]


class Trigger(Part):
    """What starts a run: an opportunity of one of `orgs` (none named: any) enters one of `stages`.

    `entering` says which entries count: by a change of the stage, or by being created in it. `filter` is a
    CEL expression over the deal; a deal it does not hold for is not enrolled. `enrol` is how often a deal
    may pass: once ever, once for each entry of a stage, or again when its former run has ended.

    `on_leave` says what becomes of an open run when the deal leaves the trigger's stages: it goes on, it is
    cancelled, or the people of `ask` are asked. `hold_over` is the number of enrolments in a minute (counted
    by each worker) above which further runs are held until a person releases them.
    """

    stages: Annotated[tuple[StageName, ...], Field(min_length=1, max_length=50)]
    orgs: tuple[Annotated[str, StringConstraints(pattern=r"^00D[a-zA-Z0-9]{15}$")], ...] = ()
    filter: Expression | None = None
    entering: Annotated[tuple[Literal["change", "create"], ...], Field(min_length=1)] = ("change", "create")
    enrol: Literal["once", "per_entry", "after_end"] = "once"
    on_leave: Literal["continue", "cancel", "ask"] = "continue"
    ask: People = ("deal.owner.email",)
    hold_over: int = Field(default=5000, ge=1)


class Workflow(Part):
    """A workflow. A draft starts no runs."""

    kind: Literal["workflow"]
    name: Name
    title: str = ""
    status: Literal["draft", "active"] = "draft"
    trigger: Trigger
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _step_ids_are_distinct(self) -> Self:
        ids = [step.id for step in self.steps]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"the step id {twice[0]} stands twice")
        return self

    def step(self, step_id: str) -> AnyStep:
        """Give a step by its id. Raises `KeyError` for one that is not there."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def after(self, step: AnyStep) -> str | None:
        """Give where a step goes on to, where that does not depend on the deal; None at the end."""
        if getattr(step, "next", None):
            return str(step.next)  # type: ignore[union-attr]  # asked the line before
        place = self.steps.index(step) + 1
        return self.steps[place].id if place < len(self.steps) else None


class FieldMapping(Part):
    """Puts one value of the deal into one field of the account.

    `source` is a path such as `deal.name`, `company.industry` or `deal.custom.Region__c`; `target` a field of
    the account or `custom.NAME`. `annualise` makes a year's amount of one for `term` months; without a term
    the amount is taken as it is. `table` replaces values by others.
    """

    source: Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[A-Za-z0-9_]+)*$", max_length=200)]
    target: Annotated[str, StringConstraints(pattern=r"^(custom\.)?[A-Za-z][A-Za-z0-9_]*$", max_length=100)]
    transform: Literal["keep", "trim", "upper", "lower", "annualise", "table"] = "keep"
    term: str | None = None
    table: dict[str, str] = {}
    default: str | None = None
    required: bool = False


class Mapping(Part):
    """How an account's fields are filled from a deal."""

    kind: Literal["mapping"]
    name: Name
    fields: Annotated[tuple[FieldMapping, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _targets_are_distinct(self) -> Self:
        targets = [field.target for field in self.fields]
        twice = sorted({target for target in targets if targets.count(target) > 1})
        if twice:
            raise ValueError(f"the target {twice[0]} is filled twice")
        return self


class Template(Part):
    """Sections of text (Jinja) that are filled onto an account."""

    kind: Literal["template"]
    name: Name
    sections: Annotated[dict[str, TemplateText], Field(min_length=1, max_length=50)]


class Email(Part):
    """A mail (Jinja): subject, text, and perhaps HTML."""

    kind: Literal["email"]
    name: Name
    subject: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    text: TemplateText
    html: TemplateText | None = None


Document = Annotated[
    Workflow | Mapping | Template | Email | Queue | Group | Calendar, Field(discriminator="kind")
]


class WorkflowVersion(Part):
    """A workflow with everything it names, as a run is pinned to it. Never changes under its number."""

    name: Name
    version: int = Field(ge=1)
    workflow: Workflow
    mappings: dict[str, Mapping] = {}
    templates: dict[str, Template] = {}
    emails: dict[str, Email] = {}
    groups: dict[str, Group] = {}
    calendars: dict[str, Calendar] = {}


class Activation(Part):
    """Which version of a workflow starts new runs, and since when; 0 is none: a draft, or `retired`."""

    version: int = 0
    since: str = ""
    retired: bool = False
    """A person ended it: applying its file again does not bring it back."""
