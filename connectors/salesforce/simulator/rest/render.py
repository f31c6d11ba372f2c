"""Records as JSON: values printed as Salesforce prints them, each record under its `attributes`.

Numbers are JSON numbers and, but for integers, always have a decimal point; moments end in `.000+0000`; a
blob is the path to fetch it from. Source: REST API Developer Guide, "Query", "Get sObject Blob Data".
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.salesforce.simulator.objects.types import FieldType, ObjectType, Row, Value
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.soql.plan import Children, Parent, Shape
from connectors.salesforce.simulator.soql.readers import follow, shared_value

__all__ = ["Renderer", "printed"]

_ADDRESS_PARTS = ("city", "country", "postalCode", "state", "street")


def printed(value: Value) -> Any:
    """Print one value."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value


class Renderer:
    """Prints records for one version of the API. `base` is such as `/services/data/v66.0`."""

    def __init__(self, org: Org, base: str) -> None:
        self._org = org
        self._base = base

    def url(self, name: str, record_id: str) -> str:
        """Give the path of a record."""
        return f"{self._base}/sobjects/{name}/{record_id}"

    def record(self, shape: Shape, row: Row, children: Callable[[Children], Any]) -> dict[str, Any]:
        """Print a record as a query shows it; `children` gives the printed result of a subquery."""
        holder = shape.object or self._org.objects.by_id(str(row["Id"]))
        name = holder.name if holder is not None else ""
        shown: dict[str, Any] = {
            "attributes": {
                "type": name if shape.object is not None else "Name",
                "url": self.url(name, str(row["Id"])),
            }
        }
        for item in shape.items:
            if isinstance(item, FieldType):
                shown[item.name] = (
                    printed(shared_value(self._org, row, item))
                    if shape.object is None
                    else self.field(shape.object, item, row)
                )
            elif isinstance(item, Parent):
                parent = follow(self._org, row, item.reference)
                shown[item.name] = None if parent is None else self.record(item.shape, parent, children)
            else:
                shown[item.name] = children(item)
        return shown

    def field(self, holder: ObjectType, field: FieldType, row: Row) -> Any:
        """Print a field of a row."""
        value = row.get(field.name)
        if field.type == "boolean":
            return bool(value)
        if field.type == "base64":
            return f"{self.url(holder.name, str(row['Id']))}/{field.name}"
        if field.type == "address":
            return self._address(holder, field, row)
        return printed(value)

    def _address(self, holder: ObjectType, field: FieldType, row: Row) -> dict[str, Any] | None:
        parts = {item.component: row.get(item.name) for item in holder.components(field.name)}
        if not any(parts.values()):
            return None
        by_key = {f"{name[0].lower()}{name[1:]}": value for name, value in parts.items()}
        shown: dict[str, Any] = {key: by_key.get(key) for key in _ADDRESS_PARTS}
        return shown | {"geocodeAccuracy": None, "latitude": None, "longitude": None}
