"""The lookups of all connected orgs, found by org id.

The settings name orgs as people do; which org id that is only the org itself can tell, at its login.
"""

import asyncio
from collections.abc import Callable, Mapping

from connectors.ports import DealLookup
from connectors.salesforce.lookup import SalesforceDealLookup
from connectors.salesforce.rest import RestClient
from schemas.errors import DealwireError, UnavailableError
from streams.metrics import API_CALLS_ALLOWED, API_CALLS_USED, Metrics
from streams.org_access import OrgAccess


class OrgLookups:
    """One lookup for each connected org; an org that cannot be asked for its id stands in nobody's way.

    All that are still unknown are asked at the same time, each once for everybody who waits.
    """

    def __init__(self, orgs: Mapping[str, Callable[[], OrgAccess]], metrics: Metrics) -> None:
        self._metrics = metrics
        self._unknown = dict(orgs)
        self._unasked: dict[str, RestClient] = {}
        self._failed: dict[str, str] = {}
        self._known: dict[str, DealLookup] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def of(self, org_id: str) -> DealLookup | None:
        """Give the lookup of an org; None if it is not connected.

        Raises `UnavailableError` while an org that it could be does not answer.
        """
        waiting = set() if org_id in self._known else {self._asked(name) for name in self._unknown}
        while waiting and org_id not in self._known:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        if org_id in self._known:
            return self._known[org_id]
        if failed := [f"{name}: {self._failed[name]}" for name in self._unknown if name in self._failed]:
            raise UnavailableError(f"an org could not be asked which it is: {'; '.join(failed)}", on=org_id)
        return None

    def _asked(self, name: str) -> "asyncio.Task[None]":
        """Give the question to an org that is under way, or ask it."""
        asking = self._asking.get(name)
        if asking is None:
            asking = self._asking[name] = asyncio.create_task(self._ask(name), name=f"which-org-{name}")
            asking.add_done_callback(lambda _: self._asking.pop(name, None))
        return asking

    async def _ask(self, name: str) -> None:
        try:
            rest = self._rest(name)
            found = await rest.org_id()
        except DealwireError as error:
            self._failed[name] = str(error)
            return
        del self._unknown[name], self._unasked[name]
        self._known[found] = SalesforceDealLookup(rest)
        self._watch(found, rest)

    def _rest(self, name: str) -> RestClient:
        # Made once: its token manager remembers what was refused.
        if name not in self._unasked:
            access = self._unknown[name]()
            self._unasked[name] = RestClient(access.config, access.tokens)
        return self._unasked[name]

    def _watch(self, org_id: str, rest: RestClient) -> None:
        self._metrics.watch(API_CALLS_USED, lambda: rest.usage.used if rest.usage else 0, org=org_id)
        self._metrics.watch(API_CALLS_ALLOWED, lambda: rest.usage.allowed if rest.usage else 0, org=org_id)

    async def close(self) -> None:
        """Let go of connections."""
        for asking in tuple(self._asking.values()):
            asking.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        for lookup in self._known.values():
            await lookup.close()
        for rest in self._unasked.values():
            await rest.close()
