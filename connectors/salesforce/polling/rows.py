"""What the rows of an answer say. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from connectors.ports import Malformed
from connectors.salesforce.lookup_values import flag, moment, text
from schemas.errors import DecodeError, UnavailableError, UnreadableError
from schemas.ids import id18

__all__ = ["Deal", "Move", "Row", "moves_by_deal", "row_of", "stamp_of"]

_LONGEST_REASON = 300
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as it is now. `stage_since` is None in the stage it was made in, or where it is hidden."""

    id: str
    name: str
    stage: str
    created: datetime
    modified: datetime
    touched: datetime
    stage_since: datetime | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Where a deal stands in the order of an answer, and what it says or why it cannot be read."""

    stamp: datetime
    record_id: str
    deal: Deal | Malformed

    @property
    def said(self) -> Deal | bytes:
        """What it says, to be compared with what it says another time."""
        return self.deal.raw if isinstance(self.deal, Malformed) else self.deal


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a deal's history: its stage, since a moment. A row may also mean another amount or date."""

    id: str
    stage: str
    at: datetime


def row_of(record: Any) -> Row:
    """Read a deal.

    Raises `UnavailableError` for what has no place in the order, without which nothing can be resumed.
    """
    stamp, record_id = stamp_of(record)
    try:
        return Row(stamp, record_id, _deal(record, stamp, record_id))
    except (TypeError, ValueError) as error:
        reason = f"a deal that cannot be read: {error}"[:_LONGEST_REASON]
        malformed = UnreadableError(reason, on=f"opportunity {record_id}")
        return Row(stamp, record_id, Malformed(json.dumps(record, default=str).encode(), malformed))


def stamp_of(record: Any) -> tuple[datetime, str]:
    """Read where a deal stands: its SystemModstamp and its id. Raises `UnavailableError`."""
    try:
        return _given(moment(record, "SystemModstamp")), id18(_given(text(record, "Id")))
    except (TypeError, ValueError, DecodeError) as error:
        raise UnavailableError(
            "Salesforce answers a deal without Id or SystemModstamp", on="query"
        ) from error


def _deal(record: Mapping[str, Any], stamp: datetime, record_id: str) -> Deal:
    return Deal(
        id=record_id,
        name=text(record, "Name") or "",
        stage=_given(text(record, "StageName")),
        created=_given(moment(record, "CreatedDate")),
        modified=_given(moment(record, "LastModifiedDate")),
        touched=stamp,
        stage_since=moment(record, "LastStageChangeDate"),
        is_deleted=flag(record, "IsDeleted"),
    )


def moves_by_deal(records: Iterable[Any]) -> dict[str, list[Move]]:
    """Give the history of each deal, oldest first. Raises `UnavailableError` for rows that are none."""
    found: dict[str, list[Move]] = {}
    for record in records:
        try:
            deal = id18(_given(text(record, "OpportunityId")))
            stage = text(record, "StageName")
            if stage is not None:
                at = _given(moment(record, "CreatedDate"))
                found.setdefault(deal, []).append(Move(_given(text(record, "Id")), stage, at))
        except (TypeError, ValueError, DecodeError) as error:
            raise UnavailableError("Salesforce answers a history that cannot be read", on="query") from error
    return found


def _given(value: T | None) -> T:
    if value is None:
        raise ValueError("a field that every record has is missing")
    return value
