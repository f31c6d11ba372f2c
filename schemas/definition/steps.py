"""The steps that need no person: what every step has, and those that ask a sink or only decide.

Steps for people are in `people.py`, those for time and values in `flow.py`.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.account import Csm
from schemas.base import Part
from schemas.definition.calendar import Deadline
from schemas.definition.retry import Retry

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
"""Lower case letters, digits and dashes, beginning with a letter; 63 characters at the most."""

Expression = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""A CEL expression over `deal`, `company`, `contacts`, `primary_contact`, `account`, `csm` and `vars`."""


FactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""What a queue's conditions call a fact: `facts.NAME`."""


class Step(Part):
    """What every step has.

    A step whose `when` does not hold is skipped. One that has not ended within `time_out` is given up and the
    run goes on to `on_time_out`; one that failed for good goes on to `on_error`. Where neither is named the
    run needs attention. `retry` says how often and how long a failure that may heal is tried again.
    """

    id: Name
    when: Expression | None = None
    retry: Retry | None = None
    time_out: Deadline | None = None
    on_time_out: Name | None = None
    on_error: Name | None = None


class Onward(Step):
    """A step that goes on to `next`, or else to the step below it."""

    next: Name | None = None


class CreateAccount(Onward):
    """Creates the account with the values that the mapping gives.

    `existing` says what to do about accounts that look like the same customer: `create` does not look,
    `link` takes the surest and creates where there is none, `ask` opens a task for the people of `to`.
    """

    type: Literal["create_account"]
    mapping: Name = "standard"
    existing: Literal["create", "link", "ask"] = "create"
    to: Annotated[tuple[Expression, ...], Field(min_length=1, max_length=20)] = ("deal.owner.email",)


class Branch(Part):
    """Goes to `next` when `when` holds."""

    when: Expression
    next: Name


class Condition(Step):
    """Takes the first branch that holds, else `default`."""

    type: Literal["condition"]
    branches: Annotated[tuple[Branch, ...], Field(min_length=1, max_length=50)]
    default: Name


class AssignCsm(Onward):
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


class ApplyTemplate(Onward):
    """Fills a named template onto the account; `variables` are expressions, known in it as `vars`."""

    type: Literal["apply_template"]
    template: Name
    variables: dict[str, Expression] = {}


class SendEmail(Onward):
    """Sends a named mail. `to` and `cc` hold addresses, or expressions that give one."""

    type: Literal["send_email"]
    email: Name
    to: Annotated[tuple[Expression, ...], Field(min_length=1, max_length=20)]
    cc: Annotated[tuple[Expression, ...], Field(max_length=20)] = ()


class End(Step):
    """Ends the run with an outcome; `rejected` is the one that says no."""

    type: Literal["end"]
    outcome: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "completed"
