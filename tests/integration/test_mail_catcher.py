"""The mail catcher over real SMTP, with the client that the product uses."""

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.email.catcher.faults import CUT, Fault, Faults, Moment
from connectors.email.catcher.mailbox import Mailbox
from connectors.email.catcher.server import MailCatcher
from connectors.kafka.broker.process import poll_until


def _mail(*to: str, text: str = "Welcome\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "deals@seller.test", ", ".join(to), "Welcome"
    mail.set_content(text)
    return mail


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(Mailbox(tmp_path / "mail"), max_bytes=100_000)
    yield catcher
    await catcher.stop()


async def _send(port: int, mail: EmailMessage) -> dict[str, aiosmtplib.SMTPResponse]:
    refused, _ = await aiosmtplib.send(mail, hostname="127.0.0.1", port=port, start_tls=False, timeout=10)
    return refused


async def test_keeps_what_it_acknowledged(catcher: MailCatcher) -> None:
    port = await catcher.start()
    assert await _send(port, _mail("ann@x.test", "bob@x.test")) == {}
    (mail,) = catcher.mailbox.mails()
    assert (mail.sender, mail.recipients) == ("deals@seller.test", ("ann@x.test", "bob@x.test"))
    assert mail.message.get_content() == "Welcome\n"


async def test_leading_dots_and_long_texts_come_through(catcher: MailCatcher) -> None:
    port = await catcher.start()
    text = ".\n..\n.leading\n" + "x" * 70 + "\n" + "äöü\n"
    await _send(port, _mail("ann@x.test", text=text))
    assert catcher.mailbox.mails()[0].message.get_content() == text


async def test_greylists_then_takes(catcher: MailCatcher) -> None:
    catcher.faults = Faults([Fault(reply="451 4.7.1 greylisted", times=1)])
    port = await catcher.start()
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await _send(port, _mail("ann@x.test"))
    assert refused.value.recipients[0].code == 451
    assert catcher.mailbox.mails() == []
    await _send(port, _mail("ann@x.test"))
    assert len(catcher.mailbox.mails()) == 1


async def test_takes_the_others_when_one_recipient_is_unknown(catcher: MailCatcher) -> None:
    catcher.faults = Faults([Fault(recipient="nobody@*", reply="550 5.1.1 no such user")])
    port = await catcher.start()
    refused = await _send(port, _mail("ann@x.test", "nobody@x.test"))
    assert {address: answer.code for address, answer in refused.items()} == {"nobody@x.test": 550}
    assert catcher.mailbox.mails()[0].recipients == ("ann@x.test",)


@pytest.mark.parametrize(("at", "kept"), [(Moment.RECIPIENT, 0), (Moment.CONTENT, 0), (Moment.KEPT, 1)])
async def test_cuts_the_connection(catcher: MailCatcher, at: Moment, kept: int) -> None:
    catcher.faults = Faults([Fault(at=at, reply=CUT, times=1)])
    port = await catcher.start()
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, ConnectionError)):
        await _send(port, _mail("ann@x.test"))
    assert len(catcher.mailbox.mails()) == kept
    await _send(port, _mail("ann@x.test"))
    assert len(catcher.mailbox.mails()) == kept + 1


@pytest.mark.parametrize(("at", "kept"), [(Moment.CONTENT, 0), (Moment.KEPT, 1)])
async def test_answers_the_final_dot_with_a_failure(catcher: MailCatcher, at: Moment, kept: int) -> None:
    catcher.faults = Faults([Fault(at=at, reply="452 4.2.2 mailbox full")])
    port = await catcher.start()
    with pytest.raises(aiosmtplib.SMTPDataError) as failed:
        await _send(port, _mail("ann@x.test"))
    assert failed.value.code == 452
    assert len(catcher.mailbox.mails()) == kept


async def test_refuses_what_is_too_large(catcher: MailCatcher) -> None:
    port = await catcher.start()
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        await _send(port, _mail("ann@x.test", text="x\n" * 60_000))
    assert refused.value.code == 552
    assert catcher.mailbox.mails() == []


async def test_a_sender_that_hangs_up_half_way_leaves_no_mail(catcher: MailCatcher) -> None:
    port = await catcher.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def answered() -> None:
        while (await reader.readline())[3:4] == b"-":
            continue

    for line in (b"EHLO x", b"MAIL FROM:<a@x.test>", b"RCPT TO:<b@x.test>", b"DATA"):
        await answered()
        writer.write(line + b"\r\n")
    await answered()
    writer.write(b"Subject: half\r\n\r\nnot fin")
    writer.close()
    await writer.wait_closed()
    await _send(port, _mail("ann@x.test"))
    assert [mail.recipients for mail in catcher.mailbox.mails()] == [("ann@x.test",)]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Two ends of TLS: the server's, and a client's that trusts its certificate for `localhost`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


async def test_takes_mail_over_tls_from_who_knows_the_password(
    catcher: MailCatcher, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    catcher.tls, catcher.credentials = tls[0], ("deals", "right")
    port = await catcher.start()

    async def send(password: str) -> None:
        client = aiosmtplib.SMTP(
            hostname="localhost",
            port=port,
            start_tls=True,
            tls_context=tls[1],
            username="deals",
            password=password,
        )
        async with client:
            await client.send_message(_mail("ann@x.test"))

    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await send("wrong")
    await send("right")
    assert len(catcher.mailbox.mails()) == 1


def test_as_a_process_it_survives_a_kill_and_follows_its_script(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    command = [
        sys.executable,
        "-m",
        "connectors.email.catcher",
        str(tmp_path / "mail"),
        "--faults",
        str(script),
    ]

    def start(port: int) -> tuple[subprocess.Popen[str], int]:
        process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own module
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())["smtp_port"]

    def refused(port: int) -> bool:
        try:
            asyncio.run(_send(port, _mail("ann@x.test")))
        except aiosmtplib.SMTPRecipientsRefused:
            return True
        return False

    first, port = start(0)
    with first:
        assert not refused(port)
        first.kill()
    second, same_port = start(port)
    with second:
        assert same_port == port
        assert not refused(port)
        script.write_text(json.dumps([{"recipient": "ann@*", "reply": "550 5.1.1 gone"}]))
        assert poll_until(lambda: refused(port), within_s=10)
        second.terminate()
        assert second.wait(10) == 0
    mails = Mailbox(tmp_path / "mail").mails()
    assert len(mails) >= 2
    assert {mail.recipients for mail in mails} == {("ann@x.test",)}
