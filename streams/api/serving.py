"""The API on its port, with connections of its own, until it is told to stop."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

import structlog
import uvicorn

from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import Delivery
from connectors.kafka.registry import HttpRegistry
from connectors.oidc.keys import Keys
from connectors.oidc.tokens import IdTokens
from connectors.ports import Clock
from schemas.errors import ConfigurationError, UnavailableError
from schemas.queue_state import QueueState
from schemas.topics import TOPICS
from streams.account_book import AccountBook
from streams.api.app import make_app
from streams.api.attention import Attention
from streams.api.audit import AuditTopic
from streams.api.config import ApiConfig
from streams.api.connection import Connection
from streams.api.identity import Provider, Tokens, Vouching
from streams.api.live import Audience
from streams.api.live_feed import feed
from streams.api.services import Services
from streams.api.undertakings import Undertakings
from streams.audit_trail import AuditTrail
from streams.catalogue import LiveCatalogue
from streams.commanding import PATIENCE, Commander
from streams.explaining import explain
from streams.history.reading import history_of
from streams.letter_desk import LetterDesk
from streams.merge_asking import ask
from streams.metrics import Metrics
from streams.outbox import Outbox
from streams.patience import patiently
from streams.pausing import pause
from streams.queue_figures import queue_states
from streams.records import connect
from streams.settings import Settings
from streams.task_board import TaskBoard
from streams.versions import VersionDesk
from streams.what_if import TrialDesk

_TOPICS = [
    TOPICS[name]
    for name in (
        "control",
        "tasks",
        "workflow.inbox",
        "workflow.events",
        "accounts",
        "accounts.merges",
        "accounts.events",
        "audit",
    )
]
_FAREWELL_S = 5
_PATIENCE_S = PATIENCE.total_seconds()
_MOST_AT_ONCE = 500
_LARGEST_HEAD = 32 * 1024

log = structlog.get_logger(__name__)


async def serve(settings: Settings, clock: Clock, stop: asyncio.Event) -> None:
    """Serve until a signal comes, or `stop` before Kafka was there. Raises `ConfigurationError`."""
    listening = _listen(settings.api)
    async with AsyncExitStack() as stack:
        stack.callback(listening.close)
        services = await _services(settings, clock, stop, stack)
        if services is None:
            return
        server = server_of(services)
        watching = asyncio.create_task(_stopped(stop, services.audience, server))
        stack.push_async_callback(_ended, watching)
        log.info("the API is served", host=settings.api.host, port=listening.getsockname()[1])
        await server.serve(sockets=[listening])


def server_of(services: Services, connection: type[Connection] = Connection) -> uvicorn.Server:
    """Make the server of the API, with its bounds."""
    return uvicorn.Server(
        uvicorn.Config(
            make_app(services),
            http=connection,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            ws="none",
            limit_concurrency=_MOST_AT_ONCE,
            h11_max_incomplete_event_size=_LARGEST_HEAD,
            timeout_graceful_shutdown=_FAREWELL_S,
        )
    )


async def _services(
    settings: Settings, clock: Clock, stop: asyncio.Event, stack: AsyncExitStack
) -> Services | None:
    registry = HttpRegistry(settings.registry)
    records = await patiently(lambda: connect(registry, settings.kafka, _TOPICS), stop)
    if records is None:
        return None
    history = history_of(settings)
    stack.push_async_callback(history.close)
    if not await history.exists():
        log.warning("there is no history to show yet", database=history.on, todo="dealwire history run")
    catalogue = LiveCatalogue(settings.kafka, records)
    stack.push_async_callback(catalogue.stop)
    board = TaskBoard(settings.kafka, records)
    stack.push_async_callback(board.close)
    attention = Attention(board, clock)
    await patiently(catalogue.start, stop)
    delivery = Delivery(settings.kafka)
    await patiently(delivery.start, stop)
    stack.push_async_callback(delivery.stop)
    outbox = Outbox(settings.kafka, records, delivery)
    commander = await stack.enter_async_context(Commander(outbox, clock, history=history))
    letters, accounts = LetterDesk(settings, clock), AccountBook(settings.kafka, records)
    for closing in (letters.close, accounts.close):
        stack.push_async_callback(closing)
    undertakings, trials = Undertakings(clock), Undertakings(clock)
    for closing in (undertakings.close, trials.close):
        stack.push_async_callback(closing)
    audience, metrics = Audience(), Metrics()
    for each in (attention.pay(), feed(settings.kafka, records, audience, metrics)):
        stack.push_async_callback(_ended, asyncio.create_task(each))
    return Services(
        vouching=_vouching(settings.api, clock),
        history=history,
        board=board,
        commander=commander,
        audit=AuditTopic(outbox, clock),
        audit_trail=AuditTrail(settings.kafka, records),
        audience=audience,
        catalogue=lambda: catalogue.now,
        versions=VersionDesk(settings, clock),
        trying=TrialDesk(settings),
        trials=trials,
        clock=clock,
        ready=lambda: attention.ready,
        metrics=metrics,
        letters=letters,
        undertakings=undertakings,
        accounts=accounts,
        queue_states=partial(_figures, settings.kafka),
        pause=partial(pause, settings),
        links=settings.links,
        explain=lambda about: explain(settings, history, about, clock.now()),
        merge=lambda command: ask(settings, records, command, at=clock.now(), patience_s=_PATIENCE_S),
    )


async def _figures(config: KafkaConfig) -> Mapping[str, Mapping[str, QueueState]]:
    try:
        return await asyncio.to_thread(queue_states, config)
    except ConfigurationError as error:
        raise UnavailableError(error.what, on=error.on, todo=error.todo) from error


def _vouching(config: ApiConfig, clock: Clock) -> tuple[Vouching, ...]:
    tokens = Tokens(config.tokens)
    if config.oidc.issuer is None:
        return (tokens,)
    return tokens, Provider(IdTokens(config.oidc, Keys(config.oidc, clock), clock))


def _listen(config: ApiConfig) -> socket.socket:
    if not config.tokens and config.oidc.issuer is None:
        raise ConfigurationError(
            "nobody could use the API",
            on="[api]",
            todo="Add [api.tokens.NAME] with actor, roles and sha256, or [api.oidc]; see docs/api.md.",
        )
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        return socket.create_server((config.host, config.port), family=family, backlog=1024)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {config.host}:{config.port}: {error.strerror or error}",
            on="[api] host, port",
            todo="Choose another port.",
        ) from error


async def _stopped(stop: asyncio.Event, audience: Audience, server: uvicorn.Server) -> None:
    """End what would not end by itself, as soon as it is to stop."""
    await stop.wait()
    audience.end()
    server.should_exit = True


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
