"""Reruns, retries, skips and migrations at awkward moments: nothing hangs, nothing is done twice."""

from datetime import timedelta

import pytest

from processors.matching import By, Match
from processors.sample import ACCOUNT
from schemas.account import UpsertAccount
from schemas.assignment import AssignCsm
from schemas.base import Record
from schemas.deal import EnrichmentRequest
from schemas.inbox import DEAL_CHANGED, FAILED, InboxRecord
from schemas.run import Purpose, Status
from tests.unit.processors.engine import OPPORTUNITY, ORG, World, catalogue_of, entry, result
from tests.unit.processors.test_people import SHARED, world

CREATE = "id: create, type: create_account"
PAUSE = "id: pause, type: wait, duration: 2h"
END = "id: done, type: end, outcome: ready"
OPS = "ops@thread.example"


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    "wait",
    [PAUSE, "id: pause, type: wait, until: deal.close_date",
     "id: pause, type: wait, until_true: 'deal.amount < 0.0', time_out: 3h, on_time_out: done"],
)  # fmt: skip
def test_a_rerun_waits_as_long_as_the_first_time(wait: str, times: int) -> None:
    run = world(wait, END)
    run.pass_time(timedelta(days=30))
    for _ in range(times):
        assert run.status() is Status.COMPLETED
        run.say("rerun")
        if run.status() is not Status.COMPLETED:  # a date that has passed is not waited for again
            assert run.status() is Status.WAITING_TIME
            run.pass_time(timedelta(days=30))
    assert run.status() is Status.COMPLETED


def unreadable_rerun() -> World:
    """Give a run that was to be run again from its account on, and whose deal could not be read for that."""
    run = world(CREATE, PAUSE, END)
    run.pass_time(timedelta(hours=3))
    run.failures = {EnrichmentRequest: 8}
    run.say("rerun", step_id="create")
    assert run.status() is Status.NEEDS_ATTENTION
    return run


def test_a_rerun_whose_deal_could_not_be_read_goes_on_where_it_was_to() -> None:
    run = unreadable_rerun()
    run.say("retry")
    assert run.status() is Status.WAITING_TIME
    assert run.run.step_id == "pause"
    run.pass_time(timedelta(hours=3))
    assert run.status() is Status.COMPLETED


def test_nothing_is_skipped_while_the_deal_is_to_be_read_for_another_try() -> None:
    run = unreadable_rerun()
    assert "being read for another try" in run.say("skip").reason
    run.failures = {EnrichmentRequest: 1}
    run.take(command(run, "rerun", step_id="create"))
    assert run.status() is Status.FETCHING
    assert "being read for another try" in run.take(command(run, "skip"))[0].record.reason  # type: ignore[attr-defined]
    run.settle()
    run.pass_time(timedelta(hours=3))
    assert run.status() is Status.COMPLETED


def command(run: World, word: str, **fields: object) -> InboxRecord:
    return InboxRecord(
        id=f"{word}-{run.at}", org_id=ORG, kind="command", opportunity_id=OPPORTUNITY, command=word,
        run_id=run.run.id, actor=OPS, **fields,
    )  # fmt: skip


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_run_that_never_came_to_a_step_is_not_rerun_past_its_filter(cancelled: bool) -> None:
    run = World(catalogue_of(
        "kind: workflow\nname: w\nstatus: active\n"
        "trigger: {stages: [Closed Won], filter: 'deal.amount > 1000000.0'}\n"
        f"steps:\n  - {{{CREATE}}}\n  - {{{END}}}\n{SHARED}"
    ))  # fmt: skip
    run.failures = {EnrichmentRequest: 8}
    run.take(entry())
    if not cancelled:
        run.settle()
        assert run.status() is Status.NEEDS_ATTENTION
    else:
        run.coming.clear()
        run.say("cancel")
    assert "never came to its first step" in run.say("rerun").reason
    assert run.commands(UpsertAccount) == []


GATE = "id: gate, type: approval, to: [m@acme.example], title: T, remind: [1h], time_out: 3h, rejected: done"
RENAMED = """kind: workflow
name: w
status: active
trigger: {stages: [Closed Won]}
steps:
  - {id: check, type: approval, to: [m@acme.example], title: T, remind: [1h], time_out: 3h, rejected: no}
  - {id: yes, type: end, outcome: new}
  - {id: no, type: end, outcome: rejected}
"""


