"""How a recorded history lies on disk: one JSON file for a story, `NAME.vN.json`; the highest N is in force.

`story` says what happens; `deal` is the opportunity as every reading of it finds it; `inputs` are the records
as the engine received them, each with its moment and with what was `decided`; `pinned` is the definition, as
the control topic holds it. Values that a record has by default are left out.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RELEASED = "released.sha256"
"""Which files went out with a release, in the form of `sha256sum`."""

_WIDTH = 160
_NAME = re.compile(r"(?P<story>[a-z0-9-]+)\.v(?P<number>\d+)\.json")

Plain = dict[str, Any]


def histories(folder: Path = FOLDER) -> dict[str, list[Path]]:
    """Give the files of each story, the oldest first."""
    found: dict[str, list[tuple[int, Path]]] = {}
    for path in folder.glob("*.json"):
        named = _NAME.fullmatch(path.name)
        assert named is not None, f"{path.name} is not called NAME.vN.json"
        found.setdefault(named["story"], []).append((int(named["number"]), path))
    return {story: [path for _, path in sorted(paths)] for story, paths in sorted(found.items())}


def released(folder: Path = FOLDER) -> dict[str, str]:
    """Give the digest of each released file, by its name."""
    listed = folder / RELEASED
    lines = listed.read_text("utf-8").splitlines() if listed.exists() else []
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def release(folder: Path = FOLDER) -> list[str]:
    """Note every file as released. Gives the names of those that were not."""
    known = released(folder)
    names = sorted(path.name for paths in histories(folder).values() for path in paths)
    lines = [f"{known.get(name) or digest(folder / name)}  {name}\n" for name in names]
    (folder / RELEASED).write_text("".join(lines), "utf-8")
    return [name for name in names if name not in known]


def read(path: Path) -> Plain:
    content: Plain = json.loads(path.read_text("utf-8"))
    return content


def accept(story: str, content: Plain, folder: Path = FOLDER) -> Path | None:
    """Write what a story decides now: over its file, or beside it as the next version if that was released.

    Gives the file that was written; None where nothing has changed.
    """
    written = text(content) + "\n"
    paths = histories(folder).get(story, [])
    if paths and paths[-1].read_text("utf-8") == written:
        return None
    last = len(paths)
    keep = bool(paths) and paths[-1].name in released(folder)
    path = folder / f"{story}.v{last + 1 if keep or not paths else last}.json"
    path.write_text(written, "utf-8")
    return path


def text(value: Any, indent: int = 0) -> str:
    """Write JSON for people: what fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if (indent and len(line) + indent <= _WIDTH) or not isinstance(value, dict | list) or not value:
        return line
    inner = " " * (indent + 1)
    closing = " " * indent
    if isinstance(value, Mapping):
        parts = (
            f"{json.dumps(name, ensure_ascii=False)}: {text(each, indent + 1)}"
            for name, each in value.items()
        )
        return "{\n" + _joined(parts, inner) + f"\n{closing}}}"
    return "[\n" + _joined((text(each, indent + 1) for each in value), inner) + f"\n{closing}]"


def _joined(parts: Iterable[str], inner: str) -> str:
    return ",\n".join(f"{inner}{part}" for part in parts)
