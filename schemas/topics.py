"""Every topic, once: `dealwire topics apply`, the docs, the ACLs and the agents read this table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from schemas.account import Account, AccountEvent, FindAccounts, UpsertAccount
from schemas.account_merge import MergeAccounts
from schemas.assignment import AssignCsm
from schemas.audit import AuditRecord
from schemas.base import Record
from schemas.brief import WriteBrief
from schemas.change import Change, Checkpoint
from schemas.control import ControlRecord
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.email import SendEmail
from schemas.inbox import InboxRecord
from schemas.published import Published
from schemas.run_event import RunEvent
from schemas.stage import StageEntry
from schemas.task import Task

__all__ = [
    "LARGEST_STATE",
    "TABLES",
    "TOPICS",
    "Cleanup",
    "Table",
    "Topic",
    "TopicState",
    "all_topics",
    "published_topic",
    "topic_of",
]

MEBIBYTE = 1024 * 1024
LARGEST_STATE = 4 * MEBIBYTE
"""What a changelog takes of one key; a table refuses more."""


class Cleanup(StrEnum):
    """Kafka's `cleanup.policy`."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: its key, what is in it, how long, for whom, and who writes and reads it.

    `record` is None where the value is not one of our records (dead letters keep the bytes they were).
    `single` topics have one partition and are read whole by each process; all others have the same count,
    so that a deal's records meet in one worker.
    """

    name: str
    key: str
    record: type[Record] | None
    cleanup: Cleanup = Cleanup.DELETE
    retention: timedelta | None = None
    public: bool = False
    single: bool = False
    max_bytes: int = MEBIBYTE
    writer: str
    readers: tuple[str, ...] = ()


def _days(count: int) -> timedelta:
    return timedelta(days=count)


TOPICS: Mapping[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(
            name="salesforce.changes",
            key="{org}:{record}",
            record=Change,
            retention=_days(14),
            max_bytes=4 * MEBIBYTE,
            writer="subscriber",
            readers=("transitions",),
        ),
        Topic(
            name="salesforce.checkpoints",
            key="{org}:{channel}",
            record=Checkpoint,
            cleanup=Cleanup.COMPACT,
            single=True,
            writer="subscriber",
            readers=("subscriber",),
        ),
        Topic(
            name="opportunity.stages",
            key="{org}:{opportunity}",
            record=StageEntry,
            retention=_days(90),
            public=True,
            writer="transitions",
            readers=("workflow",),
        ),
        Topic(
            name="enrichment.requests",
            key="{org}:{shard}",
            record=EnrichmentRequest,
            retention=_days(14),
            writer="workflow",
            readers=("enrich",),
        ),
        Topic(
            name="opportunity.enriched",
            key="{org}:{opportunity}",
            record=EnrichedDeal,
            retention=_days(90),
            public=True,
            max_bytes=4 * MEBIBYTE,
            writer="enrich",
            readers=("workflow",),
        ),
        Topic(
            name="workflow.inbox",
            key="{org}:{opportunity}",
            record=InboxRecord,
            retention=_days(30),
            writer="transitions, enrich, accounts, assignments, emails, briefs, timers, people",
            readers=("workflow",),
        ),
        Topic(
            name="workflow.events",
            key="{org}:{opportunity}",
            record=RunEvent,
            retention=_days(400),
            public=True,
            writer="workflow",
            readers=("history",),
        ),
        Topic(
            name="accounts.commands",
            key="{account key}",
            record=UpsertAccount,
            retention=_days(14),
            writer="workflow",
            readers=("accounts",),
        ),
        Topic(
            name="accounts.lookups",
            key="{account key}",
            record=FindAccounts,
            retention=_days(14),
            writer="workflow",
            readers=("accounts",),
        ),
        Topic(
            name="accounts.merges",
            key="{account key}",
            record=MergeAccounts,
            retention=_days(14),
            max_bytes=2 * MEBIBYTE,  # a whole account, and what is said about it
            writer="dealwire accounts, accounts",
            readers=("accounts",),
        ),
        Topic(
            name="accounts.events",
            key="{account key}",
            record=AccountEvent,
            retention=_days(400),
            public=True,
            writer="accounts",
        ),
        Topic(
            name="accounts",
            key="{account key}",
            record=Account,
            cleanup=Cleanup.COMPACT,
            public=True,
            writer="accounts",
        ),
        Topic(
            name="assignments.commands",
            key="{org}:{queue}",
            record=AssignCsm,
            retention=_days(14),
            writer="workflow",
            readers=("assignments",),
        ),
        Topic(
            name="emails.commands",
            key="{org}:{opportunity}",
            record=SendEmail,
            retention=_days(14),
            writer="workflow",
            readers=("emails",),
        ),
        Topic(
            name="tasks",
            key="{org}:{opportunity}:{task}",
            record=Task,
            cleanup=Cleanup.COMPACT,
            public=True,
            writer="workflow",
        ),
        Topic(
            name="briefs.commands",
            key="{org}:{opportunity}",
            record=WriteBrief,
            retention=_days(14),
            max_bytes=4 * MEBIBYTE,
            writer="workflow",
            readers=("briefs",),
        ),
        Topic(
            name="control",
            key="{kind}:{name}[:{version}]",
            record=ControlRecord,
            cleanup=Cleanup.COMPACT,
            single=True,
            writer="dealwire apply",
            readers=("every process",),
        ),
        Topic(
            name="audit",
            key="{run or task}",
            record=AuditRecord,
            retention=_days(400),
            public=True,
            writer="dealwire api",
        ),
        Topic(
            name="dead-letters",
            key="the original record's",
            record=None,
            retention=_days(90),
            max_bytes=5 * MEBIBYTE,  # the largest record, and why it is here
            writer="agents, dealwire dead-letters",
            readers=("every worker", "dealwire dead-letters"),
        ),
    )
}
"""Name to topic, in the order a deal meets them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of an agent, kept in a compacted changelog with as many partitions as the agent's input."""

    name: str
    app: str
    key: str
    holds: str


