"""What a command says beside its answer: on standard error, so that a script does not read it."""

from rich.console import Console
from rich.text import Text


def aside(text: str) -> None:
    """Say something that one should know, and that is not what was asked for."""
    Console(stderr=True).print(Text(text, style="yellow"), soft_wrap=True)
