"""Dead letters as requests and replies speak of them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from processors.dead_letters import Filter
from schemas.topics import TOPICS
from streams.api.moments import WrittenMoment
from streams.api.problems import ProblemError
from streams.api.services import Letters
from streams.api.texts import Prose, Text

LetterName = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}:[0-9]{1,18}$")]


class LetterFilters(BaseModel):
    """What a letter must have to be meant; as `dealwire dead-letters` has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Text = Field("", description="Only those whose error or reason has this in it.")
    topic: Text = Field("", description="Only those that came from this topic.")
    key: Text = Field("", description="Only those whose key has this in it, such as an opportunity id.")
    agent: Text = Field("", description="Only those that this agent set aside.")
    since: WrittenMoment | None = Field(None, description="Only those set aside from then on.")
    until: WrittenMoment | None = Field(None, description="Only those set aside before then.")


class LetterList(LetterFilters):
    """Which page of which letters is asked for."""

    dealt_with: bool = Field(
        default=False, description="Those dealt with, the latest first; else those aside, the oldest first."
    )
    limit: int = Field(50, ge=1, le=500, description="At most this many.")
    after: Text = Field("", description="The `after` of the page before.")


class WantedLetters(LetterFilters):
    """Which letters a command is about. To mean everything that is aside, say `all`."""

    letters: Annotated[tuple[LetterName, ...], Field(max_length=500)] = Field(
        (), description="By id; none means whatever the rest says."
    )
    all: bool = False


class LetterCommand(BaseModel):
    """What is wanted of letters. A discard needs its `reason`, which is kept with each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Literal["redrive", "discard"]
    which: WantedLetters
    reason: Prose = ""
    rate: float = Field(0, ge=0, le=1_000_000, description="Letters a second at the most; 0 without bound.")
    wait: float = Field(
        30,
        ge=0,
        le=600,
        description="Seconds that each round of a redrive waits for the agents, to send what was parked "
        "meanwhile too; 0: none.",
    )
    dry_run: bool = Field(default=False, description="Say what would be done, and do nothing.")


class LetterLine(BaseModel):
    """A letter: where it came from and why it is aside; with `dealt_with`, what became of it."""

    id: str
    at: datetime
    agent: str
    origin: str
    key: str
    error: str
    reason: str
    redrives: int
    parks_its_key: bool
    bytes: int
    dealt_with: Literal["", "redriven", "discarded"] = ""
    dealt_with_at: datetime | None = None
    by: str = ""
    because: str = ""
    now_at: str = ""


class LetterPage(BaseModel):
    """One page of letters; `after` asks for the next one, and is null on the last."""

    letters: list[LetterLine]
    after: str | None


class WholeLetter(LetterLine):
    """A letter with its record as today's code reads it, or why it cannot be read and how it begins (hex)."""

    headers: dict[str, str]
    record: dict[str, Any] | None = None
    unreadable: str = ""
    begins: str = ""


class LetterPlan(BaseModel):
    """What a command would do. `held_back` names the earlier letter that each of those waits for.

    Each of the lists has at most the first 500; the counts are whole.
    """

    command: Literal["redrive", "discard"]
    count: int
    meant: list[str]
    held_back: dict[str, str] = {}
    from_outside: list[str] = []


def means(read: LetterFilters, desk: Letters, letters: tuple[str, ...] = ()) -> Filter:
    """Give the filter. Raises a `ProblemError` for a topic that there is not."""
    if read.topic and read.topic not in TOPICS:
        raise ProblemError(422, f"There is no such topic. There are: {', '.join(TOPICS)}.")
    return Filter(
        ids=frozenset(letters),
        reason=read.reason,
        topic=desk.topic(read.topic) if read.topic else "",
        key=read.key,
        agent=read.agent,
        since=read.since,
        until=read.until,
    )
