"""Answers Outbound Messages over HTTP.

At least once: a message is acknowledged when Kafka has all that is told of its deals, and not before;
Salesforce sends any other again, for 24 hours. Source: SOAP API Developer Guide, "Outbound Messaging".
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

import structlog
from aiohttp import web

from connectors.salesforce.outbound.config import OutboundConfig
from connectors.salesforce.outbound.notifications import Notifications, read_notifications
from connectors.salesforce.outbound.replies import ACK, fault
from schemas.errors import ConfigurationError, DealwireError, DecodeError, RefusedError, UnavailableError
from schemas.ids import id18

__all__ = ["Receiver"]

_log = structlog.get_logger(__name__)


class Receiver:
    """Listens for one org. `publish` returns when Kafka has what the notified deals became.

    `on_answered` is told how each message ended: `acknowledged`, `refused` (bad input, or not from whom it
    must be) or `put off` (Salesforce tries again).
    """

    def __init__(
        self,
        config: OutboundConfig,
        org_id: str,
        publish: Callable[[Sequence[str]], Awaitable[None]],
        on_answered: Callable[[str], None],
    ) -> None:
        self._config = config
        self._org_id = id18(org_id)
        self._publish = publish
        self._on_answered = on_answered
        self._busy = 0
        app = web.Application(client_max_size=config.largest_body_bytes)
        app.router.add_post(config.path, self._answer)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> int:
        """Listen, and give the port. Raises `ConfigurationError`."""
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, self._config.host, self._config.port, ssl_context=self._tls())
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigurationError(
                f"cannot listen on {self._config.host}:{self._config.port}: {error.strerror or error}",
                on="[orgs.NAME.outbound]",
                todo="Choose another port, and look at the files of the certificate.",
            ) from error
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Stop listening; what is in work ends first."""
        await self._runner.cleanup()

    def _tls(self) -> ssl.SSLContext | None:
        config = self._config
        if config.certificate_file is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(config.certificate_file, config.key_file)
        if config.client_ca_file is not None:
            context.load_verify_locations(config.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    async def _answer(self, request: web.Request) -> web.Response:
        if not self._is_sender(request.remote):
            return self._refused("the sender's address is not in senders", 403)
        if self._busy >= self._config.most_at_once:
            return self._put_off("too many messages at once")
        self._busy += 1
        try:
            async with asyncio.timeout(self._config.answer_within_seconds):
                message = self._read(await request.read())
                await self._publish(message.deals)
        except (TimeoutError, UnavailableError) as error:
            return self._put_off(str(error) or "not done in time")
        except web.HTTPRequestEntityTooLarge:
            return self._refused(f"larger than {self._config.largest_body_bytes} bytes", 413)
        except (DecodeError, _WrongOrgError) as error:
            return self._refused(str(error), 500)
        except RefusedError as error:
            return self._put_off(str(error))
        finally:
            self._busy -= 1
        self._on_answered("acknowledged")
        _log.info("acknowledged", deals=len(message.deals))
        return _reply(ACK, 200)

    def _read(self, body: bytes) -> Notifications:
        message = read_notifications(body)
        if message.org_id != self._org_id:
            raise _WrongOrgError(f"OrganizationId {message.org_id} is not the org of these settings")
        return message

    def _is_sender(self, remote: str | None) -> bool:
        try:
            address = ip_address(remote or "")
        except ValueError:
            return False
        return any(address in network for network in self._config.senders)

    def _refused(self, reason: str, status: int) -> web.Response:
        self._on_answered("refused")
        _log.warning("message refused", reason=reason)
        return _reply(fault(reason, by_sender=True), status)

    def _put_off(self, reason: str) -> web.Response:
        self._on_answered("put off")
        _log.warning("message not acknowledged; it comes again", reason=reason)
        # The reason stays in our log: it may speak of what is behind us.
        return _reply(fault("not taken now; send it again", by_sender=False), 503)


class _WrongOrgError(DealwireError):
    """The message is another org's."""


def _reply(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/xml", charset="utf-8")
