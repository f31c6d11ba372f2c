"""What a worker says of itself over HTTP: `/live`, `/ready` and `/metrics`."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from schemas.errors import ConfigurationError
from streams.metrics import METRICS_TYPE, Metrics


class HealthServer:
    """Answers 200 or 503. Bound to loopback unless the settings say otherwise; it has no login.

    `missing` gives what the process waits for before it is ready, a line each; it is shown with the 503.
    """

    def __init__(
        self,
        host: str,
        port: int,
        metrics: Metrics,
        *,
        live: Callable[[], bool],
        missing: Callable[[], Sequence[str]],
    ) -> None:
        self._host = host
        self._port = port
        app = web.Application()
        app.router.add_get("/live", _answer(lambda: () if live() else ("no",)))
        app.router.add_get("/ready", _answer(missing))

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


def _answer(missing: Callable[[], Sequence[str]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        lines = missing()
        return web.Response(text="\n".join(lines or ("ok",)) + "\n", status=503 if lines else 200)

    return answer
