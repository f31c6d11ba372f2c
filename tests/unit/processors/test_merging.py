"""What becomes of two accounts that are merged, written to, and taken apart; in any order, and twice."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.merging import MOST_ALIASES, document, objection
from schemas.account import Csm
from schemas.account_merge import MERGE, UNMERGE
from schemas.errors import RefusedError
from tests.fixtures.accounts import an_account
from tests.unit.processors.merge_world import MergeWorld

ANN, BOB = Csm(name="Ann"), Csm(name="Bob")


@pytest.fixture
def world() -> MergeWorld:
    return MergeWorld()


def merged(world: MergeWorld) -> dict[int, int]:
    """Give who is merged into whom, and see that both sides and the public say the same."""
    ids = {world.account(key).id: number for number, key in enumerate(world.keys)}
    found = {}
    for number, key in enumerate(world.keys):
        account = world.account(key)
        assert world.published[key][-1] == account
        if account.merged_into:
            found[number] = ids[account.merged_into]
    for number, key in enumerate(world.keys):
        aliases = {world.keys[source] for source, target in found.items() if target == number}
        assert set(world.account(key).aliases) == aliases
        assert not aliases or number not in found, "a chain"
    return found


def test_a_merge_marks_the_one_and_fills_the_others_blanks(world: MergeWorld) -> None:
    world.ask(MERGE, 0, 1)
    world.settle()
    source, target = world.account(world.keys[0]), world.account(world.keys[1])
    assert merged(world) == {0: 1}
    assert (source.merged_into, source.revision, source.website) == (target.id, 2, "c0.test")
    assert (target.aliases, target.revision, target.website) == ((source.key,), 2, "c0.test")
    assert world.told == [(source.key, "account.merged"), (target.key, "account.updated")]


def test_nothing_that_the_target_says_is_replaced(world: MergeWorld) -> None:
    world.ask(MERGE, 0, 2)
    world.settle()
    assert world.account(world.keys[2]).website == "c2.test"


def test_the_targets_own_run_goes_on_with_its_own_revisions(world: MergeWorld) -> None:
    world.ask(MERGE, 0, 1)
    world.settle()
    command = world.write(1, csm=ANN)  # its second revision, which is the third in public
    world.settle()
    target = world.account(world.keys[1])
    assert (target.revision, target.csm, target.website) == (3, ANN, "c0.test")
    assert world.answers == [(command, target.key)]


def test_later_runs_follow_the_alias_and_fill_what_is_blank(world: MergeWorld) -> None:
    world.ask(MERGE, 0, 1)
    world.settle()
    before = world.published[world.keys[0]][-1]
    command = world.write(0, csm=ANN, website="new.test")
    world.settle()
    target = world.account(world.keys[1])
    assert world.published[world.keys[0]][-1] == before
    assert (target.csm, target.website, target.revision) == (ANN, "new.test", 3)
    assert world.answers == [(command, target.key)]
    world.write(1, csm=BOB)
    world.write(0, csm=ANN, name="later")
    world.settle()
    assert world.account(world.keys[1]).csm == BOB


def test_an_unmerge_gives_each_back_what_its_own_run_says(world: MergeWorld) -> None:
    world.ask(MERGE, 0, 1)
    world.settle()
    world.write(0, csm=ANN)
    world.write(1, name="Own name")
    world.settle()
    world.ask(UNMERGE, 0)
    world.settle()
    source, target = world.account(world.keys[0]), world.account(world.keys[1])
    assert merged(world) == {}
    assert (source.csm, source.website, source.merged_into) == (ANN, "c0.test", "")
    assert (target.csm, target.website, target.name, target.aliases) == (None, None, "Own name", ())
    command = world.write(0, csm=BOB)
    world.settle()
    assert world.answers[-1] == (command, source.key)
    assert world.account(world.keys[1]).csm is None


def test_merging_twice_is_told_twice_and_changes_nothing_more(world: MergeWorld) -> None:
    for _ in range(2):
        world.ask(MERGE, 0, 1)
        world.settle()
    assert merged(world) == {0: 1}
    assert [kind for _, kind in world.told] == ["account.merged", "account.updated"] * 2
    assert [len(world.published[key]) for key in world.keys] == [2, 2, 1]


def test_unmerging_twice_is_told_twice_and_changes_nothing_more(world: MergeWorld) -> None:
    world.ask(MERGE, 0, 1)
    for _ in range(2):
        world.ask(UNMERGE, 0)
        world.settle()
    assert merged(world) == {}
    assert [kind for _, kind in world.told][-2:] == ["account.unmerged", "account.updated"]
    assert [len(world.published[key]) for key in world.keys] == [3, 3, 1]


def test_what_was_never_merged_cannot_be_unmerged(world: MergeWorld) -> None:
    world.ask(UNMERGE, 0)
    world.settle()
    assert world.refused == ["it is not merged"]


REFUSALS: list[tuple[Sequence[tuple[int, int]], tuple[int, int], str]] = [
    ([], (0, 0), "into itself"),
    ([(0, 1)], (0, 2), "merged into account .* already"),
    ([(0, 1)], (1, 0), "1 accounts are merged into it"),  # a cycle
    ([(0, 1)], (2, 0), "the other one is itself merged into account .*; name that one"),
    ([(0, 1)], (1, 2), "1 accounts are merged into it"),  # a chain
]


@pytest.mark.parametrize(("before", "asked", "why"), REFUSALS)
def test_what_is_refused_changes_nothing(
    world: MergeWorld, before: Sequence[tuple[int, int]], asked: tuple[int, int], why: str
) -> None:
    for source, target in before:
        world.ask(MERGE, source, target)
        world.settle()
    published = {key: list(documents) for key, documents in world.published.items()}
    world.ask(MERGE, *asked)
    world.settle()
    (said,) = world.refused
    assert re.search(why, said)
    assert world.published == published


def test_accounts_of_different_orgs_and_missing_ones_are_refused() -> None:
    elsewhere = an_account(2).model_copy(update={"org_id": "00D000000000002AAA"})
    assert "different orgs" in objection(an_account(1), elsewhere)
    assert "does not exist" in objection(an_account(1), None)
    full = an_account(2).model_copy(update={"aliases": tuple(map(str, range(MOST_ALIASES)))})
    assert f"{MOST_ALIASES} accounts" in objection(an_account(1), full)


def test_two_who_merge_each_other_at_once_leave_no_circle(world: MergeWorld) -> None:
    world.looks_late = True
    world.ask(MERGE, 0, 1)
    world.ask(MERGE, 1, 0)
    world.deliver(world.keys[0])
    world.deliver(world.keys[1])
    assert all(world.account(key).merged_into for key in world.keys[:2])
    world.settle()
    assert merged(world) == {}


def test_a_target_that_was_merged_meanwhile_gives_back_and_says_why(world: MergeWorld) -> None:
    world.looks_late = True
    world.ask(MERGE, 1, 2)
    world.settle()
    command = world.ask(MERGE, 0, 1)
    late = world.write(0, csm=ANN)
    world.settle()
    assert merged(world) == {1: 2}
    assert world.told[-2][1] == "account.unmerged"
    assert command in world.states[world.keys[0]].asked
    assert world.answers == [(late, world.keys[0])]  # tried again, at its own account


@pytest.mark.parametrize("asked", [[MERGE, UNMERGE], [MERGE, UNMERGE, MERGE]])
def test_after_a_crash_old_inputs_come_again_and_change_nothing(world: MergeWorld, asked: list[str]) -> None:
    for kind in asked:
        world.ask(kind, 0, 1)
        world.settle()
    before = merged(world)
    published = {key: list(documents) for key, documents in world.published.items()}
    for key in world.keys[:2]:
        world.deliver(key, crashes=True)
    world.settle()
    assert merged(world) == before
    assert world.published == published


def test_news_of_one_that_was_given_back_is_no_new_adoption(world: MergeWorld) -> None:
    world.looks_late = True
    world.ask(MERGE, 1, 2)
    world.settle()
    source, target = world.keys[0], world.keys[1]
    world.ask(MERGE, 0, 1)
    world.deliver(source)
    world.deliver(target)  # gives back
    held = world.queues[source].popleft()  # the word of it is still on its way
    world.ask(UNMERGE, 1)
    late = world.write(0, csm=ANN)
    world.deliver(source)
    world.queues[source].append(held)
    world.settle()
    assert merged(world) == {}
    assert world.answers == [(late, source)]


def test_a_late_give_back_does_not_undo_a_later_merge(world: MergeWorld) -> None:
    world.looks_late = True
    world.ask(MERGE, 1, 2)
    world.settle()
    source = world.keys[0]
    world.ask(MERGE, 0, 1)
    world.deliver(source)
    world.deliver(world.keys[1])
    held = world.queues[source].popleft()
    for again in (UNMERGE, MERGE):
        world.ask(UNMERGE, 1)
        world.ask(again, 0, 1)
        world.settle()
    world.queues[source].append(held)
    world.settle()
    assert merged(world) == {0: 1}


def test_a_run_that_links_creates_no_account_of_its_own(world: MergeWorld) -> None:
    command = world.write(0, into=1, csm=ANN)
    world.settle()
    assert merged(world) == {0: 1}
    assert world.account(world.keys[1]).csm == ANN
    assert world.answers == [(command, world.keys[1])]
    world.write(0, into=1, csm=BOB)
    world.settle()
    assert world.account(world.keys[1]).csm == BOB


def test_what_a_person_has_unmerged_is_not_linked_again(world: MergeWorld) -> None:
    world.write(0, into=1)
    world.ask(UNMERGE, 0)
    world.write(0, into=1)
    world.settle()
    assert merged(world) == {}


def test_a_link_to_one_that_was_merged_meanwhile_is_refused(world: MergeWorld) -> None:
    world.ask(MERGE, 1, 2)
    world.settle()
    world.write(0, into=1)
    with pytest.raises(RefusedError, match="name that one"):
        world.settle()


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("merge"), st.integers(0, 2), st.integers(0, 2)),
            st.tuples(st.just("unmerge"), st.integers(0, 2), st.just(0)),
            st.tuples(st.just("write"), st.integers(0, 2), st.integers(0, 3)),
            st.tuples(st.just("deliver"), st.integers(0, 2), st.integers(0, 1)),
            st.tuples(st.just("look late"), st.integers(0, 1), st.just(0)),
        ),
        max_size=40,
    )
)
def test_whatever_is_asked_in_whatever_order_both_sides_agree_in_the_end(
    asked: list[tuple[str, int, int]],
) -> None:
    world = MergeWorld()
    for what, one, other in asked:
        match what:
            case "write":
                world.write(one, size=other or None, name=f"name {other}")
            case "look late":
                world.looks_late = bool(one)
            case "deliver":
                world.deliver(world.keys[one], crashes=bool(other))
            case _:
                world.ask(what, one, other)
    world.settle()
    merged(world)
    for number, key in enumerate(world.keys):
        state = world.states[key]
        assert state.own == world.runs[key], "what a run wrote last is never lost"
        for source in state.fills:
            assert source.revision == world.runs[source.key].revision, f"{number} has old news"
    for place in range(3):
        world.ask(UNMERGE, place)
    world.settle()
    assert merged(world) == {}
    for key in world.keys:
        own = world.runs[key]
        assert (
            document(world.states[key]).model_copy(
                update={"revision": own.revision, "updated_at": own.updated_at}
            )
            == own
        )
