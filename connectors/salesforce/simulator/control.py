"""The control port: moves the clock and scripts faults, as JSON over HTTP. For tests and demonstrations only.

GET  /state                                    counters, clock, newest replay id
POST /clock      {"advance": 3600} or {"set": "2026-09-14T08:30:12Z"}
POST /faults     {"http": [{"path": "/query", "times": 3, "status": 503}], "refuse_replay_ids": true, …}
POST /faults/named {"name": "unknown-client", "times": 1, "channel": "/data/OpportunityChangeEvent"}
GET  /faults/named                             the names of faults
POST /delivery   {"delay": 30, "gaps_to_come": 1, "overflow_after": 1000}     how events reach the bus
DELETE /faults                                 everything goes right again
POST /limits     {"delivered_events": 10}      lower or raise a maximum
POST /fields     {"object": "Opportunity", "field": "Amount", "hidden": true}
POST /stages     {"rename": "Closed Won", "to": "Won"}
POST /selection  {"entities": ["Opportunity", "Task"]}     selected for Change Data Capture
POST /gap        {"entity": "Opportunity", "record_ids": ["006…"], "change_type": "GAP_UPDATE"}
POST /sessions/expire      every access token ends
POST /cometd/drop          every CometD client is forgotten: 403::Unknown client
POST /migrate              the change log is lost and its replay ids are known no more
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from connectors.salesforce.simulator.cometd.named_faults import NAMES, UnknownFaultError, inflict
from connectors.salesforce.simulator.cometd.server import CometdServer
from connectors.salesforce.simulator.control_orders import (
    ClockOrder,
    DeliveryOrder,
    FaultOrder,
    FieldOrder,
    GapOrder,
    LimitOrder,
    NamedFaultOrder,
    SelectionOrder,
    StageOrder,
)
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.stages import rename_stage

__all__ = ["Control"]

Reply = dict[str, object]
Order = TypeVar("Order", bound=BaseModel)


class Control:
    """Carries out orders on an org and its Streaming API."""

    def __init__(self, cometd: CometdServer) -> None:
        self._cometd = cometd
        self._org = cometd.bayeux.org
        self._faults = cometd.bayeux.faults

    def routes(self) -> list[web.RouteDef]:
        """Give the routes of the control application."""
        return [
            web.get("/state", self._plain(self.state)),
            web.post("/clock", self._ordered(ClockOrder, self.move_clock)),
            web.post("/faults", self._ordered(FaultOrder, self.script)),
            web.delete("/faults", self._plain(self.clear)),
            web.get("/faults/named", self._plain(self.name_faults)),
            web.post("/faults/named", self._ordered(NamedFaultOrder, self.inflict)),
            web.post("/delivery", self._ordered(DeliveryOrder, self.deliver)),
            web.post("/limits", self._ordered(LimitOrder, self.limit)),
            web.post("/fields", self._ordered(FieldOrder, self.secure_field)),
            web.post("/stages", self._ordered(StageOrder, self.rename)),
            web.post("/selection", self._ordered(SelectionOrder, self.select)),
            web.post("/gap", self._ordered(GapOrder, self.leave_gap)),
            web.post("/sessions/expire", self._plain(self.expire_sessions)),
            web.post("/cometd/drop", self._plain(self.drop_clients)),
            web.post("/migrate", self._plain(self.migrate)),
        ]

    def state(self) -> Reply:
        """Say how the org stands."""
        limits = self._org.limits
        return {
            "now": self._org.clock.now().isoformat(),
            "newest_replay_id": self._org.changes.newest,
            "api_calls": limits.api_calls.used,
            "delivered_events": limits.delivered_events.used,
            "cometd_clients": limits.cometd_clients,
            "opportunities": self._org.count("Opportunity"),
        }

    def move_clock(self, order: ClockOrder) -> Reply:
        """Move the clock on, or to a moment."""
        if order.set is not None:
            self._org.clock.set(order.set)
        self._org.clock.advance(timedelta(seconds=order.advance))
        return {"now": self._org.clock.now().isoformat()}

    def script(self, order: FaultOrder) -> Reply:
        """Add faults to those that are scripted."""
        self._faults.http += [each.fault() for each in order.http]
        self._faults.denials += [each.denial() for each in order.denials]
        if order.refuse_replay_ids is not None:
            self._faults.refuse_replay_ids = order.refuse_replay_ids
        if order.connect_reply_first is not None:
            self._faults.connect_reply_first = order.connect_reply_first
        return {"http": len(self._faults.http), "denials": len(self._faults.denials)}

    def name_faults(self) -> Reply:
        """Give the names by which faults can be ordered."""
        return {"names": sorted(NAMES)}

    def inflict(self, order: NamedFaultOrder) -> Reply:
        """Let what a name stands for go wrong."""
        inflict(self._cometd, order.name, times=order.times, channel=order.channel)
        return {"name": order.name}

    def deliver(self, order: DeliveryOrder) -> Reply:
        """Say how events reach the bus from now on."""
        changes = self._org.changes
        if order.delay is not None:
            changes.delay = timedelta(seconds=order.delay)
        changes.gaps_to_come = _or(order.gaps_to_come, changes.gaps_to_come)
        changes.overflow_after = _or(order.overflow_after, changes.overflow_after)
        return {
            "delay": changes.delay.total_seconds(),
            "gaps_to_come": changes.gaps_to_come,
            "overflow_after": changes.overflow_after,
        }

    def clear(self) -> Reply:
        """Let everything go right again."""
        self._faults.clear()
        self._org.changes.delay = timedelta(0)
        self._org.changes.gaps_to_come = 0
        return {}

    def limit(self, order: LimitOrder) -> Reply:
        """Set maxima."""
        limits = self._org.limits
        limits.max_api_calls = _or(order.api_calls, limits.max_api_calls)
        limits.max_delivered_events = _or(order.delivered_events, limits.max_delivered_events)
        limits.max_cometd_clients = _or(order.cometd_clients, limits.max_cometd_clients)
        return dict(limits.resource())

    def secure_field(self, order: FieldOrder) -> Reply:
        """Hide a field by field-level security, or show it."""
        change = self._org.access.hide if order.hidden else self._org.access.show
        try:
            change(order.object, order.field, order.user)
        except KeyError as error:
            raise DmlError("INVALID_FIELD", f"there is no {error}") from error
        return {}

    def rename(self, order: StageOrder) -> Reply:
        """Rename a stage."""
        return {"opportunities": rename_stage(self._org, order.rename, order.to)}

    def select(self, order: SelectionOrder) -> Reply:
        """Select the entities whose changes are heard."""
        most = self._org.limits.allocation.selected_entities
        if len(order.entities) > most:
            raise DmlError("LIMIT_EXCEEDED", f"at most {most} entities can be selected")
        for name in order.entities:
            kind = self._org.objects.get(name)
            if kind is None or not kind.change_events:
                raise DmlError("INVALID_TYPE", f"{name} has no change events")
        self._org.changes.selected = list(order.entities)
        return {"entities": order.entities}

    def leave_gap(self, order: GapOrder) -> Reply:
        """Put a gap event onto the bus, which carries those of selected entities only."""
        if order.entity not in self._org.changes.selected:
            raise DmlError("INVALID_TYPE", f"{order.entity} is not selected for change events")
        self._org.changes.append_gap(order.entity, order.record_ids, order.change_type, self._org.admin_id)
        return {"newest_replay_id": self._org.changes.newest}

    def expire_sessions(self) -> Reply:
        """End every access token."""
        return {"sessions": self._org.sessions.expire_all()}

    def drop_clients(self) -> Reply:
        """Forget every CometD client."""
        return {"clients": self._cometd.drop_clients()}

    def migrate(self) -> Reply:
        """Do to the event bus what a move to another instance does."""
        self._org.changes.forget_all()
        return {**self.drop_clients(), "newest_replay_id": self._org.changes.newest}

    @staticmethod
    def _plain(carry_out: Callable[[], Reply]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(_request: web.Request) -> web.Response:
            return web.json_response(carry_out())

        return handle

    @staticmethod
    def _ordered(
        kind: type[Order], carry_out: Callable[[Order], Reply]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                return web.json_response(carry_out(kind.model_validate_json(await request.read())))
            except (ValidationError, DmlError, UnknownFaultError) as error:
                return web.json_response({"error": str(error)}, status=400)

        return handle


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
