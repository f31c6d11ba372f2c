"""`dealwire subscriber`: hears the changes of one org and publishes them to Kafka."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import Annotated

import structlog
import typer

from connectors.kafka.checkpoints import KafkaCheckpoints
from connectors.kafka.producer import Producer
from connectors.kafka.registry import HttpRegistry
from connectors.ports import RETAINED_EDGE, ChangeSource, SystemClock
from connectors.salesforce.auth import TokenManager
from connectors.salesforce.cometd import CometdSource
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.polling.source import PollSource
from connectors.salesforce.readback.position import after_missing
from connectors.salesforce.readback.source import ReadBackSource
from connectors.salesforce.rest import RestClient
from connectors.salesforce.survey import survey
from schemas.errors import ConfigurationError, RefusedError, UnavailableError
from schemas.topics import TOPICS
from streams.cli.context import settings
from streams.health import HealthServer
from streams.logs import bind
from streams.metrics import CAPTURE_READ_BACK, Metrics
from streams.org_access import OrgAccess, org_access
from streams.patience import patiently
from streams.records import connect
from streams.settings import Settings
from streams.standing import lacking
from streams.subscriber import Subscriber, Wiring

_TOPICS = [TOPICS["salesforce.changes"], TOPICS["salesforce.checkpoints"]]

log = structlog.get_logger(__name__)
app = typer.Typer(help="Hear changes of an org and publish them to Kafka.")


@app.command(epilog="Example: dealwire subscriber --org production")
def subscriber(
    org: Annotated[str, typer.Option(help="The org, by its name in the settings.")],
) -> None:
    """Hear changes of an org and publish them to Kafka, until SIGTERM.

    One process subscribes for an org; a second one costs delivered events (or API calls, where the org is
    polled) and breaks nothing.
    """
    effective = settings()
    if org not in effective.orgs:
        known = ", ".join(effective.orgs) or "none"
        raise ConfigurationError(
            f"the settings name no org {org!r}", on="[orgs]", todo=f"Known are: {known}. Add [orgs.{org}]."
        )
    bind(org_name=org)
    asyncio.run(_run(effective, org_access(effective, org)))


async def _run(effective: Settings, access: OrgAccess) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    metrics, clock = Metrics(), SystemClock()
    config, tokens = access.config, access.tokens
    subscribers: list[Subscriber] = []
    async with AsyncExitStack() as stack:
        if effective.worker.health_port:
            health = HealthServer(
                effective.worker.health_host,
                effective.worker.health_port,
                metrics,
                live=lambda: True,
                missing=lambda: lacking([each.standing for each in subscribers]),
            )
            stack.push_async_callback(health.stop)
            await health.start()
        registry = HttpRegistry(effective.registry)
        records = await patiently(lambda: connect(registry, effective.kafka, _TOPICS), stop)
        token = await patiently(tokens.token, stop)
        if records is None or token is None:
            return
        await _look_around(config, tokens)
        producer = Producer(effective.kafka)
        stack.push_async_callback(producer.close)
        sources = _sources(config, tokens, metrics)
        for source in sources.values():
            stack.push_async_callback(source.close)
        subscribers += [
            Subscriber(
                Wiring(
                    source=source,
                    producer=producer,
                    checkpoints=KafkaCheckpoints(effective.kafka, producer, records),
                    records=records,
                    kafka=effective.kafka,
                    metrics=metrics,
                    clock=clock,
                    after_missing=_after_missing(config),
                ),
                token.org_id,
                channel,
            )
            for channel, source in sources.items()
        ]
        running = [asyncio.create_task(each.run(stop)) for each in subscribers]
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        ended = await asyncio.gather(*running, return_exceptions=True)
        for error in filter(None, ended):
            raise error


def _sources(config: SalesforceConfig, tokens: TokenManager, metrics: Metrics) -> dict[str, ChangeSource]:
    """Give what is listened to, by the name that its position is kept under."""
    clock = SystemClock()
    if config.source == "poll":
        channel = config.channels[0]
        return {channel: PollSource(config.poll, channel, RestClient(config, tokens), clock)}
    return {
        channel: ReadBackSource(
            CometdSource(config, channel, tokens, clock),
            config.poll,
            channel,
            RestClient(config, tokens),
            clock,
            on_read=partial(_count_read, metrics, channel),
        )
        for channel in config.channels
    }


def _after_missing(config: SalesforceConfig) -> Callable[[datetime | None], str]:
    # Polling reads back by itself.
    return after_missing if config.source != "poll" else lambda _: RETAINED_EDGE


def _count_read(metrics: Metrics, channel: str, reason: str, deals: int) -> None:
    metrics.add(CAPTURE_READ_BACK, deals, channel=channel, reason=reason)


async def _look_around(config: SalesforceConfig, tokens: TokenManager) -> None:
    """Say at the start what the integration user cannot see, and what is left of the org's allocations."""
    rest = RestClient(config, tokens)
    try:
        found = await survey(rest)
    except (UnavailableError, RefusedError) as error:
        # Changes are heard all the same; who looks deals up will meet it again.
        log.warning("the org could not be surveyed", error=str(error))
        return
    finally:
        await rest.close()
    if found.unreadable:
        log.warning(
            "fields hidden from the integration user",
            fields=found.unreadable,
            todo="Give its profile or permission set read access, or do without them.",
        )
    log.info(
        "org surveyed",
        stages=found.stages,
        api_calls_left=found.limits.api_calls_left if found.limits is not None else None,
        events_left=found.limits.events_left if found.limits is not None else None,
    )
