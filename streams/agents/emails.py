"""Commands become mail: once each, as far as SMTP allows. `processors/send_ledger.py` decides."""

from typing import Any

import structlog

from processors.send_ledger import Action, after, answer, plan
from schemas.email import SendEmail
from schemas.errors import DealwireError
from schemas.ids import message_id
from schemas.inbox import SUCCEEDED
from schemas.send_ledger import SendLedger
from streams.agents.commands import SIDE_BY_SIDE, answered, bounded
from streams.app import Surroundings, add_table, attach, needed, new_app
from streams.envelope import Limits
from streams.job import Job, expect, one_by_one
from streams.links import linked
from streams.metrics import FAILED_ATTEMPTS, RESENT_MAILS

ROLE = "emails"

log = structlog.get_logger(__name__)


def emails(around: Surroundings) -> Any:
    """Make the app that reads `emails.commands`, keeps the send ledger and answers.

    The ledger is in Kafka before the SMTP transaction begins, and after it.
    """
    app = new_app(ROLE, around.settings)
    sink = needed(around.mails, ROLE)
    ledger = add_table(app, "sent", around)

    async def handle(job: Job) -> None:
        mail = linked(
            _named(expect(job.record, SendEmail), around.settings.email.domain), around.settings.links
        )
        held = job.recall(ledger)
        mails = SendLedger.model_validate_json(held) if held is not None else SendLedger()
        todo = plan(mails.mails.get(mail.id), mail)
        entry = todo.entry
        if todo.action is not Action.ANSWER:
            await job.remember(ledger, mails.with_entry(mail.id, entry).model_dump_json().encode())
            await job.settled()
            if todo.action is Action.RESEND:
                around.metrics.add(RESENT_MAILS)
                log.warning("mail sent again after a cut transaction", command=mail.id, run=mail.run_id)
            entry = after(entry, await _outcome(mail), around.clock.now())
        await job.remember(ledger, mails.with_entry(mail.id, entry).model_dump_json().encode())
        said = answer(entry)
        if said.outcome != SUCCEEDED:
            log.warning("mail not sent", command=mail.id, run=mail.run_id, error=said.error)
            around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
        await job.emit(
            answered(
                mail,
                outcome=said.outcome,
                retryable=said.retryable,
                retry_at=said.retry_at,
                error=said.error,
                output=said.output,
            )
        )

    async def _outcome(mail: SendEmail) -> str | DealwireError:
        try:
            return await bounded(sink.send(mail), on=f"mail {mail.id}")
        except DealwireError as error:
            return error

    limits = Limits(side_by_side=SIDE_BY_SIDE)
    attach(app, ROLE, ("emails.commands",), one_by_one(handle), around, limits=limits)
    return app


def _named(mail: SendEmail, domain: str) -> SendEmail:
    """Give the mail with its Message-ID; only here it is known whose domain it is sent from."""
    return mail.model_copy(update={"message_id": mail.message_id or message_id(mail.id, domain)})
