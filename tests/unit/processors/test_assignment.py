"""Whose turn it is."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from processors.assignment import assign
from schemas.account import Csm
from schemas.assignment import AssignCsm
from schemas.definition.documents import Queue
from schemas.run import QueueState


def queue(*names: str) -> Queue:
    members = tuple(Csm(name=name, email=f"{name}@thread.example") for name in names)
    return Queue(kind="queue", name="q", members=members)


def command(number: int) -> AssignCsm:
    return AssignCsm(id=f"c{number}", org_id="org", queue="q")


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 5))
def test_turns_are_fair_within_one_and_the_same_command_gets_the_same_answer(
    numbers: list[int], size: int
) -> None:
    state: QueueState | None = None
    answers: dict[int, str] = {}
    for number in numbers:
        state, csm = assign(state, queue(*"abcde"[:size]), command(number))
        assert answers.setdefault(number, csm.name) == csm.name
    given_out = Counter(answers.values())
    if given_out:
        assert max(given_out.values()) - min(given_out[name] for name in "abcde"[:size]) <= 1


def test_a_queue_may_grow_and_shrink() -> None:
    state, first = assign(None, queue("a", "b", "c"), command(1))
    state, second = assign(state, queue("a"), command(2))
    state, third = assign(state, queue("a", "b"), command(3))
    assert (first.name, second.name, third.name) == ("a", "a", "a")
    assert assign(state, queue("b"), command(1))[1].name == "a"


def test_what_is_remembered_is_bounded() -> None:
    state: QueueState | None = QueueState(
        turn=2000, answers={f"c{number}": Csm(name="a") for number in range(2000)}
    )
    state, _ = assign(state, queue("a"), command(9999))
    assert len(state.answers) == 2000
    assert "c0" not in state.answers
