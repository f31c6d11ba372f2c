"""Who gets an account, by each policy; the same command gets the same answer; loads add up."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.assignment import assign
from schemas.assignment import AssignCsm
from schemas.definition.queue import Absence, Queue
from schemas.queue_state import Answer, QueueState

AT = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
POLICIES = ("round_robin", "weighted", "least_loaded", "claim")


def address(name: str) -> str:
    return f"{name}@thread.example"


def queue(
    names: str, policy: str = "round_robin", time_zone: str = "UTC", **members: dict[str, Any]
) -> Queue:
    """A queue with a member to each letter; `a={...}` says more of one."""
    body = [{"name": name, "email": address(name), **members.get(name, {})} for name in names]
    return Queue.model_validate(
        {"kind": "queue", "name": "q", "policy": policy, "time_zone": time_zone, "members": body}
    )


def away(start: str, end: str) -> dict[str, Any]:
    return {"away": [{"from": start, "to": end}]}


def command(number: int = 1, **more: Any) -> AssignCsm:
    return AssignCsm(id=f"c{number}", org_id="org", queue="q", **more)


def given_out(of: Queue, count: int, state: QueueState | None = None, **more: Any) -> str:
    """The names that `count` commands get, in turn."""
    names = ""
    for number in range(count):
        state, answer = assign(state, of, command(1000 + number, **more), AT, {})
        names += answer.name or "-"
    return names


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (queue("abc"), "abcabcab"),
        (queue("abc", a=away("2026-09-14", "2026-09-14")), "bcbcbcbc"),
        (queue("abc", b={"capacity": 1}), "abcacaca"),
        (queue("ab", a={"capacity": 1}, b={"capacity": 2}), "abb-----"),
        (queue("abc", a={"when": "false"}), "bcbcbcbc"),
        (queue("abc", "weighted"), "abcabcab"),
        (queue("ab", "weighted", a={"weight": 3}), "abaaabaa"),
        (queue("abc", "weighted", a={"weight": 5}), "aacabaaa"),
        (queue("ab", "weighted", a={"weight": 100, "capacity": 2}), "aabbbbbb"),
        (queue("abc", "least_loaded"), "abcabcab"),
        (queue("ab", "least_loaded", a={"capacity": 2}, b={"capacity": 4}), "abbabb--"),
        (queue("ab", "least_loaded", a={"capacity": 1}), "abbbbbbb"),
        (queue("ab", "claim"), "--------"),
    ],
)
def test_each_policy_has_its_order(of: Queue, expected: str) -> None:
    assert given_out(of, 8) == expected


def test_whoever_does_not_match_loses_no_turn() -> None:
    of = queue("abc", a={"when": "facts.r == 'EMEA'"}, b={"when": "facts.r == 'EMEA'"},
               c={"when": "facts.r == 'AMER'"})  # fmt: skip
    state: QueueState | None = None
    names = ""
    for number in range(8):
        state, answer = assign(state, of, command(number, facts={"r": ("EMEA", "AMER")[number % 2]}), AT, {})
        names += answer.name
    assert names == "acbcacbc"


def test_whoever_comes_back_gets_one_account_and_then_turns_as_before() -> None:
    of = queue("abc")
    pause = {address("a"): Absence(until=date(2026, 9, 14))}
    state: QueueState | None = None
    names = ""
    for number in range(10):
        at = AT if number < 5 else AT + timedelta(days=1)
        state, answer = assign(state, of, command(number), at, pause)
        names += answer.name
    assert names == "bcbcb" + "acbac"


def test_a_queue_may_grow_and_shrink() -> None:
    state, first = assign(None, queue("abc"), command(1), AT, {})
    state, second = assign(state, queue("a"), command(2), AT, {})
    state, third = assign(state, queue("ab"), command(3), AT, {})
    assert (first.name, second.name, third.name) == ("a", "a", "b")
    assert assign(state, queue("b"), command(1), AT, {})[1].name == "a"
    assert state.load == {address("a"): 2, address("b"): 1}


def test_a_state_of_the_first_release_goes_on() -> None:
    held = {"turn": 5, "answers": {"c1": {"name": "b", "email": address("b")}}}
    state = QueueState.model_validate_json(json.dumps(held))
    assert assign(state, queue("abc"), command(1), AT, {}) == (state, Answer(name="b", email=address("b")))
    assert given_out(queue("abc"), 4, state) == "cabc"


NOBODY = "nobody of the queue q can take it: "


TODAY = away("2026-09-01", "2026-09-14")


@pytest.mark.parametrize(
    ("of", "more", "error", "back"),
    [
        (
            queue("ab", a=TODAY, b={"capacity": 1}),
            {},
            "a: away until 2026-09-14; b: full (1 of 1)",
            "15T00:00",
        ),
        (queue("a", time_zone="America/New_York", a=TODAY), {}, "a: away until 2026-09-14", "15T04:00"),
        (queue("a", time_zone="Asia/Tokyo", a=TODAY), {}, "a: away until 2026-09-14", "14T15:00"),
        (
            queue("a", a={"away": [*TODAY["away"], {"from": "2026-09-15", "to": "2026-09-17"}]}),
            {},
            "a: away until 2026-09-17",
            "18T00:00",
        ),
        (queue("a", a=away("2026-09-14", "2026-09-20")), {}, "a: away until 2026-09-20", "21T00:00"),
        (queue("a", a=away("2026-09-14", "2026-09-21")), {}, "a: away until 2026-09-21", None),
        (queue("a", a=away("2026-09-14", "9999-12-31")), {}, "a: paused", None),
        (queue("a", a={**TODAY, "when": "facts.r == 'X'"}), {"facts": {"r": "Y"}}, "a: does not match", None),
        (
            queue("a", a={"when": "facts.r == 'X'"}),
            {},
            "a: cannot be matched: \"facts.r == 'X'\" cannot be decided: facts.r has no 'r'",
            None,
        ),
        (queue("a", "claim", a={"when": "false"}), {}, "a: does not match", None),
        (queue("a"), {"exclude": (" A@Thread.Example",)}, "a: not to be chosen", None),
        (queue("b", b={"capacity": 1}), {"released": "z@thread.example"}, "b: full (1 of 1)", None),
    ],
)  # fmt: skip
def test_where_nobody_can_the_answer_says_why_and_until_when(
    of: Queue, more: dict[str, Any], error: str, back: str | None
) -> None:
    state = QueueState(load={address("b"): 1})
    after, answer = assign(state, of, command(**more), AT, {})
    assert answer.error == NOBODY + error
    assert (answer.retry_at.strftime("%dT%H:%M") if answer.retry_at else None) == back
    assert after == QueueState(load=state.load, answers={"c1": answer})


def test_many_who_cannot_are_not_all_named() -> None:
    body = [{"name": f"{'n' * 200}{number}", "email": f"{number}@x.example", "when": "false"}
            for number in range(500)]  # fmt: skip
    of = Queue.model_validate({"kind": "queue", "name": "q", "members": body})
    _, answer = assign(None, of, command(), AT, {})
    assert answer.error.endswith("; and 490 more")
    assert len(answer.error) < 1200


def test_a_condition_that_cannot_be_decided_is_told_though_somebody_else_takes_it() -> None:
    of = queue("ab", a={"when": "facts.r == 'X'"})
    _, answer = assign(None, of, command(), AT, {})
    assert (answer.name, answer.error) == ("b", "")
    assert (
        answer.undecided == "a: cannot be matched: \"facts.r == 'X'\" cannot be decided: facts.r has no 'r'"
    )


def test_a_failed_command_is_decided_anew_by_its_next_attempt_only() -> None:
    full = queue("a", a={"capacity": 1})
    state, failed = assign(QueueState(load={address("a"): 1}), full, command(attempt=2), AT, {})
    assert failed.error
    free = queue("a")
    assert assign(state, free, command(attempt=2), AT, {}) == (state, failed)
    assert assign(state, free, command(attempt=1), AT, {}) == (state, failed)
    after, answer = assign(state, free, command(attempt=3), AT, {})
    assert answer == Answer(name="a", email=address("a"), attempt=3)
    assert assign(after, full, command(attempt=4), AT, {}) == (after, answer)


def test_a_reassignment_moves_one_account_once() -> None:
    state, first = assign(None, queue("ab"), command(1), AT, {})
    moved = command(2, exclude=(first.email,), released=first.email.upper())
    state, second = assign(state, queue("ab"), moved, AT, {})
    assert (first.name, second.name) == ("a", "b")
    assert state.load == {address("b"): 1}
    assert assign(state, queue("ab"), moved, AT, {}) == (state, second)


def test_who_gives_back_may_take_again_where_they_are_not_excluded() -> None:
    of = queue("a", a={"capacity": 1})
    state, _ = assign(None, of, command(1), AT, {})
    state, answer = assign(state, of, command(2, released=address("a")), AT, {})
    assert answer.name == "a"
    assert state.load == {address("a"): 1}


def test_a_reassignment_that_finds_nobody_gives_nothing_back() -> None:
    state, first = assign(None, queue("a"), command(1), AT, {})
    state, answer = assign(
        state, queue("a"), command(2, exclude=(first.email,), released=first.email), AT, {}
    )
    assert answer.error
    assert state.load == {address("a"): 1}


def test_loads_may_be_told_without_choosing_anybody() -> None:
    state, _ = assign(None, queue("ab"), command(1), AT, {})
    told = command(2, choose=False, released=address("a"), taken=address("b"))
    state, answer = assign(state, queue("ab"), told, AT, {})
    assert answer == Answer()
    assert (state.turn, state.load) == (1, {address("b"): 1})
    assert assign(state, queue("ab"), told, AT, {}) == (state, answer)
    gone = command(3, choose=False, released="nobody@thread.example")
    assert assign(state, queue("ab"), gone, AT, {})[0].load == {address("b"): 1}


def test_a_claim_names_those_who_may_and_counts_nothing() -> None:
    of = queue("abcd", "claim", a={"when": "facts.r == 'X'"}, b=TODAY)
    asked = command(facts={"r": "X"}, exclude=(address("d"),))
    state, answer = assign(None, of, asked, AT, {})
    assert answer.members == (address("a"), address("c"))
    assert (state.turn, state.load) == (0, {})
    assert assign(state, of, asked, AT + timedelta(days=3), {}) == (state, answer)


def test_an_answer_that_was_set_aside_still_holds() -> None:
    older = Answer(name="b", email=address("b"))
    assert assign(None, queue("a"), command(1), AT, {}, older=older) == (QueueState(), older)
    failed = Answer(error="all full", attempt=2)
    assert assign(None, queue("a"), command(1, attempt=2), AT, {}, older=failed) == (QueueState(), failed)
    state, answer = assign(None, queue("a"), command(1, attempt=3), AT, {}, older=failed)
    assert answer.name == "a"
    assert assign(state, queue("b"), command(1, attempt=3), AT, {}, older=failed) == (state, answer)


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 5), st.sampled_from(POLICIES))
def test_turns_are_fair_within_one_and_the_same_command_gets_the_same_answer(
    numbers: list[int], size: int, policy: str
) -> None:
    names = "abcde"[:size]
    state: QueueState | None = None
    answers: dict[int, Answer] = {}
    for number in numbers:
        state, answer = assign(state, queue(names, policy), command(number), AT, {})
        assert answers.setdefault(number, answer) == answer
    counts = Counter(answer.name for answer in answers.values() if answer.name)
    assert max((counts[name] for name in names), default=0) - min(counts[name] for name in names) <= 1
    assert (state or QueueState()).load == {address(name): count for name, count in counts.items()}


@given(st.lists(st.sampled_from(["EMEA", "AMER"]), max_size=60))
def test_each_territory_is_fair_by_itself(regions: list[str]) -> None:
    territories = {"a": "EMEA", "b": "AMER", "c": "EMEA", "d": "AMER", "e": "EMEA"}
    conditions: dict[str, Any] = {
        name: {"when": f"facts.r == '{region}'"} for name, region in territories.items()
    }
    state: QueueState | None = None
    counts: Counter[str] = Counter()
    for number, region in enumerate(regions):
        state, answer = assign(
            state, queue("abcde", **conditions), command(number, facts={"r": region}), AT, {}
        )
        assert territories[answer.name] == region
        counts[answer.name] += 1
        for names in ("ace", "bd"):
            of = [counts[name] for name in names]
            assert max(of) - min(of) <= 1


@given(st.lists(st.integers(1, 100), min_size=1, max_size=8), st.integers(1, 150))
def test_weights_are_kept_within_one_account_at_every_moment(weights: list[int], count: int) -> None:
    names = "abcdefgh"[: len(weights)]
    shares: dict[str, Any] = {name: {"weight": each} for name, each in zip(names, weights, strict=True)}
    of = queue(names, "weighted", **shares)
    state: QueueState | None = None
    counts: Counter[str] = Counter()
    for number in range(1, count + 1):
        state, answer = assign(state, of, command(number), AT, {})
        counts[answer.name] += 1
        for name, weight in zip(names, weights, strict=True):
            assert abs(counts[name] - number * weight / sum(weights)) < 1 + 1e-9


ORDERS = st.lists(
    st.tuples(
        st.integers(0, 25),  # which command
        st.integers(1, 3),  # which attempt
        st.sampled_from(["EMEA", "AMER", ""]),
        st.sampled_from(["", "a", "b", "c"]),  # released
        st.booleans(),  # excluded too
    ),
    max_size=40,
)


@given(ORDERS, st.sampled_from(POLICIES), st.integers(0, 40))
def test_a_replay_from_any_kept_state_gives_the_same_answers_and_state(
    orders: list[tuple[int, int, str, str, bool]], policy: str, cut: int
) -> None:
    of = queue("abcd", policy, a={"when": "facts.r == 'EMEA'", "capacity": 3}, b={"capacity": 4},
               c=away("2026-09-15", "2026-09-15"), d={"when": "facts.r == 'AMER'"})  # fmt: skip

    def play(state: QueueState | None, start: int, end: int) -> tuple[QueueState | None, list[Answer]]:
        answers = []
        for place, (number, attempt, region, who, excluded) in list(enumerate(orders))[start:end]:
            asked = command(
                number,
                attempt=attempt,
                facts={"r": region} if region else {},
                released=address(who) if who else "",
                exclude=(address(who),) if who and excluded else (),
            )
            state, answer = assign(state, of, asked, AT + timedelta(hours=place), {})
            answers.append(answer)
        return state, answers

    whole, answers = play(None, 0, len(orders))
    kept, first = play(None, 0, cut)
    stored = QueueState.model_validate_json(kept.model_dump_json(exclude_defaults=True)) if kept else None
    again, _ = play(stored, max(0, cut - 5), cut)  # what was not committed comes twice
    end, rest = play(again, cut, len(orders))
    assert again == kept
    assert (first + rest, end) == (answers, whole)
    if whole is not None:
        assert all(count > 0 for count in whole.load.values())
        assert all(whole.load.get(address(name), 0) <= most for name, most in (("a", 3), ("b", 4)))
