"""The table of resources, and the way a request goes through it."""

from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.rest import (
    blobs,
    composite,
    describe,
    external_ids,
    limits,
    query,
    records,
    sobject_collections,
    streaming,
    tooling,
    versions,
)
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context, Resource
from connectors.salesforce.simulator.rest.cursors import Cursors
from connectors.salesforce.simulator.rest.reply import Reply
from connectors.salesforce.simulator.rest.router import Router, Rule

__all__ = ["Api"]

_ROUTER: Router[Resource] = Router(
    [
        Rule("GET", "", versions.resources),
        Rule("GET", "query", query.query),
        Rule("GET", "query/{locator}", query.query_more),
        Rule("GET", "queryAll", query.query_all),
        Rule("GET", "queryAll/{locator}", query.query_more),
        Rule("POST", "sobjects/StreamingChannel/{id}/push", streaming.push),
        Rule("GET", "tooling/query", query.tooling_query),
        Rule("GET", "tooling/query/{locator}", query.query_more),
        Rule("POST", "tooling/sobjects/{type}", tooling.create),
        Rule("GET", "tooling/sobjects/{type}/{id}", tooling.read),
        Rule("DELETE", "tooling/sobjects/{type}/{id}", tooling.delete),
        Rule("GET", "limits", limits.limits),
        Rule("GET", "sobjects", describe.every),
        Rule("GET", "sobjects/{type}", describe.basic),
        Rule("POST", "sobjects/{type}", records.create),
        Rule("GET", "sobjects/{type}/describe", describe.described),
        Rule("GET", "sobjects/{type}/{id}", records.read),
        Rule("PATCH", "sobjects/{type}/{id}", records.update),
        Rule("DELETE", "sobjects/{type}/{id}", records.delete),
        Rule("GET", "sobjects/{type}/{field}/{value}", blobs.read),
        Rule("PATCH", "sobjects/{type}/{field}/{value}", external_ids.upsert),
        Rule("DELETE", "sobjects/{type}/{field}/{value}", external_ids.delete),
        Rule("POST", "composite", composite.composite),
        Rule("POST", "composite/sobjects", sobject_collections.create),
        Rule("PATCH", "composite/sobjects", sobject_collections.update),
        Rule("DELETE", "composite/sobjects", sobject_collections.delete),
        Rule("GET", "composite/sobjects/{type}", sobject_collections.retrieve),
        Rule("POST", "composite/sobjects/{type}", sobject_collections.retrieve),
        Rule("PATCH", "composite/sobjects/{type}/{field}", sobject_collections.upsert),
    ]
)


class Api:
    """The resources of one org."""

    def __init__(self, org: Org) -> None:
        self.context = Context(org, Cursors(org.clock, org.seed), self.dispatch)

    def dispatch(self, request: Request) -> Reply:
        """Answer a request of a known caller. Raises `ApiError`; charges nothing."""
        handler, arguments = _ROUTER.find(request.method, request.path)
        return handler(self.context, request.at(arguments))
