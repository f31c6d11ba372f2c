"""PushTopics: a query, and a notification for each record that comes to match it or changes within it.

Source: Streaming API Developer Guide, "PushTopic Queries", "Event Notification Rules", "PushTopic".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn

from connectors.salesforce.simulator.change_drafts import RecordChange
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects import Row, Value
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.soql.binder import bind
from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.names import Bound
from connectors.salesforce.simulator.soql.parser import parse
from connectors.salesforce.simulator.soql.predicates import Predicate
from connectors.salesforce.simulator.soql.row_filter import EveryField
from connectors.salesforce.simulator.soql.tree import All, AnyOf, Condition, Not, Path, Query

__all__ = ["PushTopics", "TopicQuery", "topic_query"]

_FLAG = {"CREATE": "Create", "UPDATE": "Update", "DELETE": "Delete", "UNDELETE": "Undelete"}


@dataclass(frozen=True, slots=True)
class TopicQuery:
    """What a topic's query is about: names of an object, of the fields shown and of those compared."""

    entity: str
    selected: tuple[str, ...]
    compared: frozenset[str]
    matches: Predicate | None


def topic_query(org: Org, text: str) -> TopicQuery:
    """Read a topic's query. Raises `SoqlError` for what no topic may have."""
    scope = EveryField(org, org.admin_id, text)
    query = parse(text)

    def no_semijoin(inner: Query, _outer: Bound) -> NoReturn:
        raise scope.refuse("MALFORMED_QUERY", inner.source_at, "semi and anti joins are not supported")

    paths = query.selection if isinstance(query.selection, tuple) else ()
    simple = [each for each in paths if isinstance(each, Path) and len(each.parts) == 1]
    if not simple or len(simple) < len(paths) or query.order or query.limit is not None or query.offset:
        raise SoqlError("INVALID_FIELD", "a topic selects fields of one object, without order and limit")
    plan = bind(scope, query, no_semijoin)
    selected = tuple(scope.path(plan.object, each).field.name for each in simple)
    if "Id" not in selected:
        raise SoqlError("INVALID_FIELD", "The Id field is required in the SELECT clause")
    if plan.object.tooling or not plan.object.createable:
        raise SoqlError("INVALID_FIELD", f"{plan.object.name} is not supported in a topic")
    where = list(_paths(query.where)) if query.where is not None else []
    if any(len(each.parts) > 1 for each in where):
        raise SoqlError("INVALID_FIELD", "relationships are not supported in a topic")
    compared = frozenset(scope.path(plan.object, each).field.name for each in where)
    return TopicQuery(plan.object.name, selected, compared, plan.predicate)


class PushTopics:
    """Watches what transactions do, and posts notifications of it."""

    def __init__(self, org: Org) -> None:
        self._org = org
        org.before_commit = self._check
        org.after_commit = self._notify

    def _check(self, changes: Sequence[RecordChange]) -> None:
        for change in changes:
            if change.entity == "PushTopic" and change.after is not None:
                self._check_topic(change.after)
            elif change.entity == "StreamingChannel" and change.after is not None:
                _check_channel(change.after)

    def _check_topic(self, topic: Row) -> None:
        same = [
            each
            for each in self._org.rows("PushTopic")
            if str(each["Name"]).lower() == str(topic["Name"]).lower()
        ]
        if len(same) > 1:
            raise DmlError("DUPLICATE_VALUE", f"there is a topic {topic['Name']!s} already", ("Name",))
        try:
            topic_query(self._org, str(topic["Query"]))
        except SoqlError as error:
            raise DmlError("INVALID_FIELD", error.message, ("Query",)) from error

    def _notify(self, changes: Sequence[RecordChange]) -> None:
        for topic in tuple(self._org.rows("PushTopic")):
            if topic["IsActive"]:
                query = topic_query(self._org, str(topic["Query"]))
                for change in changes:
                    if change.entity == query.entity and _concerns(topic, query, change):
                        self._post(str(topic["Name"]), query, change)

    def _post(self, name: str, query: TopicQuery, change: RecordChange) -> None:
        if change.change_type == "DELETE":
            shown: dict[str, Any] = {"Id": change.record_id}
        else:
            row = change.after or {}
            shown = {field: _json(row.get(field)) for field in query.selected}
        kind = f"{change.change_type.lower()}d"
        self._org.notifications.post(name, shown, kind=kind)


def _check_channel(channel: Row) -> None:
    if not str(channel["Name"]).startswith("/u/"):
        raise DmlError("INVALID_FIELD", "the name of a channel begins with /u/", ("Name",))


def _concerns(topic: Row, query: TopicQuery, change: RecordChange) -> bool:
    """Say whether a topic tells of a change: its flags, its conditions, and which fields count."""
    if not topic[f"NotifyForOperation{_FLAG[change.change_type]}"]:
        return False
    row = change.before if change.change_type == "DELETE" else change.after
    if row is None or (query.matches is not None and not query.matches(row)):
        return False
    if change.change_type != "UPDATE" or topic["NotifyForFields"] == "All":
        return True
    counted = {
        "Select": frozenset(query.selected),
        "Where": query.compared,
    }.get(str(topic["NotifyForFields"]), query.compared | frozenset(query.selected))
    before, after = change.before or {}, change.after or {}
    return any(before.get(name) != after.get(name) for name in counted)


def _paths(condition: Condition) -> Iterator[Path]:
    if isinstance(condition, All | AnyOf):
        for term in condition.terms:
            yield from _paths(term)
    elif isinstance(condition, Not):
        yield from _paths(condition.term)
    else:
        yield condition.path


def _json(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
