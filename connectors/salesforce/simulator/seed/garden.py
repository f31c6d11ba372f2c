"""What the planters share: the org, the chance, the words, and the users that own things."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.objects import Value
from connectors.salesforce.simulator.objects.currencies import CORPORATE
from connectors.salesforce.simulator.seed.pools import Pools

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["Company", "Deal", "Garden"]


@dataclass(slots=True)
class Garden:
    """An org being filled. `put` stores a row as it is: nothing is worked out, no event is made."""

    org: "Org"
    chance: random.Random
    pools: Pools
    reps: list[str] = field(default_factory=list)
    csms: list[str] = field(default_factory=list)
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.org.clock.now().replace(microsecond=0)

    def ago(self, most: timedelta, least: timedelta = timedelta(0)) -> datetime:
        """Give a moment of the past."""
        return self.now - timedelta(
            seconds=self.chance.randint(int(least.total_seconds()), int(most.total_seconds()))
        )

    def between(self, start: datetime, end: datetime) -> datetime:
        """Give a moment between two."""
        return start + timedelta(seconds=self.chance.randint(0, max(0, int((end - start).total_seconds()))))

    def put(
        self, name: str, values: dict[str, Value], by: str, made: datetime, changed: datetime | None = None
    ) -> str:
        """Store a row with an id and with stamps, and give the id."""
        row = {key: value for key, value in values.items() if value is not None}
        kind = self.org.objects[name]
        row["Id"] = record_id = self.org.ids.mint(kind.key_prefix)
        row["SystemModstamp"] = changed or made
        if kind.find("IsDeleted"):
            row["IsDeleted"] = False
        if kind.find("CurrencyIsoCode"):
            row.setdefault("CurrencyIsoCode", CORPORATE)
        if kind.find("CreatedDate"):
            row["CreatedDate"] = made
            row["CreatedById"] = by
        if kind.find("LastModifiedDate"):
            row["LastModifiedDate"] = changed or made
            row["LastModifiedById"] = by
        self.org.store.put(name, row)
        return record_id


@dataclass(frozen=True, slots=True)
class Company:
    """A planted account, with its contacts' ids."""

    account_id: str
    name: str
    owner_id: str
    currency: str | None
    """None in an org that has one currency only."""
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deal:
    """A planted opportunity."""

    opportunity_id: str
    company: Company
    made_at: datetime
    changed_at: datetime
