"""What of an answer is new: every poll looks back over what came shortly before, and gives nothing twice.

Why look back: a write is stamped when it is made and seen when it is committed, so that a deal may appear
behind a place that was read. Why look twice: stamps are whole seconds, so that a deal which was read may
change once more under the same stamp. Only the org's stamps are compared with one another, and only our
moments with one another: its clock may differ from ours. Pure; moments come with the calls.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.ports import Malformed
from connectors.salesforce.polling.entries import STAMPS_DIFFER, Entered
from connectors.salesforce.polling.position import Position
from connectors.salesforce.polling.rows import Deal, Row

__all__ = ["SECOND_LOOK_AFTER", "Window"]

SECOND_LOOK_AFTER = timedelta(seconds=5)
_MOST_REMEMBERED = 100_000
_POLLS_UNTIL_FINAL = 3
"""A deal that is touched while a poll reads gets away from it, ahead, with stages that were not told yet. The
next poll finds it, unless it is touched again just then; so what is final lags by some polls."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A deal as it was given, when it had been asked for by our clock, and if it was looked at since."""

    row: Row
    asked_at: datetime
    is_settled: bool = False


class Window:
    """How far was read, and what was given of the stretch that the next poll looks back over.

    It looks back no further than to `floor`, a stamp.
    """

    def __init__(self, start: Position, overlap: timedelta, floor: datetime) -> None:
        self.place = start
        """The place that was reached; it never moves to an older stamp."""
        self._overlap = overlap
        self._floor = floor
        self._looks: dict[str, _Look] = {}
        self._given: dict[str, datetime] = {}
        self._completed: deque[datetime] = deque(maxlen=_POLLS_UNTIL_FINAL)
        """Where the stretches of the last polls began."""

    @property
    def begins(self) -> datetime:
        """The SystemModstamp from which on the next poll reads."""
        return max(self.place.stamp - self._overlap, self._floor)

    def is_news(self, row: Row) -> bool:
        """Whether a row says something else than it did when it was given."""
        look = self._looks.get(row.record_id)
        return look is None or look.row.said != row.said

    def is_worth_a_look(self, row: Row, asked_at: datetime) -> bool:
        """Whether there may be something new of a deal by now."""
        look = self._looks.get(row.record_id)
        if look is None or self.is_news(row):
            return True
        return not look.is_settled and asked_at - look.asked_at >= SECOND_LOOK_AFTER

    def not_given(self, deal: Deal, found: Iterable[Entered]) -> list[Entered]:
        """Give the stages that were entered since what is final, and were not given yet."""
        earliest = min(self.place.final, self.begins) - STAMPS_DIFFER
        return [each for each in found if each.at >= earliest and _key(deal, each) not in self._given]

    def place_after(self, row: Row) -> Position:
        """Give the place that is reached with a row. One that appeared late moves nothing."""
        return self.place if row.stamp < self.place.stamp else self.place.at(row.stamp, row.record_id)

    def gave(self, row: Row, new: Iterable[Entered], asked_at: datetime) -> None:
        """Note that a row was given, with the stages it told of."""
        settled = not self.is_news(row)
        self.place = self.place_after(row)
        self._looks[row.record_id] = _Look(row, asked_at, settled)
        if not isinstance(row.deal, Malformed):
            for each in new:
                self._given[_key(row.deal, each)] = each.at

    def forget(self) -> None:
        """Let go of what no later poll meets; to be called after each page, so that memory has a bound."""
        begins = self.begins
        # What is not final is told again of whoever is touched. After a long absence that may be too much to
        # remember; then some is told twice, with the same ids.
        is_much = len(self._given) > _MOST_REMEMBERED
        earliest = (begins if is_much else min(self.place.final, begins)) - STAMPS_DIFFER
        self._looks = {name: look for name, look in self._looks.items() if look.row.stamp >= begins}
        self._given = {key: at for key, at in self._given.items() if at >= earliest}

    def completed(self) -> None:
        """Note that a poll came to the end of what there is: what was before some polls' stretch is final."""
        self._completed.append(self.begins)
        if len(self._completed) == _POLLS_UNTIL_FINAL:
            self.place = replace(self.place, final=max(self.place.final, self._completed[0]))


def _key(deal: Deal, entered: Entered) -> str:
    return f"{deal.id} {entered.cause}"
