"""Runs the agents of some roles in one process, until it is told to stop or can no longer be trusted.

Each role is a Faust app in the one event loop. Whatever breaks a promise (a lost delivery, a skipped record,
a crashed app, a commit that stands still, a process that was frozen) ends the whole process: the next one
starts at the committed offsets, which is always safe. Whoever started the worker starts it again.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog

from connectors.kafka.pulse import Pulse
from schemas.errors import BrokenInvariantError, ExitCode
from streams.app import Surroundings
from streams.lag import StallWatch, lag, positions
from streams.metrics import COMMITTED_LAG
from streams.roles import ROLES

_LOOK_SECONDS = 0.25
_STALLED_SECONDS = 180.0
_STOP_SECONDS = 45.0
_STOP_AFTER_FAILURE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Worker:
    """The apps of some roles, started and stopped together."""

    def __init__(
        self, around: Surroundings, roles: Sequence[str], pulse: Pulse, failed: "asyncio.Future[None]"
    ) -> None:
        self._pulse = pulse
        self._failed = failed
        self._apps: dict[str, Any] = {role: ROLES[role](around) for role in roles}
        self._stalls = {role: StallWatch(_STALLED_SECONDS) for role in roles}
        for role, app in self._apps.items():
            around.metrics.watch(COMMITTED_LAG, partial(_lag, app), agent=role)

    @property
    def ready(self) -> bool:
        """Whether every app has its partitions and its tables."""
        return not self._failed.done() and all(
            app.started and not app.rebalancing and app.tables.recovery.completed.is_set()
            for app in self._apps.values()
        )

    async def run(self, stop: asyncio.Event) -> ExitCode:
        """Start, and go on until `stop` or a failure; `TEMPORARY` says that it should be started again."""
        self._pulse.begin()
        beating = asyncio.create_task(self._beat())
        try:
            error = await self._go_on(stop)
            if error is not None:
                log.error("worker ends, to be started again", error=str(error))
            ended = await self._stop(in_good_order=error is None)
        finally:
            beating.cancel()
        return ExitCode.OK if error is None and ended else ExitCode.TEMPORARY

    async def _go_on(self, stop: asyncio.Event) -> BaseException | None:
        """Run until told to stop, or until something broke: give what."""
        watch = asyncio.create_task(self._watch())
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.gather(*(app.start() for app in self._apps.values()))
            log.info("worker started", roles=list(self._apps))
            await asyncio.wait((self._failed, stopped, watch), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (watch, stopped):
                task.cancel()
            ended = await asyncio.gather(watch, stopped, return_exceptions=True)
        if self._failed.done():
            return self._failed.exception()
        return next((each for each in ended if isinstance(each, Exception)), None)

    async def _beat(self) -> None:
        while True:
            self._pulse.beat()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _watch(self) -> None:
        while not self._failed.done():
            for role, app in self._apps.items():
                if app.crashed:
                    self._fail(f"the app crashed: {app.crash_reason!r}", role)
                elif self._stalls[role].stalled(positions(app), time.monotonic()):
                    self._fail(f"nothing was committed for {_STALLED_SECONDS:.0f} seconds", role)
            await asyncio.sleep(_LOOK_SECONDS)

    def _fail(self, what: str, role: str) -> None:
        if not self._failed.done():
            self._failed.set_exception(BrokenInvariantError(what, on=f"role {role}"))

    async def _stop(self, *, in_good_order: bool) -> bool:
        """Stop the apps; in good order what is in flight is finished first. Tell whether they ended."""
        apps = list(self._apps.values())
        if not in_good_order:
            for app in apps:
                app.conf.stream_wait_empty = False
        ended = asyncio.gather(*(app.stop() for app in apps), return_exceptions=True)
        try:
            await asyncio.wait_for(ended, _STOP_SECONDS if in_good_order else _STOP_AFTER_FAILURE_SECONDS)
        except TimeoutError:
            log.warning("the apps did not stop in time", in_good_order=in_good_order)
            return False
        return True


def _lag(app: Any) -> int:
    return lag(positions(app))
