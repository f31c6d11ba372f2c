"""Moves deals through stages over the org's public REST, as anybody's client would."""

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from processors.ledger import Move

PATH = ("Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won")


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """A deal's name, and the stage it is in."""

    name: str
    stage: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A deal that was closed, with its name."""

    name: str
    move: Move


class Mover:
    """A client of the org with a token of its own. Every move is told only after the org has said yes.

    `calls` counts the API calls it made.
    """

    def __init__(self, org: Mapping[str, Any]) -> None:
        self.calls = 0
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

    def open_deals(self, count: int, *, above: int = 0, most: int = 10**12) -> dict[str, OpenDeal]:
        """Give deals that are open and have an account, and an amount between the two, by id."""
        soql = (  # SOQL, and the only things put into it are numbers
            "SELECT Id, Name, StageName FROM Opportunity WHERE IsClosed = false "  # noqa: S608
            f"AND Amount > {int(above)} AND Amount <= {int(most)} AND AccountId != null "
            f"ORDER BY Id LIMIT {int(count)}"
        )
        self.calls += 1
        found = self._ask(f"{self._base}/query?q={urllib.parse.quote(soql)}", headers=self._headers)
        return {each["Id"]: OpenDeal(each["Name"], each["StageName"]) for each in found["records"]}

    def move(self, opportunity: str, stage: str) -> Move:
        """Put one deal into a stage."""
        self.calls += 1
        self._ask(
            f"{self._base}/sobjects/Opportunity/{opportunity}",
            method="PATCH",
            data=json.dumps({"StageName": stage}).encode(),
            headers={**self._headers, "Content-Type": "application/json"},
        )
        return Move(opportunity, stage, datetime.now(UTC))

    def move_many(self, opportunities: Sequence[str], stage: str) -> list[Move]:
        """Put many deals into a stage, 200 in one request; each batch is one transaction of the org."""
        moves = []
        for start in range(0, len(opportunities), 200):
            batch = opportunities[start : start + 200]
            records = [
                {"attributes": {"type": "Opportunity"}, "id": opportunity, "StageName": stage}
                for opportunity in batch
            ]
            self.calls += 1
            self._ask(
                f"{self._base}/composite/sobjects",
                method="PATCH",
                data=json.dumps({"allOrNone": False, "records": records}).encode(),
                headers={**self._headers, "Content-Type": "application/json"},
            )
            moves += [Move(opportunity, stage, datetime.now(UTC)) for opportunity in batch]
        return moves

    def api_calls_used(self) -> int:
        """Give the org's calls of the last 24 hours, as its limits say."""
        self.calls += 1
        limits = self._ask(f"{self._base}/limits", headers=self._headers)["DailyApiRequests"]
        return int(limits["Max"]) - int(limits["Remaining"])

    @staticmethod
    def _ask(url: str, **request: Any) -> Any:
        with urllib.request.urlopen(urllib.request.Request(url, **request), timeout=30) as reply:  # noqa: S310
            text = reply.read()
        return json.loads(text) if text else None
