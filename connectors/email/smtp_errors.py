"""What a mail server's failure means: never heals, may heal, or nobody knows what became of the mail; no I/O.

Reply codes as in RFC 5321 4.2.1: 4xx is transient, 5xx is permanent.
"""

import ssl

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from connectors.email.addresses import hide_addresses
from schemas.errors import DealwireError, RefusedError, UnavailableError

__all__ = ["shown", "sorted_smtp_error"]

_SHOWN_CHARS = 200


def sorted_smtp_error(error: Exception, *, left: bool, on: str) -> DealwireError:
    """Sort a failure of one SMTP transaction. `left` says that the mail went out with its final dot."""
    certificate = next(
        (one for one in (error, error.__cause__) if isinstance(one, ssl.SSLCertVerificationError)), None
    )
    match error:
        case SMTPRecipientsRefused():
            return _refused_recipients(error.recipients, on)
        case SMTPAuthenticationError() if _permanent(error.code):
            return RefusedError(_answers(error), on=on, todo="Check email.username and email.password.")
        case SMTPResponseException() if _permanent(error.code):
            return RefusedError(_answers(error), on=on)
        case SMTPResponseException():
            # 4xx says that the mail was not taken; what is no reply code at all says nothing.
            understood = 400 <= error.code < 500  # noqa: PLR2004
            return UnavailableError(_answers(error), on=on, unknown_outcome=left and not understood)
        case _ if certificate is not None:
            reason = certificate.verify_message
            return RefusedError(
                f"the mail server's certificate is not trusted: {reason}", on=on, todo="Set email.ca_file."
            )
        case TimeoutError():
            return UnavailableError("the mail server does not answer in time", on=on, unknown_outcome=left)
        case OSError():
            return UnavailableError(
                f"the connection to the mail server failed: {shown(str(error))}",
                on=on,
                unknown_outcome=left,
            )
        case SMTPException():
            return RefusedError(
                f"the mail server cannot do what the settings ask for: {shown(error.message)}",
                on=on,
                todo="Compare email.tls and email.username with what the server offers.",
            )
    raise error


def _permanent(code: int) -> bool:
    return 500 <= code < 600  # noqa: PLR2004


def _refused_recipients(refused: list[SMTPRecipientRefused], on: str) -> DealwireError:
    shown = "; ".join(f"{hide_addresses(one.recipient)}: {_answer(one)}" for one in refused[:3])
    what = f"the mail server refuses {len(refused)} recipient(s), so nobody was sent the mail ({shown})"
    if any(_permanent(one.code) for one in refused):
        return RefusedError(what, on=on, todo="Correct the address.")
    return UnavailableError(what, on=on)


def _answers(error: SMTPResponseException) -> str:
    return f"the mail server answers {_answer(error)}"


def _answer(error: SMTPResponseException) -> str:
    return f"{error.code} {shown(error.message)}"


def shown(text: str) -> str:
    """Give what a server says on one line, short and without addresses."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return hide_addresses(line)[:_SHOWN_CHARS]
