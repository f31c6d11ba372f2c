"""Agents on a real Kafka: what goes in comes out, state survives a restart, poison is set aside."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.email.memory import MemoryMailSink
from schemas.account import Account, AccountEvent, Csm, FindAccounts, UpsertAccount
from schemas.assignment import AssignCsm
from schemas.change import Change
from schemas.control import ControlRecord
from schemas.deal import EnrichedDeal, EnrichmentRequest, Opportunity
from schemas.email import SendEmail
from schemas.errors import DealwireError, RefusedError, UnavailableError
from schemas.inbox import InboxRecord
from schemas.stage import StageEntry
from streams.agents.accounts import accounts
from streams.agents.assignments import assignments
from streams.agents.emails import emails
from streams.agents.enrich import enrich
from streams.agents.transitions import transitions
from tests.fixtures.agents import ORG
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka

OPPORTUNITY = "006000000000001AAA"
KEY = f"{ORG}:{OPPORTUNITY}"
START = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    return AgentBench(config, await known_records(config), tmp_path)


def moved(number: int, stage: str, opportunity: str = OPPORTUNITY) -> Change:
    at = START + timedelta(minutes=number)
    return Change(
        id=f"change-{number}",
        org_id=ORG,
        entity="Opportunity",
        record_id=opportunity,
        change_type="UPDATE",
        changed_fields=("StageName", "LastStageChangeDate"),
        commit_time=at,
        body=json.dumps({"StageName": stage, "LastStageChangeDate": at.isoformat()}).encode(),
    )


async def test_changes_become_stage_entries_and_the_state_outlives_the_worker(bench: AgentBench) -> None:
    bench.produce("salesforce.changes", KEY, moved(0, "Prospecting"), moved(1, "Negotiation"))
    async with bench.running(transitions):
        before = await bench.read("opportunity.stages", 2)
    bench.produce("salesforce.changes", KEY, moved(2, "Closed Won"))
    async with bench.running(transitions):
        after = await bench.read("opportunity.stages", 3)
    entries = [entry for entry in after if isinstance(entry, StageEntry)]
    assert after[:2] == before
    assert [(entry.previous_stage, entry.stage) for entry in entries] == [
        (None, "Prospecting"),
        ("Prospecting", "Negotiation"),
        ("Negotiation", "Closed Won"),
    ]
    assert bench.lost == []


async def test_poison_is_set_aside_and_the_rest_goes_on(bench: AgentBench) -> None:
    bench.produce("salesforce.changes", KEY, b"garbage", moved(0, "Prospecting"))
    async with bench.running(transitions):
        assert len(await bench.read("opportunity.stages", 1)) == 1
        ((key, value, headers),) = await bench.read_raw("dead-letters", 1)
    assert (key, value) == (KEY.encode(), b"garbage")
    assert headers["deadletter_topic"].endswith(b"salesforce.changes")


class Lookup:
    """Counts its calls; knows every opportunity but one."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    async def fetch(self, requests: list[EnrichmentRequest]) -> list[EnrichedDeal | DealwireError]:
        self.calls.append(len(requests))
        return [self._answer(request) for request in requests]

    def _answer(self, request: EnrichmentRequest) -> EnrichedDeal | DealwireError:
        if request.opportunity_id.endswith("gone"):
            return RefusedError("the opportunity is gone")
        return EnrichedDeal(
            id=f"deal-{request.id}",
            org_id=request.org_id,
            opportunity_id=request.opportunity_id,
            request_id=request.id,
            opportunity=Opportunity(id=request.opportunity_id),
        )

    async def close(self) -> None:
        pass


def asked(number: int, opportunity: str = OPPORTUNITY) -> EnrichmentRequest:
    return EnrichmentRequest(id=f"ask-{number}", org_id=ORG, opportunity_id=opportunity, run_id="run")


async def test_requests_that_wait_share_a_lookup(bench: AgentBench) -> None:
    lookup = Lookup()
    bench.lookups = {ORG: lookup}  # type: ignore[dict-item]  # a stand-in
    bench.produce(
        "enrichment.requests", f"{ORG}:0", *(asked(number) for number in range(40)), asked(40, "gone")
    )
    async with bench.running(enrich):
        deals = await bench.read("opportunity.enriched", 40)
        (failed,) = await bench.read("workflow.inbox", 1)
    assert [deal.id for deal in deals] == [f"deal-ask-{number}" for number in range(40)]
    assert sum(lookup.calls) == 41
    assert len(lookup.calls) <= 4
    assert isinstance(failed, InboxRecord)
    assert (failed.outcome, failed.retryable, failed.command_id) == ("failed", False, "ask-40")


async def test_an_org_that_cannot_answer_now_is_asked_later(bench: AgentBench) -> None:
    class Busy(Lookup):
        async def fetch(self, _requests: object) -> list[EnrichedDeal | DealwireError]:
            raise UnavailableError("the daily limit is used up", retry_after=timedelta(hours=1))

    bench.lookups = {ORG: Busy()}
    bench.produce("enrichment.requests", f"{ORG}:0", asked(0))
    async with bench.running(enrich):
        (failed,) = await bench.read("workflow.inbox", 1)
    assert isinstance(failed, InboxRecord)
    assert failed.retryable
    assert failed.retry_at is not None
    assert failed.retry_at > datetime.now(UTC) + timedelta(minutes=59)


def upsert(revision: int, name: str = "Acme") -> UpsertAccount:
    account = Account(
        id="account-1", org_id=ORG, key=KEY, revision=revision, opportunity_id=OPPORTUNITY, name=name
    )
    return UpsertAccount(
        id=f"upsert-{revision}",
        org_id=ORG,
        opportunity_id=OPPORTUNITY,
        run_id="run",
        step_id="step",
        account=account,
    )


