"""What operators do to runs: retry, skip, cancel, rerun, start, migrate."""

import json
from datetime import timedelta

import pytest

from processors.deal import advance
from schemas.account import Csm, UpsertAccount
from schemas.assignment import AssignCsm
from schemas.deal import EnrichmentRequest
from schemas.email import SendEmail
from schemas.run import Status
from tests.unit.processors.engine import T0, World, catalogue_of, entry
from tests.unit.processors.test_people import SHARED, world

END = "id: done, type: end, outcome: ready"
CREATE = "id: create, type: create_account"
SEND = "id: send, type: send_email, email: plain, to: [csm@thread.example]"
MAIL = "\n---\n{kind: email, name: plain, subject: S, text: '{{ deal.name }}'}\n"


def stuck() -> World:
    """Give a run whose account the sink has refused often enough."""
    made = World(world(CREATE, END).catalogue)
    made.failures = {UpsertAccount: 8}
    made.take(entry())
    made.settle()
    assert made.status() is Status.NEEDS_ATTENTION
    return made


def test_a_retry_reads_the_deal_again_and_goes_on() -> None:
    run = stuck()
    reads = len(run.commands(EnrichmentRequest))
    assert run.say("retry").kind == "run.retried"
    assert run.status() is Status.COMPLETED
    assert len(run.commands(EnrichmentRequest)) == reads + 1
    last = run.commands(UpsertAccount)[-1]
    assert isinstance(last, UpsertAccount)
    assert last.attempt == 9


def test_a_retry_has_its_full_number_of_attempts() -> None:
    run = stuck()
    run.failures = {UpsertAccount: 3}
    run.say("retry")
    assert run.status() is Status.COMPLETED


@pytest.mark.parametrize("failures", [8, 9])
def test_a_deal_that_could_not_be_read_is_read_again(failures: int) -> None:
    run = World(world(CREATE, END).catalogue)
    run.failures = {EnrichmentRequest: failures}
    run.take(entry())
    run.settle()
    assert run.status() is Status.NEEDS_ATTENTION
    run.say("retry")
    assert run.status() is Status.COMPLETED
    assert len(run.events("run.started")) == 1


def test_skipping_goes_on_at_the_next_step() -> None:
    run = stuck()
    assert run.say("skip").kind == "step.skipped"
    assert run.status() is Status.COMPLETED


def test_cancelling_says_why() -> None:
    run = stuck()
    run.say("cancel", reason="the customer withdrew")
    assert (run.status(), run.run.reason) == (Status.CANCELLED, "the customer withdrew")
    assert run.say("cancel").kind == "command.refused"


def sent() -> World:
    run = World(
        catalogue_of(
            "kind: workflow\nname: w\nstatus: active\ntrigger: {stages: [Closed Won]}\nsteps:\n"
            f"  - {{{CREATE}}}\n  - {{{SEND}}}\n  - {{{END}}}\n{SHARED}{MAIL}"
        )
    )
    run.take(entry())
    run.settle()
    assert run.status() is Status.COMPLETED
    return run


@pytest.mark.parametrize(("force", "mails"), [(False, 1), (True, 2)])
def test_a_rerun_repeats_no_effect_unless_it_is_forced(force: bool, mails: int) -> None:
    run = sent()
    assert run.say("rerun", step_id="send", force=force).kind == "run.rerun"
    assert run.status() is Status.COMPLETED
    assert len({mail.id for mail in run.commands(SendEmail)}) == mails
    assert len({command.id for command in run.commands(UpsertAccount)}) == 1


def test_a_rerun_from_the_beginning_brings_the_account_up_to_date() -> None:
    run = sent()
    opportunity = run.deal.opportunity.model_copy(update={"name": "Acme, mended"})
    run.deal = run.deal.model_copy(update={"opportunity": opportunity})
    run.say("rerun")
    first, second = run.commands(UpsertAccount)
    assert isinstance(first, UpsertAccount)
    assert isinstance(second, UpsertAccount)
    assert first.account is not None
    assert second.account is not None
    assert (first.account.key, first.account.id) == (second.account.key, second.account.id)
    assert (second.account.revision, second.account.name) == (2, "Acme, mended")
    assert len({mail.id for mail in run.commands(SendEmail)}) == 1


