"""What the routes ask: services that other parts of dealwire use, too."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from fastapi import Request

from connectors.kafka.pages import Places
from connectors.kafka.scan import Message
from connectors.ports import Clock, RunHistory
from processors.applying import Applied
from processors.catalogue import Catalogue
from processors.commanding import Answer
from processors.dead_letters import Board as LetterBoard
from processors.dead_letters import Filter, Redrive
from processors.duplicates import Group
from processors.lint_org import OrgFacts
from processors.merge_answers import Outcome as Merged
from schemas.account import Account
from schemas.account_merge import MergeAccounts
from schemas.audit import AuditRecord
from schemas.base import Record
from schemas.dead_letter import Letter
from schemas.deal import EnrichedDeal
from schemas.definition.documents import WorkflowVersion
from schemas.definition.queue import Absence
from schemas.inbox import InboxRecord
from schemas.queue_state import QueueState
from schemas.run_event import RunEvent
from schemas.task import Task
from streams.api.identity import Vouching
from streams.api.live import Audience
from streams.api.undertakings import Undertakings
from streams.api.visits import Visits
from streams.audit_trail import AuditPage, AuditQuery
from streams.explaining import Explained
from streams.letter_desk import Dealing
from streams.links import LinkConfig
from streams.metrics import Metrics
from streams.redrive_rounds import Outcome as Redriven


class Board(Protocol):
    """Every task as it stands; `streams.task_board.TaskBoard` is one."""

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The tasks as of the last refresh."""
        ...

    async def refresh(self) -> None:
        """Read on to the end. Raises `UnavailableError`."""
        ...


class Commanding(Protocol):
    """Says commands and hears their answers; `streams.commanding.Commander` is one."""

    async def say(self, command: InboxRecord) -> Answer:
        """Say a command, and wait a moment for its answer. Raises `UnavailableError` or `RefusedError`."""
        ...


class Writing(Protocol):
    """Puts audit records into Kafka; `streams.api.audit.AuditTopic` is one."""

    async def write(self, record: AuditRecord) -> None:
        """Have a record in Kafka when this returns. Raises `UnavailableError`."""
        ...


class Letters(Protocol):
    """What lies aside, and what people do about it; `streams.letter_desk.LetterDesk` is one."""

    async def board(self) -> LetterBoard:
        """Give what lies aside now, and what was dealt with. Raises `UnavailableError`."""
        ...

    async def body(self, letter: Letter) -> tuple[Message, Record | None, str]:
        """Give a letter's bytes, and its record or why it has none. Raises `BrokenInvariantError` if gone."""
        ...

    def topic(self, name: str) -> str:
        """Give the full name of a topic."""
        ...

    def plan(self, board: LetterBoard, wanted: Filter) -> Redrive:
        """Say what a redrive of these would send back, and what it would leave."""
        ...

    async def redrive(
        self, letters: Sequence[Letter], how: Dealing, on_done: Callable[[int], None]
    ) -> Redriven:
        """Send letters back in this order. Raises `UnavailableError` or `RefusedError`."""
        ...

    async def discard(self, letters: Sequence[Letter], how: Dealing, on_done: Callable[[int], None]) -> None:
        """Mark letters as needed by nobody. Raises `UnavailableError` or `RefusedError`."""
        ...


class Accounts(Protocol):
    """The accounts as the public topic tells of them; `streams.account_book.AccountBook` is one."""

    async def accounts(self) -> Mapping[str, Account]:
        """Give the accounts as they stand now, by key. Raises `UnavailableError`."""
        ...

    async def duplicates(self, org_id: str = "") -> Sequence[Group]:
        """Group those that are probably one customer, the surest first. Raises `UnavailableError`."""
        ...


class Trail(Protocol):
    """Reads audit records; `streams.audit_trail.AuditTrail` is one."""

    async def read(self, query: AuditQuery, after: Places | None) -> AuditPage:
        """Give a page from these places on, or from the beginning. Raises `UnavailableError`."""
        ...


class Pausing(Protocol):
    """Pauses and resumes people; `streams.pausing.pause` is one, given the settings."""

    async def __call__(
        self, email: str, absence: Absence | None, *, at: datetime, actor: str
    ) -> list[str] | None:
        """Give their queues, or None where it was so already. Raises `UsageError` or `UnavailableError`."""
        ...


class Versions(Protocol):
    """Changes which versions are in force; `streams.versions.VersionDesk` is one.

    Each raises `UsageError` for what is not there, `RefusedError`, or `UnavailableError`.
    """

    async def activate(self, name: str, number: int | None, *, actor: str, dry_run: bool = False) -> Applied:
        """Let a version, by default the latest, start the runs from now on."""
        ...

    async def retire(self, name: str, *, actor: str, dry_run: bool = False) -> Applied:
        """Let a workflow start no more runs."""
        ...

    async def delete(self, name: str, number: int, *, actor: str, dry_run: bool = False) -> Applied:
        """Forget a version that no open run is pinned to."""
        ...


class Trying(Protocol):
    """Fetches what a draft is tried on, and what definitions are held to; `streams.what_if.TrialDesk` is one.

    Each raises `UnavailableError`, and `UsageError` for an org that is not connected.
    """

    async def org_facts(self, org: str) -> OrgFacts:
        """Give the stages and fields of an org."""
        ...

    async def live_deal(self, org: str, opportunity: str, version: WorkflowVersion) -> EnrichedDeal:
        """Read one deal. Raises `RefusedError` where the org says no."""
        ...

    async def recorded(self, since: datetime) -> tuple[Sequence[EnrichedDeal], Sequence[RunEvent], int]:
        """Give the deals and run events since then; and how many records are unreadable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the routes ask. `catalogue` gives what is in force at the moment.

    `merge` asks for a merge or its undoing, and gives what came of it, or None while that is not known; it
    raises `UnavailableError` where Kafka does not take it. `queue_states` reads the figures of queues, by
    queue and org; it raises `UnavailableError`, too.
    """

    vouching: tuple[Vouching, ...]
    history: RunHistory
    board: Board
    commander: Commanding
    audit: Writing
    audit_trail: Trail
    audience: Audience
    catalogue: Callable[[], Catalogue]
    versions: Versions
    trying: Trying
    trials: Undertakings
    clock: Clock
    ready: Callable[[], bool]
    metrics: Metrics
    letters: Letters
    undertakings: Undertakings
    accounts: Accounts
    merge: Callable[[MergeAccounts], Awaitable[Merged | None]]
    queue_states: Callable[[], Awaitable[Mapping[str, Mapping[str, QueueState]]]]
    pause: Pausing
    links: LinkConfig
    explain: Callable[[str], Awaitable[Sequence[Explained]]]
    """Gives why a run stands where it does, or why a deal has none; raises what `streams.explaining` does."""
    visits: Visits = field(default_factory=Visits)


def services_of(request: Request) -> Services:
    """Give the services of the app that a request came to."""
    services: Services = request.app.state.services
    return services
