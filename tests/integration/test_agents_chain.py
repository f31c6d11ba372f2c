"""One deal through all agents on a real Kafka, with a sink that fails, and workers that come and go."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.accounts.config import SqlAccountsConfig
from connectors.accounts.memory import MemoryAccountSink
from connectors.accounts.sql import SqlAccountSink
from connectors.email.memory import MemoryMailSink
from connectors.ports import Upserted
from connectors.salesforce.memory import MemoryDealLookup
from processors.applying import plan
from processors.catalogue import Catalogue, control_key
from processors.lint_library import library
from schemas.account import Account
from schemas.change import Change
from schemas.deal import Company, EnrichedDeal, Opportunity, Person
from schemas.definition.documents import Workflow
from schemas.errors import UnavailableError
from schemas.run_event import RunEvent
from streams.agents.accounts import accounts
from streams.agents.assignments import assignments
from streams.agents.emails import emails
from streams.agents.enrich import enrich
from streams.agents.transitions import transitions
from streams.agents.workflow import workflow
from streams.cli.demo import examples
from streams.definitions import read
from tests.fixtures.agents import ORG
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka

EVERYTHING = (transitions, workflow, enrich, accounts, assignments, emails)
OPPORTUNITY = "006000000000001AAA"
KEY = f"{ORG}:{OPPORTUNITY}"


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    bench.mails = MemoryMailSink()
    deal = EnrichedDeal(
        id="deal",
        org_id=ORG,
        opportunity_id=OPPORTUNITY,
        opportunity=Opportunity(
            id=OPPORTUNITY,
            name="Acme renewal",
            stage="Closed Won",
            amount=Decimal(12000),
            currency="EUR",
            close_date=date(2026, 9, 14),
            is_closed=True,
            is_won=True,
            owner=Person(id="005000000000001AAA", name="Ada", email="ada@example.com"),
        ),
        account=Company(id="001000000000001AAA", name="Acme"),
    )
    bench.lookups = {ORG: MemoryDealLookup(ORG, [deal])}
    placed = read([examples()])
    workflows = [each.document for each in placed if isinstance(each.document, Workflow)]
    now = datetime.now(UTC)
    for applied in plan(workflows, library(placed), Catalogue(), at=now, actor="test"):
        for record in applied.records:
            bench.produce("control", control_key(record), record)
    return bench


def won() -> Change:
    at = datetime.now(UTC)
    return Change(
        id="change-1",
        org_id=ORG,
        entity="Opportunity",
        record_id=OPPORTUNITY,
        change_type="UPDATE",
        changed_fields=("StageName",),
        commit_time=at,
        body=json.dumps({"StageName": "Closed Won", "LastStageChangeDate": at.isoformat()}).encode(),
    )


async def _events(bench: AgentBench, kind: str, within_s: float = 20) -> list[RunEvent]:
    """Give the run history as soon as something of that kind is in it."""
    for count in range(1, 60):
        events = await bench.read("workflow.events", count, within_s=within_s)
        told = [event for event in events if isinstance(event, RunEvent)]
        if len(told) < count or any(event.kind == kind for event in told):
            return told
    raise AssertionError("the history does not end")


async def test_a_won_deal_becomes_an_account_in_a_database_and_a_mail(
    bench: AgentBench, tmp_path: Path
) -> None:
    sink = SqlAccountSink(SqlAccountsConfig(url=f"sqlite+aiosqlite:///{tmp_path}/accounts.db"))
    await sink.create_tables()
    bench.accounts = sink
    async with bench.running(*EVERYTHING):
        bench.produce("salesforce.changes", KEY, won())
        events = await _events(bench, "run.completed")
    held = await sink.get(KEY)
    await sink.close()
    assert held is not None
    assert (held.name, held.company_name, held.arr, held.ae_email) == (
        "Acme renewal",
        "Acme",
        Decimal(12000),
        "ada@example.com",
    )
    assert held.csm is not None
    assert held.template is not None
    assert len(bench.mails.delivered) == 1
    latest = [each for each in await bench.read("accounts", 1) if isinstance(each, Account)]
    assert latest[0].id == held.id
    mine = [event for event in events if event.workflow_id == "automated-creation"]
    assert [event.sequence for event in mine] == list(range(1, len(mine) + 1))
    assert mine[-1].kind == "run.completed"


class Failing(MemoryAccountSink):
    """Fails the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    async def upsert(self, account: Account, *, idempotency_key: str) -> Upserted:
        self.asked[idempotency_key] += 1
        if sum(self.asked.values()) == 1:
            raise UnavailableError("the accounts service is being mended")
        return await super().upsert(account, idempotency_key=idempotency_key)


async def test_a_failed_attempt_waits_for_its_timer_also_over_a_restart(bench: AgentBench) -> None:
    sink = bench.accounts = Failing()
    async with bench.running(*EVERYTHING):
        bench.produce("salesforce.changes", KEY, won())
        events = await _events(bench, "step.retry_scheduled")
    assert events[-1].kind == "step.retry_scheduled"
    async with bench.running(*EVERYTHING):
        events = await _events(bench, "run.completed")
    assert any(event.kind == "run.completed" for event in events)
    command = next(iter(sink.asked))
    assert sink.asked[command] == 2
    assert len(bench.mails.delivered) == 1


async def test_the_same_change_again_does_nothing_again(bench: AgentBench) -> None:
    change = won()
    async with bench.running(*EVERYTHING):
        bench.produce("salesforce.changes", KEY, change)
        before = await _events(bench, "run.completed")
        bench.produce("salesforce.changes", KEY, change, change)
        stages = await bench.read("opportunity.stages", 3)
        after = await _events(bench, "nothing of the kind", within_s=3)
    assert len({entry.id for entry in stages}) == 1
    assert {event.id for event in after} == {event.id for event in before}
    assert len(bench.mails.delivered) == 1
