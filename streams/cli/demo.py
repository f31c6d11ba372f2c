"""`dealwire demo`: deals close, accounts appear, mails arrive, on this machine."""

import shlex
import shutil
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape

from connectors.kafka.broker.ports import free_ports
from processors.ledger import Ledger, Observed, balance
from schemas.errors import ConfigurationError, ExitCode
from schemas.task import Task
from streams.cli.demo_display import arrivals, next_steps, summary
from streams.cli.sandbox_display import SandboxDisplay
from streams.local.approver import Approver
from streams.local.deployment import ORG, Deployment, Plan
from streams.local.mover import PATH, Closed, Mover
from streams.local.observe import Observer

app = typer.Typer()

_FOLDER = Path(".dealwire/demo")
_TRIGGERS = frozenset(PATH[-1:])
_GIVE_UP_AFTER_S = 60.0
_GATE = 500_000
"""The amount above which examples/approval-gate.yaml asks a manager."""
_BETWEEN_DEALS_S = 0.3
_POLLED: Mapping[str, Mapping[str, object]] = {
    f"orgs.{ORG}": {"source": "poll"},
    # An org of one's own may be asked as often as one likes.
    f"orgs.{ORG}.poll": {"share": 1.0, "shortest_seconds": 0.5, "longest_seconds": 2.0},
}


@app.command(
    help="Start Kafka, a simulated org and dealwire; close deals and show them arriving. Ends with OK (0) "
    "only if every deal arrived once, and leaves nothing running.",
    epilog="Example: dealwire demo --deals 50 --exit",
)
def demo(
    deals: Annotated[int, typer.Option(min=1, max=1000, help="How many deals to close.")] = 25,
    exit_when_done: Annotated[
        bool, typer.Option("--exit", help="End when all have arrived; else wait for Ctrl-C.")
    ] = False,
    source: Annotated[
        Literal["cometd", "poll", "outbound"],
        typer.Option(
            help="How stages are heard of: by change events, by asking for what changed, or by Outbound "
            "Messages."
        ),
    ] = "cometd",
) -> None:
    """Show the whole thing."""
    console = Console()
    began = time.monotonic()
    shutil.rmtree(_FOLDER, ignore_errors=True)
    with SandboxDisplay(console) as display:
        plan = Plan(
            deals=deals * 3 + 50,
            history=True,
            outbound_port=free_ports(1)[0] if source == "outbound" else 0,
            # Reading deals back after a message paces itself as polling does.
            settings=_POLLED if source == "poll" else {},
        )
        deployment = Deployment(_FOLDER, plan, on_progress=display)
        try:
            deployment.up([examples()])
        except BaseException:
            deployment.down()
            raise
    with deployment:
        console.print(f"\nAll of it runs after {time.monotonic() - began:.0f} s. Closing {deals} deals.\n")
        mover = Mover(deployment.org)
        calls_before = mover.api_calls_used()
        with ThreadPoolExecutor(1) as pool:
            closed: list[Closed] = []
            closing = pool.submit(_close, mover, deals, closed)
            ledger = _watch(deployment, closing, closed, console)
        calls = mover.api_calls_used() - calls_before - mover.calls
        console.print(summary(ledger, calls))
        console.print(next_steps(deployment, time.monotonic() - began))
        if not exit_when_done:
            console.print("Ctrl-C ends it and leaves nothing running.")
            _wait_for_ctrl_c()
    if not ledger.whole():
        raise typer.Exit(ExitCode.INCOMPLETE)


def examples() -> Path:
    """Give the folder of the examples: in a checkout, or as it came with the installed package."""
    for folder in (Path(__file__).parents[2] / "examples", Path(sys.prefix) / "share/dealwire/examples"):
        if folder.is_dir():
            return folder
    raise ConfigurationError("the examples are not here", todo="Run it in a checkout: make demo")


def _close(mover: Mover, deals: int, closed: list[Closed]) -> None:
    pause = Event()
    # Two of the size that somebody must approve, and whatever comes beside them.
    large = mover.open_deals(min(2, deals - 1), above=_GATE) if deals > 1 else {}
    chosen = [*large.items(), *(each for each in mover.open_deals(deals).items() if each[0] not in large)]
    for opportunity, deal in chosen[:deals]:
        closed.append(Closed(deal.name, mover.move(opportunity, PATH[-1])))
        pause.wait(_BETWEEN_DEALS_S)


def _watch(deployment: Deployment, closing: "Future[None]", closed: list[Closed], console: Console) -> Ledger:
    """Show what arrives until all has, or until nothing came for a minute."""
    observer, approver = Observer(deployment), Approver(deployment)
    answered: set[str] = set()
    found = Observed()
    ledger = balance([], _TRIGGERS, found)
    last_news = time.monotonic()
    with Live(console=console, auto_refresh=False) as live:
        finished = False
        while not (finished and ledger.whole()):
            deployment.mind()
            before = found
            finished = closing.done()
            known = list(closed)
            found = observer.observe()
            ledger = balance([each.move for each in known], _TRIGGERS, found)
            live.update(arrivals(known, found, ledger), refresh=True)
            for task in approver.waiting():
                if task.id not in answered:
                    _decide(deployment, task, live.console, reject=not answered)
                    answered.add(task.id)
            if found != before or not finished:
                last_news = time.monotonic()
            elif time.monotonic() - last_news > _GIVE_UP_AFTER_S:
                break
    closing.result()
    return ledger


def _decide(deployment: Deployment, task: Task, console: Console, *, reject: bool) -> None:
    """Answer an approval by the command that a person would type, and show it: the first one is rejected."""
    answer = ("reject", "--reason", "not at this price") if reject else ("approve",)
    command = ("tasks", answer[0], task.id, "--as", task.people[0], *answer[1:])
    console.print(f"[bold]{escape(task.title)}[/]")
    console.print(f"  $ dealwire {shlex.join(command)}", highlight=False, markup=False)
    deployment.run(*command)


def _wait_for_ctrl_c() -> None:
    try:
        Event().wait()
    except KeyboardInterrupt:
        return
