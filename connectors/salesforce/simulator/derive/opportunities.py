"""What follows from an opportunity's stage and amount, and the history that is kept of them."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.objects import Row, Value
from connectors.salesforce.simulator.objects.opportunity import FORECAST_CATEGORIES

if TYPE_CHECKING:
    from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["expected", "follow", "work_out"]

_TRACKED = ("StageName", "Amount", "Probability", "CloseDate", "ForecastCategory")


def expected(amount: Value, probability: Value) -> Decimal | None:
    """Give the expected revenue of an amount at a probability."""
    if not isinstance(amount, Decimal) or not isinstance(probability, Decimal):
        return None
    return round(amount * probability / 100, 2)


def work_out(tx: "Transaction", before: Row | None, row: dict[str, Value], given: frozenset[str]) -> None:
    """Set what the stage decides: probability, closed, won, forecast; and the moment it was entered."""
    moved = before is None or before.get("StageName") != row.get("StageName")
    if moved:
        stage = next(tx.org.store.find("OpportunityStage", "ApiName", row["StageName"]), {})
        row["IsClosed"] = stage.get("IsClosed", False)
        row["IsWon"] = stage.get("IsWon", False)
        if row.get("Probability") is None or "Probability" not in given:
            row["Probability"] = stage.get("DefaultProbability", Decimal(0))
        if row.get("ForecastCategoryName") is None or "ForecastCategoryName" not in given:
            row["ForecastCategoryName"] = stage.get("ForecastCategoryName", "Pipeline")
        if before is not None:
            row["LastStageChangeDate"] = max(tx.stage_stamp, _moment(before, "LastStageChangeDate"))
    row["ForecastCategory"] = FORECAST_CATEGORIES[str(row.get("ForecastCategoryName") or "Pipeline")]
    row["ExpectedRevenue"] = expected(row.get("Amount"), row.get("Probability"))


def follow(tx: "Transaction", before: Row | None, row: Row) -> None:
    """Keep the history row of a change, and make the role of the contact that a create named."""
    if before is None or any(before.get(field) != row.get(field) for field in _TRACKED):
        values = {field: row.get(field) for field in (*_TRACKED, "ExpectedRevenue")}
        made_at = tx.now if before is None else max(tx.history_stamp, _moment(before, "CreatedDate"))
        tx.insert("OpportunityHistory", {**values, "OpportunityId": row["Id"], "CreatedDate": made_at})
    if before is None and row.get("ContactId") is not None:
        role = {"OpportunityId": row["Id"], "ContactId": row["ContactId"], "IsPrimary": True}
        tx.insert("OpportunityContactRole", role)


def _moment(row: Row, field: str) -> datetime:
    value = row.get(field) or row["CreatedDate"]
    if not isinstance(value, datetime):
        raise TypeError(f"{field} of {row['Id']!r} is no datetime")
    return value