@pytest.mark.parametrize(("word", "outcome"), [("approve", "new"), ("reject", "rejected"), ("", "")])
def test_the_tasks_of_a_run_move_with_it_to_a_renamed_step(word: str, outcome: str) -> None:
    run = world(GATE, END)
    second = catalogue_of(f"{RENAMED}{SHARED}").versions["w", 1].model_copy(update={"version": 2})
    object.__setattr__(run.catalogue, "versions", {**run.catalogue.versions, ("w", 2): second})
    before = run.task
    assert run.say("migrate", version=2, values={"gate": "check"}).kind == "run.migrated"
    moved = run.task
    assert (moved.id, moved.step_id, moved.workflow_version) == (before.id, "check", 2)
    assert moved.revision == before.revision + 1
    assert "goes by v2 already" in run.say("migrate", version=2).reason
    if word:
        run.say(word, task_id=moved.id, actor="m@acme.example", reason="so")
        assert run.events("run.completed")[0].outcome == outcome
    else:
        run.pass_time(timedelta(hours=4))
        assert run.events("task.reminded")
        assert (run.status(), run.task.status) == (Status.NEEDS_ATTENTION, "expired")


def test_a_run_that_waits_for_another_try_of_a_command_is_not_migrated() -> None:
    run = World(world(CREATE, END).catalogue)
    run.failures = {UpsertAccount: 1}
    run.take(entry())
    while not run.timers(Purpose.RETRY):
        run.take(run.coming.popleft())
    assert run.status() is Status.WAITING_TIME
    object.__setattr__(run.catalogue, "versions",
                       {**run.catalogue.versions, ("w", 2): run.catalogue.versions["w", 1].model_copy(
                           update={"version": 2})})  # fmt: skip
    assert "an answer is on its way" in run.take(command(run, "migrate", version=2))[0].record.reason  # type: ignore[attr-defined]
    run.settle()
    assert run.status() is Status.COMPLETED


def test_an_account_is_not_given_away_while_its_last_state_is_to_be_stored_again() -> None:
    run = world(CREATE, "id: assign, type: assign_csm, person: {name: Kim, email: kim@x.example}", END)
    run.failures = {UpsertAccount: 1}
    run.take(command(run, "rerun", step_id="assign"))
    while not run.timers(Purpose.RETRY):
        run.take(run.coming.popleft())
    refused = run.take(command(run, "reassign", to=("new@x.example",)))[0].record
    assert "an answer is on its way" in refused.reason  # type: ignore[attr-defined]
    run.settle()
    bodies: dict[str, object] = {}
    for each in run.commands(UpsertAccount):
        assert isinstance(each, UpsertAccount)
        assert bodies.setdefault(each.id, each.account) == each.account, "an effect has one body"


@pytest.mark.parametrize(("fails", "status"), [("", Status.NEEDS_ATTENTION), (", on_error: sorry", None)])
def test_an_answer_that_cannot_be_carried_on_fails_its_step(fails: str, status: Status | None) -> None:
    needed = SHARED.replace("target: name}", "target: name, required: true}")
    asked = World(catalogue_of(
        "kind: workflow\nname: w\nstatus: active\ntrigger: {stages: [Closed Won]}\nsteps:\n"
        f"  - {{id: create, type: create_account, existing: ask{fails}}}\n  - {{{END}}}\n"
        f"  - {{id: sorry, type: end, outcome: sorry}}\n{needed}"
    ))  # fmt: skip
    known = ACCOUNT.model_copy(update={"id": "held", "key": "another:deal", "revision": 7})
    asked.existing = [Match(account=known, by=By.DOMAIN, score=0.95)]
    asked.take(entry())
    asked.settle()
    # By now the deal has no name, which the mapping needs.
    assert asked.state is not None
    nameless = asked.deal.model_copy(
        update={"opportunity": asked.deal.opportunity.model_copy(update={"name": ""})}
    )
    asked.state = asked.state.model_copy(update={"deals": dict.fromkeys(asked.state.deals, nameless)})
    asked.say("choose", task_id=asked.task.id, actor="sam@acme.example", values={"choice": "new"})
    assert len(asked.events("step.failed")) == 1
    assert not [each for each in asked.events("step.completed") if each.step_id == "create"]
    assert asked.commands(UpsertAccount) == []
    assert asked.status() is (status or Status.COMPLETED)
    assert asked.run.reason == ("sorry" if fails else asked.run.reason)


FORM = (
    "id: handoff, type: form, to: [deal.owner.email], title: Handoff, fields: "
    "[{name: seats, label: Seats, type: %s, maps_to: %s}]"
)


