"""Which runs are asked for, and where the last answer stopped."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Self

from schemas.errors import UsageError
from schemas.run_summary import RunSummary


class Cursor(NamedTuple):
    """The place of a run in lists, newest first: the next page begins right after it."""

    started_at: datetime
    run_id: str

    def __str__(self) -> str:
        return f"{self.started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{self.run_id}"

    @classmethod
    def of(cls, run: RunSummary) -> Self:
        """Give the place of a run."""
        return cls(run.started_at, run.run_id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a place as `str` wrote it. Raises `UsageError`."""
        moment, _, run_id = text.partition("_")
        try:
            told = datetime.fromisoformat(moment)
            started_at = told.astimezone(UTC) if told.tzinfo is not None else None
        except (ValueError, OverflowError):
            started_at = None
        if started_at is None or not run_id:
            raise UsageError(
                f"{text[:80]!r} is no place in a list of runs",
                todo="Give what the page before printed after --after.",
            )
        return cls(started_at, run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """What a run must have to be listed; an empty field asks for nothing.

    `since` and `until` are about the start, the former included. `text` is looked for in the reason, the
    opportunity's id and the names that the run's events tell, whatever its case. Newest first, at most
    `limit`, beginning right after the run at `after`.
    """

    org_id: str = ""
    stage: str = ""
    workflow_id: str = ""
    outcome: str = ""
    status: str = ""
    step_id: str = ""
    owner: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    limit: int = 50
    after: Cursor | None = None

    @property
    def exact(self) -> dict[str, str]:
        """The fields that must be equal, by name."""
        wanted = {
            "org_id": self.org_id,
            "stage": self.stage,
            "workflow_id": self.workflow_id,
            "outcome": self.outcome,
            "status": self.status,
            "step_id": self.step_id,
            "owner": self.owner,
        }
        return {name: value for name, value in wanted.items() if value}

    def wants(self, run: RunSummary) -> bool:
        """Whether a run has all that is asked for."""
        return (
            all(getattr(run, name) == value for name, value in self.exact.items())
            and (self.since is None or run.started_at >= self.since)
            and (self.until is None or run.started_at < self.until)
            and self.text.casefold() in run.search
            and (self.after is None or Cursor.of(run) < self.after)
        )
