"""Which failure a PUT meets: a script, or chance from a seed."""

from collections import Counter, deque
from collections.abc import Iterable
from enum import StrEnum
from random import Random
from typing import Protocol

__all__ = ["Fault", "Faults", "ScriptedFaults", "SeededFaults"]


class Fault(StrEnum):
    """One failure of one PUT; `…_after` strikes when the work is done."""

    CONFLICT = "conflict"
    """409 although no higher revision is held."""

    BUSY = "busy"
    """429 with `Retry-After: 1`."""

    DOWN = "down"
    """503 with `Retry-After` as an HTTP date."""

    BROKEN = "broken"
    """500."""

    CUT = "cut"
    """The connection ends without an answer."""

    SLOW = "slow"
    """The answer comes late."""

    BROKEN_AFTER = "broken_after"
    GARBAGE_AFTER = "garbage_after"
    """200 with a body that is not JSON."""

    CUT_AFTER = "cut_after"
    SILENT_AFTER = "silent_after"
    """No answer at all, until the client gives up."""


class Faults(Protocol):
    """Decides what a PUT meets."""

    def strike(self, idempotency_key: str) -> Fault | None:
        """Give the fault of this PUT."""
        ...


class ScriptedFaults:
    """The given faults, one for each PUT in turn, then none."""

    def __init__(self, faults: Iterable[Fault | None] = ()) -> None:
        self._faults = deque(faults)

    def strike(self, _idempotency_key: str) -> Fault | None:
        """Give the next fault."""
        return self._faults.popleft() if self._faults else None


class SeededFaults:
    """Faults by chance: the same for the same seed, key and try. The third try of a key always goes well."""

    _UNHARMED_FROM = 3
    _SHARE = 0.3

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._tries: Counter[str] = Counter()

    def strike(self, idempotency_key: str) -> Fault | None:
        """Throw the dice for this PUT."""
        self._tries[idempotency_key] += 1
        tried = self._tries[idempotency_key]
        dice = Random(f"{self._seed}:{idempotency_key}:{tried}")  # noqa: S311  # a plan of faults, no secret
        if tried >= self._UNHARMED_FROM or dice.random() >= self._SHARE:
            return None
        return dice.choice(list(Fault))
