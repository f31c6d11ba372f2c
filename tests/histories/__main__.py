"""Accepts decisions that have changed, and notes what went out with a release.

.venv/bin/python -m tests.histories accept [STORY...]
.venv/bin/python -m tests.histories release
"""

import sys

from tests.histories.files import accept, release
from tests.histories.stories import STORIES, record


def main(words: list[str]) -> str:
    """Do what was typed, and give what to print. Raises `SystemExit` for anything else."""
    match words:
        case ["accept", *names] if set(names) <= set(STORIES):
            written = [path.name for name in names or STORIES if (path := accept(name, record(name)))]
            return "\n".join([*written, f"{len(written)} histories written; read them: git diff"])
        case ["release"]:
            return "\n".join([*release(), "from now on these are kept as they are"])
        case _:
            raise SystemExit(f"{__doc__}\nStories: {', '.join(STORIES)}")


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
