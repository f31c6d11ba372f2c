"""What is still set aside, which of it is meant, and in which order it may go back."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.dead_letter import Letter, Mark


@dataclass(slots=True)
class Board:
    """The letters still aside and those dealt with, folded from the topic.

    Feed it the records of each partition in order; how the partitions are mixed does not matter.
    """

    aside: dict[str, Letter] = field(default_factory=dict)
    dealt_with: dict[str, tuple[Letter, Mark]] = field(default_factory=dict)
    _of_seat: dict[tuple[str, int, int], str] = field(default_factory=dict)
    _firsts: dict[int, int] = field(default_factory=dict)

    def take(self, found: Letter | Mark) -> None:
        """Take in the next record. A letter that repeats one still aside adds nothing."""
        if isinstance(found, Mark):
            letter = self.aside.pop(found.of, None)
            if letter is not None:
                self.dealt_with[found.of] = (letter, found)
            return
        if found.identity in self.aside:
            return
        seat = (found.agent, found.place.partition, found.seat)
        # The same record, sent back by somebody who died before the mark: one of the two is enough.
        self.aside.pop(self._of_seat.get(seat, ""), None)
        self._of_seat[seat] = found.identity
        self.aside[found.identity] = found

    def forget(self, firsts: Mapping[int, int]) -> None:
        """Forget the letters that Kafka has deleted: `firsts` is the first offset a partition holds."""
        if firsts == self._firsts:
            return
        self._firsts = dict(firsts)

        def kept(letter: Letter) -> bool:
            return letter.place.offset >= firsts.get(letter.place.partition, 0)

        self.aside = {name: letter for name, letter in self.aside.items() if kept(letter)}
        self.dealt_with = {name: dealt for name, dealt in self.dealt_with.items() if kept(dealt[0])}
        self._of_seat = {seat: name for seat, name in self._of_seat.items() if name in self.aside}

    def find(self, letter_id: str) -> tuple[Letter, Mark | None] | None:
        """Give the letter with this id, and how it was dealt with, if it was."""
        aside = next((letter for letter in self.aside.values() if letter.id == letter_id), None)
        if aside is not None:
            return aside, None
        return next((dealt for dealt in self.dealt_with.values() if dealt[0].id == letter_id), None)

    def in_order(self) -> list[Letter]:
        """Give what is still aside; the letters of a key in the order their records first came."""
        return sorted(self.aside.values(), key=_order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which letters are meant: those that meet everything said. Times are those of setting aside.

    `reason` and `key` are parts of the text, `reason` in any case; `topic` is a full name.
    """

    ids: frozenset[str] = frozenset()
    reason: str = ""
    topic: str = ""
    key: str = ""
    agent: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def means(self, letter: Letter) -> bool:
        """Whether this letter is meant."""
        return (
            (not self.ids or letter.id in self.ids)
            and self.reason.casefold() in f"{letter.error}: {letter.reason}".casefold()
            and self.topic in ("", letter.origin.topic)
            and self.key in letter.key.decode(errors="replace")
            and self.agent in ("", letter.agent)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
        )


@dataclass(frozen=True, slots=True)
class Redrive:
    """What goes back, in this order, and what cannot: held back by an earlier letter, or not ours."""

    letters: Sequence[Letter] = ()
    held_back: Sequence[tuple[Letter, Letter]] = ()
    from_outside: Sequence[Letter] = ()


def redrive(aside: Sequence[Letter], means: Callable[[Letter], bool], *, topics: Collection[str]) -> Redrive:
    """Choose what goes back, given everything still aside in order and the topics that may be written to.

    Where an agent parks the records of a key behind a letter, they go back together with it, and none before
    an earlier one that was not chosen: it stays, with the letter it waits for.
    """
    back: list[Letter] = []
    held_back: list[tuple[Letter, Letter]] = []
    from_outside: list[Letter] = []
    staying: dict[tuple[str, bytes], Letter] = {}
    going: set[tuple[str, bytes]] = set()
    for letter in aside:
        lane = (letter.agent, letter.key)
        earlier = staying.get(lane)
        meant = means(letter)
        if letter.origin.topic not in topics:
            from_outside += [letter] if meant else []
        elif not letter.holds:
            back += [letter] if meant else []
        elif earlier is not None:
            held_back += [(letter, earlier)] if meant else []
        elif meant or (letter.parked and lane in going):
            back.append(letter)
            going.add(lane)
        else:
            staying[lane] = letter
    return Redrive(back, held_back, from_outside)


def by_reason(letters: Iterable[Letter]) -> dict[tuple[str, str, str], int]:
    """Count letters by agent, topic and error, the most first."""
    counts: dict[tuple[str, str, str], int] = {}
    for letter in letters:
        group = (letter.agent, letter.origin.topic, letter.error)
        counts[group] = counts.get(group, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _order(letter: Letter) -> tuple[int, int]:
    return letter.seat, letter.place.partition