@pytest.mark.parametrize(
    ("kind", "target", "typed", "says"),
    [
        ("text", "size", "many", "account's size"),
        ("number", "size", "12.5", "account's size"),
        ("text", "arr", "a lot", "account's arr"),
        ("text", "close_date", "soon", "account's close_date"),
        ("text", "primary_contact", "Kim", "account's primary_contact"),
    ],
)
def test_an_answer_that_does_not_fit_the_account_names_its_field(
    kind: str, target: str, typed: str, says: str
) -> None:
    asked = world(FORM % (kind, target), CREATE, END)
    asked.say("fill", task_id=asked.task.id, actor="sam@acme.example", values={"seats": typed})
    assert asked.status() is Status.NEEDS_ATTENTION
    (failed,) = asked.events("step.failed")
    assert failed.step_id == "create"
    assert "seats" in failed.reason
    assert says in failed.reason
    assert typed not in failed.reason, "what people type is not for the history"


def test_a_rerun_of_a_joined_account_leaves_what_its_deal_does_not_say() -> None:
    run = World(world("id: create, type: create_account, existing: link", END).catalogue)
    known = ACCOUNT.model_copy(update={"id": "held", "key": "another:deal", "revision": 7,
                                       "industry": "Energy", "website": "https://acme.example"})  # fmt: skip
    run.existing = [Match(account=known, by=By.DOMAIN, score=0.95)]
    run.take(entry())
    run.settle()
    run.say("rerun")
    first, second = run.commands(UpsertAccount)
    assert isinstance(first, UpsertAccount)
    assert isinstance(second, UpsertAccount)
    assert first.account is not None
    assert second.account is not None
    assert (second.account.key, second.account.revision) == ("another:deal", 9)
    assert (second.account.industry, second.account.website) == ("Energy", "https://acme.example")


def claiming() -> World:
    run = World(catalogue_of(
        "kind: workflow\nname: w\nstatus: active\ntrigger: {stages: [Closed Won]}\nsteps:\n"
        f"  - {{{CREATE}}}\n  - {{id: take, type: assign_csm, queue: takers}}\n  - {{{END}}}\n{SHARED}"
    ))  # fmt: skip
    plain = run.answer

    def answer(record: Record) -> Record | None:
        if isinstance(record, AssignCsm) and record.choose:
            return result(record, output={"claim": "true", "members": "a@x.example,b@x.example"})
        return plain(record)

    run.answer = answer  # type: ignore[method-assign]  # the queue's other policy
    run.take(entry())
    run.settle()
    return run


def test_who_claims_an_account_anew_takes_it_from_who_had_it() -> None:
    run = claiming()
    run.say("claim", task_id=run.task.id, actor="b@x.example")
    run.say("rerun", step_id="take")
    run.say("claim", task_id=run.task.id, actor="a@x.example")
    told = [each for each in run.commands(AssignCsm) if isinstance(each, AssignCsm) and not each.choose]
    assert [(each.released, each.taken) for each in told] == [
        ("", "b@x.example"),
        ("b@x.example", "a@x.example"),
    ]
    assert len({each.id for each in told}) == 2
    assert run.run.notices == {}


def test_a_forced_rerun_of_an_assignment_gives_back_before_it_takes() -> None:
    run = world(CREATE, "id: take, type: assign_csm, queue: takers", END)
    run.say("rerun", step_id="take", force=True)
    told = [each for each in run.commands(AssignCsm) if isinstance(each, AssignCsm)]
    assert [each.released for each in told] == ["", "dana@thread.example"]


@pytest.mark.parametrize("outcome", ["succeeded", FAILED])
def test_a_late_answer_to_an_attempt_that_was_given_up_changes_nothing(outcome: str) -> None:
    run = World(world(CREATE, END).catalogue)
    run.failures = {UpsertAccount: 1}
    run.take(entry())
    while not run.timers(Purpose.RETRY):
        run.take(run.coming.popleft())
    run.fire(*run.timers(Purpose.RETRY)[0])
    run.take(run.coming.popleft())
    first, second = run.commands(UpsertAccount)
    assert (getattr(first, "attempt", 0), getattr(second, "attempt", 0)) == (1, 2)
    before = run.run
    late = result(first, outcome=outcome, retryable=True).model_copy(update={"id": "sent by another"})
    run.take(late)
    assert run.run == before
    run.settle()
    assert run.status() is Status.COMPLETED


def test_a_change_that_came_while_a_step_was_skipped_is_not_looked_at_later() -> None:
    run = world("id: first, type: wait, until_true: 'deal.amount < 0.0'",
                "id: second, type: wait, until_true: 'deal.amount < 0.0'", END)  # fmt: skip
    for number in (1, 2):
        news = InboxRecord(id=f"n{number}", org_id=ORG, kind=DEAL_CHANGED, opportunity_id=OPPORTUNITY)
        run.take(news)
    assert run.run.look_again
    run.take(command(run, "skip"))
    assert (run.run.step_id, run.run.look_again) == ("second", False)
