"""The steps of a workflow. Each has an `id`, and goes on to `next`, or else to the step below it."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.account import Csm
from schemas.base import Part

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
"""Lower case letters, digits and dashes, beginning with a letter; 63 characters at the most."""

Expression = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""A CEL expression over `deal`, `company`, `contacts`, `primary_contact`, `account` and `csm`."""


FactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""What a queue's conditions call a fact: `facts.NAME`."""


class Step(Part):
    """What every step has."""

    id: Name
    next: Name | None = None


class CreateAccount(Step):
    """Creates the account with the values that the mapping gives."""

    type: Literal["create_account"]
    mapping: Name = "standard"


class Branch(Part):
    """Goes to `next` when `when` holds."""

    when: Expression
    next: Name


class Condition(Part):
    """Takes the first branch that holds, else `default`."""

    id: Name
    type: Literal["condition"]
    branches: Annotated[tuple[Branch, ...], Field(min_length=1, max_length=50)]
    default: Name


class AssignCsm(Step):
    """Gives the account a customer success manager: one `person`, or the next one of a `queue`.

    `facts` are expressions that each give a text, known to the conditions of the queue's members.
    """

    type: Literal["assign_csm"]
    person: Csm | None = None
    queue: Name | None = None
    facts: Annotated[dict[FactName, Expression], Field(max_length=50)] = {}

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.person is None) == (self.queue is None):
            raise ValueError("give either person or queue")
        if self.facts and self.queue is None:
            raise ValueError("facts are for the members of a queue; a person needs none")
        return self


class ApplyTemplate(Step):
    """Fills a named template onto the account; `variables` are expressions, known in it as `vars`."""

    type: Literal["apply_template"]
    template: Name
    variables: dict[str, Expression] = {}


class SendEmail(Step):
    """Sends a named mail. `to` and `cc` hold addresses, or expressions that give one."""

    type: Literal["send_email"]
    email: Name
    to: Annotated[tuple[Expression, ...], Field(min_length=1, max_length=20)]
    cc: Annotated[tuple[Expression, ...], Field(max_length=20)] = ()


class End(Part):
    """Ends the run with an outcome."""

    id: Name
    type: Literal["end"]
    outcome: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "completed"


AnyStep = Annotated[
    CreateAccount | Condition | AssignCsm | ApplyTemplate | SendEmail | End, Field(discriminator="type")
]
