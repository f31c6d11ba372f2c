"""Headers of letters and marks, written and read back; the pace; moments as typed."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.dead_letter import TOPIC, Kind, Letter, Mark, Place, read
from schemas.errors import UnreadableError, UsageError
from streams.cli.moments import moment
from streams.dead_letters import headers, mark, sent_back
from streams.job import Origin
from streams.pace import Pace

AT = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
ORIGIN = Origin("workflow.inbox", 3, 70, AT)
OWN = [("ce_id", b"r1"), ("traceparent", b"00-a"), ("ce_id", b"twice")]


def letter(*, agent: str = "workflow", before: list[tuple[str, bytes]] | None = None, at: int = 5) -> Letter:
    made = headers(
        OWN if before is None else before, ORIGIN, UnreadableError("no"), agent=agent, at=AT, holds=True
    )
    found = read(Place(TOPIC, 3, at), b"k", 10, made)
    assert isinstance(found, Letter)
    return found


def test_a_letter_reads_back() -> None:
    found = letter()
    assert found.origin == Place("workflow.inbox", 3, 70)
    assert (found.id, found.agent, found.reason, found.at) == ("3:5", "workflow", "no", AT)
    assert (found.seat, found.redrives, found.holds) == (5, 0, True)
    assert found.identity == "workflow workflow.inbox[3]@70"


def test_a_record_sent_back_has_its_own_headers_and_remembers_its_seat() -> None:
    back = sent_back(letter(), [*OWN, ("deadletter_reason", b"old")])
    assert back[:3] == OWN
    assert dict(back[3:]) == {
        "deadletter_agent": b"workflow",
        "deadletter_seat": b"3:5",
        "deadletter_redrives": b"1",
    }
    again = letter(before=list(back), at=90)
    assert (again.seat, again.redrives) == (5, 1)
    assert dict(sent_back(again, back))["deadletter_redrives"] == b"2"


def test_another_agents_letter_about_it_begins_anew() -> None:
    other = letter(agent="history", before=list(sent_back(letter(), OWN)), at=90)
    assert (other.seat, other.redrives) == (90, 0)


def test_a_mark_reads_back() -> None:
    of = letter()
    made = mark(of, Kind.REDRIVEN, actor="ann", at=AT, why="mended", to=Place("workflow.inbox", 3, 99))
    assert read(Place(TOPIC, 3, 6), b"k", 0, made) == Mark(
        place=Place(TOPIC, 3, 6),
        kind=Kind.REDRIVEN,
        of=of.identity,
        at=AT,
        actor="ann",
        why="mended",
        to=Place("workflow.inbox", 3, 99),
    )


@pytest.mark.parametrize(
    "strange",
    [
        [],
        [("deadletter_mark", b"eaten")],
        [("deadletter_topic", b"\xff")],
        [("deadletter_topic", b"t"), ("deadletter_partition", b"x")],
    ],
)
def test_what_is_neither_is_none(strange: list[tuple[str, bytes]]) -> None:
    assert read(Place(TOPIC, 0, 0), b"", 0, strange) is None


async def test_a_pace_waits_for_its_rate() -> None:
    now, slept = [100.0], []

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    pace = Pace(10, monotonic=lambda: now[0], sleep=sleep)
    assert pace.at_once(500) == 2
    for _ in range(3):
        await pace.did(2)
    assert slept == [0.2, 0.2, 0.2]
    now[0] += 5  # whoever is behind does not wait
    await pace.did(2)
    assert len(slept) == 3


async def test_no_rate_is_no_wait() -> None:
    pace = Pace()
    assert pace.at_once(500) == 500
    await pace.did(10_000)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("30m", AT - timedelta(minutes=30)),
        ("3d", AT - timedelta(days=3)),
        ("2026-09-14", datetime(2026, 9, 14, tzinfo=UTC)),
        ("2026-09-14T10:30+02:00", datetime(2026, 9, 14, 8, 30, tzinfo=UTC)),
    ],
)
def test_moments(text: str, meant: datetime | None) -> None:
    assert moment(text, AT) == meant


@pytest.mark.parametrize("text", ["yesterday", "3 days", "99999999999d", "2026-13-01"])
def test_no_moments(text: str) -> None:
    with pytest.raises(UsageError):
        moment(text, AT)
