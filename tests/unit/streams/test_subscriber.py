"""The subscriber before a scripted source and a Kafka whose acknowledgements the test gives."""

import asyncio
from datetime import timedelta

import pytest

from connectors.ports import RETAINED_EDGE
from schemas.errors import GapError, RefusedError, UnavailableError
from streams.metrics import CAPTURE_GAPS, CAPTURE_RECONNECTS, CAPTURE_SUBSCRIBED, DEAD_LETTERS
from tests.fixtures.agents import AT, ORG, settle_down
from tests.fixtures.subscribing import CHANNEL, OPENED, ScriptedSource, event, kept, quiet, subscribing

CHECKPOINTS = 0.2


async def test_changes_are_keyed_by_their_record_and_carry_their_position() -> None:
    async with subscribing(
        ScriptedSource([OPENED, event(7, "006000000000001AAA", "006000000000002AAA")])
    ) as bench:
        sent = bench.kafka.to("salesforce.changes")
        assert [one.key for one in sent] == [
            f"{ORG}:006000000000001AAA".encode(), f"{ORG}:006000000000002AAA".encode(),
        ]  # fmt: skip
        headers = dict(sent[0].headers)
        assert (headers["ce_replayid"], headers["ce_id"]) == (b"7", b"7-006000000000001AAA")
        assert headers["ce_time"] == b"2026-09-14T08:30:12Z"
        assert headers["traceparent"].startswith(b"00-")


async def test_the_checkpoint_never_passes_an_event_that_is_not_acknowledged() -> None:
    source = ScriptedSource([OPENED, event(1), event(2), event(3)])
    async with subscribing(source, kept("0"), held=True) as bench:
        first, second, third = (one.future for one in bench.kafka.sent)
        third.set_result(None)
        second.set_result(None)
        await settle_down()
        assert bench.place.replay_id == "0"
        first.set_result(None)
        await settle_down()
        assert (bench.place.replay_id, bench.place.epoch) == ("3", 4)


async def test_a_merged_event_counts_when_all_its_records_are_acknowledged() -> None:
    source = ScriptedSource([OPENED, event(1, "006000000000001AAA", "006000000000002AAA")])
    async with subscribing(source, kept("0"), held=True) as bench:
        bench.kafka.sent[1].future.set_result(None)
        await settle_down()
        assert bench.place.replay_id == "0"
        bench.kafka.sent[0].future.set_result(None)
        await settle_down()
        assert bench.place.replay_id == "1"


async def test_a_malformed_event_is_set_aside_before_the_position_passes_it() -> None:
    async with subscribing(
        ScriptedSource([OPENED, event(1, raw=b"{?"), event(2)]), kept("0"), held=True
    ) as bench:
        (aside,) = bench.kafka.to("dead-letters")
        assert aside.value == b"{?"
        assert dict(aside.headers)["deadletter_reason"] == b"what?"
        assert dict(aside.headers)["ce_replayid"] == b"1"
        bench.kafka.sent[1].future.set_result(None)
        await settle_down()
        assert bench.place.replay_id == "0"
        aside.future.set_result(None)
        await settle_down()
        assert bench.place.replay_id == "2"
        assert bench.metrics.value(DEAD_LETTERS, agent="subscriber") == 1


async def test_a_lost_session_resumes_after_the_last_event_heard_not_the_last_kept() -> None:
    source = ScriptedSource([OPENED, event(1), event(2), UnavailableError("gone")], [OPENED, event(3)])
    async with subscribing(source, kept("0"), held=True) as bench:
        assert source.asked == ["0", "2"]
        assert bench.metrics.value(CAPTURE_RECONNECTS, org=ORG, channel=CHANNEL) == 1
        assert bench.metrics.value(CAPTURE_SUBSCRIBED, org=ORG, channel=CHANNEL) == 1
        bench.kafka.acknowledge()
        await settle_down()
        assert bench.place.replay_id == "3"


async def test_pauses_between_sessions_grow_and_obey_what_was_asked() -> None:
    source = ScriptedSource(
        [UnavailableError("a")],
        [UnavailableError("b")],
        [UnavailableError("c", retry_after=timedelta(seconds=9))],
        [OPENED, UnavailableError("broken as soon as it is open")],
        [OPENED, quiet(), UnavailableError("d")],
        [OPENED],
    )
    async with subscribing(source, kept("0")) as bench:
        assert [pause for pause in bench.pauses if pause != CHECKPOINTS] == [0.3, 0.6, 9.0, 2.4, 0.15]


