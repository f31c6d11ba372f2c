"""Shows how far the parts of a starting sandbox are: live on a terminal, a line for each step elsewhere."""

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from connectors.kafka.broker.progress import Progress as Step

__all__ = ["SandboxDisplay"]

_READY = "ready"


class SandboxDisplay:
    """A context; inside it, call it with every step."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, str] = {}
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.fields[part]:<10}"),
            TextColumn("[dim]{task.description}[/]"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=console,
            transient=False,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def __call__(self, step: Step) -> None:
        """Show one step. Called from any thread."""
        if not self._console.is_terminal:
            if self._said.get(step.part) != step.state:
                self._console.print(f"{step.part}: {step.state}", highlight=False)
                self._said[step.part] = step.state
            return
        if step.part not in self._tasks:
            self._tasks[step.part] = self._bars.add_task(step.state, total=None, part=step.part)
        total = step.total or None
        done = step.done
        if step.state == _READY:
            done = total = 1
        self._bars.update(self._tasks[step.part], description=step.state, completed=done, total=total)
        if step.part != "download" and "download" in self._tasks:
            self._bars.update(self._tasks["download"], completed=1, total=1)
