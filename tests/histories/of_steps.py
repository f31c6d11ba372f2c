"""The stories of what the examples do not do: every step, every correction, versions that change."""

from datetime import timedelta

from processors.sample import DEAL
from schemas.account import UpsertAccount
from schemas.assignment import AssignCsm
from schemas.base import Record
from schemas.deal import EnrichmentRequest
from schemas.email import SendEmail
from schemas.inbox import FAILED
from tests.histories.recording import Stage
from tests.unit.processors.engine import result

OPS, BOSS, PEER, OWNER = "ops@thread.example", "m@acme.example", "peer@thread.example", "sam@acme.example"

_HEAD = "kind: workflow\nname: story\ntrigger: {{stages: [Closed Won]{more}}}\nsteps:\n"
_SHARED = """
---
kind: mapping
name: standard
fields: [{source: deal.name, target: name}, {source: deal.amount, target: arr}]
---
{kind: template, name: plain, sections: {hello: "Hello {{ account.name }}, {{ vars.twice }}"}}
---
{kind: email, name: plain, subject: "{{ deal.name }}", text: "{{ run.stage }}"}
---
{kind: email, name: asked, subject: "{{ task.title }}", text: "{{ task.people | join(', ') }}"}
---
{kind: group, name: desk, members: [m@acme.example, peer@thread.example]}
---
kind: queue
name: takers
policy: claim
members: [{name: A, email: a@x.example}, {name: B, email: b@x.example}]
"""
_CREATE = "{id: create, type: create_account}"
_SEND = "{id: send, type: send_email, email: plain, to: [csm@thread.example]}"
_GATE = (
    "{id: gate, type: approval, to: [deal.owner.manager_email], title: 'Approve', email: asked, rejected: no}"
)
_ENDS = ("{id: done, type: end, outcome: ready}", "{id: no, type: end, outcome: rejected}")


def every_step() -> Stage:
    """One run through every type of step, with a step that is skipped and one that fails into its branch."""
    stage = _stage(
        "{id: facts, type: set, values: {twice: 'deal.amount * 2.0', big: 'vars.twice > 1.0'}}",
        "{id: large, type: condition, branches: [{when: vars.big, next: create}], default: no}",
        "{id: create, type: create_account, existing: link}",
        "{id: never, type: brief, when: deal.amount < 0.0}",
        "{id: gate, type: approval, to: ['group:desk'], need: all, title: Approve, rejected: no}",
        "{id: form, type: form, to: [deal.owner.email], title: Form, fields: "
        "[{name: seats, label: Seats, type: number, required: true, maps_to: size}]}",
        "{id: assign, type: assign_csm, queue: takers}",
        "{id: fill, type: apply_template, template: plain}",
        "{id: brief, type: brief}",
        "{id: pause, type: wait, duration: 90m}",
        "{id: date, type: wait, until: deal.close_date}",
        "{id: tell, type: publish, topic: handoffs, values: {twice: vars.twice, close: deal.close_date}}",
        "{id: send, type: send_email, email: plain, to: [csm.email], on_error: mended}",
        "{id: never-there, type: end, outcome: sent}",
        "{id: mended, type: set, values: {why: vars.error.reason}}",
    )
    refused = _but(stage, SendEmail, outcome=FAILED, error="550: no such mailbox")
    refused.enter()
    for actor in (BOSS, PEER):
        refused.say("approve", task_id=refused.task.id, actor=actor)
    refused.say("fill", task_id=refused.task.id, actor=OWNER, values={"seats": "250"})
    refused.pass_time(timedelta(days=16))
    return refused


def delegated() -> Stage:
    """An approval is claimed, given back, delegated, and answered by whom it was delegated to."""
    stage = _stage(_GATE)
    stage.enter()
    task = stage.task.id
    stage.say("claim", task_id=task, actor=BOSS)
    stage.say("approve", task_id=task, actor=PEER)
    stage.say("release", task_id=task, actor=BOSS)
    stage.say("delegate", task_id=task, actor=BOSS, to=(PEER,), reason="on holiday")
    stage.say("approve", task_id=task, actor=PEER)
    return stage


def claimed_from_a_queue() -> Stage:
    """People of a queue are asked to take an account; the second one comes too late."""
    stage = _stage(_CREATE, "{id: assign, type: assign_csm, queue: takers}")
    asked = _but(stage, AssignCsm, output={"claim": "true", "members": "a@x.example,b@x.example"})
    asked.enter()
    asked.say("claim", task_id=asked.task.id, actor="b@x.example")
    asked.say("claim", task_id=asked.task.id, actor="a@x.example")
    return asked


