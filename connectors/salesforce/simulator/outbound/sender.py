"""Posts the Outbound Messages that are due, and tries again what is not acknowledged."""

import asyncio
import ssl
from typing import TYPE_CHECKING

import aiohttp
import structlog

from connectors.salesforce.simulator.outbound.outbox import Batch
from connectors.salesforce.simulator.outbound.soap import CONTENT_TYPE, envelope, is_acknowledged

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["Sender"]

_LOOK_EVERY_S = 0.05
_WITHIN = aiohttp.ClientTimeout(total=60)
_LARGEST_ANSWER = 64 * 1024

_log = structlog.get_logger(__name__)


class Sender:
    """Sends for one org, a message after the other. `trust` is what an endpoint's certificate is held to."""

    def __init__(self, org: "Org", trust: ssl.SSLContext | None = None) -> None:
        self._org = org
        self._trust = trust
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send in the background from now on."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Send no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def send_due(self) -> int:
        """Send what is due now; give how many messages were acknowledged."""
        batches = self._org.outbound.due()
        if not batches:
            return 0
        acknowledged = 0
        async with aiohttp.ClientSession(timeout=_WITHIN) as http:
            for batch in batches:
                if await self._is_taken(http, batch):
                    self._org.outbound.acknowledged(batch)
                    acknowledged += 1
                else:
                    self._org.outbound.refused(batch)
        return acknowledged

    async def _run(self) -> None:
        while True:
            await self.send_due()
            # The org's clock may be moved, and tells nobody.
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _is_taken(self, http: aiohttp.ClientSession, batch: Batch) -> bool:
        if not batch.records:
            return True
        endpoint = batch.definition.endpoint
        try:
            async with http.post(
                endpoint,
                data=envelope(self._org, batch),
                headers={"Content-Type": CONTENT_TYPE, "SOAPAction": '""'},
                ssl=self._trust if self._trust is not None else True,
                allow_redirects=False,
            ) as answer:
                body = await answer.content.read(_LARGEST_ANSWER)
                taken = is_acknowledged(answer.status, answer.headers.get("Content-Type", ""), body)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.warning("outbound message not delivered", endpoint=endpoint, error=type(error).__name__)
            return False
        if not taken:
            _log.warning("outbound message not acknowledged", endpoint=endpoint, status=status)
        return taken
