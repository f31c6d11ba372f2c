"""The queries that polling asks. Pure.

Source: SOQL and SOSL Reference, "ORDER BY", "LIMIT"; Object Reference, "System Fields" (SystemModstamp moves
with every write, also that of automation, and with the way to the recycle bin and back).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from connectors.salesforce.polling.position import literal
from schemas.errors import BrokenInvariantError
from schemas.ids import is_salesforce_id

__all__ = ["IDS_PER_QUERY", "NEWEST", "ROWS_PER_PAGE", "Stretch", "deals", "histories", "path"]

ROWS_PER_PAGE = 2000
IDS_PER_QUERY = 100
NEWEST = "SELECT Id, SystemModstamp FROM Opportunity ORDER BY SystemModstamp DESC, Id DESC LIMIT 1"
"""Asks for the deal that was touched last."""

_ALWAYS = ("Id", "IsDeleted", "Name", "StageName", "CreatedDate", "LastModifiedDate", "SystemModstamp")


def path(soql: str) -> str:
    """Give the path of a query that sees the recycle bin too, below the version."""
    return f"queryAll?q={quote(soql, safe='')}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Deals in the order of their stamps: from one on, or behind one of its deals, up to and with another."""

    since: datetime
    after: str = ""
    until: datetime | None = None

    def soql(self, *, dated: bool) -> str:
        """Ask for the first page. `dated` says that LastStageChangeDate may be read."""
        stamp = literal(self.since)
        condition = f"SystemModstamp >= {stamp}"
        if self.after:
            _check([self.after])
            condition = f"(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{self.after}'))"
        end = "" if self.until is None else f" AND SystemModstamp <= {literal(self.until)}"
        return (  # nothing but checked ids and moments is put into it
            f"SELECT {_fields(dated=dated)} FROM Opportunity WHERE {condition}{end} "  # noqa: S608
            f"ORDER BY SystemModstamp, Id LIMIT {ROWS_PER_PAGE}"
        )


def deals(ids: Sequence[str], *, dated: bool) -> str:
    """Ask for deals by their ids. `dated` says that LastStageChangeDate may be read."""
    _check(ids)
    listed = ",".join(f"'{each}'" for each in ids)
    return f"SELECT {_fields(dated=dated)} FROM Opportunity WHERE Id IN ({listed})"  # noqa: S608 - checked ids


def histories(ids: Sequence[str]) -> str:
    """Ask for every stage, amount and date that deals ever had, in order."""
    _check(ids)
    listed = ",".join(f"'{each}'" for each in ids)
    return (  # nothing but checked ids is put into it
        "SELECT Id, OpportunityId, StageName, CreatedDate FROM OpportunityHistory "  # noqa: S608
        f"WHERE OpportunityId IN ({listed}) ORDER BY OpportunityId, CreatedDate, Id"
    )


def _fields(*, dated: bool) -> str:
    return ", ".join((*_ALWAYS, "LastStageChangeDate") if dated else _ALWAYS)


def _check(ids: Sequence[str]) -> None:
    if wrong := [each for each in ids if not is_salesforce_id(each)]:
        raise BrokenInvariantError("text that is no record id on its way into a query", on=wrong[0][:40])
