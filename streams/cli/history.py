"""`dealwire history`: keeps what became of runs where it can be asked."""

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from connectors.kafka.feed import TopicFeed
from connectors.ports import SystemClock
from streams.cli.context import settings
from streams.health import HealthServer
from streams.history.feed import HistoryFeed
from streams.history.reading import history_of
from streams.history.rebuild import OnProgress
from streams.history.rebuild import rebuild as make_anew
from streams.history.topic import TOPIC, event_records
from streams.metrics import Metrics
from streams.patience import patiently
from streams.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Keep what became of runs where it can be asked.")
log = structlog.get_logger(__name__)


@app.command(epilog="Example: dealwire history run")
def run() -> None:
    """Carry the events of runs into the history's database, until SIGTERM.

    Several processes share the work between them. Once a day what ended long ago is forgotten.
    """
    asyncio.run(_run(settings()))


@app.command(epilog="Example: dealwire history rebuild")
def rebuild() -> None:
    """Make the history anew from the whole topic. The one in use stays until the new one takes its place."""
    effective = settings()
    console = Console()
    with Progress(
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    ) as shown:
        task = shown.add_task("events", total=None)
        carried, left_out = asyncio.run(
            _rebuild(effective, lambda done, total: shown.update(task, completed=done, total=total))
        )
    console.print(f"The history was made anew from {carried} events; {left_out} runs ended too long ago.")


@app.command(epilog="Example: dealwire history prune --days 30")
def prune(
    days: Annotated[
        int | None, typer.Option(min=1, help="Instead of the setting history.retention_days.")
    ] = None,
) -> None:
    """Forget runs that ended long ago. `dealwire history run` does so once a day."""
    effective = settings()
    kept = days if days is not None else effective.history.retention_days
    count = asyncio.run(_prune(effective, timedelta(days=kept)))
    Console().print(f"{count} runs that ended more than {kept} days ago are forgotten.")


async def _run(effective: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics, clock = Metrics(), SystemClock()
    feeds: list[HistoryFeed] = []
    async with AsyncExitStack() as stack:
        if effective.worker.health_port:
            health = HealthServer(
                effective.worker.health_host,
                effective.worker.health_port,
                metrics,
                live=lambda: True,
                missing=lambda: () if feeds and feeds[0].ready else ("the history is behind",),
            )
            stack.push_async_callback(health.stop)
            await health.start()
        history = history_of(effective)
        stack.push_async_callback(history.close)
        records = await patiently(lambda: event_records(effective), stop)
        await patiently(history.create_tables, stop)
        if records is None or stop.is_set():
            return
        source = TopicFeed(effective.kafka, TOPIC.name, "history")
        stack.push_async_callback(source.close)
        feeds.append(
            HistoryFeed(
                source,
                records,
                history,
                metrics=metrics,
                clock=clock,
                retention=timedelta(days=effective.history.retention_days),
            )
        )
        log.info("history runs", database=history.on)
        await feeds[0].run(stop)


async def _rebuild(effective: Settings, on_progress: OnProgress) -> tuple[int, int]:
    history = history_of(effective)
    try:
        records = await event_records(effective)
        return await make_anew(effective, records, history, SystemClock(), on_progress)
    finally:
        await history.close()


async def _prune(effective: Settings, kept: timedelta) -> int:
    history = history_of(effective)
    try:
        return await history.prune(SystemClock().now() - kept)
    finally:
        await history.close()
