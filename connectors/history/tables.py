"""The tables of the history, the same on SQLite and PostgreSQL, and how runs and events stand in them.

`runs` has a row for each run, made from its events. `run_events` holds the events, whole, as JSON; one that
is of no run (a refused command) stands there as the only one of a story of its own. `run_positions` says how
far each partition was read; it changes in the transaction that writes what was read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, true

from connectors.history.stories import story_of
from connectors.sql.types import UtcMoment
from schemas.run_event import RunEvent
from schemas.run_summary import RunSummary, is_of_run

# Ids are compared by their bytes, as Python does; by its own rules PostgreSQL might page in another order.
_ID = Text().with_variant(Text(collation="C"), "postgresql")
_FIELDS = tuple(field.name for field in fields(RunSummary))
_LISTED_BY = ("org_id", "stage", "workflow_id", "status", "outcome", "step_id", "owner")


@dataclass(frozen=True, slots=True)
class Tables:
    """One set of the tables."""

    metadata: MetaData
    runs: Table
    events: Table
    positions: Table

    @property
    def all(self) -> tuple[Table, ...]:
        """Every table, in the order in which whoever writes takes their locks."""
        return (self.positions, self.events, self.runs)


def make_tables(suffix: str = "", indexes: str = "history") -> Tables:
    """Describe a set of tables; `suffix` ends their names, `indexes` begins those of their indexes.

    A table may be renamed later and its indexes not, so two sets that are there at once need two beginnings.
    """
    metadata = MetaData()
    runs = Table(
        f"runs{suffix}",
        metadata,
        Column("run_id", _ID, primary_key=True),
        Column("org_id", Text, nullable=False),
        Column("opportunity_id", _ID, nullable=False),
        Column("workflow_id", Text, nullable=False),
        Column("workflow_version", BigInteger, nullable=False),
        Column("stage", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("phase", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("step_id", Text, nullable=False),
        Column("owner", Text, nullable=False),
        Column("open_tasks", Text, nullable=False, comment="a JSON list"),
        Column("due", UtcMoment),
        Column("started_at", UtcMoment, nullable=False),
        Column("updated_at", UtcMoment, nullable=False),
        Column("ended_at", UtcMoment),
        Column("sequence", BigInteger, nullable=False),
        Column("events", BigInteger, nullable=False),
        Column("names", Text, nullable=False),
        Column("search", Text, nullable=False),
    )
    newest = (runs.c.started_at, runs.c.run_id)
    Index(f"{indexes}_runs_newest", *newest)
    for name in _LISTED_BY:
        Index(f"{indexes}_runs_{name}", runs.c[name], *newest)
    Index(f"{indexes}_runs_opportunity", runs.c.opportunity_id)
    Index(f"{indexes}_runs_ended", runs.c.ended_at)
    events = Table(
        f"run_events{suffix}",
        metadata,
        Column("story", _ID, primary_key=True, comment="the run, or the event itself where it is of none"),
        Column("sequence", BigInteger, primary_key=True, autoincrement=False),
        Column("loose", Boolean, nullable=False, comment="of no run"),
        Column("opportunity_id", _ID, nullable=False),
        Column("kind", Text, nullable=False),
        Column("at", UtcMoment),
        Column("body", Text, nullable=False, comment="the whole event as JSON"),
    )
    loose = events.c.loose == true()
    Index(
        f"{indexes}_events_loose",
        events.c.opportunity_id,
        events.c.at,
        sqlite_where=loose,
        postgresql_where=loose,
    )
    positions = Table(
        f"run_positions{suffix}",
        metadata,
        Column("topic", _ID, primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("next_offset", BigInteger, nullable=False),
        Column("behind", BigInteger, nullable=False),
        Column("at", UtcMoment, nullable=False),
    )
    return Tables(metadata, runs, events, positions)


def to_event_row(event: RunEvent) -> dict[str, Any]:
    """Give the row of a storable event."""
    story, sequence = story_of(event)
    return {
        "story": story,
        "sequence": sequence,
        "loose": not is_of_run(event),
        "opportunity_id": event.opportunity_id,
        "kind": event.kind,
        "at": event.at,
        "body": event.model_dump_json(),
    }


def from_body(body: str) -> RunEvent:
    """Give the event of a row. Fields that a later version wrote are left out."""
    told = json.loads(body)
    return RunEvent.model_validate({name: told[name] for name in RunEvent.model_fields if name in told})


def to_row(run: RunSummary) -> dict[str, Any]:
    """Give the row of a run."""
    row = {name: getattr(run, name) for name in _FIELDS}
    row["open_tasks"] = json.dumps(run.open_tasks) if run.open_tasks else "[]"
    return row


def from_row(row: Mapping[str, Any]) -> RunSummary:
    """Give the run of a row."""
    return RunSummary(**{**row, "open_tasks": tuple(json.loads(row["open_tasks"]))})
