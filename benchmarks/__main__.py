"""`make bench`: measure everything, write benchmarks/results/ and the table in docs/performance.md.

`python -m benchmarks history` measures one part and writes nothing; `python -m benchmarks history runs=20000`
does so with another size.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks import agents, engine, history, path, redrive, timers, waiting, what_if

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"
PARTS: Mapping[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "agents": ("one record at a time, idiomatic, ours, bare loop", agents.measure),
    "path": ("the whole way of a deal", path.measure),
    "engine": ("decisions of the pure engine", engine.measure),
    "timers": ("a hundred thousand pending timers", timers.measure),
    "waiting": ("records of a worker that has them", waiting.measure),
    "what-if": ("ten thousand past runs against a draft", what_if.measure),
    "redrive": ("a hundred thousand dead letters, back in order", redrive.measure),
    "history": ("questions to a million runs", history.measure),
}
_BEGIN, _END = "<!-- figures -->", "<!-- /figures -->"


def main() -> None:
    """Run each measurement in a folder of its own and keep what it says; of named ones only, print it."""
    wanted = [word for word in sys.argv[1:] if "=" not in word]
    sizes = {name: int(size) for name, _, size in (word.partition("=") for word in sys.argv[1:]) if size}
    if sizes and len(wanted) != 1:
        sys.exit("sizes go with one part: python -m benchmarks redrive letters=5000")
    if unknown := set(wanted) - PARTS.keys():
        sys.exit(f"there is no part {', '.join(sorted(unknown))}; choose from: {', '.join(PARTS)}")
    figures: dict[str, Any] = {"machine": _machine()}
    for part, (sentence, measure) in PARTS.items():
        if wanted and part not in wanted:
            continue
        print(f"{part}: {sentence}", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            figures[part] = measure(Path(folder) / part, **sizes)
    if not wanted:
        _keep(figures)
    print(json.dumps(figures, indent=2))


def _keep(figures: Mapping[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    name = f"{datetime.now(UTC):%Y-%m-%d}.json"
    (RESULTS / name).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    before, _, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    PAGE.write_text(f"{before}{_BEGIN}\n{_tables(figures, name)}{_END}{after}", "utf-8")


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory, GiB": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "commit": _git("rev-parse", "--short", "HEAD"),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603, S607 - git, with words of ours
    return done.stdout.strip()


def _tables(figures: Mapping[str, Any], name: str) -> str:
    lines = [
        f"Machine: {', '.join(f'{key} {value}' for key, value in figures['machine'].items())}.",
        f"As JSON: [{name}](../benchmarks/results/{name}).",
        "",
    ]
    for part in PARTS:
        rows = {key: value for key, value in figures[part].items() if isinstance(value, Mapping)}
        columns = list(dict.fromkeys(column for row in rows.values() for column in row))
        lines += [f"| {part} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
        lines += [
            f"| {key} | {' | '.join(str(row.get(column, '')) for column in columns)} |"
            for key, row in rows.items()
        ]
        lines += [
            "",
            *(f"{key}: {value}.  " for key, value in figures[part].items() if not isinstance(value, Mapping)),
            "",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
