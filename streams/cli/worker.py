"""`dealwire worker`: runs agents until SIGTERM."""

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated

import structlog
import typer

from connectors.kafka.admin import TopicAdmin
from connectors.kafka.delivery import Delivery
from connectors.kafka.pulse import Pulse
from connectors.kafka.registry import HttpRegistry
from connectors.ports import SystemClock
from schemas.errors import ExitCode
from streams.app import Surroundings
from streams.catalogue import LiveCatalogue
from streams.cli.context import settings
from streams.health import HealthServer
from streams.lookups import OrgLookups
from streams.metrics import RETRIES, Metrics
from streams.org_access import org_access
from streams.outbox import Outbox
from streams.parking import Parking
from streams.patience import patiently
from streams.records import connect
from streams.roles import ALL, chosen
from streams.settings import Settings
from streams.sinks import open_accounts, open_mails, open_writer
from streams.topics import must_be_there
from streams.worker import Worker

_AWAKE_SHARE = 0.6
"""Of the session time-out: a process that stood still for longer may have lost its partitions."""

app = typer.Typer(help="Run agents: transitions, workflow, enrich, accounts, assignments, emails, briefs.")
log = structlog.get_logger(__name__)


@app.command(epilog="Example: dealwire worker --roles transitions,workflow")
def worker(
    roles: Annotated[str, typer.Option(help="`all`, or roles with commas between them.")] = ALL,
) -> None:
    """Run agents until SIGTERM, which finishes what is in flight.

    Ends with TEMPORARY (75) when it can no longer be trusted; whoever started it starts it again. Workers of
    the same roles share the work between them, up to one for each partition.
    """
    effective = settings()
    names = chosen(roles)
    code = asyncio.run(_run(effective, names))
    logging.shutdown()
    # Threads of a Kafka client that could not be stopped must not keep a worker that has ended.
    os._exit(code)


async def _run(effective: Settings, roles: tuple[str, ...]) -> ExitCode:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    failed: asyncio.Future[None] = loop.create_future()
    metrics, clock = Metrics(), SystemClock()
    pulse = Pulse(_AWAKE_SHARE * effective.kafka.session_timeout_ms / 1000)
    running: list[Worker] = []
    async with AsyncExitStack() as stack:
        if effective.worker.health_port:
            health = HealthServer(
                effective.worker.health_host,
                effective.worker.health_port,
                metrics,
                live=lambda: not failed.done(),
                missing=lambda: () if running and running[0].ready else ("the agents are not there yet",),
            )
            await health.start()
            stack.push_async_callback(health.stop)
        await asyncio.to_thread(must_be_there, TopicAdmin(effective.kafka), effective.kafka)
        records = await connect(HttpRegistry(effective.registry), effective.kafka)
        catalogue = LiveCatalogue(effective.kafka, records)
        stack.push_async_callback(catalogue.stop)
        await catalogue.start()
        parking = Parking(effective.kafka)
        stack.push_async_callback(parking.stop)
        await parking.start()
        lookups = OrgLookups({name: partial(org_access, effective, name) for name in effective.orgs}, metrics)
        stack.push_async_callback(lookups.close)
        accounts = None
        if "accounts" in roles:
            accounts = await patiently(lambda: open_accounts(effective.accounts, clock), stop)
            if accounts is None:
                return ExitCode.OK
            stack.push_async_callback(accounts.close)
        mails = open_mails(effective.email, clock) if "emails" in roles else None
        if mails is not None:
            stack.push_async_callback(mails.close)
        writer = open_writer(effective.writer, clock) if "briefs" in roles else None
        if writer is not None:
            stack.push_async_callback(writer.close)
        delivery = Delivery(effective.kafka, pulse=pulse, on_retry=lambda: metrics.add(RETRIES, agent="all"))
        await delivery.start()
        around = Surroundings(
            settings=effective,
            outbox=Outbox(effective.kafka, records, delivery),
            metrics=metrics,
            clock=clock,
            on_lost=lambda error: None if failed.done() else failed.set_exception(error),
            catalogue=catalogue,
            parking=parking,
            lookup_of=lookups.of,
            accounts=accounts,
            mails=mails,
            writer=writer,
        )
        running.append(Worker(around, roles, pulse, failed))
        code = await running[0].run(stop)
        if code is ExitCode.OK:
            await delivery.stop()
        return code
