"""The sockets between the plumbing and the outside world.

Each has a twin in memory (`memory.py` in the system's folder) and one contract suite that twin and real
adapter both pass (`tests/contract/`).
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from schemas.account import Account
from schemas.base import Record
from schemas.brief import Message
from schemas.change import Change, Checkpoint
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.email import SendEmail
from schemas.errors import DealwireError, DecodeError
from schemas.history_feed import HistoryState, Slice
from schemas.run_event import RunEvent
from schemas.run_query import RunQuery
from schemas.run_summary import RunSummary


class Clock(Protocol):
    """Where the time comes from. Tests hand in one that they move."""

    def now(self) -> datetime:
        """Give the current moment, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the current moment."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Malformed:
    """An event that could not be read: all of it, and why."""

    raw: bytes
    error: DecodeError


@dataclass(frozen=True, slots=True)
class Received:
    """One event of a subscription: its position, and a change for each of its records (maybe none).

    `quiet` says that there was nothing more up to `at`; it has no position. Nor has what a source gives first
    of all, to say that it is subscribed. `malformed` is an event that could not be read, to be set aside
    before the position moves past it.
    """

    channel: str
    replay_id: str
    changes: tuple[Change, ...]
    at: datetime
    quiet: bool = False
    malformed: Malformed | None = None


RETAINED_EDGE = "retained edge"
"""The position before the oldest event that an org still retains."""


class ChangeSource(Protocol):
    """A subscription to changes of one org. At least once: resumes strictly after the position given.

    One whose org may show a change late gives once more, after that, what came shortly before the position.
    """

    def events(self, resume_after: str | None) -> AsyncGenerator[Received, None]:
        """Give events in the channel's order; `None` starts with new ones, `RETAINED_EDGE` with the oldest.

        Ends only by raising: `UnavailableError` (open it again), `GapError` (the position is no longer
        retained), `RefusedError` (somebody must change something).
        """
        ...

    async def close(self) -> None:
        """Leave the session; events not yet given are given again after `events(resume_after)`."""
        ...


class Checkpoints(Protocol):
    """Where positions of subscriptions are kept."""

    async def kept(self, org_id: str, channel: str) -> Sequence[Checkpoint]:
        """Give the checkpoints still kept; that of the highest epoch and sequence holds.

        Raises `UnavailableError`.
        """
        ...

    async def write(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint; it is kept when this returns."""
        ...


class DealLookup(Protocol):
    """Reads enriched deals of one org, many in one call."""

    async def fetch(self, requests: Sequence[EnrichmentRequest]) -> Sequence[EnrichedDeal | DealwireError]:
        """Answer each request in its place: the deal, or why not.

        A `RefusedError` in a place is final for it (the opportunity is gone), an `UnavailableError` is not.
        Raises `UnavailableError` when none could be answered.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Upserted:
    """What the sink holds after an upsert: `created` if it did not hold the key before."""

    account: Account
    created: bool


class AccountSink(Protocol):
    """Holds accounts by key. Idempotent: the same command twice is one account, and answers the same."""

    async def upsert(self, account: Account, *, idempotency_key: str) -> Upserted:
        """Hold `account` unless a higher revision is held already.

        Raises `UnavailableError` (perhaps with `retry_after`, or `unknown_outcome`) or `RefusedError`.
        """
        ...

    async def get(self, key: str) -> Account | None:
        """Give the account held under `key`."""
        ...

    async def by_id(self, identifier: str) -> Account | None:
        """Give the account whose id is this."""
        ...

    async def candidates(self, account: Account, limit: int) -> Sequence[Account]:
        """Give accounts of the same org that may be the same customer, at most `limit`, the likeliest first.

        Those with the same Salesforce account, the same web domain, or a name key that begins alike
        (`schemas.account_traits`); never `account` itself. May give too many: the caller judges. Raises
        `UnavailableError` or `RefusedError`.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class MailSink(Protocol):
    """Hands mail to a server. At-most-one attempt per call; the caller's ledger makes it once per command."""

    async def send(self, mail: SendEmail) -> str:
        """Send, and give the server's reply to the message.

        Raises `UnavailableError` (4xx, no connection; `unknown_outcome` when the connection was lost after
        the final dot) or `RefusedError` (5xx, no valid address).
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """What a language model answered, and the tokens that it cost: prompt and answer together."""

    text: str
    tokens: int


class BriefWriter(Protocol):
    """Asks a language model. Every call may cost money, so nothing is tried again here."""

    async def write(self, messages: Sequence[Message], *, schema: Mapping[str, Any]) -> Written:
        """Ask once for an answer of this JSON Schema. The answer is text from a stranger: check it.

        Raises `UnavailableError` (with `unknown_outcome` where the call may have cost tokens all the same) or
        `RefusedError`.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class SchemaRegistry(Protocol):
    """Where writers and readers agree on schema ids (Confluent Schema Registry's meaning of them)."""

    async def register(self, subject: str, schema: str) -> int:
        """Register a schema, or give the id it has already. Raises `RefusedError` when incompatible."""
        ...

    async def id_of(self, subject: str, schema: str) -> int | None:
        """Give the id of a schema that is registered under the subject."""
        ...

    async def schema(self, schema_id: int) -> str | None:
        """Give the schema text of an id."""
        ...


Summarize = Callable[[RunSummary | None, Iterable[RunEvent]], RunSummary | None]
"""Carries the events of one run, in order of their sequence, into its summary."""


class RunHistory(Protocol):
    """Holds what became of runs. Idempotent: the same events make the same rows, in any order, however often.

    It also holds how far each partition of the topic was carried in, and moves that in the transaction that
    writes the events: a reader that dies goes on exactly where the rows end. Every method raises
    `UnavailableError` or `RefusedError`.
    """

    async def positions(self, topic: str) -> Mapping[int, int]:
        """Give, by partition, the offset of the first record that is not carried in."""
        ...

    async def begin(self, topic: str, offsets: Mapping[int, int], *, at: datetime) -> None:
        """Begin these partitions at these offsets; one that is further already stays where it is."""
        ...

    async def append(self, events: Sequence[RunEvent], slices: Sequence[Slice], *, at: datetime) -> bool:
        """Hold these events, which are those of these slices.

        Returns False, and holds none, if a slice begins after what is held of its partition: then go on from
        `positions`. A slice that is empty only says that there is nothing more at `at`.
        """
        ...

    async def select(self, query: RunQuery) -> Sequence[RunSummary]:
        """Give the runs that a query asks for."""
        ...

    async def find(self, beginning: str, *, limit: int) -> Sequence[RunSummary]:
        """Give runs whose id, or whose opportunity's id, begins so; newest first."""
        ...

    async def told(self, run_id: str) -> Sequence[RunEvent]:
        """Give every event of a run, in order."""
        ...

    async def loose(self, opportunity_id: str) -> Sequence[RunEvent]:
        """Give the events about an opportunity that are of no run, in order of time."""
        ...

    async def prune(self, before: datetime) -> int:
        """Forget runs that ended before a moment; give how many."""
        ...

    async def state(self, topic: str) -> HistoryState | None:
        """Give how far it reaches; None where nothing of the topic was ever carried in."""
        ...

    def rebuilding(self) -> AbstractAsyncContextManager["RunHistory"]:
        """Give an empty history to fill. When the block ends well it takes the place of this one, at once."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record on its way to Kafka, with what caused it."""

    record: Record
    key: str
    cause: str = ""
    run_id: str = ""
