"""What a mail server and a network may do to us."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.email.catcher.faults import CUT, Fault, Faults, Moment
from connectors.email.catcher.mailbox import Mailbox
from connectors.email.catcher.server import MailCatcher
from connectors.email.config import EmailConfig
from connectors.email.smtp import SmtpMailSink
from schemas.email import SendEmail
from schemas.errors import ConfigurationError, RefusedError, UnavailableError
from tests.fixtures.smtp_server import ScriptedSmtpServer
from tests.fixtures.tls import Tls

MAIL = SendEmail(
    id="c1",
    org_id="o",
    message_id="<c1@seller.test>",
    to=("ann@buyer.test", "bob@buyer.test"),
    subject="Welcome",
    text="Hello\n",
    at=datetime(2026, 9, 14, tzinfo=UTC),
)


@pytest.fixture
async def ends() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def catcher(tmp_path: Path, ends: AsyncExitStack) -> MailCatcher:
    catcher = MailCatcher(Mailbox(tmp_path / "mail"), max_bytes=100_000)
    ends.push_async_callback(catcher.stop)
    return catcher


OpenSink = Callable[..., SmtpMailSink]


@pytest.fixture
def open_sink(ends: AsyncExitStack) -> OpenSink:
    def open_sink(port: int, clock: Any = None, **settings: Any) -> SmtpMailSink:
        known: dict[str, Any] = {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_seconds": 5}
        sink = SmtpMailSink(EmailConfig.model_validate({**known, **settings}), clock=clock)
        ends.push_async_callback(sink.close)
        return sink

    return open_sink


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ({"ann@*": "450 4.2.0 greylisted"}, UnavailableError),
        ({"bob@*": "550 5.1.1 <bob@buyer.test>: no such user"}, RefusedError),
        ({"ann@*": "450 4.2.0 greylisted", "bob@*": "550 5.1.1 no such user"}, RefusedError),
        ({"*": "452 4.5.3 too many"}, UnavailableError),
    ],
)
async def test_when_one_recipient_is_refused_nobody_is_sent_the_mail(
    catcher: MailCatcher, open_sink: OpenSink, replies: dict[str, str], kind: type[Exception]
) -> None:
    catcher.faults = Faults([Fault(recipient=pattern, reply=reply) for pattern, reply in replies.items()])
    sink = open_sink(await catcher.start())
    with pytest.raises(kind, match=r"nobody was sent .*@buyer\.test: [45]\d\d [45]\.") as failed:
        await sink.send(MAIL)
    assert "ann@" not in str(failed.value)
    assert "bob@" not in str(failed.value)
    assert catcher.mailbox.mails() == []
    catcher.faults = Faults()
    await sink.send(MAIL)
    assert catcher.mailbox.mails()[0].recipients == MAIL.to


async def test_a_cut_before_the_mail_left_is_no_doubt(catcher: MailCatcher, open_sink: OpenSink) -> None:
    catcher.faults = Faults([Fault(at=Moment.RECIPIENT, reply=CUT, times=1)])
    sink = open_sink(await catcher.start())
    with pytest.raises(UnavailableError) as failed:
        await sink.send(MAIL)
    assert not failed.value.unknown_outcome


async def test_nobody_listening_is_no_doubt(catcher: MailCatcher, open_sink: OpenSink) -> None:
    port = await catcher.start()
    await catcher.stop()
    with pytest.raises(UnavailableError) as failed:
        await open_sink(port).send(MAIL)
    assert not failed.value.unknown_outcome


async def test_a_mail_that_is_too_large_is_refused(catcher: MailCatcher, open_sink: OpenSink) -> None:
    sink = open_sink(await catcher.start())
    with pytest.raises(RefusedError, match="552"):
        await sink.send(MAIL.model_copy(update={"text": "x\n" * 60_000}))


async def test_a_server_that_restarted_between_two_mails_is_not_noticed(
    catcher: MailCatcher, open_sink: OpenSink
) -> None:
    sink = open_sink(await catcher.start(), max_connections=1)
    await sink.send(MAIL)
    sink._free._queue[0]._client.transport.abort()  # type: ignore[attr-defined]  # no other way to it
    await sink.send(MAIL)
    assert len(catcher.mailbox.mails()) == 2


class MovedClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 9, 14, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


Serve = Callable[..., Awaitable[tuple[ScriptedSmtpServer, int]]]


@pytest.fixture
def serve(ends: AsyncExitStack) -> Serve:
    async def serve(
        answers: dict[str, bytes | None] | None = None, tls: ssl.SSLContext | None = None
    ) -> tuple[ScriptedSmtpServer, int]:
        server = ScriptedSmtpServer(answers)
        ends.push_async_callback(server.stop)
        return server, await server.start(tls)

    return serve


@pytest.mark.parametrize(
    ("silent_at", "unknown"),
    [("", False), ("EHLO", False), ("MAIL", False), ("RCPT", False), ("DATA", False), (".", True)],
)
async def test_silence_is_bounded_and_in_doubt_only_after_the_final_dot(
    serve: Serve, open_sink: OpenSink, silent_at: str, unknown: bool
) -> None:
    _, port = await serve({silent_at: None})
    sink = open_sink(port, timeout_seconds=0.1)
    with pytest.raises(UnavailableError, match="in time") as failed:
        await sink.send(MAIL)
    assert failed.value.unknown_outcome is unknown


@pytest.mark.parametrize(
    ("answers", "kind", "unknown"),
    [
        ({"": b"554 no service\r\n"}, RefusedError, None),
        ({"": b"421 too busy\r\n"}, UnavailableError, False),
        ({"": b"garbage\r\n"}, UnavailableError, False),
        ({"": b"250 not a greeting\r\n"}, UnavailableError, False),
        ({"EHLO": b"502 no\r\n", "HELO": b"502 no\r\n"}, RefusedError, None),
        ({"MAIL": b"451 later\r\n"}, UnavailableError, False),
        ({"MAIL": b"553 not you\r\n"}, RefusedError, None),
        ({"DATA": b"451 later\r\n"}, UnavailableError, False),
        ({"DATA": b"554 no\r\n"}, RefusedError, None),
        ({"DATA": b"250 what\r\n"}, UnavailableError, False),
        ({".": b"421 going down\r\n"}, UnavailableError, False),
        ({".": b"552 full\r\n"}, RefusedError, None),
        ({".": b"garbage\r\n"}, UnavailableError, True),
        ({".": b"354 what\r\n"}, UnavailableError, True),
        ({".": b"250-" + b"x" * 100_000 + b"\r\n"}, UnavailableError, True),
    ],
)
async def test_every_answer_has_its_meaning(
    serve: Serve,
    open_sink: OpenSink,
    answers: dict[str, bytes | None],
    kind: type[Exception],
    unknown: bool | None,
) -> None:
    _, port = await serve(answers)
    with pytest.raises(kind) as failed:
        await open_sink(port).send(MAIL)
    assert getattr(failed.value, "unknown_outcome", None) is unknown
    assert len(str(failed.value)) < 400


async def test_a_connection_is_asked_before_it_is_used_again_and_given_up_when_old(
    serve: Serve, open_sink: OpenSink
) -> None:
    server, port = await serve()
    clock = MovedClock()
    sink = open_sink(port, clock=clock, connection_age_seconds=60)
    for seconds in (0, 59, 2):
        clock.moment += timedelta(seconds=seconds)
        await sink.send(MAIL)
    assert server.connections == 2
    assert [command for command in server.commands if command in ("EHLO", "NOOP", "QUIT")] == [
        "EHLO", "NOOP", "QUIT", "EHLO",
    ]  # fmt: skip


async def test_a_connection_that_refused_is_not_used_again(serve: Serve, open_sink: OpenSink) -> None:
    server, port = await serve({"MAIL": b"451 later\r\n"})
    sink = open_sink(port)
    with pytest.raises(UnavailableError):
        await sink.send(MAIL)
    server.answers.pop("MAIL")
    await sink.send(MAIL)
    assert server.connections == 2


async def test_no_more_connections_than_allowed(serve: Serve, open_sink: OpenSink) -> None:
    server, port = await serve({".": None})
    sink = open_sink(port, max_connections=2)
    sending = [asyncio.create_task(sink.send(MAIL)) for _ in range(5)]
    for _ in range(2):
        await server.reached["."].acquire()
    assert server.connections == 2
    for task in sending:
        task.cancel()
    await asyncio.gather(*sending, return_exceptions=True)


async def test_waiting_for_a_connection_is_bounded(serve: Serve, open_sink: OpenSink) -> None:
    _, port = await serve({"MAIL": None})
    sink = open_sink(port, max_connections=1, timeout_seconds=0.1)
    results = await asyncio.gather(*(sink.send(MAIL) for _ in range(3)), return_exceptions=True)
    for result in results:
        assert isinstance(result, UnavailableError)
        assert not result.unknown_outcome


async def test_who_gives_up_leaves_no_half_used_connection(serve: Serve, open_sink: OpenSink) -> None:
    server, port = await serve({".": None})
    sink = open_sink(port, max_connections=1)
    sending = asyncio.create_task(sink.send(MAIL))
    await server.reached["."].acquire()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    server.answers["."] = b"250 OK\r\n"
    assert await sink.send(MAIL) == "250 OK"


async def test_starttls_and_login(catcher: MailCatcher, open_sink: OpenSink, tls: Tls) -> None:
    catcher.tls, catcher.credentials = tls.server, ("deals", "right")
    port = await catcher.start()
    settings = {"host": "localhost", "tls": "starttls", "ca_file": str(tls.ca_file), "username": "deals"}
    await open_sink(port, password="right", **settings).send(MAIL)
    with pytest.raises(RefusedError, match="535") as refused:
        await open_sink(port, password="wrong", **settings).send(MAIL)
    assert "wrong" not in str(refused.value)
    assert len(catcher.mailbox.mails()) == 1


async def test_a_certificate_that_nobody_trusts_is_refused(
    catcher: MailCatcher, open_sink: OpenSink, tls: Tls
) -> None:
    catcher.tls = tls.server
    port = await catcher.start()
    with pytest.raises(RefusedError, match="certificate is not trusted: self"):
        await open_sink(port, host="localhost", tls="starttls").send(MAIL)
    with pytest.raises(RefusedError, match="certificate is not trusted: IP address mismatch"):
        await open_sink(port, tls="starttls", ca_file=str(tls.ca_file)).send(MAIL)


async def test_tls_from_the_first_byte(serve: Serve, open_sink: OpenSink, tls: Tls) -> None:
    _, port = await serve(tls=tls.server)
    settings = {"host": "localhost", "tls": "tls"}
    assert await open_sink(port, ca_file=str(tls.ca_file), **settings).send(MAIL) == "250 OK"
    with pytest.raises(RefusedError, match="certificate is not trusted"):
        await open_sink(port, **settings).send(MAIL)


async def test_without_starttls_on_offer_nothing_is_sent_in_the_clear(
    catcher: MailCatcher, open_sink: OpenSink
) -> None:
    sink = open_sink(await catcher.start(), tls="starttls")
    with pytest.raises(RefusedError, match="STARTTLS extension not supported"):
        await sink.send(MAIL)
    assert catcher.mailbox.mails() == []


def test_authorities_that_cannot_be_read_are_named() -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        SmtpMailSink(EmailConfig(ca_file="/nowhere.pem"))
