"""Handoff forms through the engine: prefilled, drafted, filled, refused."""

import json

import pytest

from schemas.account import UpsertAccount
from schemas.run import Status
from tests.unit.processors.test_people import REP, world

FORM = (
    "id: handoff, type: form, to: [deal.owner.email], title: Handoff, fields: ["
    "{name: goals, label: Goals, type: long_text, required: true, maps_to: custom.goals},"
    "{name: seats, label: Seats, type: number, prefill: '50'},"
    "{name: plan, label: Plan, type: choice, choices: [Basic, Pro], maps_to: industry},"
    "{name: start, label: Start, type: date, prefill: deal.close_date}]"
)
AFTER = (
    "id: big, type: condition, branches: [{when: 'vars.seats > 10', next: create}], default: stop",
    "id: create, type: create_account",
    "id: stop, type: end, outcome: ready",
)


def test_a_form_is_prefilled_drafted_filled_and_its_answers_go_on() -> None:
    asked = world(FORM, *AFTER)
    assert asked.task.values == {"seats": "50", "start": "2026-09-30"}
    who = {"task_id": asked.task.id, "actor": REP}
    assert asked.say("draft", **who, values={"goals": "Start in October"}).kind == "task.saved"
    assert asked.say("fill", **who, values={"plan": "Pro", "seats": "20"}).kind == "task.answered"
    (command,) = asked.commands(UpsertAccount)
    assert isinstance(command, UpsertAccount)
    assert command.account is not None
    assert command.account.custom["goals"].value == "Start in October"
    assert command.account.industry == "Pro"
    assert asked.run.variables["seats"] == 20
    assert asked.run.variables["handoff"]["by"] == REP
    assert "October" not in "".join(event.output + event.input for event in asked.events())


def test_what_cannot_be_prefilled_is_left_empty_and_the_run_says_why() -> None:
    asked = world(
        "id: handoff, type: form, to: [deal.owner.email], title: Handoff, fields: ["
        "{name: seats, label: Seats, type: number, help: How many., prefill: deal.name},"
        "{name: start, label: Start, type: date, prefill: deal.custom.Start__c},"
        "{name: goals, label: Goals, prefill: deal.name}]", *AFTER[1:])  # fmt: skip
    assert asked.task.values == {"goals": asked.deal.opportunity.name}
    seats, start, goals = (field.help for field in asked.task.fields)
    assert seats.startswith("How many. (Could not be prefilled: ")
    assert "is not a number" in seats
    assert start.startswith("(Could not be prefilled: ")
    assert goals == ""
    (opened,) = asked.events("task.opened")
    left = json.loads(opened.output)["left_empty"]
    assert left.keys() == {"seats", "start"}
    assert "is not a number" in left["seats"]
    assert "deal.custom.Start__c" in left["start"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "goals: it is required"),
        ({"goals": "x", "seats": "many"}, "seats: 'many' is not a number"),
        ({"goals": "x", "seats": "NaN"}, "seats"),
        ({"goals": "x", "plan": "Gold"}, "plan: 'Gold' is not one of: Basic, Pro"),
        ({"goals": "x", "start": "30/09/2026"}, "start: '30/09/2026' is not a date"),
        ({"goals": "x", "hidden": "1"}, "hidden: there is no such field"),
        ({"goals": "x" * 20_001}, "goals: it has 20001 characters"),
        ({"goals": "x\x00y"}, "goals: it holds control characters"),
    ],
)
def test_an_invalid_form_is_refused_with_its_fields(values: dict[str, str], says: str) -> None:
    asked = world(FORM, *AFTER)
    event = asked.say("fill", task_id=asked.task.id, actor=REP, values=values)
    assert event.kind == "command.refused"
    assert says in event.reason
    assert asked.status() is Status.WAITING_PERSON
