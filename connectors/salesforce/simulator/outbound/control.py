"""The control port's part for Outbound Messages.

GET    /outbound          which there are, how many notifications wait, were delivered or dropped
POST   /outbound          {"name": "Stage", "endpoint": "http://127.0.0.1:8092/outbound"}    define one
DELETE /outbound/{name}   forget one, and what waits by it
GET    /outbound/{name}/wsdl
POST   /outbound/delivery {"twice": 2, "out_of_order": true, "paused": false}
"""

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.outbound.soap import CONTENT_TYPE, wsdl

__all__ = ["FIELDS", "OutboundControl"]

FIELDS = ("Id", "Name", "StageName", "LastStageChangeDate", "LastModifiedDate", "SystemModstamp")
"""What a message holds where nothing else is said."""


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _DefineOrder(_Order):
    name: str = Field(pattern=r"^[A-Za-z]\w{0,79}$")
    endpoint: str = Field(pattern=r"^https?://\S+$")
    entity: str = "Opportunity"
    fields: tuple[str, ...] = FIELDS
    when_changed: tuple[str, ...] = ("StageName",)


class _DeliveryOrder(_Order):
    twice: int | None = Field(default=None, ge=0)
    out_of_order: bool | None = None
    paused: bool | None = None


class OutboundControl:
    """Carries out orders on the Outbound Messages of an org."""

    def __init__(self, org: Org) -> None:
        self._outbox = org.outbound
        self._org = org

    def routes(self) -> list[web.RouteDef]:
        """Give the routes for an application."""
        return [
            web.get("/outbound", self._list),
            web.post("/outbound", self._define),
            web.post("/outbound/delivery", self._deliver),
            web.delete("/outbound/{name}", self._remove),
            web.get("/outbound/{name}/wsdl", self._wsdl),
        ]

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(self._shown())

    async def _define(self, request: web.Request) -> web.Response:
        try:
            order = _DefineOrder.model_validate_json(await request.read())
            self._outbox.define(
                order.name,
                order.endpoint,
                order.fields,
                entity=order.entity,
                when_changed=order.when_changed,
            )
        except (ValidationError, DmlError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(self._shown())

    async def _deliver(self, request: web.Request) -> web.Response:
        try:
            order = _DeliveryOrder.model_validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=400)
        for name, value in order.model_dump(exclude_none=True).items():
            setattr(self._outbox, name, value)
        return web.json_response(self._shown())

    async def _remove(self, request: web.Request) -> web.Response:
        self._outbox.remove(request.match_info["name"])
        return web.json_response(self._shown())

    async def _wsdl(self, request: web.Request) -> web.Response:
        definition = self._outbox.definitions.get(request.match_info["name"])
        if definition is None:
            return web.json_response({"error": "there is no such message"}, status=404)
        return web.Response(body=wsdl(self._org, definition), headers={"Content-Type": CONTENT_TYPE})

    def _shown(self) -> dict[str, object]:
        return {
            "messages": [
                {
                    "name": each.name,
                    "id": each.id,
                    "endpoint": each.endpoint,
                    "waiting": self._outbox.waiting(each.name),
                }
                for each in self._outbox.definitions.values()
            ],
            "delivered": self._outbox.delivered,
            "dropped": self._outbox.dropped,
        }