@pytest.mark.parametrize(
    ("command", "fields", "says"),
    [
        ("rerun", {"step_id": "nowhere"}, "has no step 'nowhere'; its steps are: create, send, done"),
        ("retry", {}, "it is completed"),
        ("skip", {}, "it is completed"),
        ("start", {}, "it is completed, not held"),
        ("migrate", {"version": 1}, "it has ended"),
        ("migrate", {"version": 7}, "there is no version 7"),
        ("explode", {}, "nothing that can be done with a run"),
    ],
)
def test_what_cannot_be_done_is_refused(command: str, fields: dict[str, object], says: str) -> None:
    run = sent()
    event = run.say(command, **fields)
    assert event.kind == "command.refused"
    assert says in event.reason


def test_a_run_whose_state_was_forgotten_cannot_be_rerun() -> None:
    run = sent()
    run.pass_time(timedelta(days=31))
    assert "forgotten" in run.say("rerun").reason


def test_a_crowd_is_held_until_somebody_starts_it() -> None:
    made = World(world(CREATE, END).catalogue)
    held = advance(None, entry(), T0, made.catalogue, {"w"})
    made.state = held.state
    assert [out.record.kind for out in held.outputs] == ["run.held"]  # type: ignore[attr-defined]
    assert made.status() is Status.HELD
    made.say("start")
    assert made.status() is Status.COMPLETED


@pytest.mark.parametrize("ended", [True, False])
def test_an_account_is_given_to_somebody_else(ended: bool) -> None:
    more = () if ended else ("id: pause, type: wait, duration: 5d",)
    run = world(CREATE, "id: assign, type: assign_csm, queue: takers", *more, END)
    who = {"to": ("new@thread.example",), "values": {"name": "New"}, "reason": "leaves us"}
    run.failures = {UpsertAccount: 1}
    event = run.say("reassign", **who)
    assert (event.kind, json.loads(event.output)) == ("csm.reassigned", {"from": "Dana", "to": "New"})
    last = run.commands(UpsertAccount)[-1]
    assert isinstance(last, UpsertAccount)
    assert last.account is not None
    assert last.account.csm == Csm(name="New", email="new@thread.example")
    assert (last.account.revision, last.attempt) == (3, 2), "it failed once, and was tried again"
    told = run.commands(AssignCsm)[-1]
    assert isinstance(told, AssignCsm)
    assert (told.choose, told.released, told.taken) == (False, "dana@thread.example", "new@thread.example")
    assert "has it already" in run.say("reassign", **who).reason
    assert run.status() is (Status.COMPLETED if ended else Status.WAITING_TIME)
    assert run.run.notices == {}


@pytest.mark.parametrize(
    ("to", "says"),
    [((), "say to whom"), (("nobody",), "say to whom"), (("a@b.example", "c@d.example"), "say to whom")],
)
def test_an_account_is_given_to_one_person_by_address(to: tuple[str, ...], says: str) -> None:
    assert says in sent().say("reassign", to=to).reason


def test_without_an_account_there_is_nothing_to_give() -> None:
    assert "has no account" in stuck().say("reassign", to=("a@b.example",)).reason


OLD = "id: gate, type: approval, to: [m@acme.example], title: T, rejected: done"


def versions(new: str) -> World:
    """Give a run that waits at the gate of version 1, while version 2 is applied."""
    run = world(OLD, END)
    text = "kind: workflow\nname: w\nstatus: active\ntrigger: {stages: [Closed Won]}\nsteps:\n"
    second = catalogue_of(f"{text}{new}\n{SHARED}").versions["w", 1].model_copy(update={"version": 2})
    versions = {**run.catalogue.versions, ("w", 2): second}
    object.__setattr__(run.catalogue, "versions", versions)
    return run


NEW_GATE = """
  - {id: gate, type: approval, to: [m@acme.example], title: T, rejected: no}
  - {id: yes, type: end, outcome: new}
  - {id: no, type: end, outcome: rejected}
"""


def test_a_waiting_run_migrates_where_the_step_is_the_same() -> None:
    run = versions(NEW_GATE)
    assert run.say("migrate", version=2).kind == "run.migrated"
    run.say("approve", task_id=run.task.id, actor="m@acme.example")
    assert run.events("run.completed")[0].outcome == "new"


@pytest.mark.parametrize(
    ("new", "values", "says"),
    [
        (NEW_GATE.replace("id: gate", "id: check"), {}, "say which one takes its place: gate=STEP"),
        (NEW_GATE.replace("id: gate", "id: check"), {"gate": "check"}, ""),
        ("  - {id: gate, type: create_account}\n  - {id: done, type: end}", {}, "gate is a approval"),
    ],
)
def test_a_migration_needs_a_step_to_stand_on(new: str, values: dict[str, str], says: str) -> None:
    event = versions(new).say("migrate", version=2, values=values)
    assert (event.kind == "command.refused") is bool(says)
    assert says in event.reason
