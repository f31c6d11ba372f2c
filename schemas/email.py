"""A mail to be sent."""

from typing import ClassVar

from schemas.base import Moment, Record


class SendEmail(Record):
    """Asks the mail sink to send one message. `id` is the effect id; `message_id` is computed from it.

    Subject and bodies are final: templates were rendered where the decision was made. `at` is the moment of
    that decision and the mail's Date, so that a resend is the same mail to the byte.
    """

    ce_type: ClassVar[str] = "dealwire.email.send"

    opportunity_id: str = ""
    run_id: str = ""
    step_id: str = ""
    attempt: int = 1
    message_id: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    html: str | None = None
    at: Moment | None = None
