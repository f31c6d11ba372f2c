"""What all agents share that carry out commands: an attempt is bounded, and its result goes to the inbox.

Nothing is tried again here: a failure that may heal is answered as one, and the engine sets a timer. So one
dead system behind a sink never holds up a rebalance, or the commands behind it.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import TypeVar

import structlog

from connectors.ports import Outgoing
from schemas.account import FindAccounts, UpsertAccount
from schemas.assignment import AssignCsm
from schemas.brief import WriteBrief
from schemas.deal import EnrichmentRequest
from schemas.email import SendEmail
from schemas.errors import DealwireError, UnavailableError
from schemas.ids import derived_id, record_key
from schemas.inbox import FAILED, RESULT, SUCCEEDED, InboxRecord
from streams.logs import masked

ATTEMPT_SECONDS = 20.0
SIDE_BY_SIDE = 32

Command = UpsertAccount | FindAccounts | AssignCsm | SendEmail | WriteBrief | EnrichmentRequest
T = TypeVar("T")

log = structlog.get_logger(__name__)


async def bounded(attempt: Awaitable[T], *, on: str) -> T:
    """Await an attempt for twenty seconds at the most. Raises `UnavailableError` with an unknown outcome."""
    try:
        async with asyncio.timeout(ATTEMPT_SECONDS):
            return await attempt
    except TimeoutError:
        raise UnavailableError(
            f"no answer within {ATTEMPT_SECONDS:.0f} seconds", on=on, unknown_outcome=True
        ) from None


def success(command: Command, output: Mapping[str, str]) -> Outgoing:
    """Answer a command that was carried out."""
    return answered(command, outcome=SUCCEEDED, output=dict(output))


def failure(command: Command, error: DealwireError, now: datetime) -> Outgoing:
    """Answer a command that was not carried out: retryable if another time may be better."""
    unavailable = isinstance(error, UnavailableError)
    wait = error.retry_after if isinstance(error, UnavailableError) else None
    log.warning(
        "command failed",
        command=command.id,
        run=command.run_id,
        org=command.org_id,
        attempt=command.attempt,
        error=str(error),
        retryable=unavailable,
    )
    return answered(
        command,
        outcome=FAILED,
        retryable=unavailable,
        retry_at=now + wait if wait is not None else None,
        error=masked(str(error)),
    )


def answered(command: Command, **fields: object) -> Outgoing:
    """Give the result of a command's attempt; `fields` are those of `InboxRecord`."""
    step = "" if isinstance(command, EnrichmentRequest) else command.step_id
    content = {
        "id": derived_id(RESULT, command.id, str(command.attempt)),
        "org_id": command.org_id,
        "kind": RESULT,
        "opportunity_id": command.opportunity_id,
        "run_id": command.run_id,
        "step_id": step,
        "command_id": command.id,
        "attempt": command.attempt,
        **fields,
    }
    return Outgoing(
        InboxRecord.model_validate(content),
        record_key(command.org_id, command.opportunity_id),
        cause=command.id,
        run_id=command.run_id,
    )
