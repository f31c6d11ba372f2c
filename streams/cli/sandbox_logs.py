"""Reads log files: the last lines, and what is added."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["follow", "last_lines"]

_LOOK_EVERY_S = 0.2
_TAIL_BYTES = 1024 * 1024


def last_lines(file: Path, count: int) -> str:
    """Return the last `count` lines, of the file's last megabyte at the most."""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - _TAIL_BYTES))
        lines = opened.read().decode(errors="replace").splitlines(keepends=True)
    return "".join(lines[-count:]) if count else ""


def follow(files: Sequence[Path], show: Callable[[str], object]) -> None:
    """Show each line that is added to one of the files, until Ctrl-C. A file that starts anew is read so."""
    seen = {file: file.stat().st_size for file in files}
    while True:
        for file in files:
            seen[file] += _show_added(file, seen[file], show)
        time.sleep(_LOOK_EVERY_S)


def _show_added(file: Path, seen: int, show: Callable[[str], object]) -> int:
    """Show the whole lines behind `seen`; return by how much to move it."""
    size = file.stat().st_size if file.exists() else 0
    if size < seen:
        return -seen
    with file.open("rb") as opened:
        opened.seek(seen)
        whole, newline, _ = opened.read().rpartition(b"\n")
    for line in whole.decode(errors="replace").splitlines():
        show(line)
    return len(whole) + len(newline)
