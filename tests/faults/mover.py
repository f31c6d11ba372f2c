"""Moves deals through stages over the org's public REST, as anybody's client would."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from processors.ledger import Move

PATH = ("Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won")


class Mover:
    """A client of the org with a token of its own. Every move is told only after the org has said yes."""

    def __init__(self, org: Mapping[str, Any]) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": org["client_id"],
            "client_secret": org["client_secret"],
        }
        token = self._ask(
            f"{org['instance_url']}/services/oauth2/token", data=urllib.parse.urlencode(form).encode()
        )
        self._base = f"{org['instance_url']}/services/data/v{org['api_version']}"
        self._headers = {"Authorization": f"Bearer {token['access_token']}"}

    def open_deals(self, count: int) -> list[str]:
        """Give the ids of deals that are open and have an amount and an owner."""
        soql = (
            "SELECT Id FROM Opportunity WHERE IsClosed = false AND Amount > 0 "  # noqa: S608 - a number
            f"ORDER BY Id LIMIT {count}"
        )
        found = self._ask(f"{self._base}/query?q={urllib.parse.quote(soql)}", headers=self._headers)
        return [record["Id"] for record in found["records"]]

    def move(self, opportunity: str, stage: str) -> Move:
        """Put one deal into a stage."""
        self._ask(
            f"{self._base}/sobjects/Opportunity/{opportunity}",
            method="PATCH",
            data=json.dumps({"StageName": stage}).encode(),
            headers={**self._headers, "Content-Type": "application/json"},
        )
        return Move(opportunity, stage, datetime.now(UTC))

    def api_calls_used(self) -> int:
        """Give the org's calls of the last 24 hours, as its limits say."""
        limits = self._ask(f"{self._base}/limits", headers=self._headers)["DailyApiRequests"]
        return int(limits["Max"]) - int(limits["Remaining"])

    @staticmethod
    def _ask(url: str, **request: Any) -> Any:
        with urllib.request.urlopen(urllib.request.Request(url, **request), timeout=30) as reply:  # noqa: S310
            text = reply.read()
        return json.loads(text) if text else None


def journeys(deals: list[str], random: Random) -> Iterator[tuple[str, str]]:
    """Give each deal's way through some stages to the last one, all of them mixed, each in its own order."""
    ways = {deal: [stage for stage in PATH[:-1] if random.random() < 0.5] + [PATH[-1]] for deal in deals}
    while ways:
        deal = random.choice(sorted(ways))
        yield deal, ways[deal].pop(0)
        if not ways[deal]:
            del ways[deal]
