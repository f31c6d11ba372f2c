"""Failures that lose or double events in the field, cut in at every event: each with a ledger.

Read back or resumed, every entry is told under one id. Gaps (13), expired positions (1, 2) and repeated
stages (18) are in `test_source.py`.
"""

import pytest

from connectors.salesforce.simulator.org import Org
from schemas.errors import UnavailableError
from tests.fixtures.polled_org import deal_in, pass_by, update
from tests.fixtures.read_back_org import Ledger, ReadBack

STAGES = ("Qualification", "Prospecting", "Qualification", "Closed Won")
FACTS = Ledger(sent=5, published=5, lost=0, doubled=0)


def lived(jitter: int = 0) -> ReadBack:
    """Give a deal that went through stages, one of them twice, and one move of it that was a gap."""
    bench = ReadBack(Org(seed=5, jitter_seconds=jitter))
    deal = deal_in(bench.org)
    for stage in STAGES:
        pass_by(bench.org, 60)
        update(bench.org, deal, StageName=stage)
        if stage == "Prospecting":
            bench.gap("GAP_UPDATE", deal)
    return bench


@pytest.mark.parametrize("cut", range(6))
async def test_03_a_reconnect_resumes_after_what_was_heard_last(cut: int) -> None:
    bench = lived()
    await bench.hear(most=cut)
    bench.renew()
    await bench.hear()
    assert bench.ledger() == FACTS
    assert len({each.replay_id for each in bench.heard}) == len(bench.heard)


@pytest.mark.parametrize("cut", range(6))
async def test_08_a_stream_that_the_server_ends_is_opened_again(cut: int) -> None:
    bench = lived()
    for _ in range(6):
        await bench.hear(most=max(cut, 1))
    await bench.hear()
    assert bench.ledger() == FACTS


@pytest.mark.parametrize("checkpoint", range(6))
async def test_10_duplicates_after_a_reconnect_are_the_same_facts(checkpoint: int) -> None:
    bench = lived()
    places = [str(bench.start), *(each.replay_id for each in await bench.hear())]
    bench.renew()
    await bench.hear(places[checkpoint])
    assert bench.ledger() == FACTS


@pytest.mark.parametrize("calls", [1, 2, 3])
async def test_04_a_refused_reading_is_tried_again_from_before_the_gap(calls: int) -> None:
    bench = lived()
    bench.rest.failures += [UnavailableError("401, and the new token is not here yet")] * calls
    for _ in range(calls):
        with pytest.raises(UnavailableError):
            await bench.hear()
    await bench.hear()
    assert bench.ledger() == FACTS