async def test_the_first_subscription_begins_with_what_comes() -> None:
    source = ScriptedSource([quiet()])
    async with subscribing(source) as bench:
        assert source.asked == [None]
        assert bench.subscriber.standing.missing() == ""
        assert (bench.place.epoch, bench.place.replay_id, bench.place.quiet_until) == (1, "", AT)


async def test_one_that_heard_nothing_yet_resumes_with_what_is_retained_and_skips_what_was_before() -> None:
    old, near, new = event(1, at=AT - timedelta(hours=1)), event(2, at=AT - timedelta(minutes=5)), event(3)
    source = ScriptedSource([OPENED, old, near, new])
    async with subscribing(source, kept(quiet_until=AT)) as bench:
        assert source.asked == [RETAINED_EDGE]
        assert [dict(one.headers)["ce_replayid"] for one in bench.kafka.sent] == [b"2", b"3"]
        assert bench.place.replay_id == "3"


async def test_a_session_lost_before_the_first_event_loses_none() -> None:
    source = ScriptedSource([quiet(), UnavailableError("gone")], [OPENED, event(1)])
    async with subscribing(source) as bench:
        assert source.asked == [None, RETAINED_EDGE]
        assert bench.place.replay_id == "1"


async def test_an_expired_position_is_a_gap_and_capture_goes_on_from_the_edge(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = ScriptedSource([GapError("expired")], [OPENED, event(50, at=AT + timedelta(hours=80))])
    former = kept("7", last_event_at=AT, quiet_until=AT + timedelta(hours=1))
    async with subscribing(source, former) as bench:
        assert source.asked == ["7", "missing since 14 08:30"]
        assert bench.metrics.value(CAPTURE_GAPS, org=ORG, channel=CHANNEL) == 1
        assert bench.place.replay_id == "50"
    said = capsys.readouterr().out
    assert "2026, 9, 14, 8, 30, 12" in said
    assert "capture goes on after missing events" in said


async def test_after_a_gap_with_nothing_retained_the_dead_position_is_not_asked_for_again() -> None:
    source = ScriptedSource(
        [GapError("expired")], [OPENED, quiet(), UnavailableError("x")], [OPENED, event(9)]
    )
    async with subscribing(source, kept("7", last_event_at=AT)) as bench:
        assert source.asked == ["7", "missing since 14 08:30", "missing since 14 08:30"]
        assert bench.metrics.value(CAPTURE_GAPS, org=ORG, channel=CHANNEL) == 1
        assert bench.place.replay_id == "9"


async def test_one_that_heard_nothing_and_was_away_for_long_may_have_missed_events() -> None:
    away = AT - timedelta(hours=61)
    source = ScriptedSource([OPENED, event(9)])
    async with subscribing(source, kept(quiet_until=away)) as bench:
        assert source.asked == ["missing since 11 19:30"]
        assert bench.place.replay_id == "9"


async def test_killed_after_a_position_was_lost_and_before_anything_came_the_window_is_not_forgotten() -> (
    None
):
    former = kept(last_event_at=AT - timedelta(hours=90), quiet_until=AT)
    source = ScriptedSource([OPENED, event(9, at=AT - timedelta(hours=1))])
    async with subscribing(source, former) as bench:
        assert source.asked == ["missing since 10 14:30"]
        assert bench.place.replay_id == "9"


async def test_a_refusal_ends_it_after_what_was_heard_is_kept() -> None:
    async with subscribing(
        ScriptedSource([OPENED, event(1), RefusedError("no")]), kept("0"), held=True
    ) as bench:
        assert not bench.run.done()
        bench.kafka.acknowledge()
        with pytest.raises(RefusedError):
            await asyncio.wait_for(bench.run, 5)
        assert bench.place.replay_id == "1"


async def test_a_record_kafka_gives_back_ends_it_without_a_checkpoint_behind_it() -> None:
    async with subscribing(ScriptedSource([OPENED, event(1), event(2)]), kept("0"), held=True) as bench:
        bench.kafka.sent[1].future.set_result(None)
        bench.kafka.sent[0].future.set_exception(RefusedError("too large"))
        with pytest.raises(RefusedError, match="too large"):
            await asyncio.wait_for(bench.run, 5)
        assert bench.place.replay_id == "0"


async def test_stopping_waits_for_acknowledgements_and_keeps_the_end() -> None:
    async with subscribing(ScriptedSource([OPENED, event(1), event(2)]), kept("0"), held=True) as bench:
        bench.stop.set()
        await settle_down()
        assert not bench.run.done()
        bench.kafka.acknowledge()
        await asyncio.wait_for(bench.run, 5)
        assert bench.place.replay_id == "2"
