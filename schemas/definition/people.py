"""The steps that wait for a person: approvals and forms."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Part
from schemas.definition.calendar import Deadline
from schemas.definition.steps import Expression, Name, Onward
from schemas.definition.variables import VariableName

Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
People = Annotated[tuple[Expression, ...], Field(min_length=1, max_length=20)]
"""Who: addresses, expressions that give one (`deal.owner.manager_email`), or `group:NAME`."""

GROUP = "group:"
FieldType = Literal["text", "long_text", "choice", "number", "date", "money", "person", "email"]


class Escalation(Part):
    """Who may answer as well, once the task has been open for so long."""

    after: Deadline
    to: People


class Ask(Onward):
    """What approvals and forms have in common: a task for `to`, with reminders and an escalation.

    `title` and `text` are Jinja. `email` names a mail that goes to the people when the task is opened, at
    each of the `remind` moments (counted from the opening) and when it is escalated; it may speak of `task`.
    `time_out` is the deadline.
    """

    to: People
    title: Line
    text: Annotated[str, StringConstraints(max_length=5000)] = ""
    email: Name | None = None
    remind: Annotated[tuple[Deadline, ...], Field(max_length=20)] = ()
    escalate: Escalation | None = None


class Approval(Ask):
    """Waits until people say yes or no. Yes goes on to `next`, no goes to `rejected`.

    `need` is how many have to say yes: `any` of them, `all`, or a number. One no is a no as soon as the
    yeses that are needed cannot come together any more; with `any` and `all` that is at once.
    """

    type: Literal["approval"]
    need: Literal["any", "all"] | Annotated[int, Field(ge=1, le=500)] = "any"
    rejected: Name


class FormField(Part):
    """One field of a form. Its answer becomes the variable `name`, and fills `maps_to` of the account."""

    name: VariableName
    label: Line
    type: FieldType = "text"
    required: bool = False
    choices: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    prefill: Expression | None = None
    help: Annotated[str, StringConstraints(max_length=1000)] = ""
    maps_to: Annotated[str, StringConstraints(pattern=r"^(custom\.)?[A-Za-z][A-Za-z0-9_]*$")] | None = None

    @model_validator(mode="after")
    def _choices_are_for_choice(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices belong to a field of type choice, and to no other")
        return self


class Form(Ask):
    """Waits until somebody has filled a form."""

    type: Literal["form"]
    fields: Annotated[tuple[FormField, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        names = [field.name for field in self.fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the field {twice[0]} stands twice")
        return self


class Group(Part):
    """People who are asked together, by mail address."""

    kind: Literal["group"]
    name: Name
    members: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)], ...],
        Field(min_length=1, max_length=500),
    ]
