"""One connection to the mail server, kept for further mails while it is young and answers."""

import re
import ssl
from contextlib import suppress
from datetime import datetime, timedelta

import aiosmtplib

from connectors.email.config import EmailConfig
from connectors.email.message import Message
from connectors.email.smtp_errors import shown
from connectors.ports import Clock

__all__ = ["Flight", "Session"]

_OK = 250
_START_INPUT = 354
_LEADING_DOT = re.compile(rb"(?m)^\.")


class Flight:
    """How far a mail came: once it has left, it may be delivered, unless the server says that it is not."""

    left = False


class Session:
    """Opens its connection when it is needed, and another when that is old or gone."""

    def __init__(self, config: EmailConfig, tls: ssl.SSLContext, clock: Clock) -> None:
        self._config = config
        self._tls = tls
        self._clock = clock
        self._client: aiosmtplib.SMTP | None = None
        self._opened_at: datetime | None = None

    async def transact(self, message: Message, flight: Flight) -> str:
        """Hand over one mail to all its recipients or to none, and give the server's reply.

        Raises what aiosmtplib raises; then `drop` the connection, since nobody knows where it stands.
        """
        client = await self._ready()
        await client.mail(message.sender)
        refused = []
        for recipient in message.recipients:
            try:
                await client.rcpt(recipient)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(error)
        if refused:
            # A mail to the others now would be doubled by the retry that reaches all.
            raise aiosmtplib.SMTPRecipientsRefused(refused)
        answer = await client.execute_command(b"DATA")
        if answer.code != _START_INPUT or client.protocol is None:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)
        # Not `client.data`: it does not tell whether the connection broke before the mail left or after.
        flight.left = True
        client.protocol.write(_LEADING_DOT.sub(b"..", message.content) + b".\r\n")
        answer = await client.protocol.read_response(timeout=self._config.timeout_seconds)
        if answer.code != _OK:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)
        return f"{answer.code} {shown(answer.message)}"

    def drop(self) -> None:
        """Let go of the connection at once."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def close(self) -> None:
        """Take leave of the server."""
        if self._client is not None and self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):  # it may leave before us
                await self._client.quit(timeout=1)
        self.drop()

    async def _ready(self) -> aiosmtplib.SMTP:
        client = self._client
        if client is not None and client.is_connected and self._is_young():
            try:
                await client.noop()
            except (aiosmtplib.SMTPException, OSError):
                self.drop()  # servers hang up on who is idle; a new connection will tell whether that is all
            else:
                return client
        await self.close()
        return await self._connect()

    async def _connect(self) -> aiosmtplib.SMTP:
        config = self._config
        client = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port,
            username=config.username,
            password=config.password.get_secret_value() if config.password is not None else None,
            local_hostname=config.domain,  # asking the resolver for our own name can take long
            timeout=config.timeout_seconds,
            use_tls=config.tls == "tls",
            start_tls=config.tls == "starttls",
            tls_context=self._tls,
        )
        await client.connect()
        self._client, self._opened_at = client, self._clock.now()
        return client

    def _is_young(self) -> bool:
        age = timedelta(seconds=self._config.connection_age_seconds)
        return self._opened_at is not None and self._clock.now() - self._opened_at < age
