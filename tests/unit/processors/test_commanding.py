"""Commands have ids that a repeat shares, and the first event that one caused is its answer."""

from dataclasses import replace

import pytest

from processors.commanding import Outcome, Said, about_run, about_task, answer
from schemas.errors import UsageError
from schemas.inbox import COMMAND, InboxRecord
from schemas.run_summary import RunSummary
from schemas.task import Task
from tests.fixtures.run_events import OPPORTUNITY, ORG, an_event

ANN = Said(actor="ann@x.example", key="k1")
TASK = Task(id="t1", org_id=ORG, opportunity_id=OPPORTUNITY, run_id="r1", step_id="gate")
RUN = RunSummary(
    run_id="r1", org_id=ORG, opportunity_id=OPPORTUNITY, workflow_id="closed-won", workflow_version=3
)


def test_a_command_about_a_task_says_all_of_it() -> None:
    said = Said(actor="Ann@x.example", key="k", reason="fine", force=True)
    word = about_task(TASK, "delegate", said, to=["bob@x.example"], values={"a": "1"})
    assert (word.kind, word.command, word.actor, word.reason) == (
        COMMAND,
        "delegate",
        "Ann@x.example",
        "fine",
    )
    assert (word.org_id, word.opportunity_id, word.run_id, word.task_id) == (ORG, OPPORTUNITY, "r1", "t1")
    assert (word.to, word.values, word.force) == (("bob@x.example",), {"a": "1"}, True)


def test_a_command_about_a_run_says_all_of_it() -> None:
    word = about_run(RUN, "migrate", ANN, version=4, values={"old": "new"}, step_id="s")
    assert (word.run_id, word.version, word.values, word.step_id) == ("r1", 4, {"old": "new"}, "s")
    assert (word.task_id, word.org_id, word.opportunity_id) == ("", ORG, OPPORTUNITY)


def test_the_same_said_again_is_the_same_command() -> None:
    first = about_task(TASK, "approve", ANN)
    again = about_task(TASK, "approve", Said(actor="ANN@x.example", key="k1", reason="typed anew"))
    assert first.id == again.id


@pytest.mark.parametrize(
    "other",
    [  # of another word, person, key, task, or of the run itself
        about_task(TASK, "reject", ANN),
        about_task(TASK, "approve", Said(actor="bob@x.example", key="k1")),
        about_task(TASK, "approve", Said(actor="ann@x.example", key="k2")),
        about_task(TASK.model_copy(update={"id": "t2"}), "approve", ANN),
        about_run(RUN, "retry", ANN),
    ],
)
def test_anything_else_is_another_command(other: InboxRecord) -> None:
    assert about_task(TASK, "approve", ANN).id != other.id


def test_one_key_over_many_runs_is_many_commands() -> None:
    other = replace(RUN, run_id="r2")
    assert about_run(RUN, "retry", ANN).id != about_run(other, "retry", ANN).id


@pytest.mark.parametrize("actor", ["", "  "])
def test_somebody_has_to_say_it(actor: str) -> None:
    with pytest.raises(UsageError, match="by whom"):
        about_task(TASK, "approve", Said(actor=actor, key="k"))


def test_a_word_there_is_not_is_not_sent() -> None:
    with pytest.raises(UsageError, match="there is no command 'retry'"):
        about_task(TASK, "retry", ANN)
    with pytest.raises(UsageError, match="there is no command 'approve'"):
        about_run(RUN, "approve", ANN)


def test_the_first_event_it_caused_answers_a_command() -> None:
    events = [
        an_event(1, "run.started", caused_by="entry"),
        an_event(2, "task.answered", caused_by="c"),
        an_event(3, "run.completed", caused_by="c"),
    ]
    said = answer("c", events)
    assert (said.outcome, said.event) == (Outcome.DONE, events[1])


def test_a_refusal_says_why() -> None:
    said = answer("c", [an_event(2, "command.refused", caused_by="c", reason="it has ended: completed")])
    assert (said.outcome, said.reason) == (Outcome.REFUSED, "it has ended: completed")


def test_without_an_event_of_its_own_it_is_under_way() -> None:
    assert answer("c", [an_event(1, "run.started", caused_by="d")]).outcome is Outcome.UNDER_WAY
    assert answer("c", []).outcome is Outcome.UNDER_WAY
