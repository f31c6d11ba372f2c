"""One simulated org on loopback: OAuth, REST and Streaming API on one port, others if asked."""

from datetime import timedelta

from aiohttp import web

from connectors.salesforce.simulator import oauth, rest
from connectors.salesforce.simulator.cometd.bayeux import Bayeux
from connectors.salesforce.simulator.cometd.server import CometdServer
from connectors.salesforce.simulator.control import Control
from connectors.salesforce.simulator.disturb import disturbing
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.outbound.control import OutboundControl
from connectors.salesforce.simulator.outbound.sender import Sender
from connectors.salesforce.simulator.pubsub.control import PubSubControl
from connectors.salesforce.simulator.pubsub.server import PubSubServer
from connectors.salesforce.simulator.pubsub.service import PubSubService
from connectors.salesforce.simulator.pubsub.timing import Timing
from connectors.salesforce.simulator.pubsub.tls import Certificate

__all__ = ["OrgServer"]

_LARGEST_BODY = 64 * 1024 * 1024
_KEEP_ALIVE = 75.0
_LOOPBACK = ("127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class OrgServer:
    """Serves an org.

    `hold` and `expiry` are the two times of the Streaming API, `timing` those of the Pub/Sub API, which tests
    shorten.
    """

    def __init__(
        self,
        org: Org,
        *,
        hold: timedelta = timedelta(seconds=110),
        expiry: timedelta = timedelta(seconds=40),
        timing: Timing | None = None,
    ) -> None:
        self.org = org
        self.cometd = CometdServer(Bayeux(org, hold=hold, expiry=expiry))
        self.faults = self.cometd.bayeux.faults
        self.pubsub = PubSubServer(PubSubService(org, self.faults, timing or Timing()))
        self.sender = Sender(org)
        self._runners: list[web.AppRunner] = []

    async def start(self, host: str = "127.0.0.1", port: int = 0, public_url: str | None = None) -> int:
        """Listen, and give the port. The org's URL is `public_url`, else `localhost` and the port.

        Not 127.0.0.1, since clients keep no cookies for an address, and the Streaming API needs them.
        """
        app = web.Application(middlewares=[disturbing(self.faults)], client_max_size=_LARGEST_BODY)
        app.add_routes([*oauth.routes(self.org), *rest.routes(self.org), *self.cometd.routes()])
        bound = await self._listen(app, host, port)
        name = "localhost" if host in _LOOPBACK else host
        self.org.instance_url = public_url or f"http://{name}:{bound}"
        self.sender.start()
        return bound

    async def start_pubsub(
        self, host: str = "127.0.0.1", port: int = 0, certificate: Certificate | None = None
    ) -> int:
        """Listen for gRPC too, with TLS if there is a certificate, and give the port.

        Start this after `start`: callers must name the org's URL.
        """
        return await self.pubsub.start(host, port, certificate)

    async def start_control(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen for orders too, and give the port. Nobody is asked who they are: keep it on loopback."""
        app = web.Application()
        app.add_routes([*Control(self.cometd).routes(), *PubSubControl(self.pubsub).routes()])
        app.add_routes(OutboundControl(self.org).routes())
        return await self._listen(app, host, port)

    async def stop(self) -> None:
        """Stop listening, and end what is held."""
        await self.sender.stop()
        await self.pubsub.stop()
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    async def _listen(self, app: web.Application, host: str, port: int) -> int:
        runner = web.AppRunner(
            app,
            access_log=None,
            # A client that hangs up frees its held connect at once.
            handler_cancellation=True,
            shutdown_timeout=0.1,
            keepalive_timeout=_KEEP_ALIVE,
            max_line_size=rest.SERVER_OPTIONS["max_line_size"],
            max_field_size=rest.SERVER_OPTIONS["max_field_size"],
        )
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, host, port).start()
        return int(runner.addresses[0][1])
