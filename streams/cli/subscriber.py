"""`dealwire subscriber`: hears the changes of one org and publishes them to Kafka."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import structlog
import typer

from connectors.kafka.checkpoints import KafkaCheckpoints
from connectors.kafka.config import KafkaConfig
from connectors.kafka.producer import Producer
from connectors.kafka.registry import HttpRegistry
from connectors.ports import RETAINED_EDGE, ChangeSource, SystemClock
from connectors.salesforce.auth import TokenManager
from connectors.salesforce.cometd import CometdSource
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.outbound.receiver import Receiver
from connectors.salesforce.outbound.telling import CHANNEL, Telling
from connectors.salesforce.polling.reader import Reader
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
from streams.metrics import CAPTURE_READ_BACK, CAPTURE_SUBSCRIBED, OUTBOUND_MESSAGES, Metrics
from streams.org_access import OrgAccess, org_access
from streams.outbound import Notified
from streams.patience import patiently
from streams.records import Records, connect
from streams.settings import Settings
from streams.standing import Standing, lacking
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
    standings: list[Standing] = []
    async with AsyncExitStack() as stack:
        if effective.worker.health_port:
            health = HealthServer(
                effective.worker.health_host,
                effective.worker.health_port,
                metrics,
                live=lambda: True,
                missing=lambda: lacking(standings),
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
        if config.source == "outbound":
            reader = Reader(config.poll, RestClient(config, tokens), clock, asyncio.sleep)
            stack.push_async_callback(reader.close)
            receiver = _receiver(
                config=config,
                reader=reader,
                producer=producer,
                records=records,
                kafka=effective.kafka,
                metrics=metrics,
                org_id=token.org_id,
            )
            await _receive(receiver, standings, metrics, token.org_id, stop)
            return
        sources = _sources(config, tokens, metrics)
        for source in sources.values():
            stack.push_async_callback(source.close)
        subscribers = [
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
        standings += [each.standing for each in subscribers]
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


def _receiver(
    *,
    config: SalesforceConfig,
    reader: Reader,
    producer: Producer,
    records: Records,
    kafka: KafkaConfig,
    metrics: Metrics,
    org_id: str,
) -> Receiver:
    look_back = timedelta(hours=config.poll.look_back_hours)
    telling = Telling(reader, look_back, partial(_count_read, metrics, CHANNEL, "gone"))
    notified = Notified(telling, org_id, producer=producer, records=records, kafka=kafka, metrics=metrics)

    def count(outcome: str) -> None:
        metrics.add(OUTBOUND_MESSAGES, org=org_id, outcome=outcome)

    return Receiver(config.outbound, org_id, notified.publish, count)


async def _receive(
    receiver: Receiver, standings: list[Standing], metrics: Metrics, org_id: str, stop: asyncio.Event
) -> None:
    """Take Outbound Messages until `stop`. What is not acknowledged comes again: there are no positions."""
    standing = Standing(CHANNEL, SystemClock())
    metrics.watch(CAPTURE_SUBSCRIBED, lambda: float(standing.is_subscribed), org=org_id, channel=CHANNEL)
    standings.append(standing)
    port = await receiver.start()
    standing.is_subscribed = standing.has_kept = True
    log.info("receiving", channel=CHANNEL, port=port)
    try:
        await stop.wait()
    finally:
        standing.is_subscribed = False
        await receiver.stop()


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
