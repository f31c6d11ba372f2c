"""One history of a deal, heard by every mix of ways, delayed, doubled and reordered: the same entries.

What must be equal are the ids, one for each entry. `late`, `previous_stage` and the order of publishing
depend on what was heard first, and so do the moments (so the ids, too) in an org whose stamps differ.
"""

from datetime import datetime, timedelta
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.salesforce.polling.entries import changes, entered
from connectors.salesforce.polling.rows import Deal, Move
from connectors.salesforce.readback.told import told
from connectors.salesforce.simulator.org import Org
from schemas.change import Change
from schemas.ids import derived_id
from schemas.stage import STAGE_ENTERED
from tests.fixtures.polled_org import CHANNEL, deal_in, entries_of, events_since, update

STAGES = ("Qualification", "Negotiation/Review", "Closed Won", "Closed Lost")
MOVES = st.lists(st.tuples(st.sampled_from((0, 1, 2, 3, 7, 400)), st.sampled_from(STAGES)), max_size=7)
WAYS = ("events", "polling", "read back", "notifications")


class Lived:
    """A deal of a simulated org, and what each way says of its life."""

    def __init__(self, moves: list[tuple[int, str]], jitter: int, seed: int) -> None:
        self.org = Org(seed=seed, jitter_seconds=jitter)
        self.start = self.org.changes.newest
        self.deal = deal_in(self.org)
        self.says: dict[str, list[Change]] = {way: [] for way in WAYS}
        self._look()
        for seconds, stage in moves:
            self.org.clock.advance(timedelta(seconds=seconds))
            update(self.org, self.deal, StageName=stage)
            self._look()
        self.says["events"] = [
            change for each in events_since(self.org, self.start) for change in each.changes
        ]
        self.truth = {each.id for each in entries_of(self.says["events"]) if each.kind == STAGE_ENTERED}

    def _look(self) -> None:
        """Note what whoever asks now is told; each asks for all again, as after a restart."""
        deal, moves = self._answer()
        self.says["polling"] += changes(
            deal, entered(deal, moves), org_id=self.org.org_id, channel=CHANNEL, position="p"
        )
        self.says["read back"] += told(
            deal, moves, deal.created, org_id=self.org.org_id, channel=CHANNEL, position="p"
        )
        if deal.stage_since is not None:
            self.says["notifications"].append(self._notification(deal))

    def _answer(self) -> tuple[Deal, list[Move]]:
        row = next(one for one in self.org.rows("Opportunity") if one["Id"] == self.deal)
        history = [one for one in self.org.rows("OpportunityHistory") if one["OpportunityId"] == self.deal]
        moves = [Move(str(one["Id"]), str(one["StageName"]), _moment(one["CreatedDate"])) for one in history]
        since = row.get("LastStageChangeDate")
        return (
            Deal(
                id=self.deal,
                name="Deal",
                stage=str(row["StageName"]),
                created=_moment(row["CreatedDate"]),
                modified=_moment(row["LastModifiedDate"]),
                touched=_moment(row["SystemModstamp"]),
                stage_since=None if since is None else _moment(since),
            ),
            sorted(moves, key=lambda move: (move.at, move.id)),
        )

    def _notification(self, deal: Deal) -> Change:
        """Give a message with the latest values, of which several may say the same."""
        since = deal.stage_since
        assert since is not None
        body = {"StageName": deal.stage, "LastStageChangeDate": since.isoformat()}
        return Change(
            id=derived_id("notification", str(len(self.says["notifications"]))),
            org_id=self.org.org_id,
            entity="Opportunity",
            record_id=deal.id,
            change_type="UPDATE",
            changed_fields=("StageName",),
            commit_time=deal.touched,
            channel=CHANNEL,
            transport="notification",
            body=orjson.dumps(body),
        )


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


def ids(heard: list[Change]) -> list[str]:
    return list(dict.fromkeys(each.id for each in entries_of(heard) if each.kind == STAGE_ENTERED))


def interleaved(ways: list[list[Change]], chance: Random, *, apart: int) -> list[Change]:
    """Mix ways, each delayed at will; some is said twice, and nothing stands further than `apart` off."""
    left = [list(way) for way in ways]
    mixed: list[Change] = []
    while any(left):
        mixed.append(chance.choice([way for way in left if way]).pop(0))
    mixed += chance.sample(mixed, len(mixed) // 3)
    order = sorted(range(len(mixed)), key=lambda index: index + chance.uniform(0, apart))
    return [mixed[index] for index in order]


@given(moves=MOVES, ways=st.sets(st.sampled_from(WAYS)), seed=st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_every_mix_of_ways_gives_the_entries_of_the_change_events(
    moves: list[tuple[int, str]], ways: set[str], seed: int
) -> None:
    apart = [(max(seconds, 6), stage) for seconds, stage in moves]
    lived = Lived(apart, jitter=0, seed=seed)
    chance = Random(seed)
    heard = [lived.says[way] for way in sorted(ways | {chance.choice(["events", "polling", "read back"])})]
    assert set(ids(interleaved(heard, chance, apart=5))) == lived.truth


@given(moves=MOVES, seed=st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_moves_a_second_apart_are_the_same_entries_by_any_way(
    moves: list[tuple[int, str]], seed: int
) -> None:
    # There and back within one second, and there once more in the next, change events may tell as one entry.
    lived = Lived([(max(seconds, 1), stage) for seconds, stage in moves], jitter=0, seed=seed)
    chance = Random(seed)
    heard = [lived.says["events"], lived.says[chance.choice(("polling", "read back"))]]
    found = ids([*heard[0], *heard[1]])
    assert set(found) == lived.truth


@pytest.mark.parametrize("seconds", [0, 1, 2, 3, 6])
@pytest.mark.parametrize("first", ["events", "polling", "read back", "mixed"])
def test_two_moves_within_seconds_are_two_entries_where_stamps_differ(seconds: int, first: str) -> None:
    doubled = lost = 0
    for seed in range(60):
        lived = Lived([(400, "Qualification"), (seconds, "Closed Won")], jitter=2, seed=seed)
        ways = [lived.says["events"], lived.says["polling"], lived.says["read back"]]
        if first == "mixed":
            heard = interleaved(ways, Random(seed), apart=1)
        else:
            heard = [*lived.says[first], *(change for way in ways for change in way)]
        count = len(ids(heard))
        doubled += count > 3
        lost += count < 3
    assert (doubled, lost) == (0, 0)
