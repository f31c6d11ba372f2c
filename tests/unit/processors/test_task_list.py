"""Tasks as people list them: filtered, in order, page by page, and one by the beginning of its id."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.task_list import Place, TaskQuery, one_task, select
from schemas.errors import UsageError
from schemas.task import CANCELLED, CLAIMED, DONE, EXPIRED, FORM, Task
from tests.unit.processors.engine import ORG, T0

HOUR = timedelta(hours=1)


def task(name: str = "t", **fields: Any) -> Task:
    content = {"people": ("ann@x.example",), "workflow_id": "w", "opened_at": T0, **fields}
    return Task(id=name, org_id=ORG, **content)


@pytest.mark.parametrize(
    ("query", "one", "wanted"),
    [
        (TaskQuery(), task(), True),
        (TaskQuery(), task(status=CLAIMED), True),
        (TaskQuery(), task(status=DONE), False),
        (TaskQuery(), task(status=EXPIRED), False),
        (TaskQuery(), task(status=CANCELLED), False),
        (TaskQuery(status="all"), task(status=CANCELLED), True),
        (TaskQuery(status=DONE), task(status=DONE), True),
        (TaskQuery(status=DONE), task(), False),
        (TaskQuery(person="ANN@x.example"), task(), True),
        (TaskQuery(person="ann@x.exampl"), task(), False),
        (TaskQuery(person="straße@x.example"), task(people=("STRASSE@x.example",)), True),
        (TaskQuery(person="ann@x.example"), task(people=()), False),
        (TaskQuery(workflow_id="w"), task(), True),
        (TaskQuery(workflow_id="x"), task(), False),
        (TaskQuery(kind=FORM), task(), False),
        (TaskQuery(kind=FORM), task(kind=FORM), True),
        (TaskQuery(overdue=T0), task(), False),
        (TaskQuery(overdue=T0), task(due=T0), False),
        (TaskQuery(overdue=T0), task(due=T0 - timedelta(microseconds=1)), True),
        (TaskQuery(overdue=T0, status=DONE), task(due=T0 - HOUR), False),
    ],
)
def test_a_task_has_all_that_is_asked_for(query: TaskQuery, one: Task, wanted: bool) -> None:
    assert query.wants(one) is wanted


def test_what_is_due_first_comes_first_and_what_is_never_due_last() -> None:
    tasks = [
        task("never-later", opened_at=T0 + HOUR),
        task("never", opened_at=T0),
        task("soon-later", due=T0 + HOUR, opened_at=T0 + HOUR),
        task("soon", due=T0 + HOUR),
        task("also-soon", due=T0 + HOUR),
        task("late", due=T0 + 9 * HOUR),
        task("nowhere", opened_at=None),
    ]
    order = ["also-soon", "soon", "soon-later", "late", "nowhere", "never", "never-later"]
    assert [each.id for each in select(tasks, TaskQuery())] == order
    assert [each.id for each in select(reversed(tasks), TaskQuery())] == order


moments = st.none() | st.datetimes(timezones=st.just(T0.tzinfo))


@given(
    name=st.text(st.characters(exclude_characters="\n"), min_size=1, max_size=64), due=moments, opened=moments
)
def test_a_place_reads_back_as_it_was_written(name: str, due: Any, opened: Any) -> None:
    place = Place.of(task(name, due=due, opened_at=opened))
    assert Place.parse(str(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "t1",
        "2_0_0_t",
        "0_x_0_t",
        "0_0_0_",
        "0_٣_0_t",
        f"0_{'9' * 19}_0_t",
        f"0_0_0_{'t' * 65}",
        "0_0_0_t\n",
        "0__0_t",
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no place in a list of tasks"):
        Place.parse(text)


@pytest.mark.parametrize(
    ("names", "beginning", "found"),
    [
        (["abc"], "abc", "abc"),
        (["abc", "abd"], "abc", "abc"),
        (["abc", "abcd"], "abc", "abc"),
        (["abc", "x"], "a", "abc"),
    ],
)
def test_one_task_is_meant(names: list[str], beginning: str, found: str) -> None:
    assert one_task({name: task(name) for name in names}, beginning).id == found


@pytest.mark.parametrize(
    ("names", "beginning", "says"),
    [
        ([], "abc", "there is no task 'abc'"),
        (["abc"], "", "there is no task ''"),
        (["abc"], "ABC", "there is no task 'ABC'"),
        (["abc", "abd"], "ab", "2 tasks begin with 'ab': abc, abd"),
        ([f"a{number}" for number in range(9)], "a", "9 tasks begin with 'a': a0, a1, a2, a3, a4[.]"),
    ],
)
def test_none_or_several_are_meant(names: list[str], beginning: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        one_task({name: task(name) for name in names}, beginning)
