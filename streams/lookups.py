"""The lookups of all connected orgs, found by org id.

The settings name orgs as people do; which org id that is only the org itself can tell, at its login.
"""

import asyncio
from collections.abc import Mapping

from connectors.ports import DealLookup
from connectors.salesforce.auth import TokenManager
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.lookup import SalesforceDealLookup
from connectors.salesforce.rest import RestClient
from schemas.errors import DealwireError, UnavailableError
from streams.metrics import API_CALLS_ALLOWED, API_CALLS_USED, Metrics


class OrgLookups:
    """One lookup for each connected org; an org that cannot be asked for its id stands in nobody's way."""

    def __init__(self, orgs: Mapping[str, SalesforceConfig], metrics: Metrics) -> None:
        self._metrics = metrics
        self._unknown = {name: RestClient(config, TokenManager(config)) for name, config in orgs.items()}
        self._known: dict[str, DealLookup] = {}
        self._asking = asyncio.Lock()

    async def of(self, org_id: str) -> DealLookup | None:
        """Give the lookup of an org; None if it is not connected.

        Raises `UnavailableError` while an org that it could be does not answer.
        """
        async with self._asking:
            failed: list[str] = []
            for name, rest in list(self._unknown.items()):
                if org_id in self._known:
                    break
                try:
                    found = await rest.org_id()
                except DealwireError as error:
                    failed.append(f"{name}: {error}")
                else:
                    del self._unknown[name]
                    self._known[found] = SalesforceDealLookup(rest)
                    self._watch(found, rest)
        if org_id in self._known:
            return self._known[org_id]
        if failed:
            raise UnavailableError(f"an org could not be asked which it is: {'; '.join(failed)}", on=org_id)
        return None

    def _watch(self, org_id: str, rest: RestClient) -> None:
        self._metrics.watch(API_CALLS_USED, lambda: rest.usage.used if rest.usage else 0, org=org_id)
        self._metrics.watch(API_CALLS_ALLOWED, lambda: rest.usage.allowed if rest.usage else 0, org=org_id)

    async def close(self) -> None:
        """Let go of connections."""
        for lookup in self._known.values():
            await lookup.close()
        for rest in self._unknown.values():
            await rest.close()
