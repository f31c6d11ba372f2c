"""An org's history through polls at any moment, cut off and resumed anywhere, is what its events tell."""

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.ports import Received
from connectors.salesforce.simulator.org import Org
from schemas.change import Change
from schemas.stage import STAGE_ENTERED
from tests.fixtures.polled_org import Polled, changes_of, deal_in, entries_of, events_since, update

STAGES = ("Prospecting", "Qualification", "Negotiation/Review", "Closed Won", "Closed Lost")
DEALS = 3

Action = tuple[str, int, Any]
MOVES = st.tuples(st.just("move"), st.integers(0, DEALS - 1), st.sampled_from(STAGES))
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    MOVES,
    st.tuples(st.just("late"), st.integers(0, DEALS - 1), st.sampled_from(STAGES)),
    st.tuples(st.just("touch"), st.integers(0, DEALS - 1), st.just(None)),
    st.tuples(st.just("create"), st.just(0), st.sampled_from(STAGES)),
    st.tuples(st.just("wait"), st.sampled_from((1, 7, 40, 400, 90_000)), st.just(None)),
    st.tuples(st.just("poll"), st.sampled_from((1, 2, 1000)), st.just(None)),
    # Killed: it resumes after something it gave, which need not be the last.
    st.tuples(st.just("kill"), st.integers(0, 3), st.just(None)),
)


class World:
    """An org, its polling, and what it would have said over CometD."""

    def __init__(self, jitter: int) -> None:
        self.org = Org(seed=11, jitter_seconds=jitter)
        self.org.changes.retention = timedelta(days=400)
        self.deals = [deal_in(self.org, f"deal {number}") for number in range(DEALS)]
        newest = deal_in(self.org)
        self.org.clock.advance(timedelta(hours=5))
        update(self.org, newest, Name="the newest when we connect")
        self.org.clock.advance(timedelta(seconds=10))
        self.polled = Polled(self.org)
        self.start = self.org.changes.newest
        self.apart = timedelta(seconds=6 if jitter else 0)
        """How long a deal stays in a stage: entries of five seconds may be one, if stamps differ."""

    async def begin(self) -> None:
        await self.polled.open(None)
        deal_in(self.org, "the first that is told of")
        await self.polled.poll()

    async def act(self, action: Action) -> None:
        match action:
            case ("move", number, stage):
                self.org.clock.advance(self.apart)
                update(self.org, self.deals[number], StageName=stage)
            case ("late", number, stage):
                # Nobody else writes a deal that a transaction holds.
                self.org.clock.advance(timedelta(seconds=240))
                update(self.org, self.deals[number], stamped_ago=timedelta(seconds=200), StageName=stage)
            case ("touch", number, _):
                update(self.org, self.deals[number], Name=f"at {self.org.clock.now()}")
            case ("create", _, stage):
                self.deals.append(deal_in(self.org, stage=stage))
            case ("wait", seconds, _):
                self.org.clock.advance(timedelta(seconds=seconds))
            case ("poll", most, _):
                await self.polled.poll(most)
            case (_, back, _):
                heard = self.polled.heard
                self.polled.renew()
                await self.polled.open(heard[-min(back + 1, len(heard))].replay_id)

    async def end(self) -> None:
        """Poll to the end, and once more for what may have changed in the second of the last look."""
        for _ in range(2):
            await self.polled.poll()
            self.org.clock.advance(timedelta(seconds=10))
        await self.polled.poll()

    def heard(self) -> list[Received]:
        return list(events_since(self.org, self.start))


def stages(changes: list[Change]) -> set[str]:
    return {entry.id for entry in entries_of(changes) if entry.kind == STAGE_ENTERED}


@settings(max_examples=80, deadline=None)
@given(st.lists(ACTIONS, max_size=25))
@example(
    [("move", 0, "Closed Won"), ("poll", 1000, None), ("move", 0, "Prospecting"), ("move", 0, "Closed Won")]
)
@example(
    [
        ("move", 0, "Closed Won"),
        ("wait", 90_000, None),
        ("touch", 1, None),
        ("poll", 1, None),
        ("kill", 0, None),
    ]
)
@example(
    [
        ("move", 1, "Qualification"),
        ("wait", 400, None),
        ("touch", 0, None),
        ("kill", 0, None),
        ("poll", 1, None),
        ("move", 1, "Prospecting"),  # gets ahead of the poll that would have told of its former stage
    ]
)
async def test_polls_tell_every_stage_with_the_id_that_change_events_give_it(actions: list[Action]) -> None:
    world = World(jitter=0)
    await world.begin()
    for action in actions:
        await world.act(action)
    await world.end()
    assert stages(changes_of(world.polled.heard)) == stages(changes_of(world.heard()))


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTIONS.filter(lambda action: action[0] != "late"), max_size=20), st.integers())
async def test_heard_both_ways_an_entry_is_one_entry(actions: list[Action], seed: int) -> None:
    world = World(jitter=2)
    await world.begin()
    for action in actions:
        await world.act(action)
    await world.end()
    chance = Random(seed)
    truth, polled = changes_of(world.heard()), changes_of(world.polled.heard)
    ways = [iter(truth)] * len(truth) + [iter(polled)] * len(polled)
    chance.shuffle(ways)
    both = [next(way) for way in ways]  # each way in its own order
    repeats = chance.choices(truth, k=5)
    assert len(stages(both + repeats)) == len(stages(truth))
