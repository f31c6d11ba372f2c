"""The whole path on this machine: calls to the org, seconds to the account, memory of a worker."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from connectors.kafka.broker.process import poll_until
from processors.ledger import Ledger, Move, balance
from streams.cli.demo import examples
from streams.local.deployment import Deployment, Plan
from streams.local.mover import PATH, Mover
from streams.local.observe import Observer

_WON = frozenset(PATH[-1:])
_WITHIN_S = 180.0
_BELOW_THE_GATE = 500_000
"""Deals above it wait for a person (examples/approval-gate.yaml)."""


def measure(
    folder: Path, *, singly: int = 20, steady: int = 300, rate: float = 10.0, burst: int = 1000
) -> dict[str, Any]:
    """Close deals one at a time, then at a steady rate, then as many at once, and say what each cost."""
    deployment = Deployment(folder, Plan(deals=(singly + steady + burst) * 3))
    try:
        deployment.up([examples()])
        run = _Run(deployment)
        result: dict[str, Any] = {
            "one at a time": run.part(singly, run.one_at_a_time),
            f"{rate:g} deals/s": run.part(steady, lambda deals: run.at_rate(deals, rate)),
            "all at once": run.part(burst, run.at_once),
        }
        result["worker memory, MiB"] = round(run.memory() / 2**20, 1)
        result["subscriber memory, MiB"] = round(run.memory("subscriber") / 2**20, 1)
        return result
    finally:
        deployment.down()


class _Run:
    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._mover = Mover(deployment.org)
        self._observer = Observer(deployment)

    def part(self, deals: int, how: Callable[[list[str]], list[Move]]) -> dict[str, Any]:
        """Move deals in one way, wait until all have arrived, and give what it cost."""
        before = self._mover.api_calls_used() - self._mover.calls
        began = time.monotonic()
        moves = how(list(self._mover.open_deals(deals, most=_BELOW_THE_GATE)))
        ledger = self._wait(moves)
        seconds = time.monotonic() - began
        calls = self._mover.api_calls_used() - self._mover.calls - before
        return {
            "deals": len(moves),
            "lost": ledger.lost,
            "doubled": ledger.doubled,
            "calls per 1,000 deals": round(1000 * calls / len(moves), 1),
            "seconds to account, p50": round(ledger.percentile(0.5), 3),
            "seconds to account, p99": round(ledger.percentile(0.99), 3),
            "deals/s, start to last account": round(len(moves) / seconds, 1),
        }

    def one_at_a_time(self, deals: list[str]) -> list[Move]:
        """Close a deal only when the one before has its account."""
        moves = []
        for deal in deals:
            moves.append(self._mover.move(deal, PATH[-1]))
            self._wait(moves)
        return moves

    def at_rate(self, deals: list[str], rate: float) -> list[Move]:
        """Close deals at a steady rate, however long each takes to arrive."""
        began = time.monotonic()
        moves = []
        for number, deal in enumerate(deals):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            moves.append(self._mover.move(deal, PATH[-1]))
        return moves

    def at_once(self, deals: list[str]) -> list[Move]:
        """Close deals 200 in a request, as a data loader does."""
        return self._mover.move_many(deals, PATH[-1])

    def memory(self, name: str = "worker") -> int:
        """Give the resident memory of one process and its children, in bytes."""
        pid = self._deployment.children[name].pid
        if pid is None:
            return 0
        process = psutil.Process(pid)
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))

    def _wait(self, moves: list[Move]) -> Ledger:
        ledger: list[Ledger] = []

        def arrived() -> bool:
            ledger.append(balance(moves, _WON, self._observer.observe()))
            return not ledger[-1].lost_accounts and not ledger[-1].lost_runs

        poll_until(arrived, within_s=_WITHIN_S)
        return ledger[-1]
