"""A condition of SOQL by itself, asked of one row: the filter of a channel."""

from typing import NoReturn

from connectors.salesforce.simulator.objects import FieldType, ObjectType
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.soql.binder import bind
from connectors.salesforce.simulator.soql.names import Bound, Scope
from connectors.salesforce.simulator.soql.parser import parse
from connectors.salesforce.simulator.soql.predicates import Predicate
from connectors.salesforce.simulator.soql.tree import Query

__all__ = ["EveryField", "row_filter"]


class EveryField(Scope):
    """Looks names up for the org itself: field-level security is nothing to it."""

    def readable(self, holder: ObjectType, field: FieldType) -> bool:  # noqa: ARG002 - the same for all
        """Tell that a field may be read."""
        return True


def row_filter(org: Org, entity: str, condition: str) -> Predicate:
    """Make a test of a condition such as `StageName = 'Closed Won'`. Raises `SoqlError`.

    It sees every field, whoever subscribes: an administrator wrote it.
    """
    text = f"SELECT Id FROM {entity} WHERE {condition}"  # noqa: S608 - the org's own language, read by us
    scope = EveryField(org, org.admin_id, text)

    def no_semijoin(query: Query, _outer: Bound) -> NoReturn:
        raise scope.refuse("MALFORMED_QUERY", query.source_at, "a filter has no sub-select")

    predicate = bind(scope, parse(text), no_semijoin).predicate
    return predicate or _every


def _every(_row: object) -> bool:
    return True
