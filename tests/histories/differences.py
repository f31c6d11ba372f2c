"""Says how decisions differ from the recorded ones: at which input, in which field, what it was and is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.histories.files import Plain

_SHOWN = 12
_LONGEST = 160
_NOTHING = "nothing"


def told(path: Path, content: Plain, compared: list[tuple[Plain, Plain]], *, released: bool) -> str:
    """Give the differences for whoever has to judge them, and what to type; empty where there are none."""
    different = [number for number, (was, now) in enumerate(compared) if was != now]
    if not different:
        return ""
    lines = []
    for number in different:
        lines.append(f"input {number + 1} of {len(compared)}: {_input(content['inputs'][number])}")
        for where, was, now in _between(*compared[number]):
            lines += [f"  {where}", f"    was: {_short(was)}", f"    is:  {_short(now)}"]
    if len(lines) > 3 * _SHOWN:
        more = sum(line.startswith("    was") for line in lines[3 * _SHOWN :])
        lines = [*lines[: 3 * _SHOWN], f"... and {more} more fields"]
    return "\n".join((f"{path.name}: {content['story']}", *lines, _todo(path, released=released)))


def _todo(path: Path, *, released: bool) -> str:
    story, number = path.name.removesuffix(".json").rsplit(".v", 1)
    command = f".venv/bin/python -m tests.histories accept {story}"
    if not released:
        return f"If this is meant, read it again and type: {command}"
    return (
        "This history was released: runs that wait now would go on otherwise than they began. If this is\n"
        f"meant, say so in the changelog, and type: {command}\n"
        f"It writes {story}.v{int(number) + 1}.json and leaves v{number} as it is."
    )


def _input(shown: Plain) -> str:
    record = shown["record"]
    said = (record.get(name) for name in ("kind", "command", "actor", "stage", "outcome", "step_id"))
    words = " ".join(str(each) for each in said if each)
    return f"{shown['take']}{f' ({words})' if words else ''} at {shown['at']}"


def _between(was: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if was == now:
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for name in (*was, *(each for each in now if each not in was)):
            yield from _between(
                was.get(name, _NOTHING), now.get(name, _NOTHING), f"{path}.{name}".lstrip(".")
            )
    elif _named(was) and _named(now) and _by_name(was) != _by_name(now):
        yield from _between(_by_name(was), _by_name(now), path)
    else:
        yield path, was, now


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and "id" in each for each in value)


def _by_name(records: list[Plain]) -> Plain:
    """Give records by what they are and their id: one that is new does not shift the others."""
    return {_called(record): record for record in records}


def _called(record: Plain) -> str:
    what = record.get("send") or record.get("purpose") or record.get("kind") or ""
    return f"[{what} {record['id'][:8]}]"


def _short(value: Any) -> str:
    shown = value if value == _NOTHING else repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
