"""Pausing and resuming people, and what an operator sees of a queue."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from processors.absences import FOR_GOOD, pause, queues_of, resume
from processors.catalogue import Catalogue, control_key, fold
from processors.queue_view import LoadView, view
from schemas.control import ControlRecord
from schemas.definition.queue import Absence, Queue
from schemas.errors import UsageError
from schemas.queue_state import QueueState

AT = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
ANN, BEN = "ann@thread.example", "ben@thread.example"
UNTIL = Absence(until=date(2026, 12, 31), reason="leave")


def queue(name: str, *emails: str, **more: Any) -> Queue:
    members = [{"name": email.partition("@")[0], "email": email} for email in emails]
    return Queue.model_validate({"kind": "queue", "name": name, "members": members, **more})


CATALOGUE = Catalogue(queues={"one": queue("one", ANN, BEN), "two": queue("two", ANN.title())})


def after(*records: ControlRecord | None) -> Catalogue:
    absences = fold([record for record in records if record is not None]).absences
    return Catalogue(queues=CATALOGUE.queues, absences=absences)


def test_a_pause_is_one_record_for_every_queue_and_the_same_again_is_none() -> None:
    record = pause(" Ann@Thread.example", UNTIL, CATALOGUE, at=AT, actor="ada")
    assert record is not None
    assert (control_key(record), record.at, record.actor) == (f"absence:{ANN}", AT, "ada")
    assert record.body == '{"until":"2026-12-31","reason":"leave"}'
    assert queues_of(ANN, CATALOGUE.queues) == ["one", "two"]
    assert pause(ANN, UNTIL, after(record), at=AT, actor="ada") is None
    longer = pause(ANN, Absence(until=FOR_GOOD), after(record), at=AT, actor="ada")
    assert after(record, longer).absences[ANN].until == date.max


def test_who_is_resumed_is_no_longer_known_as_absent() -> None:
    paused = pause(ANN, UNTIL, CATALOGUE, at=AT, actor="ada")
    resumed = resume(ANN, after(paused), at=AT, actor="ada")
    assert resumed is not None
    assert resumed.body == '{"until":null,"reason":""}'
    assert after(paused, resumed).absences == {}
    assert resume(ANN, after(paused, resumed), at=AT, actor="ada") is None


def test_who_left_every_queue_can_still_be_resumed() -> None:
    catalogue = Catalogue(absences={"gone@thread.example": UNTIL})
    assert resume("gone@thread.example", catalogue, at=AT, actor="ada") is not None


@pytest.mark.parametrize(
    ("email", "todo"),
    [("an@thread.example", f"Did you mean {ANN}?"), ("", "Type: dealwire queues list")],
)
def test_nobody_unknown_is_paused_or_resumed(email: str, todo: str) -> None:
    with pytest.raises(UsageError) as caught:
        pause(email, UNTIL, CATALOGUE, at=AT, actor="ada")
    assert caught.value.todo == todo
    with pytest.raises(UsageError) as caught:
        resume(email, CATALOGUE, at=AT, actor="ada")
    assert caught.value.todo == todo


def test_a_pause_that_is_over_is_refused_and_one_that_ends_somewhere_today_is_not() -> None:
    with pytest.raises(UsageError, match="over already"):
        pause(ANN, Absence(until=date(2026, 9, 12)), CATALOGUE, at=AT, actor="ada")
    assert pause(ANN, Absence(until=date(2026, 9, 13)), CATALOGUE, at=AT, actor="ada") is not None


@pytest.mark.parametrize(
    ("away", "absence", "expected"),
    [
        ([], None, (None, "")),
        ([], UNTIL, (date(2026, 12, 31), "paused: leave")),
        ([], Absence(until=date(2026, 9, 13)), (None, "")),
        ([], Absence(until=FOR_GOOD), (FOR_GOOD, "paused: no reason given")),
        ([("2026-09-10", "2026-09-14")], None, (date(2026, 9, 14), "away")),
        ([("2026-09-15", "2026-09-16")], None, (None, "")),
        ([("2026-09-10", "2026-09-14")], Absence(until=date(2026, 9, 13)), (date(2026, 9, 14), "away")),
        ([("2026-09-15", "2026-09-20")], Absence(until=date(2026, 9, 14), reason="ill"),
         (date(2026, 9, 20), "paused: ill")),
        ([("2026-09-16", "2026-09-20"), ("2026-09-12", "2026-09-15")], None, (date(2026, 9, 20), "away")),
    ],
)  # fmt: skip
def test_a_view_says_who_is_not_there_and_why(
    away: list[tuple[str, str]], absence: Absence | None, expected: tuple[date | None, str]
) -> None:
    spans = [{"from": start, "to": end} for start, end in away]
    of = queue("one", members=[{"name": "Ann", "email": ANN, "away": spans}])
    shown = view(of, {ANN: absence} if absence else {}, {}, AT)
    (member,) = shown.members
    assert (member.away_until, member.away_why) == expected


def test_a_view_counts_for_each_org_also_for_who_left() -> None:
    state = QueueState(turn=7, load={ANN: 2, "gone@thread.example": 1}, chosen={ANN: 6})
    shown = view(queue("one", ANN, BEN), {}, {"org2": QueueState(), "org1": state}, AT)
    assert [org.org_id for org in shown.orgs] == ["org1", "org2"]
    assert shown.orgs[0].turn == 7
    assert shown.orgs[0].loads == (
        LoadView(ANN, 2, 6, in_queue=True),
        LoadView(BEN, 0, None, in_queue=True),
        LoadView("gone@thread.example", 1, None, in_queue=False),
    )
