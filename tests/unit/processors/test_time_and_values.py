"""Waits, time-outs, variables, published records, branches for failures."""

from datetime import timedelta

import pytest

from schemas.account import UpsertAccount
from schemas.deal import EnrichmentRequest
from schemas.ids import derived_id
from schemas.inbox import DEAL_CHANGED, FAILED, InboxRecord
from schemas.published import Published
from schemas.run import Purpose, Status
from tests.unit.processors.engine import OPPORTUNITY, ORG, T0, World, entry, result
from tests.unit.processors.test_people import world

END = "id: done, type: end, outcome: ready"


def changed(number: int = 1) -> InboxRecord:
    return InboxRecord(
        id=derived_id("news", str(number)), org_id=ORG, kind=DEAL_CHANGED, opportunity_id=OPPORTUNITY
    )


@pytest.mark.parametrize(
    ("step", "waits"),
    [
        ("duration: 2h", timedelta(hours=2)),
        ("until: deal.close_date", None),
        ("until: \"'2026-09-15T12:00:00+00:00'\"", timedelta(hours=3)),
        ("until: \"'2026-09-01'\"", timedelta()),
        ("until_true: 'deal.is_won'", timedelta()),
    ],
)
def test_a_wait_is_over_when_its_moment_has_come(step: str, waits: timedelta | None) -> None:
    waiting = world(f"id: pause, type: wait, {step}", END)
    if waits == timedelta():
        assert waiting.status() is Status.COMPLETED
        return
    assert waiting.status() is Status.WAITING_TIME
    waiting.pass_time((waits or timedelta(days=14)) - timedelta(minutes=5))
    assert waiting.status() is Status.WAITING_TIME
    waiting.pass_time(timedelta(days=3))
    assert waiting.status() is Status.COMPLETED


def watching() -> World:
    signed = "deal.next_step == 'Signed'"
    return world(
        f'id: pause, type: wait, until_true: "{signed}", time_out: 10d, on_time_out: late',
        END,
        "id: late, type: end, outcome: late",
    )


def test_a_wait_for_a_change_looks_when_the_deal_changes() -> None:
    waiting = watching()
    reads = len(waiting.commands(EnrichmentRequest))
    waiting.take(changed(1))
    waiting.settle()
    assert waiting.status() is Status.WAITING_TIME
    opportunity = waiting.deal.opportunity.model_copy(update={"next_step": "Signed"})
    waiting.deal = waiting.deal.model_copy(update={"opportunity": opportunity})
    waiting.take(changed(2))
    waiting.settle()
    assert waiting.events("run.completed")[0].outcome == "ready"
    asked = waiting.commands(EnrichmentRequest)
    assert len(asked) == reads + 2
    assert len({each.id for each in asked}) == len(asked)


def test_a_change_while_the_deal_is_read_is_looked_at_too() -> None:
    waiting = watching()
    waiting.take(changed(1))
    waiting.take(changed(2))
    waiting.take(changed(3))
    waiting.settle()
    assert len(waiting.commands(EnrichmentRequest)) == 3


def test_a_wait_for_a_change_has_an_end() -> None:
    waiting = watching()
    waiting.pass_time(timedelta(days=11))
    assert waiting.events("run.completed")[0].outcome == "late"
    waiting.take(changed(9))
    assert len(waiting.commands(EnrichmentRequest)) == 1


def test_variables_are_computed_in_order_and_published_with_their_types() -> None:
    twice, much = "deal.amount * 2.0", "vars.total > 50000.0"
    done = world(
        f"id: compute, type: set, values: {{total: '{twice}', big: '{much}', who: deal.owner.email}}",
        "id: tell, type: publish, topic: handoffs, "
        "values: {total: vars.total, big: vars.big, close: deal.close_date}",
        END,
    )
    (record,) = [out.record for out in done.sent if isinstance(out.record, Published)]
    assert {name: (each.type, each.value) for name, each in record.values.items()} == {
        "total": ("double", "80000"),
        "big": ("boolean", "true"),
        "close": ("datetime", "2026-09-30T00:00:00+00:00"),
    }
    assert done.run.variables["who"] == "sam@acme.example"


def test_a_step_whose_when_does_not_hold_is_skipped() -> None:
    done = world("id: create, type: create_account, when: deal.amount > 50000.0", END)
    assert done.commands(UpsertAccount) == []
    assert done.events("step.skipped")[0].step_id == "create"
    assert done.status() is Status.COMPLETED


def stuck_at_account(more: str) -> World:
    waiting = World(world(f"id: create, type: create_account{more}", END,
                          "id: failed, type: end, outcome: failed").catalogue)  # fmt: skip
    waiting.take(entry())
    waiting.take(waiting.coming.popleft())
    waiting.coming.clear()
    return waiting


def test_a_failure_for_good_takes_its_branch() -> None:
    waiting = stuck_at_account(", on_error: failed")
    waiting.take(result(waiting.commands(UpsertAccount)[0], outcome=FAILED, error="409: taken"))
    assert waiting.events("run.completed")[0].outcome == "failed"
    assert waiting.run.variables["error"] == {"step": "create", "reason": "409: taken"}


def test_a_command_that_is_not_answered_in_time_is_given_up() -> None:
    waiting = stuck_at_account(", time_out: 10m, on_time_out: failed")
    waiting.pass_time(timedelta(minutes=11))
    assert waiting.events("run.completed")[0].outcome == "failed"
    before = len(waiting.sent)
    waiting.take(result(waiting.commands(UpsertAccount)[0]))
    assert len(waiting.sent) == before, "the late answer changes nothing"


def test_a_retry_policy_says_how_often() -> None:
    waiting = World(world("id: create, type: create_account, retry: {attempts: 3, first: 1m}", END).catalogue)
    waiting.failures = {UpsertAccount: 100}
    waiting.take(entry())
    waiting.settle()
    assert len(waiting.commands(UpsertAccount)) == 3
    assert waiting.at - T0 > timedelta(minutes=2)
    assert waiting.status() is Status.NEEDS_ATTENTION


def test_a_loop_through_a_person_numbers_its_visits() -> None:
    asked = world("id: gate, type: approval, to: [m@acme.example], title: T, rejected: pause",
                  END, "id: pause, type: wait, duration: 1h, next: gate")  # fmt: skip
    first = asked.task.id
    asked.say("reject", task_id=first, actor="m@acme.example", reason="not yet")
    asked.pass_time(timedelta(hours=2))
    assert asked.task.id != first
    assert asked.task.status == "open"
    assert asked.run.visits == {"gate": 2, "pause": 1}
    assert asked.timers(Purpose.WAIT) == []
