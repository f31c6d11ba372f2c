"""`dealwire standin`: stand-ins of the systems behind the sinks."""

import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

import typer

from connectors.accounts.standin.faults import ScriptedFaults, SeededFaults
from connectors.accounts.standin.server import AccountsStandIn
from connectors.writer.standin.faults import Fault
from connectors.writer.standin.server import WriterStandIn
from schemas.errors import UnavailableError
from streams.logs import configure

app = typer.Typer(
    no_args_is_help=True, help="Stand-ins of the systems behind the sinks, with scripted faults."
)


@app.command("accounts-api", epilog="Example: dealwire standin accounts-api --data accounts.db --faults 7")
def accounts_api(
    port: Annotated[int, typer.Option(help="Where to listen on loopback; 0 takes a free port.")] = 0,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keeps the accounts; else they end with the process.")
    ] = None,
    faults: Annotated[
        int | None, typer.Option(metavar="SEED", help="Let PUTs meet faults by chance from this seed.")
    ] = None,
) -> None:
    """Serve the accounts API on loopback; when ready, print one JSON line with its url."""
    configure()
    chance = ScriptedFaults() if faults is None else SeededFaults(faults)
    asyncio.run(_serve(AccountsStandIn(file=data, faults=chance), port))


@app.command(epilog="Example: dealwire standin writer --fault busy --fault garbage")
def writer(
    port: Annotated[int, typer.Option(help="Where to listen on loopback; 0 takes a free port.")] = 0,
    fault: Annotated[
        list[Fault] | None, typer.Option(help="What the next call meets; give it again for the one after.")
    ] = None,
) -> None:
    """Serve a chat endpoint for briefs on loopback; when ready, print one JSON line with its url.

    There is no model in it: it repeats the first sentence of each note, in the form that was asked for.
    """
    configure()
    asyncio.run(_serve(_scripted(fault or ()), port))


def _scripted(faults: Sequence[Fault]) -> WriterStandIn:
    standin = WriterStandIn()
    standin.script(faults)
    return standin


class _StandIn(Protocol):
    async def start(self, port: int) -> str: ...

    async def stop(self) -> None: ...


async def _serve(standin: _StandIn, port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    try:
        url = await standin.start(port)
    except OSError as error:
        raise UnavailableError(
            f"cannot listen: {error.strerror or error}", on=f"port {port}", todo="Choose another port."
        ) from error
    typer.echo(json.dumps({"url": url}))
    await ended.wait()
    await standin.stop()