TABLES: tuple[Table, ...] = (
    Table(
        name="stages",
        app="transitions",
        key="{org}:{opportunity}",
        holds="stage, moment and the last entries of an opportunity",
    ),
    Table(
        name="runs",
        app="workflow",
        key="{org}:{opportunity}",
        holds="the opportunity's runs and enrolments, with the outputs of the last input",
    ),
    Table(
        name="queues",
        app="assignments",
        key="{org}:{queue}",
        holds="turns, loads and the last answers of a queue; older answers under `{key}#{n}`",
    ),
    Table(
        name="merges",
        app="accounts",
        key="{account key}",
        holds="what merges made of an account, of those that took part in one",
    ),
    Table(
        name="sent",
        app="emails",
        key="{org}:{opportunity}",
        holds="the send ledger: each command's outcome at the mail server",
    ),
    Table(
        name="kept",
        app="briefs",
        key="{org}:{opportunity}, partition:{number}",
        holds="the last briefs of an opportunity; tokens of the day and whose briefs are kept",
    ),
)


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it should be, or as it is on a cluster. `config` holds Kafka's topic settings as text."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str] = field(default_factory=dict)


_TOPIC_OF: Mapping[type[Record], Topic] = {
    topic.record: topic for topic in TOPICS.values() if topic.record is not None
}


def topic_of(record: Record) -> Topic:
    """Give the topic that a record is written to."""
    return published_topic(record.topic) if isinstance(record, Published) else _TOPIC_OF[type(record)]


def published_topic(name: str) -> Topic:
    """Give the topic that workflows publish to under a name; the platform team says which there are."""
    return Topic(
        name=f"published.{name}",
        key="{org}:{opportunity}",
        record=Published,
        retention=_days(90),
        public=True,
        writer="workflow",
    )


def all_topics(published: Iterable[str]) -> tuple[Topic, ...]:
    """Give every topic of a deployment: those of the table, and those that workflows may publish to."""
    return (*TOPICS.values(), *map(published_topic, published))
