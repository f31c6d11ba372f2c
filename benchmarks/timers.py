"""What 100,000 pending timers cost a worker: `python -m benchmarks timers`, no Kafka.

Each record of a run sets a timer in place of the one before, and five times a second the worker looks what is
due. Both are timed with nothing else pending (the baseline) and among the others, in turns.
"""

import statistics
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from streams.timers import Timer, TimerHeap

_NOW = datetime(2026, 9, 15, tzinfo=UTC)
_FAR = timedelta(days=30)


def measure(_folder: Path, *, pending: int = 100_000, records: int = 50_000) -> dict[str, Any]:
    """Time records and looks beside none and beside so many pending timers."""
    alone, crowded = TimerHeap(), TimerHeap()
    kept = [_timer(number, _FAR) for number in range(pending)]
    tracemalloc.start()
    TimerHeap().rebuild(kept)  # let go of at once; what it held at its most counts
    grown = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    began = time.perf_counter()
    crowded.rebuild(kept)
    rebuilt = time.perf_counter() - began
    took: dict[str, list[float]] = {"alone": [], "crowded": []}
    for number in range(records):
        for name, heap in (("alone", alone), ("crowded", crowded)):
            timer = _timer(pending + number % 500, timedelta(minutes=5, microseconds=number))
            began = time.perf_counter()
            heap.replace(timer.key, (timer,))
            heap.due(_NOW)
            took[name].append(time.perf_counter() - began)
    for heap in (alone, crowded):
        for number in range(500):
            heap.replace(f"org:{pending + number}", ())
    began = time.perf_counter()
    fired = len(crowded.due(_NOW + 2 * _FAR))
    all_due = time.perf_counter() - began
    assert fired == pending
    ratio = statistics.median(took["crowded"]) / statistics.median(took["alone"])
    return {
        "a record sets its timer anew, and one look": {
            "nothing else pending, us p50": _micro(took["alone"], 50),
            "p99": _micro(took["alone"], 99),
            f"{pending:,} pending, us p50": _micro(took["crowded"], 50),
            "with them, p99": _micro(took["crowded"], 99),
            "ratio of medians": f"{ratio:.2f}x",
        },
        f"taking {pending:,} timers over after a restart, s": round(rebuilt, 2),
        "memory of it beside the timers themselves, MiB": round(grown / 2**20, 1),
        f"finding {pending:,} that are due at once, s": round(all_due, 2),
    }


def _timer(number: int, later: timedelta) -> Timer:
    return Timer(_NOW + later, f"timer-{number}-{later}", f"run-{number}", f"org:{number}")


def _micro(seconds: list[float], percent: int) -> float:
    return round(statistics.quantiles(seconds, n=100)[percent - 1] * 1e6, 1)