async def test_a_command_becomes_an_account_a_fact_and_a_result(bench: AgentBench) -> None:
    bench.produce("accounts.commands", KEY, upsert(1), upsert(1), upsert(2, "Acme Ltd"))
    async with bench.running(accounts):
        facts = await bench.read("accounts.events", 3)
        held = await bench.read("accounts", 3)
        results = await bench.read("workflow.inbox", 3)
    kinds = [(fact.id, fact.kind) for fact in facts if isinstance(fact, AccountEvent)]
    assert kinds[0] == kinds[1] != kinds[2]
    assert [kind for _, kind in kinds] == ["account.created", "account.created", "account.updated"]
    assert [account.name for account in held if isinstance(account, Account)] == ["Acme", "Acme", "Acme Ltd"]
    assert [result.outcome for result in results if isinstance(result, InboxRecord)] == ["succeeded"] * 3
    now = await bench.accounts.get(KEY)
    assert now is not None
    assert now.revision == 2


async def test_a_lookup_is_answered_with_the_matches_that_are_held(bench: AgentBench) -> None:
    draft = Account(id="a", org_id=ORG, key=KEY, company_name="Acme GmbH", website="https://www.acme.com")
    for number, fields in enumerate(({"website": "acme.com"}, {"company_name": "ACME, Inc."}, {"name": "x"})):
        held = Account.model_validate(
            {"id": f"held-{number}", "org_id": ORG, "key": f"{ORG}:{number}", "name": "Deal", **fields}
        )
        await bench.accounts.upsert(held, idempotency_key=held.id)
    asked = {"id": "find", "org_id": ORG, "opportunity_id": OPPORTUNITY, "run_id": "run", "step_id": "step"}
    nobody = Account(id="b", org_id=ORG, key=KEY)
    bench.produce(
        "accounts.lookups",
        KEY,
        FindAccounts(**asked, account=draft),
        FindAccounts(**asked, account=nobody),
        FindAccounts(**asked),
    )
    async with bench.running(accounts):
        results = await bench.read("workflow.inbox", 3)
    found, none, failed = (result for result in results if isinstance(result, InboxRecord))
    assert (found.outcome, found.command_id, found.step_id) == ("succeeded", "find", "step")
    matches = json.loads(found.output["matches"])
    assert [match.pop("account")["id"] for match in matches] == ["held-0", "held-1"]
    assert matches == [
        {"account_id": "held-0", "key": f"{ORG}:0", "name": "Deal", "by": "domain", "score": 0.95},
        {"account_id": "held-1", "key": f"{ORG}:1", "name": "ACME, Inc.", "by": "name", "score": 0.9},
    ]
    assert none.output == {"matches": "[]"}
    assert (failed.outcome, failed.retryable) == ("failed", False)


def queue_of(*names: str) -> ControlRecord:
    members = [Csm(name=name, email=f"{name}@example.com").model_dump() for name in names]
    body = {"kind": "queue", "name": "csm", "members": members}
    return ControlRecord(id="queue", org_id="", kind="queue", name="csm", body=json.dumps(body))


async def test_a_queue_gives_its_people_in_turn_over_a_restart(bench: AgentBench) -> None:
    bench.produce("control", "queue:wrong", b"garbage")
    bench.produce("control", "queue:csm", queue_of("ann", "bob"))
    commands = [
        AssignCsm(id=f"assign-{number}", org_id=ORG, queue="csm", opportunity_id=OPPORTUNITY, run_id="run")
        for number in range(3)
    ]
    bench.produce("assignments.commands", f"{ORG}:csm", commands[0], commands[1])
    async with bench.running(assignments):
        await bench.read("workflow.inbox", 2)
    bench.produce("assignments.commands", f"{ORG}:csm", commands[1], commands[2])
    async with bench.running(assignments):
        results = await bench.read("workflow.inbox", 4)
    assert [result.output["name"] for result in results if isinstance(result, InboxRecord)] == [
        "ann",
        "bob",
        "bob",
        "ann",
    ]


async def test_apps_share_one_process_and_commit_what_they_did(bench: AgentBench) -> None:
    bench.produce("salesforce.changes", KEY, moved(0, "Prospecting"))
    bench.produce("accounts.commands", KEY, upsert(1))
    async with bench.running(transitions, accounts, enrich, assignments) as apps:
        assert await bench.read("opportunity.stages", 1)
        assert await bench.read("accounts", 1)
        assert len({app.conf.id for app in apps}) == 4
    async with bench.running(transitions, accounts):
        assert len(await bench.read("opportunity.stages", 2, within_s=1)) == 1
        assert len(await bench.read("accounts", 2, within_s=1)) == 1


def mail(number: int) -> SendEmail:
    return SendEmail(
        id=f"mail-{number}",
        org_id=ORG,
        opportunity_id=OPPORTUNITY,
        run_id="run",
        step_id="step",
        to=("ann@example.com",),
        subject="Welcome",
        text="Hello",
    )


async def test_a_mail_is_sent_once_however_often_it_is_asked_for(bench: AgentBench) -> None:
    sink = bench.mails = MemoryMailSink()
    bench.produce("emails.commands", KEY, mail(0), mail(1), mail(0))
    async with bench.running(emails):
        await bench.read("workflow.inbox", 3)
    bench.produce("emails.commands", KEY, mail(1))
    async with bench.running(emails):
        results = await bench.read("workflow.inbox", 4)
    assert [result.outcome for result in results if isinstance(result, InboxRecord)] == ["succeeded"] * 4
    assert len(sink.delivered) == 2
