"""The two shapes everything that flows is made of."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, ClassVar

from py_avro_schema import DecimalMeta
from pydantic import AfterValidator, BaseModel, ConfigDict


def _aware_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone; give it in UTC, as in 2026-09-14T08:30:12Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time lies before the year 1 or after 9999 in UTC") from None


Moment = Annotated[datetime, AfterValidator(_aware_utc)]
"""An aware UTC time; on the wire microseconds since the epoch."""

Money = Annotated[Decimal, DecimalMeta(precision=24, scale=4)]
"""An amount in its record's currency; up to 20 digits before the point and 4 after it."""


class Part(BaseModel):
    """A piece of a record: frozen, and strict about names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Part):
    """One record of one topic. `ce_type` is its CloudEvents type and the name of its Avro contract.

    Every record has an `id` computed from its cause (`schemas.ids`), so a replay makes the same id.
    """

    ce_type: ClassVar[str]

    id: str
    org_id: str
