"""When so many deals enrol at once that nobody can have meant it, the further ones are held."""

from datetime import timedelta

import pytest

from processors.catalogue import Catalogue
from processors.rush import Rush
from tests.unit.processors.engine import T0, catalogue_of

SECOND = timedelta(seconds=1)


def workflow(name: str, hold_over: int, status: str = "active") -> str:
    return (
        f"kind: workflow\nname: {name}\nstatus: {status}\n"
        f"trigger: {{stages: [Closed Won], hold_over: {hold_over}}}\nsteps:\n  - {{id: done, type: end}}\n"
    )


CATALOGUE = catalogue_of(workflow("few", 2), workflow("many", 100), workflow("draft", 1, "draft"))


@pytest.mark.parametrize(
    ("enrolled_ago", "held"),
    [
        ([], False),
        ([1], False),
        ([1, 1], True),
        ([0, 0], True),
        ([59, 1], True),
        ([60, 1], False),
        ([60, 59, 1], True),
        ([600, 600, 600], False),
    ],
)
def test_runs_are_held_over_so_many_in_a_minute(enrolled_ago: list[int], held: bool) -> None:
    rush = Rush()
    for ago in enrolled_ago:
        rush.count(["few"], T0 - ago * SECOND)
    assert rush.crowded(CATALOGUE, T0) == (frozenset({"few"}) if held else frozenset())


def test_each_workflow_is_counted_for_itself() -> None:
    rush = Rush()
    for _ in range(100):
        rush.count(["many", "draft", "gone"], T0)
    assert rush.crowded(CATALOGUE, T0) == {"many"}, "a draft enrols nobody"


def test_a_rush_is_over_after_a_minute() -> None:
    rush = Rush()
    for _ in range(5):
        rush.count(["few"], T0)
    assert rush.crowded(CATALOGUE, T0 + 59 * SECOND) == {"few"}
    assert rush.crowded(CATALOGUE, T0 + 60 * SECOND) == frozenset()


def test_a_new_version_may_allow_more() -> None:
    rush = Rush()
    for _ in range(5):
        rush.count(["few"], T0)
    assert rush.crowded(catalogue_of(workflow("few", 6)), T0) == frozenset()
    assert rush.crowded(Catalogue(), T0) == frozenset()
