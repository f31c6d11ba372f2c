"""A script of faults in a file: what goes wrong, and when.

One JSON object a line, in the order of happening: `{"after": 30, "name": "unknown-client", "times": 2}`.
`after` is in seconds since the line before, or since the org began to serve.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from connectors.salesforce.simulator.cometd.named_faults import NAMES, inflict
from connectors.salesforce.simulator.cometd.server import CometdServer
from connectors.salesforce.simulator.control_orders import NamedFaultOrder
from schemas.errors import UsageError

__all__ = ["Step", "play", "read_script"]


class Step(NamedFaultOrder):
    """A fault, and how many seconds after the one before it."""

    after: float = Field(default=0, ge=0)


def read_script(path: Path) -> list[Step]:
    """Read a script. Raises `UsageError` with the line that is wrong."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the script of faults: {error}", on=str(path)) from error
    steps = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            step = Step.model_validate_json(line)
        except ValidationError as error:
            raise UsageError(
                f"line {number} is no fault: {error.errors()[0]['msg']}", on=str(path)
            ) from error
        if step.name not in NAMES:
            known = ", ".join(sorted(NAMES))
            raise UsageError(
                f"line {number}: there is no fault {step.name[:40]!r}",
                on=str(path),
                todo=f"Use one of: {known}.",
            )
        steps.append(step)
    return steps


async def play(steps: Sequence[Step], server: CometdServer) -> None:
    """Let one thing after the other go wrong."""
    for step in steps:
        await asyncio.sleep(step.after)
        inflict(server, step.name, times=step.times, channel=step.channel)
