"""A deal through the engine: the examples, failures, repeats, and crashes between any two lines."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.deal import advance
from processors.retries import ATTEMPTS
from schemas.account import UpsertAccount
from schemas.assignment import AssignCsm
from schemas.base import Record
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.email import SendEmail
from schemas.inbox import FAILED
from schemas.run import DealRuns, Purpose, Status
from schemas.stage import OPPORTUNITY_DELETED
from tests.unit.processors.engine import (
    OPPORTUNITY,
    ORG,
    T0,
    World,
    catalogue_of,
    due,
    entry,
    example_catalogue,
    result,
    with_amount,
)


def closed(amount: str | None = "40000", **failures: int) -> World:
    world = World(example_catalogue(), with_amount(Decimal(amount) if amount else None))
    kinds: dict[str, type[Record]] = {"fetch": EnrichmentRequest, "account": UpsertAccount, "mail": SendEmail}
    world.failures = {kinds[name]: count for name, count in failures.items()}
    world.take(entry())
    world.settle()
    if world.waits_for_somebody():
        world.say("approve", task_id=world.task.id, run_id=world.task.run_id, actor=world.task.people[0])
    return world


@pytest.mark.parametrize(
    ("amount", "workflow", "template"),
    [
        ("40000", "automated-creation", "standard-onboarding"),
        ("50000", "segment-routing", "smb-onboarding"),
        ("100000", "segment-routing", "smb-onboarding"),
        ("100000.01", "segment-routing", "enterprise-onboarding"),
        ("500000", "segment-routing", "enterprise-onboarding"),
        ("500000.01", "approval-gate", "enterprise-onboarding"),
    ],
)
def test_the_examples_divide_the_deals_and_each_ends_ready(amount: str, workflow: str, template: str) -> None:
    world = closed(amount)
    (done,) = world.events("run.completed")
    assert (done.workflow_id, done.outcome) == (workflow, "ready")
    last = world.commands(UpsertAccount)[-1]
    assert isinstance(last, UpsertAccount)
    assert last.account is not None
    assert last.account.template is not None
    assert last.account.template.name == template
    assert last.account.csm is not None
    assert [
        one.account.revision
        for one in world.commands(UpsertAccount)
        if isinstance(one, UpsertAccount) and one.account
    ] == [1, 2, 3]
    (mail,) = [each for each in world.commands(SendEmail) if each.step_id == "handoff"]  # type: ignore[attr-defined]
    assert isinstance(mail, SendEmail)
    assert mail.to == ("dana@thread.example",)
    assert "Acme" in mail.subject


def test_one_fetch_serves_every_workflow_that_waits_for_the_stage() -> None:
    world = closed()
    assert len(world.commands(EnrichmentRequest)) == 1
    assert len(world.events("run.started")) == 1
    assert sorted(event.workflow_id for event in world.events("run.not_enrolled")) == [
        "approval-gate",
        "segment-routing",
    ]


def test_history_is_numbered_without_a_gap_and_told_with_its_cause() -> None:
    world = closed()
    run = world.events("run.started")[0].run_id
    events = [event for event in world.events() if event.run_id == run]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert all(event.caused_by and event.at for event in events)
    assert "@" not in "".join(event.input + event.output for event in events)


def test_an_ended_run_is_kept_for_a_rerun_and_then_only_that_it_was() -> None:
    world = closed()
    assert world.state is not None
    assert world.state.deals == {}
    assert {run.status for run in world.state.runs.values()} == {Status.COMPLETED, Status.NOT_ENROLLED}
    assert any(run.account is not None for run in world.state.runs.values())
    world.pass_time(timedelta(days=31))
    assert all(run.account is None and not run.timers for run in world.state.runs.values())
    assert {run.status for run in world.state.runs.values()} == {Status.COMPLETED, Status.NOT_ENROLLED}


def test_a_deal_that_enters_again_starts_nothing_and_says_why() -> None:
    world = closed()
    world.sent.clear()
    world.take(entry(moment=T0 + timedelta(days=1)))
    world.settle()
    assert {event.kind for event in world.events()} == {"run.not_enrolled"}
    assert len(world.events()) == 3
    assert "exists" in world.events()[0].reason


def test_a_deal_that_did_not_pass_the_filter_is_looked_at_again_at_its_next_entry() -> None:
    world = closed("40000")
    world.deal = with_amount(Decimal(600_000))
    world.take(entry(moment=T0 + timedelta(hours=1)))
    world.settle()
    assert world.task.workflow_id == "approval-gate"
    world.say("approve", task_id=world.task.id, run_id=world.task.run_id, actor=world.task.people[0])
    assert [event.workflow_id for event in world.events("run.completed")] == [
        "automated-creation",
        "approval-gate",
    ]
    gate = [event for event in world.events() if event.workflow_id == "approval-gate"]
    assert [event.sequence for event in gate] == list(range(1, len(gate) + 1))
    assert len({event.id for event in gate}) == len(gate)


@pytest.mark.parametrize(
    ("moment", "says"),
    [(T0 - timedelta(days=2), "before the workflow became active"), (T0, "")],
)
def test_only_entries_since_activation_enrol(moment: object, says: str) -> None:
    world = World(example_catalogue())
    world.take(entry(moment=moment))  # type: ignore[arg-type]
    reasons = {event.reason for event in world.events("run.not_enrolled")}
    assert bool(reasons) is bool(says)
    assert all(says in reason for reason in reasons)


def test_entries_older_than_a_week_do_not_enrol() -> None:
    world = World(catalogue_of(MINIMAL))
    late = advance(None, entry(), T0 + timedelta(days=8), world.catalogue)
    assert [out.record.kind for out in late.outputs] == ["run.not_enrolled"]  # type: ignore[attr-defined]
    assert "7 days" in late.outputs[0].record.reason  # type: ignore[attr-defined]


def test_a_stage_nobody_waits_for_costs_nothing() -> None:
    world = World(example_catalogue())
    assert world.take(entry("Prospecting")) == []


@pytest.mark.parametrize("what", ["fetch", "account", "mail"])
def test_what_fails_is_tried_again_with_the_same_id_until_it_succeeds(what: str) -> None:
    world = closed("40000", **{what: 3})
    assert world.events("run.completed")
    kinds: dict[str, type[Record]] = {"fetch": EnrichmentRequest, "account": UpsertAccount, "mail": SendEmail}
    kind = kinds[what]
    tried = [command for command in world.commands(kind) if command.id == world.commands(kind)[0].id]
    assert [getattr(command, "attempt", 0) for command in tried] == [1, 2, 3, 4][: len(tried)]
    assert len(tried) >= 4
    bodies = {command.model_copy(update={"attempt": 1}).model_dump_json() for command in tried}
    assert len(bodies) == 1, "a repeat is the same to the byte but for its attempt"
    assert world.events("step.retry_scheduled")


def test_after_enough_attempts_a_person_is_asked() -> None:
    world = closed(account=1000)
    (stuck,) = world.events("run.needs_attention")
    assert "503" in stuck.reason
    assert len(world.commands(UpsertAccount)) == ATTEMPTS
    assert world.state is not None
    assert [run.status for run in world.state.runs.values() if run.status != Status.NOT_ENROLLED] == [
        Status.NEEDS_ATTENTION
    ]


def test_a_failure_that_does_not_heal_stops_at_once_with_its_reason() -> None:
    world = World(example_catalogue())
    world.take(entry())
    world.take(world.coming.popleft())
    command = world.commands(UpsertAccount)[0]
    world.coming.clear()
    world.take(result(command, outcome=FAILED, error="409: somebody else's"))
    world.settle()
    assert world.events("run.needs_attention")[0].reason == "409: somebody else's"
    assert len(world.commands(UpsertAccount)) == 1


@pytest.mark.parametrize(
    ("update", "says"),
    [
        ({"account": None}, "company.name cannot become company_name: it is empty and required"),
        ({"opportunity": {"name": "  "}}, "deal.name cannot become name"),
    ],
)
def test_a_mapping_that_cannot_be_applied_creates_no_half_account(
    update: dict[str, object], says: str
) -> None:
    deal = with_amount(Decimal(40000))
    if "opportunity" in update:
        fields = update["opportunity"]
        deal = deal.model_copy(update={"opportunity": deal.opportunity.model_copy(update=fields)})  # type: ignore[arg-type]
    else:
        deal = deal.model_copy(update=update)
    world = World(example_catalogue(), deal)
    world.take(entry())
    world.settle()
    assert world.commands(UpsertAccount) == []
    assert says in world.events("run.needs_attention")[0].reason
    assert OPPORTUNITY in world.events("run.needs_attention")[0].reason


def test_an_empty_amount_enrols_nobody_with_the_examples_filters() -> None:
    world = closed(None)
    assert len(world.events("run.not_enrolled")) == 3


def test_a_deleted_opportunity_ends_open_runs_and_their_timers() -> None:
    world = World(example_catalogue())
    world.failures = {UpsertAccount: 1}
    world.take(entry())
    world.take(world.coming.popleft())
    world.take(world.coming.popleft())
    assert world.state is not None
    (timer,) = world.timers(Purpose.RETRY)
    world.take(entry().model_copy(update={"id": "gone", "kind": OPPORTUNITY_DELETED}))
    assert world.events("run.cancelled")[0].reason == "the opportunity was deleted"
    world.sent.clear()
    world.take(due(timer[0], timer[1].id))
    assert world.sent == []


def test_a_definition_that_is_not_known_yet_decides_nothing() -> None:
    world = World(catalogue_of(MINIMAL))
    world.take(entry())
    answer = world.coming.popleft()
    assert isinstance(answer, EnrichedDeal)
    later = advance(world.state, answer, world.at, catalogue_of())
    assert later.missing == "minimal v1"
    assert later.state == world.state
    assert later.outputs == ()


MINIMAL = """
kind: workflow
name: minimal
status: active
trigger: {stages: [Closed Won]}
steps:
  - {id: assign, type: assign_csm, queue: q}
  - {id: create, type: create_account, mapping: m}
  - {id: done, type: end}
