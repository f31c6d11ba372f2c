"""How a command of a request is said to the engine, audited and answered."""

from typing import Any

from fastapi import Request, Response

from processors.commanding import Answer, Outcome, Said, answer
from schemas.audit import DENIED, FAILED
from schemas.errors import RefusedError, UnavailableError
from schemas.inbox import InboxRecord
from streams.api.audit import Audit
from streams.api.command_bodies import Command, CommandAnswer
from streams.api.keys import key_of
from streams.api.person import person_of
from streams.api.problems import ProblemError
from streams.api.roles import FORCING
from streams.api.services import services_of

RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": CommandAnswer, "description": "Said; the engine has not answered yet."}
}
"""What a route of commands can answer besides 200."""


def said(request: Request, command: Command) -> Said:
    """Give who says it, why, and under which key. Raises a `ProblemError` for a key that is none."""
    return Said(
        actor=person_of(request).actor,
        key=key_of(request),
        reason=command.reason,
        force=command.force,
    )


async def told_before(request: Request, command: InboxRecord) -> CommandAnswer | None:
    """Give how this very command was answered already, if it was done; the key makes it the same one."""
    if "idempotency-key" not in request.headers:
        return None
    known = answer(command.id, await services_of(request).history.told(command.run_id))
    return _plain(known) if known.outcome is Outcome.DONE else None


async def carry(request: Request, response: Response, command: InboxRecord, *, on: str) -> CommandAnswer:
    """Say a command and answer the request: 200, 202, or a `ProblemError` with the engine's reason (409)."""
    audit = Audit(
        request, f"{'task' if command.task_id else 'run'}.{command.command}", on, org_id=command.org_id
    )
    if command.force and not person_of(request).roles & FORCING:
        await audit.went(DENIED)
        raise ProblemError(403, f"`force` needs one of the roles: {', '.join(sorted(FORCING))}.")
    await audit.asked(command.id)
    try:
        heard = await services_of(request).commander.say(command)
    except (RefusedError, UnavailableError) as error:
        await audit.went(FAILED if isinstance(error, UnavailableError) else Outcome.REFUSED)
        if isinstance(error, UnavailableError):
            raise
        raise ProblemError(413, "The command is too large for Kafka.") from None
    await audit.went(heard.outcome)
    if heard.outcome is Outcome.REFUSED:
        raise ProblemError(409, heard.reason)
    response.status_code = 200 if heard.outcome is Outcome.DONE else 202
    return _plain(heard)


def _plain(heard: Answer) -> CommandAnswer:
    outcome = "done" if heard.outcome is Outcome.DONE else "under way"
    return CommandAnswer(command_id=heard.command_id, outcome=outcome, event=heard.event)