def form_expired() -> Stage:
    """Nobody fills the form: a reminder, an escalation, the deadline; the answer after it is refused."""
    stage = _stage(
        "{id: form, type: form, to: [deal.owner.email], title: Form, email: asked, remind: [1h], "
        "escalate: {after: 2h, to: ['group:desk']}, time_out: 3h, on_time_out: no, "
        "fields: [{name: goals, label: Goals, required: true, prefill: deal.next_step}]}"
    )
    stage.enter()
    stage.pass_time(timedelta(hours=4))
    stage.say("fill", task_id=stage.task.id, actor=OWNER, values={"goals": "Grow"})
    return stage


def retried_by_hand() -> Stage:
    """The sink fails as often as the policy allows; a person has it tried again when it is back."""
    stage = _stage("{id: create, type: create_account, retry: {attempts: 3, first: 10s, longest: 1m}}", _SEND)
    stage.failures = {UpsertAccount: 3}
    stage.enter()
    stage.say("retry", reason="the sink is back")
    return stage


def retried_at_once() -> Stage:
    """While a run waits for its next try a person has it tried at once; the timer that was set is stale."""
    stage = _stage("{id: create, type: create_account, retry: {attempts: 3, first: 1h}}")
    stage.failures = {UpsertAccount: 1}
    stage.enter_only(3)
    stage.say("retry")
    return stage


def skipped_and_cancelled() -> Stage:
    """A step that fails for good is skipped; at the approval, which is not skipped, the run is cancelled."""
    stage = _stage(_SEND, _GATE)
    refused = _but(stage, SendEmail, outcome=FAILED, error="550: no such mailbox")
    refused.enter()
    refused.say("skip")
    refused.say("skip")
    refused.say("cancel", reason="the customer withdrew")
    refused.say("cancel")
    return refused


def unreadable_deal() -> Stage:
    """The deal cannot be read as often as is tried; a person has it read again."""
    stage = _stage(_CREATE)
    stage.failures = {EnrichmentRequest: 8}
    stage.enter()
    stage.say("retry")
    return stage


def rerun() -> Stage:
    """An ended run is run again from its mail: once without the effect, once forced; then it is forgotten."""
    stage = _stage(_CREATE, _SEND)
    stage.enter()
    stage.say("rerun", step_id="nowhere")
    stage.say("rerun", step_id="send", reason="to be sure")
    stage.say("rerun", step_id="send", force=True, reason="the mail was lost")
    stage.say("rerun")
    stage.pass_time(timedelta(days=31))
    stage.say("rerun")
    return stage


def reassigned() -> Stage:
    """The account of a run that waits, and of the same when it has ended, is given to somebody else."""
    stage = _stage(
        _CREATE, "{id: assign, type: assign_csm, queue: takers}", "{id: pause, type: wait, duration: 5d}"
    )
    stage.enter()
    stage.failures = {UpsertAccount: 1}
    stage.say("reassign", to=("new@thread.example",), values={"name": "New"}, reason="leaves us")
    stage.pass_time(timedelta(days=6))
    stage.say("reassign", to=("newer@thread.example",), reason="out for long")
    return stage


def migrated() -> Stage:
    """A run that waits at a gate moves to version 2, back, and there again; a step map names the gate."""
    second = _text("{id: check, type: approval, to: [m@acme.example], title: Approve, rejected: no}", _SEND)
    stage = Stage(_text(_GATE, _CREATE) + _SHARED, second, active="story")
    stage.enter()
    stage.say("migrate", version=3)
    stage.say("migrate", version=2)
    stage.say("migrate", version=2, values={"gate": "check"})
    stage.say("migrate", version=1, values={"check": "gate"})
    stage.say("migrate", version=2, values={"gate": "check"})
    stage.say("approve", task_id=stage.task.id, actor=BOSS)
    return stage


def held_in_a_rush() -> Stage:
    """So many deals enter at once that the run is held; a person starts it."""
    stage = _stage(_CREATE)
    stage.held("story")
    stage.say("rerun")
    stage.say("start")
    stage.say("start")
    return stage


def entered_again_after_the_end() -> Stage:
    """A deal may pass again when its former run has ended, and not before."""
    stage = _stage(_GATE, more=", enrol: after_end")
    stage.enter()
    stage.enter("Negotiation/Review")
    stage.enter()
    stage.say("approve", task_id=stage.task.id, actor=BOSS)
    stage.enter("Negotiation/Review")
    stage.enter()
    return stage


def _text(*steps: str, more: str = "") -> str:
    lines = "\n".join(f"  - {step}" for step in (*steps, *_ENDS))
    return _HEAD.format(more=more) + lines + "\n"


def _stage(*steps: str, more: str = "") -> Stage:
    return Stage(_text(*steps, more=more) + _SHARED, active="story", deal=DEAL)


def _but(stage: Stage, kind: type[Record], **fields: object) -> Stage:
    """Let the world answer one kind of command in its own way."""
    usual = stage.answer

    def answer(record: Record) -> Record | None:
        chosen = not isinstance(record, AssignCsm) or record.choose
        return result(record, **fields) if isinstance(record, kind) and chosen else usual(record)

    stage.answer = answer  # type: ignore[method-assign]  # the story's own world
    return stage
