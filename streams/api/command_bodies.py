"""What a command may say: the bodies of requests that change something, and how they are answered."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, EmailStr, Field

from schemas.run_event import RunEvent
from streams.api.texts import CLOSED, Name, Prose, Text, Value


class Command(BaseModel):
    """What every command says. `force` is for an admin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Prose = Field("", description="Why; it stands in the run's history.")
    force: bool = Field(
        default=False, description="Answer in another's place, or have a rerun repeat its effects."
    )


class RunCommand(Command):
    """Something that is wanted of a run."""

    command: Literal["retry", "cancel", "skip", "rerun", "start", "migrate", "reassign"]
    step: Text = Field("", description="Where a rerun begins.")
    version: int = Field(0, ge=0, le=2**31 - 1, description="To which version a run is migrated.")
    steps: Annotated[dict[Name, Name], CLOSED] = Field(
        {}, description="Of a migration: which step of the new version follows which of the old."
    )
    to: EmailStr | None = Field(None, description="To whom an account is given: a reassignment needs it.")
    name: Text = Field("", description="Their name; else what stands before the @.")


class TaskCommand(Command):
    """Something that is said about a task."""

    command: Literal["approve", "reject", "fill", "draft", "claim", "release", "delegate", "choose"]
    values: Annotated[dict[Name, Value], CLOSED] = Field(
        {}, description="A form's answers by field, or of a choice its key under `choice`."
    )
    to: Annotated[tuple[EmailStr, ...], Field(max_length=50)] = Field(
        (), description="To whom it is delegated."
    )


class CommandAnswer(BaseModel):
    """What became of a command: `done`, or `under way` while the engine has not answered.

    `event` is the first thing that it did.
    """

    command_id: str
    outcome: Literal["done", "under way"]
    event: RunEvent | None = None
