"""The control port's part for the Pub/Sub API. `DELETE /faults` ends these faults too.

POST /pubsub/faults   {"kind": "end", "after": 3}, {"kind": "error", "code": "topic.not.found"}; see scripted
POST /pubsub/schema   {"entity": "Opportunity", "field": "Region__c"}    one more custom field, another schema
POST /pubsub/limits   {"streams": 1}
POST /pubsub/restart  the server goes away and comes back on its port: GOAWAY on every connection
"""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.salesforce.simulator.objects import FieldType
from connectors.salesforce.simulator.pubsub.scripted import PubSubFault
from connectors.salesforce.simulator.pubsub.server import PubSubServer

__all__ = ["PubSubControl"]

_LENGTH = 255


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _FaultOrder(_Order):
    kind: Literal["error", "end", "silent", "corrupt", "duplicate"]
    call: str = "Subscribe"
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    code: str = "service.unavailable"
    status: str = ""
    message: str = "The service is temporarily unavailable."
    trailers: dict[str, str] | None = None


class _SchemaOrder(_Order):
    entity: str
    field: str = Field(pattern=r"^\w+__c$")


class _LimitOrder(_Order):
    streams: int = Field(ge=0)


class PubSubControl:
    """Carries out orders on the Pub/Sub API of an org."""

    def __init__(self, server: PubSubServer) -> None:
        self._server = server
        self._service = server.service

    def routes(self) -> list[web.RouteDef]:
        """Give the routes for an application."""
        return [
            web.post("/pubsub/faults", self._script),
            web.post("/pubsub/schema", self._add_field),
            web.post("/pubsub/limits", self._limit),
            web.post("/pubsub/restart", self._restart),
        ]

    async def _script(self, request: web.Request) -> web.Response:
        try:
            order = _FaultOrder.model_validate_json(await request.read())
        except ValidationError as error:
            return _refused(error)
        scripted = self._service.faults.pubsub.scripted
        scripted.append(PubSubFault(**order.model_dump()))
        self._server.wake()
        return web.json_response({"faults": len(scripted)})

    async def _add_field(self, request: web.Request) -> web.Response:
        try:
            order = _SchemaOrder.model_validate_json(await request.read())
        except ValidationError as error:
            return _refused(error)
        kind = self._service.org.objects.get(order.entity)
        if kind is None or not kind.change_events:
            return _refused(f"{order.entity} has no change events")
        item = FieldType(order.field, "string", order.field.removesuffix("__c"), length=_LENGTH)
        return web.json_response({"schema_id": self._service.schemas.add_field(order.entity, item).id})

    async def _limit(self, request: web.Request) -> web.Response:
        try:
            order = _LimitOrder.model_validate_json(await request.read())
        except ValidationError as error:
            return _refused(error)
        self._service.org.limits.max_pubsub_streams = order.streams
        return web.json_response({"streams": order.streams})

    async def _restart(self, _request: web.Request) -> web.Response:
        return web.json_response({"port": await self._server.restart()})


def _refused(error: object) -> web.Response:
    return web.json_response({"error": str(error)}, status=400)
