"""Long texts that change are sent as what changed in them.

Change Data Capture Developer Guide, "Data Differences in Event Fields": a unified diff whose second line
holds the SHA-256 of the whole new value, for texts of more than about a thousand characters.
"""

import hashlib
from dataclasses import dataclass
from difflib import unified_diff

__all__ = ["TextDiff", "as_sent"]

_LONG = 1_000


@dataclass(frozen=True, slots=True)
class TextDiff:
    """The difference between the old text and the new one."""

    diff: str


def as_sent(old: str, new: str) -> str | TextDiff:
    """Give the new text, or the difference to it where the text is long and the difference is shorter."""
    if len(new) <= _LONG:
        return new
    # The first two lines are the names of the files, of which there are none.
    lines = list(unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""))[2:]
    digest = hashlib.sha256(new.encode()).hexdigest()
    diff = "\n".join(["--- ", f"+++ {digest}", *lines])
    return TextDiff(diff) if len(diff) < len(new) else new
