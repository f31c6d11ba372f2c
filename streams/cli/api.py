"""`dealwire api`: serves what the commands show and do to programs."""

import asyncio
import signal

import typer

from connectors.ports import SystemClock
from streams.api.serving import serve
from streams.cli.context import settings

app = typer.Typer(help="Serve what the commands show and do to programs, over HTTP.")


@app.command(epilog="Example: dealwire api")
def api() -> None:
    """Serve the HTTP API, until SIGTERM. Where, and to whom, the settings say under [api].

    It has no TLS of its own: leave it on this machine, and put a proxy in front of it.
    """
    asyncio.run(_serve())


async def _serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(settings(), SystemClock(), stop)
