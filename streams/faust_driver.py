"""Faust's aiokafka driver, mended where a rebalance drops records.

When an app has its partitions, Faust lets records flow, then asks Kafka for the committed offsets and seeks
to them, and then clears its queues (`Recovery.on_recovery_completed`: `resume_partitions`, `perform_seek`,
`flow_control.resume`). A record that came between seek and clear is gone, and the next one follows at once.
So the flow is stopped first, until the position is right. And a partition without a committed offset is not
sought at all: what had been read of it when the flow stopped would be gone too.
"""

import logging
from typing import Any

from faust.transport.drivers import aiokafka as base


class SteadyConsumer(base.Consumer):  # type: ignore[misc]  # faust ships no types
    """Goes back to where the group is in every input partition, also where it has not begun."""

    logger = logging.getLogger("faust")

    async def perform_seek(self) -> None:
        """Seek each input partition to its committed offset, or to its beginning."""
        await super().perform_seek()
        changelogs = self.app.tables.changelog_topics
        fresh = [
            base.ensure_aiokafka_TP(tp)
            for tp in self.assignment()
            if tp.topic not in changelogs and self._committed_offset[tp] is None
        ]
        if fresh:
            await self._thread.seek_to_beginning(*fresh)


class SteadyTransport(base.Transport):  # type: ignore[misc]  # faust ships no types
    """The transport of our apps."""

    Consumer = SteadyConsumer


def steady(app: Any) -> None:
    """Give an app this driver. Call it before the app starts."""
    app.transport = SteadyTransport(app.conf.broker_consumer, app)

    async def stop_flow(*_sender: Any, **_kwargs: Any) -> None:
        app.consumer.stop_flow()
        app.flow_control.suspend()

    app.on_rebalance_complete.connect(stop_flow, weak=False)
