"""The options of `dealwire` itself, which every command shares."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Options:
    """What stood before the command's name."""

    config: Path | None = None


OPTIONS = Options()
