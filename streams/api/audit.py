"""Every change that is asked for, on the public topic `audit`: before it is said, and how it went."""

import asyncio
from uuid import uuid4

import structlog
from fastapi import Request

from connectors.ports import Clock, Outgoing
from schemas.audit import ASKED, DENIED, AuditRecord
from schemas.errors import UnavailableError
from schemas.topics import topic_of
from streams.api.person import person_of
from streams.api.request_id import request_id
from streams.api.services import services_of
from streams.outbox import Outbox

_WITHIN_S = 10.0

log = structlog.get_logger(__name__)


class AuditTopic:
    """Writes audit records to their topic. At least once: a record is in Kafka when `write` returns."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def write(self, record: AuditRecord) -> None:
        """Write a record. Raises `UnavailableError` where Kafka does not take it in time."""
        try:
            async with asyncio.timeout(_WITHIN_S):
                await (await self._outbox.send(Outgoing(record, record.on), at=self._clock.now()))
        except TimeoutError:
            raise UnavailableError("Kafka does not take audit records", on=topic_of(record).name) from None


class Audit:
    """What is told of one change that one request wants."""

    def __init__(self, request: Request, action: str, on: str, *, org_id: str = "") -> None:
        self._services = services_of(request)
        person = person_of(request)
        self._word = AuditRecord(
            id="",
            org_id=org_id,
            actor=person.actor,
            vouched=person.by,
            action=action,
            on=on,
            request_id=request_id(request),
        )

    async def asked(self, command_id: str) -> None:
        """Tell before it is done. Raises `UnavailableError`: then it must not be done."""
        self._word = self._word.model_copy(update={"command_id": command_id})
        await self._tell(ASKED)

    async def went(self, outcome: str) -> None:
        """Tell how it went. It went that way whether this can be told or not."""
        try:
            await self._tell(outcome)
        except UnavailableError as error:
            log.warning("how a change went is not audited", error=str(error), request=self._word.request_id)

    async def _tell(self, outcome: str) -> None:
        update = {"id": str(uuid4()), "outcome": outcome, "at": self._services.clock.now()}
        await self._services.audit.write(self._word.model_copy(update=update))


async def denied(request: Request) -> None:
    """Tell that somebody wanted what their role does not allow."""
    family = request.scope["route"].path.split("/")[2]
    on = next(iter(request.path_params.values()), family)
    await Audit(request, f"{family.removesuffix('s')}.command", str(on)[:64]).went(DENIED)
