"""What objects there are, and what one is like, as far as the caller may see it.

A field that field-level security hides is absent. Source: REST API Developer Guide, "Describe Global",
"sObject Basic Information", "sObject Describe".
"""

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import orjson

from connectors.salesforce.simulator.objects.types import ChildRelationship, ObjectType
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context
from connectors.salesforce.simulator.rest.describe_field import described_field
from connectors.salesforce.simulator.rest.reply import Reply

__all__ = ["basic", "described", "every"]


def every(context: Context, request: Request) -> Reply:
    """Answer `GET sobjects`."""
    sobjects = [
        _summary(holder, request.base) for holder in context.org.objects.values() if not holder.tooling
    ]
    return Reply({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sobjects})


def basic(context: Context, request: Request) -> Reply:
    """Answer `GET sobjects/X`."""
    holder = context.object(request.arguments["type"])
    return Reply({"objectDescribe": _summary(holder, request.base), "recentItems": []})


def described(context: Context, request: Request) -> Reply:
    """Answer `GET sobjects/X/describe`: 304 if nothing changed since `If-Modified-Since`."""
    name = request.arguments["type"]
    subject = _subject(context, name)
    body = _full(context, request, subject or context.object(name))
    if subject is not None:
        body = _as_event(body, subject)
    changed = _changed_at(context, request, body)
    headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
    since = _since(request.headers.get("if-modified-since", ""))
    if since is not None and changed <= since:
        return Reply(None, 304, headers)
    return Reply(body, 200, headers)


def _subject(context: Context, name: str) -> ObjectType | None:
    """Find the object that a name is the change event of; None if it is no change event."""
    holders = (each for each in context.org.objects.values() if each.change_events)
    return next((each for each in holders if each.event_name.lower() == name.lower()), None)


def _as_event(body: dict[str, Any], subject: ObjectType) -> dict[str, Any]:
    """Describe a change event: its object's fields, under the same permissions, and nothing to write."""
    never = dict.fromkeys(("createable", "deletable", "queryable", "undeletable", "updateable"), False)
    return {**body, **never, "name": subject.event_name, "keyPrefix": None, "childRelationships": []}


def _full(context: Context, request: Request, holder: ObjectType) -> dict[str, Any]:
    user_id = request.caller.user_id
    relationships = [
        each
        for each in context.org.objects.children(holder.name)
        if context.org.readable(user_id, each.child, each.field)
    ]
    return {
        "actionOverrides": [],
        "childRelationships": [_relationship(each) for each in relationships],
        "compactLayoutable": True,
        "fields": [described_field(field) for field in context.readable(request, holder)],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [],
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {holder.label_plural.lower()}", "name": "everything"}],
        **_summary(holder, request.base),
    }


def _summary(holder: ObjectType, base: str) -> dict[str, Any]:
    url = f"{base}/sobjects/{holder.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": holder.createable,
        "custom": holder.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": holder.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": holder.key_prefix,
        "label": holder.label,
        "labelPlural": holder.label_plural,
        "layoutable": True,
        "mergeable": False,
        "mruEnabled": False,
        "name": holder.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": False,
        "triggerable": holder.createable,
        "undeletable": holder.deletable,
        "updateable": holder.updateable,
        "urls": {"describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}", "sobject": url},
    }


def _relationship(each: ChildRelationship) -> dict[str, Any]:
    return {
        "cascadeDelete": each.cascade_delete,
        "childSObject": each.child,
        "deprecatedAndHidden": False,
        "field": each.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": each.name,
        "restrictedDelete": False,
    }


def _changed_at(context: Context, request: Request, body: dict[str, Any]) -> datetime:
    """Say when this description last changed: when it was first seen to be what it is now."""
    key = (request.caller.user_id, body["name"], request.version)
    mark = hashlib.sha256(orjson.dumps(body)).digest()
    known = context.described.get(key)
    if known is not None and known[0] == mark:
        return known[1]
    moment = context.org.clock.now().replace(microsecond=0)
    if known is not None:
        # A header tells seconds only: two descriptions must not have the same one.
        moment = max(moment, known[1] + timedelta(seconds=1))
    context.described[key] = (mark, moment)
    return moment


def _since(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
