from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.addresses import parse_address
from connectors.email.message import Message, compose
from schemas.email import SendEmail
from schemas.errors import RefusedError

AT = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
    "Content-Transfer-Encoding", "MIME-Version",
}  # fmt: skip
NOW = datetime(2027, 1, 1, tzinfo=UTC)
SENDER = parse_address("Deal desk <deals@seller.test>")


def a_mail(**fields: Any) -> SendEmail:
    known: dict[str, Any] = {"id": "c1", "org_id": "o", "message_id": "<c1@seller.test>", "at": AT}
    return SendEmail(**{**known, "to": ("ann@buyer.test",), "subject": "Hi", "text": "Hello\n", **fields})


def _composed(**fields: Any) -> Message:
    return compose(a_mail(**fields), sender=SENDER, now=NOW)


def _read(message: Message) -> EmailMessage:
    return message_from_bytes(message.content.replace(b"\r\n", b"\n"), policy=default)


def test_a_plain_mail_is_these_bytes() -> None:
    message = _composed(to=("Ann <ann@buyer.test>", "bob@buyer.test"), cc=("cid@buyer.test",))
    assert message.content == (
        b"From: Deal desk <deals@seller.test>\r\n"
        b"To: Ann <ann@buyer.test>,\r\n bob@buyer.test\r\n"
        b"Cc: cid@buyer.test\r\n"
        b"Subject: Hi\r\n"
        b"Date: Mon, 14 Sep 2026 08:30:12 +0000\r\n"
        b"Message-ID: <c1@seller.test>\r\n"
        b"Auto-Submitted: auto-generated\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"MIME-Version: 1.0\r\n"
        b"\r\n"
        b"Hello\r\n"
    )
    assert message.sender == "deals@seller.test"
    assert message.recipients == ("ann@buyer.test", "bob@buyer.test", "cid@buyer.test")


def test_a_resend_is_the_same_to_the_byte() -> None:
    mail = a_mail(html="<p>Hello</p>", text="Grüße", subject="Ünï" * 40)
    assert compose(mail, sender=SENDER, now=NOW) == compose(mail, sender=SENDER, now=AT)


def test_text_and_html_are_alternatives() -> None:
    parts = list(_read(_composed(text="Grüße\n", html="<p>Grüße</p>\n")).iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content().replace("\r\n", "\n") for part in parts] == ["Grüße\n", "<p>Grüße</p>\n"]


def test_a_part_that_holds_another_mails_boundary_is_still_one_part() -> None:
    boundary = _read(_composed(html="x")).get_boundary()
    read = _read(_composed(html=f"--{boundary}\r\nContent-Type: text/html\r\n\r\nevil\r\n--{boundary}--"))
    assert len(list(read.iter_parts())) == 2


def test_without_a_moment_of_decision_the_date_is_now() -> None:
    assert _read(_composed(at=None))["Date"].datetime == NOW


def test_a_recipient_that_is_named_twice_gets_one() -> None:
    message = _composed(to=("a@x.test", "A <a@x.test>"), cc=("a@x.test",))
    assert message.recipients == ("a@x.test",)


@pytest.mark.parametrize(
    "name",
    ["Müller, Ann", 'A "B" C', "名前" * 30, "a, " * 30 + "z", "=?utf-8?q?a=0d=0aBcc:_x?=", "O'Neil (x) @ y"],
)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    quoted = name.replace('"', "")
    header = _read(_composed(to=(f"{quoted} <ann@x.test>", "bob@x.test")))["To"]
    assert [address.addr_spec for address in header.addresses] == ["ann@x.test", "bob@x.test"]
    assert header.addresses[0].display_name.replace(" ", "") == quoted.replace(" ", "")


@pytest.mark.parametrize(
    "subject",
    [
        "Hi\r\nBcc: evil@x.test",
        "Hi\nX-Evil: 1",
        "Hi\u2028Bcc: evil@x.test",
        "Hi\x85Bcc: evil@x.test",
        "Hi\x00\x1b[31m",
        "=?utf-8?q?a=0d=0aBcc:_evil@x.test?=",
        "\r\n\r\nbody",
        "x" * 3000,
        "ü " * 500 + "\n",
    ],
)
def test_a_subject_cannot_become_anything_else(subject: str) -> None:
    read = _read(_composed(subject=subject))
    assert set(read.keys()) == HEADERS
    assert len(read.keys()) == len(HEADERS)
    assert read.get_content() == "Hello\n"


@given(st.text(), st.text(), st.text())
def test_whatever_the_texts_the_mail_keeps_its_shape(subject: str, text: str, html: str) -> None:
    message = _composed(subject=subject, text=text, html=html)
    read = message_from_bytes(message.content, policy=default.clone(raise_on_defect=True))
    assert set(read.keys()) <= HEADERS
    assert len(list(read.iter_parts())) == 2
    assert max(map(len, message.content.split(b"\r\n"))) <= 998
    assert message.content.isascii()
    assert b"\n" not in message.content.replace(b"\r\n", b"")


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=300))
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    raw = message_from_bytes(_composed(subject=subject).content)["Subject"]
    assert str(make_header(decode_header(raw))) == subject


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"to": ()}, "no recipient"),
        ({"to": ("nobody",)}, "address 1 of `to`"),
        ({"to": ("ann@x.test", "b@x.test\r\nRCPT TO:<c@x.test>")}, "address 2 of `to`"),
        ({"cc": ("a@b@c",)}, "address 1 of `cc`"),
        ({"to": ("<ann@x.test> <bob@x.test>",)}, "address 1 of `to`"),
        ({"to": ("jö@x.test",)}, "address 1 of `to`"),
        ({"message_id": ""}, "Message-ID"),
        ({"message_id": "<a@b>\r\nBcc: <c@d>"}, "Message-ID"),
        ({"message_id": "a@b"}, "Message-ID"),
    ],
)
def test_what_does_not_hold_is_refused_without_telling_addresses(
    fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(RefusedError, match=complaint) as refused:
        _composed(**fields)
    assert "ann@" not in str(refused.value)


def test_an_international_domain_goes_in_its_ascii_form() -> None:
    assert _composed(to=("a@müller.test",)).recipients == ("a@xn--mller-kva.test",)


def test_a_long_message_id_stays_whole() -> None:
    long = f"<8a6ff0a2-2b1e-5f0a-9a55-7a3ff9b0a111@{'department.' * 8}seller.test>"
    assert f"Message-ID: {long}\r\n".encode() in _composed(message_id=long).content
