"""One page of a query's result. Child rows count towards the page's size.

A parent with more children than the page has room for is shown all the same, its child list cut short with a
`nextRecordsUrl` of its own. Source: REST API Developer Guide, "Query Options Header", and LIM "SOQL and SOSL
Limits".
"""

from dataclasses import dataclass
from typing import Any

from connectors.salesforce.simulator.objects.types import Row
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.rest.cursors import Cursor, Cursors
from connectors.salesforce.simulator.rest.render import Renderer
from connectors.salesforce.simulator.soql.plan import Children, Shape
from connectors.salesforce.simulator.soql.run import children_of

__all__ = ["Pager"]


@dataclass(slots=True)
class _Room:
    """How many rows still fit on the page."""

    left: int


class Pager:
    """Prints pages of results for one version of the API."""

    def __init__(self, org: Org, cursors: Cursors, base: str) -> None:
        self._org = org
        self._cursors = cursors
        self._base = base
        self._renderer = Renderer(org, base)

    def page(self, cursor: Cursor, offset: int, size: int) -> dict[str, Any]:
        """Print the page of at most `size` rows from `offset` on, and keep the cursor if more follow."""
        return self._page(cursor, offset, _Room(size), whole_first=True)

    def _page(self, cursor: Cursor, offset: int, room: _Room, *, whole_first: bool) -> dict[str, Any]:
        records: list[dict[str, Any]] = []
        at = offset
        while at < len(cursor.rows) and (room.left > 0 or (whole_first and not records)):
            row = cursor.rows[at]
            found = {id(item): children_of(self._org, item, row) for item in _subqueries(cursor.shape)}
            weight = 1 + sum(len(rows) for rows in found.values())
            if records and weight > room.left:
                break
            room.left -= 1
            records.append(self._record(cursor, row, found, room))
            at += 1
        result: dict[str, Any] = {"totalSize": len(cursor.rows), "done": at >= len(cursor.rows)}
        if not result["done"]:
            self._cursors.keep(cursor)
            result["nextRecordsUrl"] = f"{self._base}/query/{cursor.locator(at)}"
        return result | {"records": records}

    def _record(self, cursor: Cursor, row: Row, found: dict[int, list[Row]], room: _Room) -> dict[str, Any]:
        def children(item: Children) -> dict[str, Any] | None:
            rows = found[id(item)]
            if not rows or item.plan.shape is None:
                return None
            inner = self._cursors.make(cursor.user_id, item.plan.shape, rows)
            return self._page(inner, 0, room, whole_first=False)

        return self._renderer.record(cursor.shape, row, children)


def _subqueries(shape: Shape) -> list[Children]:
    return [item for item in shape.items if isinstance(item, Children)]
