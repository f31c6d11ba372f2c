"""The Faust app of one role: settings, tables and the agent are put together here, decided nowhere."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import faust
import faust.streams

from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import MAX_REQUEST_BYTES, aiokafka_settings
from connectors.kafka.offsets import holds_records
from connectors.ports import AccountSink, BriefWriter, Clock, DealLookup, MailSink
from processors.breaker import RECENT_SECONDS, Breaker
from schemas.dead_letter import Place
from schemas.errors import ConfigurationError
from streams.catalogue import LiveCatalogue
from streams.continuity import Continuity
from streams.envelope import Envelope, Limits
from streams.faust_driver import steady
from streams.job import Handler
from streams.metrics import PARKED_KEYS, Metrics
from streams.outbox import Outbox
from streams.parking import Gate, Parking
from streams.settings import Settings
from streams.table import StateTable

_BUFFERED_RECORDS = 512
_COMMIT_SECONDS = 1.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the agents of a process share. `on_lost` is told once when the worker must end."""

    settings: Settings
    outbox: Outbox
    metrics: Metrics
    clock: Clock
    on_lost: Callable[[BaseException], None]
    catalogue: LiveCatalogue
    parking: Parking
    lookup_of: Callable[[str], Awaitable[DealLookup | None]]
    """Gives the lookup of an org by its id; None if the org is not connected."""
    accounts: AccountSink | None = None
    mails: MailSink | None = None
    writer: BriefWriter | None = None
    """None where no model is to be asked."""


def needed(part: T | None, role: str) -> T:
    """Give a part that a role cannot do without. Raises `ConfigurationError` if it was not handed in."""
    if part is None:
        raise ConfigurationError("the sink of this role was not opened", on=f"role {role}")
    return part


def new_app(role: str, settings: Settings) -> Any:
    """Make a role's app. Its id is the consumer group and stands before its changelogs' names."""
    if faust.streams._CStreamIterator is None:  # noqa: SLF001  # Faust tells it nowhere else
        raise ConfigurationError(
            "Faust runs without its compiled extension, and then drops records at a rebalance",
            todo="Install faust-streaming from a wheel for this platform; unset NO_CYTHON.",
        )
    config = settings.kafka
    session = config.session_timeout_ms / 1000
    settings.worker.data_dir.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        config.group(role),
        broker=[f"kafka://{server}" for server in config.bootstrap_servers.split(",")],
        broker_client_id=f"{config.client_id}-{role}",
        broker_credentials=_credentials(config),
        broker_session_timeout=session,
        broker_heartbeat_interval=min(3.0, session / 3),
        broker_request_timeout=max(60.0, session),
        broker_commit_interval=_COMMIT_SECONDS,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_REQUEST_BYTES,
        datadir=settings.worker.data_dir,
        processing_guarantee="at_least_once",
        store="memory://",
        stream_buffer_maxsize=_BUFFERED_RECORDS,
        stream_wait_empty=True,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=config.partitions,
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
    )
    steady(app)
    return app


def add_table(app: Any, name: str, around: Surroundings) -> StateTable:
    """Give an app a table. Its changelog is `{app id}-{name}-changelog`, made by `dealwire topics apply`."""
    table: StateTable = app.tables.add(
        StateTable(
            app,
            name=name,
            delivery=around.outbox.delivery,
            partitions=around.settings.kafka.partitions,
        )
    )
    return table


def attach(
    app: Any,
    role: str,
    topics: Sequence[str],
    handler: Handler,
    around: Surroundings,
    *,
    in_order: bool = False,
    limits: Limits | None = None,
) -> None:
    """Give an app its agent: everything of these topics goes to the handler, through the envelope.

    `in_order` is for an agent that keeps the state of a key: while a record of a key lies aside, later ones
    are parked behind it. Commands need no such thing: each is answered by its id, whenever it comes.
    """
    config = around.settings.kafka
    gate = _gate(app, role, around) if in_order else None
    envelope = Envelope(
        role,
        handler,
        outbox=around.outbox,
        metrics=around.metrics,
        clock=around.clock,
        on_lost=around.on_lost,
        continuity=Continuity(partial(holds_records, config)),
        breaker=_breaker(role, around),
        gate=gate,
        limits=limits,
    )
    channel = app.topic(
        *(config.topic(name) for name in topics),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )

    @app.agent(channel, name=f"{app.conf.id}-agent")  # type: ignore[untyped-decorator]  # faust ships no types
    async def agent(stream: Any) -> None:
        committed = app.consumer._committed_offset  # noqa: SLF001  # Faust has no other name for it
        async for event in stream.noack().events():
            await envelope.take(event, committed[event.message.tp])


def _gate(app: Any, role: str, around: Surroundings) -> Gate:
    def passed(place: Place) -> bool:
        committed = app.consumer._committed_offset  # noqa: SLF001  # see above
        return (committed.get((place.topic, place.partition)) or 0) > place.offset

    async def know(*_sender: Any, **_kwargs: Any) -> None:
        await around.parking.catch_up()

    app.on_rebalance_complete.connect(know, weak=False)  # awaited before the first record flows
    around.metrics.watch(PARKED_KEYS, lambda: around.parking.now.keys(role), agent=role)
    return Gate(role, around.parking, passed)


def _breaker(role: str, around: Surroundings) -> Breaker:
    """Go on with the count of the worker before, if its last record was set aside just now."""
    worker = around.settings.worker
    breaker = Breaker(share=worker.breaker_share, window=worker.breaker_window, least=worker.breaker_least)
    since = around.clock.now() - timedelta(seconds=RECENT_SECONDS)
    breaker.resume(*around.parking.now.failing(role, since))
    return breaker


def _credentials(config: KafkaConfig) -> Any:
    known = aiokafka_settings(config)
    context = known.get("ssl_context")
    if "sasl_mechanism" in known:
        return faust.SASLCredentials(
            mechanism=known["sasl_mechanism"],
            username=known.get("sasl_plain_username"),
            password=known.get("sasl_plain_password"),
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None
