"""How a long start tells its caller how far it is."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["OnProgress", "Progress", "silent"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of one part: `part` is "kafka-0" or "download", `state` a word or two in the present.

    `done` of `total` counts what `state` speaks of (files, bytes); a total of 0 is unknown.
    """

    part: str
    state: str
    done: int = 0
    total: int = 0


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Nobody watches."""
