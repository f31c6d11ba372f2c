"""Queues as requests and replies speak of them."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from streams.api.moments import WrittenDay
from streams.api.texts import Address, Remark


class MemberLine(BaseModel):
    """Somebody in a queue. `away_until` is the last day of an absence; 9999-12-31 is until resumed."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    email: str
    weight: int
    capacity: int | None
    when: str | None
    away_until: date | None
    away_why: str


class LoadLine(BaseModel):
    """What one person has of an org's accounts; `last_turn` is null for whoever was never chosen."""

    model_config = ConfigDict(from_attributes=True)

    email: str
    open: int
    last_turn: int | None
    in_queue: bool


class OrgLine(BaseModel):
    """The figures of a queue for one org: accounts given out ever, and who has how many of them."""

    model_config = ConfigDict(from_attributes=True)

    org_id: str
    turn: int
    loads: tuple[LoadLine, ...]


class QueueLine(BaseModel):
    """A queue with its people."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    policy: str
    time_zone: str
    members: tuple[MemberLine, ...]


class WholeQueue(QueueLine):
    """A queue with its people, and its figures for each org that ever asked it."""

    orgs: tuple[OrgLine, ...]


class QueuePage(BaseModel):
    """One page of queues, by name; `after` asks for the next one, and is null on the last."""

    queues: list[QueueLine]
    after: str | None


class AbsenceCommand(BaseModel):
    """That somebody gets no more accounts in any queue, from now on; or gets them again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Literal["pause", "resume"]
    email: Address = Field(description="Somebody who is in a queue.")
    until: WrittenDay | None = Field(
        None, description="The last day of a pause, in each queue's time zone; else until resumed."
    )
    reason: Remark = Field("", description="Why; shown to whoever looks at the queue.")


class AbsenceAnswer(BaseModel):
    """What became of it: `changed` is false where it was so already. `queues` are those they are in."""

    changed: bool
    queues: list[str]
