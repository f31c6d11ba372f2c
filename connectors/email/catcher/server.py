"""The SMTP server that catches mail."""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from connectors.email.catcher.faults import CUT, Faults, Moment
from connectors.email.catcher.mailbox import Mailbox

__all__ = ["MailCatcher"]

_log = structlog.get_logger(__name__)
_LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class MailCatcher:
    """Listens on loopback and keeps every mail; answers 250 only when the mail is on disk.

    `faults` may be exchanged while it runs. With `tls` it offers STARTTLS; with `credentials` (user and
    password) it takes mail only after AUTH. A mail above `max_bytes` is refused with 552.
    """

    mailbox: Mailbox
    faults: Faults = field(default_factory=Faults)
    max_bytes: int = 10 * 1024 * 1024
    tls: ssl.SSLContext | None = None
    credentials: tuple[str, str] | None = None
    _server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        """Listen; return the port, a free one for 0.

        Raises:
            OSError: the port is taken.

        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, _LOOPBACK, port)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def stop(self) -> None:
        """Stop listening. Connections that are open are left to their clients."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _session(self) -> SMTP:
        return SMTP(
            self,
            hostname="catcher.dealwire.test",
            data_size_limit=self.max_bytes,
            enable_SMTPUTF8=True,
            tls_context=self.tls,
            auth_required=self.credentials is not None,
            auth_require_tls=self.tls is not None,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        expected = self.credentials
        given = (data.login, data.password) if isinstance(data, LoginPassword) else None
        good = expected is not None and given == (expected[0].encode(), expected[1].encode())
        return AuthResult(success=good, handled=False)

    # The names below are aiosmtpd's hooks.

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        fault = self.faults.strike(Moment.RECIPIENT, [address])
        if fault == CUT:
            await _cut(server)
        if fault is not None:
            return fault
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        """Answer the final dot."""
        before = self.faults.strike(Moment.CONTENT, envelope.rcpt_tos)
        if before == CUT:
            await _cut(server)
        if before is not None:
            return before
        content = envelope.original_content or b""
        sender = envelope.mail_from or ""
        await asyncio.to_thread(self.mailbox.keep, sender, tuple(envelope.rcpt_tos), content)
        _log.info("mail caught", recipients=len(envelope.rcpt_tos), bytes=len(content))
        after = self.faults.strike(Moment.KEPT, envelope.rcpt_tos)
        if after == CUT:
            await _cut(server)
        return after or "250 2.0.0 OK, kept"


async def _cut(server: SMTP) -> None:
    """End the connection without an answer; aiosmtpd then cancels the task that this is called in."""
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()
    await asyncio.Event().wait()
