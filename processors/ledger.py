"""Compares what an org did with what came of it: what is missing, and what is there twice.

Used by the demo and by the fault tests; it believes no process of ours, only what stands in topics and sinks.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.account import Account
from schemas.run_event import RunEvent
from schemas.stage import STAGE_ENTERED, StageEntry

REJECTED = "rejected"
"""The outcome of a run that is meant to create nothing."""


@dataclass(frozen=True, slots=True)
class Move:
    """One stage change that the org made, and when it was told so."""

    opportunity_id: str
    stage: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was found: records in the order of their topics, with the moment each was written."""

    stages: Sequence[StageEntry] = ()
    events: Sequence[RunEvent] = ()
    accounts: Sequence[tuple[Account, datetime]] = ()
    held: Mapping[str, int] = field(default_factory=dict)
    """How many accounts the sink holds, by opportunity."""
    held_revisions: Mapping[str, int] = field(default_factory=dict)
    """The highest revision of its account that the sink holds, by opportunity."""
    message_ids: Sequence[str] = ()
    """The Message-ID of every mail that arrived, as often as it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The account of it all. `whole` is the only good answer."""

    deals: int
    accounts: int
    runs: int
    completed: int
    rejected: int
    mails: int
    lost_stages: tuple[str, ...] = ()
    lost_accounts: tuple[str, ...] = ()
    lost_updates: tuple[str, ...] = ()
    """Accounts of which the sink holds an older revision than was published."""
    lost_runs: tuple[str, ...] = ()
    lost_mails: int = 0
    doubled_accounts: tuple[str, ...] = ()
    doubled_runs: tuple[str, ...] = ()
    doubled_mails: tuple[str, ...] = ()
    out_of_order: tuple[str, ...] = ()
    seconds_to_account: tuple[float, ...] = ()
    """Of the deals that waited for no person."""

    @property
    def lost(self) -> int:
        """How much is missing."""
        listed = (self.lost_stages, self.lost_accounts, self.lost_updates, self.lost_runs)
        return sum(map(len, listed)) + self.lost_mails

    @property
    def doubled(self) -> int:
        """How much is there twice."""
        return len(self.doubled_accounts) + len(self.doubled_runs) + len(self.doubled_mails)

    def whole(self, *, resent_mails: int = 0) -> bool:
        """Whether everything arrived once and in order; `resent_mails` were cut by SMTP and sent again."""
        return (
            self.lost == 0
            and not self.doubled_accounts
            and not self.doubled_runs
            and len(self.doubled_mails) <= resent_mails
            and not self.out_of_order
        )

    def percentile(self, share: float) -> float:
        """Give the seconds from stage change to account that this share of the deals stayed under."""
        if not self.seconds_to_account:
            return float("nan")
        ordered = sorted(self.seconds_to_account)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def balance(
    moves: Iterable[Move], triggers: frozenset[str], found: Observed, *, mails_per_run: int = 1
) -> Ledger:
    """Draw up the ledger: every deal that entered a trigger stage owes one run, one account and its mails.

    A deal whose run ended as rejected owes neither account nor mail.
    """
    moves = list(moves)
    due = {move.opportunity_id: move.at for move in reversed(moves) if move.stage in triggers}
    first_seen: dict[str, datetime] = {}
    published: dict[str, int] = {}
    for account, at in found.accounts:
        deal = account.opportunity_id
        first_seen.setdefault(deal, at)
        published[deal] = max(published.get(deal, 0), account.revision)
    started = Counter(event.opportunity_id for event in _first(found.events) if event.kind == "run.started")
    ended = {event.opportunity_id: event.outcome for event in found.events if event.kind == "run.completed"}
    waited = {event.opportunity_id for event in found.events if event.kind == "task.opened"}
    rejected = {key for key, outcome in ended.items() if outcome == REJECTED}
    owing = due.keys() - rejected
    mails = Counter(found.message_ids)
    entered = {(entry.opportunity_id, entry.stage) for entry in found.stages if entry.kind == STAGE_ENTERED}
    return Ledger(
        deals=len(due),
        accounts=len(first_seen),
        runs=sum(started.values()),
        completed=len(ended),
        rejected=len(rejected),
        mails=len(mails),
        lost_stages=_sorted(
            f"{move.opportunity_id} {move.stage}"
            for move in moves
            if (move.opportunity_id, move.stage) not in entered
        ),
        lost_accounts=_sorted(owing - (first_seen.keys() & found.held.keys())),
        lost_updates=_sorted(
            deal for deal, revision in published.items() if found.held_revisions.get(deal, 0) < revision
        ),
        lost_runs=_sorted(due.keys() - ended.keys()),
        lost_mails=max(0, mails_per_run * len(owing) - len(mails)),
        doubled_accounts=_sorted(key for key, count in found.held.items() if count > 1),
        doubled_runs=_sorted(key for key, count in started.items() if count > 1),
        doubled_mails=_sorted(key for key, count in mails.items() if count > 1),
        out_of_order=_sorted({*_disorder_of_runs(found.events), *_disorder_of_accounts(found.accounts)}),
        seconds_to_account=tuple(
            (first_seen[key] - at).total_seconds()
            for key, at in due.items()
            if key in first_seen and key not in waited
        ),
    )


def _first(events: Iterable[RunEvent]) -> Iterable[RunEvent]:
    """Give each event the first time it came; a repeat has the same id."""
    once: dict[str, RunEvent] = {}
    for event in events:
        once.setdefault(event.id, event)
    return once.values()


def _disorder_of_runs(events: Iterable[RunEvent]) -> set[str]:
    highest: dict[str, int] = {}
    wrong = set()
    for event in _first(events):
        if event.sequence != highest.get(event.run_id, 0) + 1:
            wrong.add(f"run {event.run_id}")
        highest[event.run_id] = event.sequence
    return wrong


def _disorder_of_accounts(accounts: Iterable[tuple[Account, datetime]]) -> set[str]:
    highest: dict[str, int] = {}
    wrong = set()
    seen: set[tuple[str, int]] = set()
    for account, _ in accounts:
        mark = (account.key, account.revision)
        if mark in seen:
            continue
        seen.add(mark)
        if account.revision < highest.get(account.key, 0):
            wrong.add(f"account {account.key}")
        highest[account.key] = account.revision
    return wrong


def _sorted(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(found))
