"""The Faust app of one role: settings here, the agent in `streams/agents/`."""

from collections.abc import Sequence
from typing import Any

import faust
import faust.streams

from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import MAX_REQUEST_BYTES, aiokafka_settings
from schemas.errors import ConfigurationError
from streams.envelope import Envelope
from streams.settings import Settings

_BUFFERED_RECORDS = 512


def new_app(role: str, settings: Settings) -> Any:
    """Make a role's app. Its id is the consumer group and stands before its changelogs' names."""
    if faust.streams._CStreamIterator is None:  # noqa: SLF001  # Faust tells it nowhere else
        raise ConfigurationError(
            "Faust runs without its compiled extension, and then drops records at a rebalance",
            todo="Install faust-streaming from a wheel for this platform; unset NO_CYTHON.",
        )
    config = settings.kafka
    settings.worker.data_dir.mkdir(parents=True, exist_ok=True)
    return faust.App(
        config.group(role),
        broker=[f"kafka://{server}" for server in config.bootstrap_servers.split(",")],
        broker_client_id=f"{config.client_id}-{role}",
        broker_credentials=_credentials(config),
        broker_session_timeout=config.session_timeout_ms / 1000,
        broker_heartbeat_interval=min(3.0, config.session_timeout_ms / 3000),
        broker_request_timeout=max(60.0, config.session_timeout_ms / 1000),
        broker_commit_interval=1.0,
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


def attach(app: Any, config: KafkaConfig, topics: Sequence[str], envelope: Envelope) -> None:
    """Make the agent: everything from these topics goes through the envelope, as bytes."""
    names = [config.topic(name) for name in topics]
    channel = app.topic(
        *names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )

    @app.agent(channel, name=f"{app.conf.id}-agent")  # type: ignore[untyped-decorator]  # faust ships no types
    async def agent(stream: Any) -> None:
        committed = app.consumer._committed_offset  # noqa: SLF001  # Faust has no other name for it
        async for event in stream.noack().events():
            await envelope.take(event, committed[event.message.tp])


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
