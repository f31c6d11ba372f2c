"""Approvals, forms and claims through the engine: every way a person's word can come."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.account import UpsertAccount
from schemas.assignment import AssignCsm
from schemas.base import Record
from schemas.email import SendEmail
from schemas.run import Status
from schemas.stage import OPPORTUNITY_DELETED
from tests.unit.processors.engine import T0, World, catalogue_of, entry, result

BOSS, PEER, REP = "m@acme.example", "peer@thread.example", "sam@acme.example"

SHARED = """
---
{kind: mapping, name: standard, fields: [{source: deal.name, target: name}]}
---
{kind: group, name: desk, members: [m@acme.example, peer@thread.example, third@thread.example]}
---
{kind: email, name: asked, subject: "{{ task.title }}", text: "{{ task.people | join(', ') }}"}
---
kind: queue
name: takers
policy: claim
members: [{name: A, email: a@x.example}, {name: B, email: b@x.example}]
"""


def world(*steps: str, trigger: str = "") -> World:
    """Give a deal that has just entered its stage and waits at the first of these steps."""
    lines = "\n".join(f"  - {{{step}}}" for step in steps)
    made = World(
        catalogue_of(
            f"kind: workflow\nname: w\nstatus: active\ntrigger: {{stages: [Closed Won]{trigger}}}\n"
            f"steps:\n{lines}\n{SHARED}"
        )
    )
    made.take(entry())
    made.settle()
    return made


def approval(*more: str, to: str = "deal.owner.manager_email", need: str = "any") -> World:
    step = f"id: gate, type: approval, to: ['{to}'], need: {need}, title: 'Approve {{{{ deal.name }}}}'"
    return world(
        ", ".join([step, "rejected: no", *more]),
        "id: create, type: create_account",
        "id: yes-end, type: end, outcome: ready",
        "id: no, type: end, outcome: rejected",
        "id: late, type: end, outcome: late",
    )


def test_an_approval_asks_and_waits() -> None:
    asked = approval()
    assert (asked.status(), asked.task.people, asked.task.status) == (
        Status.WAITING_PERSON,
        (BOSS,),
        "open",
    )
    assert asked.task.title == "Approve Acme - Onboarding 2026"
    assert asked.commands(UpsertAccount) == []


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ([("approve", {})], "ready"),
        ([("reject", {"reason": "too risky"})], "rejected"),
        ([("approve", {"actor": BOSS.upper()})], "ready"),
        ([("claim", {}), ("approve", {})], "ready"),
        ([("claim", {}), ("release", {}), ("reject", {"reason": "no"})], "rejected"),
        ([("delegate", {"to": (PEER,)}), ("approve", {"actor": PEER})], "ready"),
        ([("approve", {"actor": "ops@thread.example", "force": True})], "ready"),
    ],
    ids=["yes", "no", "case of the address", "claimed", "claimed and released", "delegated", "forced"],
)
def test_a_word_that_counts(words: list[tuple[str, dict[str, Any]]], outcome: str) -> None:
    asked = approval()
    for command, fields in words:
        event = asked.say(command, **{"task_id": asked.task.id, "actor": BOSS, **fields})
        assert event.kind.startswith("task.")
        assert event.actor == {"actor": BOSS, **fields}["actor"]
    assert asked.events("run.completed")[0].outcome == outcome
    assert asked.status() is (Status.REJECTED if outcome == "rejected" else Status.COMPLETED)
    assert asked.task.status == "done"
    assert asked.run.tasks == {}


@pytest.mark.parametrize(
    ("command", "fields", "says"),
    [
        ("approve", {"actor": REP}, "is not asked"),
        ("approve", {"actor": ""}, "not said by whom"),
        ("reject", {}, "needs its reason"),
        ("reject", {"reason": "  "}, "needs its reason"),
        ("fill", {}, "cannot fill a task of kind approval"),
        ("release", {}, "nobody has claimed it"),
        ("delegate", {}, "say to whom"),
        ("delegate", {"to": ("nobody",)}, "say to whom"),
        ("approve", {"task_id": "another"}, "never was one of this id"),
        ("approve", {"run_id": "another"}, "has no run another"),
    ],
)
def test_a_word_that_is_refused_changes_nothing(command: str, fields: dict[str, Any], says: str) -> None:
    asked = approval()
    before = asked.run
    event = asked.say(command, **{"task_id": asked.task.id, "actor": BOSS, **fields})
    assert event.kind == "command.refused"
    assert says in event.reason
    assert asked.run.model_copy(update={"sequence": before.sequence}) == before


def test_two_answers_at_once_and_a_double_click_have_one_effect() -> None:
    asked = approval(to="group:desk")
    task = asked.task.id
    asked.say("approve", task_id=task, actor=BOSS)
    again = asked.say("approve", task_id=task, actor=BOSS)
    late = asked.say("reject", task_id=task, actor=PEER, reason="no")
    assert [again.kind, late.kind] == ["command.refused"] * 2
    assert len(asked.commands(UpsertAccount)) == 1
    assert len(asked.events("run.completed")) == 1


@pytest.mark.parametrize(
    ("need", "votes", "outcome"),
    [
        ("all", "yyy", "ready"),
        ("all", "yn", "rejected"),
        ("2", "yy", "ready"),
        ("2", "yny", "ready"),
        ("2", "nn", "rejected"),
        ("2", "yn", None),
        ("any", "n", "rejected"),
    ],
)
def test_how_many_must_say_yes(need: str, votes: str, outcome: str | None) -> None:
    asked = approval(to="group:desk", need=need)
    task = asked.task
    for who, vote in zip(task.people, votes, strict=False):
        asked.say("approve" if vote == "y" else "reject", task_id=task.id, actor=who, reason="so")
    found = [event.outcome for event in asked.events("run.completed")]
    assert found == ([outcome] if outcome else [])


def test_one_may_change_ones_vote_but_not_say_it_twice() -> None:
    asked = approval(to="group:desk", need="2")
    task = asked.task.id
    asked.say("approve", task_id=task, actor=BOSS)
    assert asked.say("approve", task_id=task, actor=BOSS).kind == "command.refused"
    asked.say("reject", task_id=task, actor=BOSS, reason="on second thoughts")
    asked.say("approve", task_id=task, actor=PEER)
    assert asked.status() is Status.WAITING_PERSON
    assert [vote.yes for vote in asked.task.votes] == [False, True]


def test_nobody_to_ask_needs_attention_and_says_which_field() -> None:
    asked = approval(to="deal.next_step")
    assert asked.status() is Status.NEEDS_ATTENTION
    assert "deal.next_step gives no mail address" in asked.run.reason


def test_reminders_escalation_and_deadline_in_their_order() -> None:
    asked = approval("email: asked, remind: [1h, 2h, 3h], escalate: {after: 150m, to: [peer@thread.example]}",
                     "time_out: 4h, on_time_out: late")  # fmt: skip
    assert asked.task.due == asked.task.opened_at + timedelta(hours=4)  # type: ignore[operator]
    asked.pass_time(timedelta(hours=5))
    kinds = [kind for kind in asked.kinds() if kind.startswith("task.")]
    assert " ".join(kinds) == (
        "task.opened task.reminded task.reminded task.escalated task.reminded task.expired"
    )
    assert asked.events("run.completed")[0].outcome == "late"
    mails = [mail for mail in asked.commands(SendEmail) if isinstance(mail, SendEmail)]
    assert len({mail.id for mail in mails}) == 5
    assert [mail.to for mail in mails] == [(BOSS,)] * 3 + [(BOSS, PEER)] * 2
    late = asked.say("approve", task_id=asked.task.id, actor=BOSS)
    assert late.kind == "command.refused"


def test_a_mail_with_a_link_goes_to_each_person_by_itself() -> None:
    mails = "{kind: email, name: linked, subject: S, text: 'Decide: {{ task.link }}'}"
    step = "id: gate, type: approval, to: ['group:desk'], title: T, email: linked, rejected: no, remind: [1h]"
    asked = World(catalogue_of(
        "kind: workflow\nname: w\nstatus: active\ntrigger: {stages: [Closed Won]}\nsteps:\n"
        f"  - {{{step}}}\n  - {{id: no, type: end}}\n{SHARED}\n---\n{mails}\n"
    ))  # fmt: skip
    asked.take(entry())
    asked.settle()
    sent = [each for each in asked.commands(SendEmail) if isinstance(each, SendEmail)]
    assert [each.to for each in sent] == [(BOSS,), (PEER,), ("third@thread.example",)]
    assert {each.text for each in sent} == {f"Decide: https://task.invalid/{asked.task.id}"}
    assert len({each.id for each in sent}) == 3
    asked.pass_time(timedelta(hours=2))
    assert len({each.id for each in asked.commands(SendEmail)}) == 6
    assert asked.run.notices == {}


def test_reminders_that_are_overdue_after_an_outage_become_one() -> None:
    asked = approval("email: asked, remind: [1h, 2h, 3h]")
    (reminder,) = [each for each in asked.timers() if each[1].about]
    asked.at = T0 + timedelta(days=2)
    asked.fire(*reminder)
    asked.settle()
    assert len(asked.events("task.reminded")) == 1
    assert [each for each in asked.timers() if each[1].about] == []


def test_a_deadline_without_a_branch_needs_attention() -> None:
    asked = approval("time_out: 1h")
    asked.pass_time(timedelta(hours=2))
    assert asked.status() is Status.NEEDS_ATTENTION
    assert asked.task.status == "expired"


def test_the_order_of_the_log_decides_between_answer_and_deadline() -> None:
    asked = approval("time_out: 1h, on_time_out: late")
    ((run, timer),) = asked.timers()
    asked.say("approve", task_id=asked.task.id, actor=BOSS)
    asked.fire(run, timer)
    asked.settle()
    assert [event.outcome for event in asked.events("run.completed")] == ["ready"]


def test_an_answer_to_a_cancelled_run_is_refused() -> None:
    asked = approval()
    task = asked.task.id
    asked.take(entry().model_copy(update={"id": "gone", "kind": OPPORTUNITY_DELETED}))
    assert asked.task.status == "cancelled"
    assert asked.say("approve", task_id=task, actor=BOSS).kind == "command.refused"
    assert asked.status() is Status.CANCELLED


def test_an_account_is_claimed_once_and_the_queue_is_told() -> None:
    asked = World(
        catalogue_of(
            "kind: workflow\nname: w\nstatus: active\ntrigger: {stages: [Closed Won]}\nsteps:\n"
            "  - {id: create, type: create_account}\n  - {id: take, type: assign_csm, queue: takers}\n"
            f"  - {{id: done, type: end}}\n{SHARED}"
        )
    )
    plain = asked.answer

    def answer(record: Record) -> Record | None:
        if isinstance(record, AssignCsm) and record.choose:
            return result(record, output={"claim": "true", "members": "a@x.example,b@x.example"})
        return plain(record)

    asked.answer = answer  # type: ignore[method-assign]  # the queue's other policy
    asked.take(entry())
    asked.settle()
    assert (asked.task.kind, asked.task.people) == ("claim", ("a@x.example", "b@x.example"))
    task = asked.task.id
    asked.say("claim", task_id=task, actor="b@x.example")
    assert asked.say("claim", task_id=task, actor="a@x.example").kind == "command.refused"
    last = asked.commands(UpsertAccount)[-1]
    assert isinstance(last, UpsertAccount)
    assert last.account is not None
    assert last.account.csm is not None
    assert last.account.csm.email == "b@x.example"
    told = asked.commands(AssignCsm)[-1]
    assert isinstance(told, AssignCsm)
    assert (told.choose, told.taken) == (False, "b@x.example")
    assert asked.status() is Status.COMPLETED


@pytest.mark.parametrize(
    ("policy", "answer", "status"),
    [
        ("continue", "", Status.WAITING_PERSON),
        ("cancel", "", Status.CANCELLED),
        ("ask", "cancel", Status.CANCELLED),
        ("ask", "continue", Status.WAITING_PERSON),
    ],
)
def test_the_deal_leaves_the_stage(policy: str, answer: str, status: Status) -> None:
    asked = world("id: gate, type: approval, to: [m@acme.example], title: T, rejected: no",
                  "id: no, type: end", trigger=f", on_leave: {policy}")  # fmt: skip
    asked.take(entry("Negotiation", T0 + timedelta(minutes=5)))
    asked.settle()
    if answer:
        assert asked.task.kind == "choice"
        asked.say("choose", task_id=asked.task.id, actor=REP, values={"choice": answer})
    assert asked.status() is status
    assert asked.events("deal.left_stage")[0].reason == policy


def test_a_brief_is_written_and_spoken_of() -> None:
    done = world("id: brief, type: brief", "id: say, type: set, values: {goals: 'size(vars.brief.goals)'}",
                 "id: done, type: end")  # fmt: skip
    assert done.status() is Status.COMPLETED
    assert done.run.variables["brief"]["written_by"] == "structured"
