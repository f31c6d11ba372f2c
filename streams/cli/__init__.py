"""The `dealwire` command."""

import sys

import click
import typer
from rich.console import Console
from typer.exceptions import TyperException

from schemas.errors import DealwireError, ExitCode
from streams.cli.tree import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command and end with the exit code that the failure is named by."""
    errors = Console(stderr=True)
    try:
        code = app(standalone_mode=False)
    except DealwireError as error:
        errors.print(f"[bold red]{type(error).__name__.removesuffix('Error')}[/]: ", end="")
        errors.print(error.what, markup=False, highlight=False)
        for label, text in (("where", error.on), ("do", error.todo)):
            if text:
                errors.print(f"  [dim]{label}[/] ", end="")
                errors.print(text, markup=False, highlight=False)
        sys.exit(error.exit_code)
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    except (click.ClickException, TyperException) as error:  # typer carries a click of its own
        errors.print(error.format_message(), markup=False, highlight=False)
        sys.exit(ExitCode.USAGE)
    except (click.Abort, typer.Abort, KeyboardInterrupt):
        errors.print("stopped")
        sys.exit(ExitCode.INCOMPLETE)
    sys.exit(code if isinstance(code, int) else ExitCode.OK)
