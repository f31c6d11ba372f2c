"""What becomes of two accounts that are merged, written to, and taken apart; in any order, and twice."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.merging import MOST_ALIASES, document, objection
from schemas.account import Csm
from schemas.account_merge import MERGE, UNMERGE
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


def test_a_deal_that_joins_and_the_accounts_own_run_do_not_hide_each_others_writes(world: MergeWorld) -> None:
    joined = world.join(0, "deal", csm=BOB)
    own = world.write(0, csm=ANN, industry="Steel")  # its second revision, as the joined deal's
    world.settle()
    account = world.account(world.keys[0])
    assert (account.csm, account.industry, account.revision) == (BOB, "Steel", 3)
    assert world.answers == [(joined, account.key), (own, account.key)]
    world.join(0, "deal", size=7)
    world.write(0, website="new.test")
    world.settle()
    account = world.account(world.keys[0])
    # What the deal only saw is not its word.
    assert (account.csm, account.size, account.website, account.revision) == (BOB, 7, "new.test", 5)


def test_a_deal_that_joined_a_merged_account_is_heard_at_the_target(world: MergeWorld) -> None:
    world.ask(MERGE, 0, 1)
    world.settle()
    before = world.published[world.keys[0]][-1]
    command = world.join(0, "deal", csm=BOB)
    world.settle()
    assert world.account(world.keys[1]).csm == BOB
    assert world.published[world.keys[0]][-1] == before
    assert world.answers == [(command, world.keys[1])]
    world.ask(UNMERGE, 0)
    world.settle()
    assert [world.account(key).csm for key in world.keys[:2]] == [BOB, None]


def test_what_a_joined_deal_copied_of_a_merged_account_leaves_with_it(world: MergeWorld) -> None:
    world.ask(MERGE, 0, 1)
    world.settle()
    world.join(1, "deal", csm=BOB)
    world.settle()
    assert world.account(world.keys[1]).website == "c0.test"
    world.ask(UNMERGE, 0)
    world.settle()
    assert (world.account(world.keys[1]).website, world.account(world.keys[1]).csm) == (None, BOB)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("merge"), st.integers(0, 2), st.integers(0, 2)),
            st.tuples(st.just("unmerge"), st.integers(0, 2), st.just(0)),
            st.tuples(st.just("write"), st.integers(0, 2), st.integers(0, 3)),
            st.tuples(st.just("deliver"), st.integers(0, 2), st.integers(0, 1)),
            st.tuples(st.just("look late"), st.integers(0, 1), st.just(0)),
            st.tuples(st.just("join"), st.integers(0, 2), st.integers(0, 1)),
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
            case "join":
                world.join(one, f"deal {other}", industry=f"industry {one} {other}")
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
            news = world.runs[source.key].revision + world.states[source.key].joins
            assert source.revision == news, f"{number} has old news"
    for place in range(3):
        world.ask(UNMERGE, place)
    world.settle()
    assert merged(world) == {}
    for key in world.keys:
        own, account = world.runs[key], document(world.states[key])
        assert (account.name, account.size, account.website) == (own.name, own.size, own.website)
        deals = [deal for joined, deal in world.joiners if joined == key]
        assert (account.industry is None) is (not deals)
