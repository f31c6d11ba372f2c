"""`dealwire runs retry|cancel|skip|rerun|start|migrate|reassign`: one run or many, put right by a person."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

import typer

from processors.commanding import about_run
from processors.corrections import step_map
from schemas.errors import UsageError
from streams.cli.correcting import Filter, How, RunId, StepMap, Version, correct
from streams.cli.option_groups import spread

app = typer.Typer()

_PLAIN: Mapping[str, tuple[str, str]] = {
    "retry": (
        "Try again where a run needs attention, with the deal as it is now; nothing is done twice.",
        'retry --workflow closed-won --reason "the mail server is back"',
    ),
    "cancel": (
        "End runs that have not ended, with their tasks. What they did stays.",
        'cancel 0065g00000Zk1QaAAJ --reason "closed by mistake"',
    ),
    "skip": (
        "Go on after the step at which a run is. An approval is not skipped.",
        'skip 4be1c2a7 --reason "done by hand"',
    ),
    "start": (
        "Let runs go that are held because too many began at once.",
        "start --workflow closed-won --dry-run",
    ),
}
"""Commands that need nothing but the runs: what each does, and an example."""


def _add(command: str, what: str, example: str) -> None:
    @app.command(command, help=what, epilog=f"Example: dealwire runs {example}")
    @spread
    def _command(run: RunId = "", *, which: Filter, how: How) -> None:
        correct(run, which, how, command)


for _name, (_what, _example) in _PLAIN.items():
    _add(_name, _what, _example)


@app.command(epilog="Example: dealwire runs rerun 4be1c2a7 --from assign")
@spread
def rerun(
    run: RunId = "",
    *,
    step: Annotated[str, typer.Option("--from", metavar="STEP", help="The step; else the first.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Repeat effects: a mail is sent once more.")] = False,
    which: Filter,
    how: How,
) -> None:
    """Run again from a step, ended or not. What was done is not done twice, unless --again."""
    correct(run, which, how, "rerun", word=partial(about_run, step_id=step), force=again)


@app.command(epilog="Example: dealwire runs migrate 4be1c2a7 --to 5 --map check=approval")
@spread
def migrate(run: RunId = "", *, to: Version, steps: StepMap = None, which: Filter, how: How) -> None:
    """Let waiting runs go on in another version of their workflow, at the same step or its successor."""
    word = partial(about_run, version=to, values=step_map(steps or ()))
    correct(run, which, how, "migrate", word=word)


@app.command(epilog='Example: dealwire runs reassign --owner "Dana Reyes" --to bob@example.com --dry-run')
@spread
def reassign(
    run: RunId = "",
    *,
    to: Annotated[str, typer.Option("--to", metavar="EMAIL", help="Who has the account from now on.")],
    name: Annotated[str, typer.Option(help="Their name; else what stands before the @.")] = "",
    which: Filter,
    how: How,
) -> None:
    """Give the accounts of runs to somebody else, whether a run goes on or has ended; queues count it."""
    if "@" not in to:
        raise UsageError(f"{to!r:.60} is no mail address", todo="Say to whom: --to EMAIL")
    word = partial(about_run, to=(to,), values={"name": name} if name else {})
    correct(run, which, how, "reassign", word=word)
