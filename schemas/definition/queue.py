"""Queues: people who take accounts, how they take turns, and when they are not there."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from schemas.account import Csm
from schemas.base import Part
from schemas.definition.calendar import TimeZone
from schemas.definition.steps import Expression, Name

Policy = Literal["round_robin", "weighted", "least_loaded", "claim"]


class Away(Part):
    """Days on which somebody takes nothing, both ends included, in the queue's time zone."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    from_: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.to < self.from_:
            raise ValueError(f"it ends on {self.to}, before it begins on {self.from_}")
        return self


class Member(Csm):
    """Somebody in a queue. The e-mail tells people apart, whatever its case.

    `weight` is the share under the policy `weighted`. `capacity` is the most open accounts of this queue at
    one time; none given: no limit. `when` is a CEL expression over `facts`; only commands for which it holds
    come here.
    """

    weight: int = Field(default=1, ge=1, le=100)
    capacity: int | None = Field(default=None, ge=1, le=1_000_000)
    when: Expression | None = None
    away: Annotated[tuple[Away, ...], Field(max_length=100)] = ()

    @property
    def who(self) -> str:
        """What tells this member apart."""
        return identity(self.email or self.name)

    def csm(self) -> Csm:
        """Give the person without what the queue says of them."""
        return Csm(name=self.name, email=self.email)


class Queue(Part):
    """People who take accounts.

    `round_robin`: whoever waited longest. `weighted`: in proportion to the weights. `least_loaded`: whoever
    has the fewest open accounts, measured by capacity. `claim`: nobody is chosen; one of them takes it.
    """

    kind: Literal["queue"]
    name: Name
    policy: Policy = "round_robin"
    time_zone: TimeZone = "UTC"
    members: Annotated[tuple[Member, ...], Field(min_length=1, max_length=500)]


class Absence(Part):
    """Somebody is paused in every queue, up to and including a day; `until` empty: they are back.

    `reason` is for the people who look at the queue. It never leaves the control topic.
    """

    until: date | None = None
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


def identity(email: str) -> str:
    """Give the form of an e-mail that tells people apart."""
    return email.strip().lower()