---
kind: mapping
name: m
fields:
  - {source: deal.name, target: name}
  - {source: deal.custom.Tier__c, target: custom.tier}
---
kind: queue
name: q
members: [{name: A, email: a@thread.example}]
"""


def test_a_csm_assigned_before_the_account_goes_into_it() -> None:
    world = World(catalogue_of(MINIMAL))
    world.take(entry())
    world.settle()
    (command,) = world.commands(UpsertAccount)
    assert isinstance(command, UpsertAccount)
    assert command.account is not None
    assert command.account.csm is not None
    assert command.account.csm.name == "Dana"


def test_the_fields_a_workflow_speaks_of_are_asked_for() -> None:
    world = World(catalogue_of(MINIMAL))
    world.take(entry())
    (request,) = world.commands(EnrichmentRequest)
    assert isinstance(request, EnrichmentRequest)
    assert request.custom_fields == ("Tier__c",)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_repeats_and_crashes_change_nothing_that_anybody_sees(data: st.DataObject) -> None:
    """Inputs come again right after themselves, much later, or after a crash that lost the last state."""
    calm = closed("200000", account=1)
    world = World(example_catalogue(), with_amount(Decimal(200000)))
    world.failures = {UpsertAccount: 1}
    taken = list[Record]()
    world.coming.append(entry())
    for _ in range(200):
        if not world.coming:
            timers = world.timers(Purpose.RETRY)
            if not timers:
                break
            world.coming.append(due(timers[0][0], timers[0][1].id))
        record = world.coming.popleft()
        before = world.state
        world.take(record)
        taken.append(record)
        match data.draw(st.sampled_from(["go on", "again", "crash", "an old one"])):
            case "again":
                answers = len(world.coming)
                again = world.take(record)
                assert {out.record.id for out in again} <= {out.record.id for out in world.sent}
                while len(world.coming) > answers:
                    world.coming.pop()
            case "crash":
                # The table had not kept the change: the same input is decided on once more.
                world.state = before
                world.take(record)
            case "an old one":
                world.take(data.draw(st.sampled_from(taken)))
            case _:
                pass
    distinct = {out.record.id: out.record for out in world.sent}
    expected = {out.record.id: out.record for out in calm.sent}
    assert distinct.keys() == expected.keys()
    effects = [
        record for record in distinct.values() if isinstance(record, UpsertAccount | SendEmail | AssignCsm)
    ]
    assert len(effects) == 5
    assert len([event for event in distinct.values() if getattr(event, "kind", "") == "run.completed"]) == 1


def test_the_state_of_a_waiting_run_stays_small() -> None:
    world = World(example_catalogue(), with_amount(Decimal(200000)))
    world.take(entry())
    world.take(world.coming.popleft())
    assert world.state is not None
    without_deal = world.state.model_copy(update={"deals": {}, "last_outputs": ()})
    assert len(without_deal.model_dump_json()) < 16 * 1024


def test_a_deal_too_large_to_remember_loses_its_notes_text_first() -> None:
    deal = with_amount(Decimal(40000))
    long = deal.model_copy(
        update={"notes": tuple(deal.notes[0].model_copy(update={"text": "x" * 30_000}) for _ in range(40))}
    )
    world = World(example_catalogue(), long)
    world.take(entry())
    world.take(world.coming.popleft())
    assert world.state is not None
    (kept,) = world.state.deals.values()
    assert len(kept.model_dump_json()) <= 256 * 1024
    assert all(note.truncated for note in kept.notes)


def test_state_of_another_release_is_read() -> None:
    assert DealRuns.model_validate_json('{"runs": {}}').last_input == ""
    assert ORG.startswith("00D")
