"""Pages of dead letters: each letter once, in its order, whatever comes or goes between two pages."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.dead_letters import Board, Filter
from processors.letter_pages import Spot, page
from schemas.dead_letter import Kind, Letter, Mark
from schemas.errors import UsageError
from tests.fixtures.memory_letters import a_letter

AT = datetime(2026, 9, 14, tzinfo=UTC)


def board(*letters: Letter) -> Board:
    made = Board()
    for letter in letters:
        made.take(letter)
    return made


def walk(held: Board, limit: int, wanted: Filter | None = None, *, dealt_with: bool = False) -> list[str]:
    seen: list[str] = []
    after, more = None, True
    while more:
        found, more = page(held, wanted or Filter(), dealt_with=dealt_with, after=after, limit=limit)
        assert len(found) <= limit
        seen += [letter.id for letter, _ in found]
        after = Spot.parse(str(Spot.of(*found[-1]))) if found else None
    return seen


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_pages_join(limit: int) -> None:
    held = board(*(a_letter(number, agent="a" if number % 2 else "b") for number in (3, 1, 4, 0, 2)))
    assert walk(held, limit) == ["0:0", "0:1", "0:2", "0:3", "0:4"]
    assert walk(held, limit, Filter(agent="a")) == ["0:1", "0:3"]
    assert walk(Board(), limit) == []


def test_a_letter_that_failed_again_keeps_its_spot() -> None:
    assert walk(board(a_letter(5), a_letter(9, seat=2), a_letter(3)), 1) == ["0:9", "0:3", "0:5"]


def test_what_was_dealt_with_comes_latest_first() -> None:
    letters = [a_letter(number) for number in range(4)]
    held = board(*letters)
    for minutes, letter in zip((2, 0, 2, 1), letters, strict=True):
        at = AT + timedelta(minutes=minutes)
        held.take(Mark(place=letter.place, kind=Kind.DISCARDED, of=letter.identity, at=at, actor="ann"))
    for limit in (1, 2, 9):
        assert walk(held, limit, dealt_with=True) == ["0:0", "0:2", "0:3", "0:1"]


@pytest.mark.parametrize("text", ["", "1_2", "1_2_3_4", "a_1_1", "1_-1_1", "9" * 30 + "_1_1"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(UsageError):
        Spot.parse(text)
