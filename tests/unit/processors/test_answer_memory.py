"""Thousands of answers are remembered, and few are written at a time."""

from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from processors.answer_memory import find, places, set_aside
from schemas.queue_state import Answer, AnswerBlock, QueueState


@dataclass
class Store:
    """A table as the agent uses it. `dies` counts down the writes until the process dies."""

    held: dict[str, bytes] = field(default_factory=dict)
    written: list[int] = field(default_factory=list)
    dies: int = -1

    def write(self, place: str, value: QueueState | AnswerBlock) -> None:
        self.dies -= 1
        if self.dies == 0:
            raise InterruptedError
        self.held[place] = value.model_dump_json(exclude_defaults=True).encode()
        self.written.append(len(self.held[place]))

    def state(self) -> QueueState:
        return QueueState.model_validate_json(self.held.get("", b"{}"))

    def find(self, command_id: str) -> Answer | None:
        state = self.state()
        older = find(command_id, (self.held.get(place) for place in places(state)))
        return state.answers.get(command_id, older)

    def answer(self, command_id: str, answer: Answer) -> None:
        state = self.state()
        state, blocks = set_aside(state.model_copy(update={"answers": {**state.answers, command_id: answer}}))
        for place, block in blocks:
            self.write(place, block)
        self.write("", state)


def test_two_thousand_answers_are_remembered_and_what_is_kept_is_bounded() -> None:
    store = Store()
    for number in range(5000):
        store.answer(f"c{number}", Answer(name=f"n{number}", email="ann@thread.example"))
    assert [store.find(f"c{number}") for number in range(3000, 5000)] == [
        Answer(name=f"n{number}", email="ann@thread.example") for number in range(3000, 5000)
    ]
    assert store.find("c0") is None
    assert store.find("c") is None
    assert len(store.held) == 32
    assert max(store.written) < 10_000


def test_a_state_of_the_first_release_is_cut_at_once() -> None:
    answers = {f"c{number}": Answer(name=f"n{number}") for number in range(2000)}
    store = Store({"": QueueState(turn=2000, answers=answers).model_dump_json().encode()})
    store.answer("new", Answer(name="new"))
    assert [store.find(command) for command in answers] == list(answers.values())
    assert store.find("new") == Answer(name="new")
    assert len(store.state().answers) <= 128


def test_long_answers_fit_into_their_records() -> None:
    store = Store()
    answer = Answer(members=tuple(f"{'ü' * 200}{number}@thread.example" for number in range(500)))
    for number in range(40):
        store.answer(f"c{number}", answer)
    assert max(store.written) < 2 * 1024 * 1024
    assert [number for number in range(40) if store.find(f"c{number}") != answer] == []


def test_one_answer_over_every_limit_is_still_remembered() -> None:
    store = Store()
    answer = Answer(error="x" * 600_000)
    store.answer("c1", answer)
    assert store.find("c1") == answer


def test_an_id_that_stands_inside_another_answer_is_not_found_there() -> None:
    block = AnswerBlock(answers={"c1": Answer(error='say "c2"', members=("c2",))})
    stored = block.model_dump_json().encode()
    assert find("c2", [None, stored]) is None
    assert find("c1", [stored]) == block.answers["c1"]


def test_the_newest_answer_of_a_command_counts() -> None:
    blocks = [AnswerBlock(answers={"ü": Answer(name=name)}).model_dump_json().encode() for name in "ba"]
    assert find("ü", blocks) == Answer(name="b")


@pytest.mark.parametrize("before", [128, 129, 193, 2000])
@pytest.mark.parametrize("dies", [1, 2, 3, 30])
def test_a_death_between_writes_forgets_nothing(before: int, dies: int) -> None:
    answers = {f"c{number}": Answer(name=f"n{number}") for number in range(before)}
    store = Store({"": QueueState(answers=answers).model_dump_json().encode()}, dies=dies)
    with suppress(InterruptedError):
        store.answer("new", Answer(name="new"))
    store.dies = -1
    store.answer("new", Answer(name="new"))
    assert store.find("new") == Answer(name="new")
    assert [command for command in list(answers)[::17] if store.find(command) != answers[command]] == []


@pytest.mark.parametrize(("blocks", "expected"), [(0, []), (2, ["#1", "#0"])])
def test_blocks_that_were_never_written_are_not_looked_for(blocks: int, expected: list[str]) -> None:
    assert list(places(QueueState(blocks=blocks))) == expected


def test_a_ring_of_blocks_begins_anew() -> None:
    found = list(places(QueueState(blocks=32)))
    assert (found[0], found[1], found[-1], len(set(found))) == ("#0", "#30", "#1", 31)
