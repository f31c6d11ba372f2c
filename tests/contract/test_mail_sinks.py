"""Every mail sink keeps the same promises: the twin, and real SMTP to a server on loopback."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from connectors.email.catcher.faults import CUT, Fault, Faults, Moment
from connectors.email.catcher.mailbox import Mailbox
from connectors.email.catcher.server import MailCatcher
from connectors.email.config import EmailConfig
from connectors.email.memory import MemoryMailSink
from connectors.email.smtp import SmtpMailSink
from connectors.ports import MailSink
from schemas.email import SendEmail
from schemas.errors import RefusedError, UnavailableError

AT = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)


def a_mail(number: int = 1, **fields: Any) -> SendEmail:
    known: dict[str, Any] = {
        "id": f"c{number}",
        "org_id": "00D5g000004ZpXyEAK",
        "message_id": f"<c{number}@seller.test>",
        "to": ("ann@buyer.test",),
        "subject": "Welcome",
        "text": "Hello Ann\n",
        "at": AT,
    }
    return SendEmail(**{**known, **fields})


class World(ABC):
    """A sink, and what stands behind it."""

    sink: MailSink

    @abstractmethod
    def delivered(self) -> list[tuple[tuple[str, ...], bytes]]:
        """The mails that arrived: recipients and content."""

    @abstractmethod
    def refuse_next(self, reply: str) -> None:
        """Let the server answer the next mail so; it is not delivered."""

    @abstractmethod
    def cut_next(self, *, delivered: bool) -> None:
        """Let the connection break after the next mail's final dot."""


class Memory(World):
    def __init__(self) -> None:
        self.memory = MemoryMailSink()
        self.sink = self.memory

    def delivered(self) -> list[tuple[tuple[str, ...], bytes]]:
        return [(mail.recipients, mail.content) for mail in self.memory.delivered]

    def refuse_next(self, reply: str) -> None:
        self.memory.fail_next(UnavailableError(reply) if reply.startswith("4") else RefusedError(reply))

    def cut_next(self, *, delivered: bool) -> None:
        self.memory.fail_next(UnavailableError("cut", unknown_outcome=True), delivered=delivered)


class Smtp(World):
    def __init__(self, catcher: MailCatcher, port: int) -> None:
        self.catcher = catcher
        self.sink = SmtpMailSink(EmailConfig(host="127.0.0.1", port=port, tls="none", timeout_seconds=5))

    def delivered(self) -> list[tuple[tuple[str, ...], bytes]]:
        return [(mail.recipients, mail.raw) for mail in self.catcher.mailbox.mails()]

    def refuse_next(self, reply: str) -> None:
        self.catcher.faults = Faults([Fault(at=Moment.CONTENT, reply=reply, times=1)])

    def cut_next(self, *, delivered: bool) -> None:
        at = Moment.KEPT if delivered else Moment.CONTENT
        self.catcher.faults = Faults([Fault(at=at, reply=CUT, times=1)])


@pytest.fixture(params=["memory", "smtp"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "memory":
        yield Memory()
        return
    catcher = MailCatcher(Mailbox(tmp_path / "mail"))
    world = Smtp(catcher, await catcher.start())
    yield world
    await world.sink.close()
    await catcher.stop()


async def test_a_mail_arrives_once_as_it_was_written(world: World) -> None:
    reply = await world.sink.send(a_mail(cc=("Bob <bob@buyer.test>",), html="<p>Hello</p>"))
    assert reply.startswith("250")
    ((recipients, content),) = world.delivered()
    assert recipients == ("ann@buyer.test", "bob@buyer.test")
    read = message_from_bytes(content.replace(b"\r\n", b"\n"), policy=default)
    assert (read["Message-ID"], read["Subject"]) == ("<c1@seller.test>", "Welcome")
    assert (read["To"], read["Cc"]) == ("ann@buyer.test", "Bob <bob@buyer.test>")
    assert read["Date"].datetime == AT
    assert read["Auto-Submitted"] == "auto-generated"
    assert [part.get_content() for part in read.iter_parts()] == ["Hello Ann\n", "<p>Hello</p>\n"]


async def test_a_resend_is_the_same_mail_to_the_byte(world: World) -> None:
    for _ in range(2):
        await world.sink.send(a_mail(html="<p>Grüße</p>"))
    (first, second) = world.delivered()
    assert first == second


async def test_texts_come_through_whatever_they_hold(world: World) -> None:
    text = ".\n..\n.leading dot\nFrom here\n" + "x" * 2000 + "\nGrüße 🏢\n\n.\n"
    await world.sink.send(a_mail(text=text, subject="Grüße 🏢"))
    ((_, content),) = world.delivered()
    read = message_from_bytes(content.replace(b"\r\n", b"\n"), policy=default)
    assert read.get_content().replace("\r\n", "\n") == text
    assert read["Subject"] == "Grüße 🏢"


@pytest.mark.parametrize(
    "fields",
    [
        {"to": ()},
        {"to": ("nobody",)},
        {"to": ("ann@buyer.test", "two words@buyer.test")},
        {"to": ("ann@buyer.test\r\nDATA",)},
        {"cc": ("ann@buyer.test>\r\nRCPT TO:<evil@x.test",)},
        {"message_id": "<a@b>\r\nX-Evil: 1"},
    ],
)
async def test_what_does_not_hold_is_refused_and_nobody_is_sent_anything(
    world: World, fields: dict[str, Any]
) -> None:
    with pytest.raises(RefusedError):
        await world.sink.send(a_mail(**fields))
    assert world.delivered() == []


async def test_a_temporary_no_is_worth_another_try(world: World) -> None:
    world.refuse_next("451 4.7.1 come back later")
    with pytest.raises(UnavailableError, match="451") as failed:
        await world.sink.send(a_mail())
    assert not failed.value.unknown_outcome
    assert world.delivered() == []
    await world.sink.send(a_mail())
    assert len(world.delivered()) == 1


async def test_a_permanent_no_is_final(world: World) -> None:
    world.refuse_next("554 5.7.1 not this")
    with pytest.raises(RefusedError, match="554"):
        await world.sink.send(a_mail())
    assert world.delivered() == []


@pytest.mark.parametrize("delivered", [True, False])
async def test_a_cut_after_the_final_dot_is_told_as_unknown(world: World, delivered: bool) -> None:
    world.cut_next(delivered=delivered)
    with pytest.raises(UnavailableError) as failed:
        await world.sink.send(a_mail())
    assert failed.value.unknown_outcome
    assert len(world.delivered()) == delivered
    await world.sink.send(a_mail())
    assert len(world.delivered()) == 1 + delivered


async def test_many_at_once_arrive_each_once(world: World) -> None:
    await asyncio.gather(*(world.sink.send(a_mail(number)) for number in range(30)))
    ids = [message_from_bytes(content)["Message-ID"] for _, content in world.delivered()]
    assert sorted(ids) == sorted(f"<c{number}@seller.test>" for number in range(30))
