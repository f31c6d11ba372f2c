"""What a worker says of itself over HTTP: `/live`, `/ready` and `/metrics`."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from schemas.errors import ConfigurationError
from streams.metrics import METRICS_TYPE, Metrics


class HealthServer:
    """Answers 200 or 503. Bound to loopback unless the settings say otherwise; it has no login."""

    def __init__(
        self, host: str, port: int, metrics: Metrics, *, live: Callable[[], bool], ready: Callable[[], bool]
    ) -> None:
        self._host = host
        self._port = port
        app = web.Application()
        app.router.add_get("/live", _answer(live))
        app.router.add_get("/ready", _answer(ready))

        async def show_metrics(_request: web.Request) -> web.Response:
            return web.Response(body=metrics.render().encode(), headers={"Content-Type": METRICS_TYPE})

        app.router.add_get("/metrics", show_metrics)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> int:
        """Listen, and give the port. Raises `ConfigurationError` if it is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigurationError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror}",
                on="[worker] health_port",
                todo="Choose another port, or 0 to turn the health server off.",
            ) from error
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()


def _answer(holds: Callable[[], bool]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        good = holds()
        return web.Response(text="ok\n" if good else "no\n", status=200 if good else 503)

    return answer
