"""Platform events: what an org defines to be published and heard.

Source: Platform Events Developer Guide, "Publish Event Messages Using Salesforce APIs", "Platform Event
Allocations".
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.salesforce.simulator.checks import checked
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.event_bus import EventBus, Posted
from connectors.salesforce.simulator.objects import ObjectType, Value
from connectors.salesforce.simulator.objects.fields import moment, number, text

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["PlatformEvents"]

_RETENTION = timedelta(hours=72)
_SUFFIX = "__e"

_SIGNAL = ObjectType(
    "Deal_Signal__e",
    "Deal Signal",
    "Deal Signals",
    "e01",
    (
        text("Opportunity_Id__c", "Opportunity ID", length=18, nillable=False),
        text("Signal__c", "Signal", length=80),
        number("Score__c", "Score", kind="double"),
        moment("Seen_At__c", "Seen At"),
    ),
)
"""One such as most orgs have some; a test may define others."""


class PlatformEvents:
    """The platform events of an org, by name in `types`, and what was published of them."""

    def __init__(self, org: "Org") -> None:
        self.types: dict[str, ObjectType] = {_SIGNAL.name: _SIGNAL}
        self.bus = EventBus(org.clock, f"platform-events:{org.seed}", _RETENTION)
        self._org = org

    def find(self, name: str) -> ObjectType | None:
        """Give a platform event by its name, in whatever case; None if there is none."""
        if not name.lower().endswith(_SUFFIX):
            return None
        return next((kind for each, kind in self.types.items() if each.lower() == name.lower()), None)

    def publish(self, kind: ObjectType, fields: Mapping[str, object], user_id: str) -> Posted:
        """Publish an event. Raises `DmlError` for fields that it has not, or that it must have."""
        values: dict[str, Value] = {}
        for name, value in fields.items():
            item = kind.find(name)
            if item is None:
                raise DmlError(
                    "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}", (name,)
                )
            values[item.name] = checked(item, value)
        missing = [item.name for item in kind.fields if item.required and values.get(item.name) is None]
        if missing:
            raise DmlError(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing
            )
        stamp = self._org.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {item.name: _json(values.get(item.name)) for item in kind.fields}
        return self.bus.post(kind.name, {"CreatedDate": stamp, "CreatedById": user_id, **body})


def _json(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
