"""What a person's command was answered, shown, and turned into an exit code."""

from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from processors.commanding import Answer, Outcome
from schemas.errors import ExitCode, RefusedError, UsageError
from streams.cli.notes import aside

Actor = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="DEALWIRE_ACTOR",
        metavar="EMAIL",
        help="Who says it, by mail address.",
        show_envvar=False,
    ),
]
Reason = Annotated[str, typer.Option(help="Why; it stands in the history.")]


def must_be_somebody(actor: str) -> str:
    """Give the actor. Raises `UsageError` for nobody."""
    if "@" not in actor:
        raise UsageError(
            "it is not said who says it", todo="Add --as EMAIL, or set DEALWIRE_ACTOR to your address."
        )
    return actor


def conclude(answer: Answer, *, on: str, done: str) -> None:
    """Show an answer and end as it says: raises `RefusedError` (77), or ends with TEMPORARY (75)."""
    if answer.outcome is Outcome.REFUSED:
        raise RefusedError(answer.reason, on=on)
    if answer.outcome is Outcome.UNDER_WAY:
        still_under_way(answer)
    Console().print(Text(done))


def still_under_way(answer: Answer) -> NoReturn:
    """Say that nothing was heard yet, and end with TEMPORARY (75)."""
    aside(
        f"Not answered yet; command {answer.command_id} is in Kafka, and will be. Does a worker with the "
        "role workflow run?"
    )
    raise typer.Exit(ExitCode.TEMPORARY)
