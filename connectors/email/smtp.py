"""Mail over SMTP (RFC 5321), with STARTTLS (RFC 3207) or implicit TLS (RFC 8314)."""

import asyncio
import ssl

import aiosmtplib
import structlog

from connectors.email.addresses import parse_address
from connectors.email.config import EmailConfig
from connectors.email.message import Message, compose
from connectors.email.session import Flight, Session
from connectors.email.smtp_errors import sorted_smtp_error
from connectors.ports import Clock, SystemClock
from schemas.email import SendEmail
from schemas.errors import ConfigurationError

__all__ = ["SmtpMailSink"]

_log = structlog.get_logger(__name__)


class SmtpMailSink:
    """Hands mail to one server. One attempt per call: delivered, not delivered, or nobody knows.

    All recipients or none. A mail that is sent again has the same Message-ID and the same bytes. The
    attempt, with its wait for a free connection, is bounded by `timeout_seconds`.
    """

    def __init__(self, config: EmailConfig, *, clock: Clock | None = None) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._sender = parse_address(config.sender)
        self._on = f"{config.host}:{config.port}"
        tls = _tls(config)
        # Last in, first out: a quiet time is served by one connection, and the others grow old.
        self._free: asyncio.LifoQueue[Session] = asyncio.LifoQueue(config.max_connections)
        for _ in range(config.max_connections):
            self._free.put_nowait(Session(config, tls, self._clock))

    async def send(self, mail: SendEmail) -> str:
        """Send, and give the server's reply to the message.

        Raises `UnavailableError` (4xx, no connection; `unknown_outcome` when the connection was lost after
        the final dot) or `RefusedError` (5xx, no valid address, no trust in the server).
        """
        message = compose(mail, sender=self._sender, now=self._clock.now())
        flight = Flight()
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                reply = await self._send(message, flight)
        except (aiosmtplib.SMTPException, OSError) as error:  # TimeoutError is an OSError
            raise sorted_smtp_error(error, left=flight.left, on=self._on) from error
        _log.info("mail handed over", command_id=mail.id, recipients=len(message.recipients))
        return reply

    async def close(self) -> None:
        """Take leave of the server, once what is being sent is through."""
        for _ in range(self._config.max_connections):
            await (await self._free.get()).close()

    async def _send(self, message: Message, flight: Flight) -> str:
        session = await self._free.get()
        try:
            return await session.transact(message, flight)
        except BaseException:
            session.drop()
            raise
        finally:
            self._free.put_nowait(session)


def _tls(config: EmailConfig) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except OSError as error:
        raise ConfigurationError(
            f"the certificate authorities cannot be read: {error}", on=f"email.ca_file {config.ca_file}"
        ) from error
