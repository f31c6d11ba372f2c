"""The steps for time and values: wait, set, publish, and the handoff brief."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.definition.calendar import Deadline
from schemas.definition.steps import Expression, Name, Onward
from schemas.definition.variables import VariableName


class Wait(Onward):
    """Waits for a `duration`, `until` a date of the deal, or `until_true` on a later change of the deal.

    A moment that has passed already does not wait. `time_out` bounds the last two.
    """

    type: Literal["wait"]
    duration: Deadline | None = None
    until: Expression | None = None
    until_true: Expression | None = None

    @model_validator(mode="after")
    def _one_of_the_three(self) -> Self:
        if sum(each is not None for each in (self.duration, self.until, self.until_true)) != 1:
            raise ValueError("give one of duration, until and until_true")
        return self


class SetVariables(Onward):
    """Computes variables; each expression may speak of those above it."""

    type: Literal["set"]
    values: Annotated[dict[VariableName, Expression], Field(min_length=1, max_length=50)]


class Publish(Onward):
    """Publishes a typed record to `published.TOPIC`, one of the topics that the platform team allows."""

    type: Literal["publish"]
    topic: Name
    values: Annotated[dict[VariableName, Expression], Field(min_length=1, max_length=100)]


class WriteBrief(Onward):
    """Has the handoff brief written; later steps speak of it as `vars.brief`."""

    type: Literal["brief"]
