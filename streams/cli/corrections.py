"""`dealwire runs retry|cancel|skip|rerun|start|migrate`: one run or many, put right by a person."""

from collections.abc import Mapping
from typing import Annotated

import typer

from streams.cli.answers import Actor, Reason
from streams.cli.correcting import (
    AsJson,
    DryRun,
    Everything,
    How,
    RunId,
    Status,
    StepMap,
    To,
    Which,
    Workflow,
    Yes,
    correct,
    spoken,
)

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
    def _command(
        run: RunId = "",
        *,
        workflow: Workflow = "",
        status: Status = "",
        everything: Everything = False,
        actor: Actor = "",
        reason: Reason = "",
        dry_run: DryRun = False,
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> None:
        how = How(dry_run=dry_run, yes=yes, as_json=as_json)
        correct(Which(run, workflow, status, everything), command, spoken(actor, reason), how)


for _name, (_what, _example) in _PLAIN.items():
    _add(_name, _what, _example)


@app.command(epilog="Example: dealwire runs rerun 4be1c2a7 --from assign")
def rerun(
    run: RunId = "",
    *,
    step: Annotated[str, typer.Option("--from", metavar="STEP", help="The step; else the first.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Repeat effects: a mail is sent once more.")] = False,
    workflow: Workflow = "",
    status: Status = "",
    everything: Everything = False,
    actor: Actor = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Run again from a step, ended or not. What was done is not done twice, unless --again."""
    how = How(dry_run=dry_run, yes=yes, as_json=as_json)
    said = spoken(actor, reason, force=again)
    correct(Which(run, workflow, status, everything), "rerun", said, how, step_id=step)


@app.command(epilog="Example: dealwire runs migrate 4be1c2a7 --to 5 --map check=approval")
def migrate(
    run: RunId = "",
    *,
    to: To,
    steps: StepMap = None,
    workflow: Workflow = "",
    status: Status = "",
    everything: Everything = False,
    actor: Actor = "",
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let waiting runs go on in another version of their workflow, at the same step or its successor."""
    how = How(dry_run=dry_run, yes=yes, as_json=as_json)
    which = Which(run, workflow, status, everything)
    correct(which, "migrate", spoken(actor, reason), how, version=to, steps=steps or ())
