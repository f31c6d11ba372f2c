"""One variant of the agents' benchmark, in a process of its own."""

import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import faust
from confluent_kafka import Consumer, Producer

from benchmarks.agent_work import PARTITIONS, Meter, config_of, entry_of, known_records, state_of
from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import Delivery
from connectors.ports import SystemClock
from schemas.change import Change
from schemas.codec import cloudevents_headers
from streams.app import Surroundings, add_table, attach, new_app
from streams.job import Job, expect, one_by_one
from streams.metrics import IN_FLIGHT, RECORDS_DONE, Metrics
from streams.outbox import Outbox
from streams.parking import Parking
from streams.records import Records
from streams.settings import Settings, WorkerConfig

_TIME = "2026-09-14T08:30:12Z"


def _headers(change: Change) -> list[tuple[str, bytes]]:
    outgoing = entry_of(change)
    return cloudevents_headers(outgoing.record, subject=outgoing.key, time=_TIME, cause=outgoing.cause)


def _bare(config: KafkaConfig, records: Records, meter: Meter) -> None:
    producer = Producer({**config.librdkafka(), "enable.idempotence": True, "linger.ms": 5})
    consumer = Consumer(
        {
            **config.librdkafka(),
            "group.id": config.group("bare"),
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([config.topic("salesforce.changes")])
    table: dict[bytes, bytes] = {}
    while not meter.finished.is_set():
        messages = consumer.consume(500, timeout=1)
        for message in messages:
            meter.begin()
            change = expect(records.decode_known(cast("bytes", message.value())), Change)
            key = cast("bytes", message.key())
            table[key] = state_of(change)
            changelog = config.changelog("transitions", "stages")
            producer.produce(changelog, key=key, value=table[key], partition=message.partition() or 0)
            value = records.encode(entry_of(change).record)
            producer.produce(
                config.topic("opportunity.stages"), key=key, value=value, headers=[*_headers(change)]
            )
        if messages:
            producer.flush()
            consumer.commit(asynchronous=False)
            meter.add(len(messages))


class _NotedTable(faust.Table):  # type: ignore[misc]  # faust ships no types
    """Faust's own table, with the futures of its changelog kept."""

    noted: "list[asyncio.Future[Any]]"

    def send_changelog(self, *args: Any, **kwargs: Any) -> Any:
        future = super().send_changelog(*args, **kwargs)
        self.noted = [future]
        return future


def _faust(
    config: KafkaConfig,
    records: Records,
    meter: Meter,
    settings: Settings,
    *,
    awaited: bool,
    linger_seconds: float,
) -> Any:
    app = new_app("transitions", settings)
    app.conf.producer_linger = linger_seconds
    app.conf.producer_max_batch_size = 256 * 1024
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    changes = app.topic(config.topic("salesforce.changes"), **raw)
    stages = app.topic(config.topic("opportunity.stages"), **raw)
    table = app.tables.add(
        _NotedTable(app, name="stages", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
    )

    @app.agent(changes)  # type: ignore[untyped-decorator]  # faust ships no types
    async def agent(stream: Any) -> None:
        async for event in stream.events():
            meter.begin()
            change = expect(records.decode_known(event.value), Change)
            table[event.key] = state_of(change)
            value = records.encode(entry_of(change).record)
            sent = await stages.send(key=event.key, value=value, headers=_headers(change))
            if awaited:
                await sent
                await table.noted[0]
            meter.add()

    return app


def _ours(config: KafkaConfig, records: Records, meter: Meter, settings: Settings, delivery: Delivery) -> Any:
    metrics = Metrics()
    around = Surroundings(
        settings=settings,
        outbox=Outbox(config, records, delivery),
        metrics=metrics,
        clock=SystemClock(),
        on_lost=lambda error: sys.exit(repr(error)),
        catalogue=cast("Any", None),
        parking=Parking(config),
        lookup_of=cast("Any", None),
    )
    app = new_app("transitions", settings)
    table = add_table(app, "stages", around)

    async def handle(job: Job) -> None:
        meter.begin()
        change = expect(job.record, Change)
        await job.remember(table, state_of(change))
        await job.emit(entry_of(change))

    attach(app, "transitions", ("salesforce.changes",), one_by_one(handle), around, in_order=True)

    @app.task  # type: ignore[untyped-decorator]  # faust ships no types
    async def count() -> None:
        while not meter.finished.is_set():
            await asyncio.sleep(0.01)
            finished = metrics.value(RECORDS_DONE, agent="transitions")
            if not metrics.value(IN_FLIGHT, agent="transitions"):
                meter.add(int(finished) - meter.done)

    return app


async def _run(variant: str, bootstrap_servers: str, count: int) -> None:
    config = config_of(bootstrap_servers, variant)
    records, meter = await known_records(config), Meter(count)
    if variant == "bare":
        await asyncio.to_thread(_bare, config, records, meter)
        return
    settings = Settings(kafka=config, worker=WorkerConfig(data_dir=Path(tempfile.mkdtemp())))
    delivery = Delivery(config)
    await delivery.start()
    if variant == "envelope":
        app = _ours(config, records, meter, settings, delivery)
    else:
        app = _faust(
            config,
            records,
            meter,
            settings,
            awaited=variant.startswith("awaited"),
            linger_seconds=0 if variant == "awaited-at-once" else 0.005,
        )
    await app.start()
    await meter.finished.wait()
    sys.stdout.flush()
    # Stopping in good order is no part of the measurement.
    os._exit(0)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
