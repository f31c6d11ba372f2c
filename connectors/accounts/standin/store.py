"""What the stand-in holds: accounts, its answers by idempotency key, and counts, in one SQLite file."""

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from schemas.account import Account
from schemas.account_traits import Traits, likeness, traits

__all__ = ["Answer", "Stats", "Store"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, account_key TEXT NOT NULL, opportunity_id TEXT NOT NULL,
    revision INTEGER NOT NULL, created_by TEXT NOT NULL, document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS answers (
    idempotency_key TEXT PRIMARY KEY, digest TEXT NOT NULL, status INTEGER NOT NULL, document TEXT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS puts (idempotency_key TEXT PRIMARY KEY, times INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: the account as JSON and who created it, or a problem's status."""

    status: int
    document: str = ""
    created_by: str = ""


class Stats(BaseModel):
    """What the stand-in has seen.

    `puts` counts every PUT by idempotency key, also those that met a fault; `done` has the keys whose work
    was done, once each by the contract; `accounts` is the number of accounts by opportunity.
    """

    puts: dict[str, int]
    done: list[str]
    accounts: dict[str, int]


class Store:
    """Holds everything in `file`, or in memory. A change survives `kill -9` when the call returns.

    All calls come from one thread, the one that made it.
    """

    def __init__(self, file: Path | None = None) -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # survives the end of the process, not of the machine
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def count(self, idempotency_key: str) -> None:
        """Note that a PUT came."""
        self._db.execute(
            "INSERT INTO puts VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1", (idempotency_key,)
        )

    def put(self, account: Account, idempotency_key: str) -> Answer:
        """Hold the account as the contract says, and give the answer; the same again for the same key."""
        document = account.model_dump_json()
        digest = hashlib.sha256(document.encode()).hexdigest()
        query = "SELECT digest, status, document, created_by FROM answers WHERE idempotency_key = ?"
        before = self._db.execute(query, (idempotency_key,)).fetchone()
        if before is not None:
            return Answer(*before[1:]) if before[0] == digest else Answer(422)
        held = self.get(account.id)
        if held is not None:
            revision = Account.model_validate_json(held.document).revision
            if account.revision < revision or (account.revision == revision and document != held.document):
                return Answer(409)
        answer = Answer(201 if held is None else 200, document, held.created_by if held else idempotency_key)
        self._write(account, idempotency_key, digest, answer)
        return answer

    def get(self, account_id: str) -> Answer | None:
        """Give the account of this id."""
        query = "SELECT document, created_by FROM accounts WHERE id = ?"
        row = self._db.execute(query, (account_id,)).fetchone()
        return None if row is None else Answer(200, *row)

    def search(self, org_id: str, own: Traits, limit: int) -> list[str]:
        """Give accounts of an org that may be the same customer as one with these traits, as JSON."""
        query = "SELECT document FROM accounts ORDER BY account_key"
        held = [Account.model_validate_json(document) for (document,) in self._db.execute(query)]
        ranked = [
            (rank, place, account)
            for place, account in enumerate(held)
            if account.org_id == org_id and (rank := likeness(own, traits(account))) is not None
        ]
        return [
            account.model_dump_json() for _, _, account in sorted(ranked, key=lambda one: one[:2])[:limit]
        ]

    def stats(self) -> Stats:
        """Count."""
        query = "SELECT opportunity_id, count(*) FROM accounts GROUP BY opportunity_id"
        return Stats(
            puts=dict(self._db.execute("SELECT idempotency_key, times FROM puts")),
            done=[key for (key,) in self._db.execute("SELECT idempotency_key FROM answers")],
            accounts=dict(self._db.execute(query)),
        )

    def _write(self, account: Account, idempotency_key: str, digest: str, answer: Answer) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
                (
                    account.id,
                    account.key,
                    account.opportunity_id,
                    account.revision,
                    answer.created_by,
                    answer.document,
                ),
            )
            self._db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?)",
                (idempotency_key, digest, answer.status, answer.document, answer.created_by),
            )
