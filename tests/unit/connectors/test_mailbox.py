import mailbox
import os
from pathlib import Path

import pytest

from connectors.email.catcher.mailbox import Mailbox

RAW = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"


def test_gives_back_what_was_kept_in_order(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    for number in range(12):
        box.keep("from@x.test", (f"to{number}@x.test", "too@x.test"), RAW)
    mails = Mailbox(tmp_path).mails()
    assert [mail.recipients for mail in mails] == [
        (f"to{number}@x.test", "too@x.test") for number in range(12)
    ]
    assert {mail.raw for mail in mails} == {RAW}
    assert mails[0].sender == "from@x.test"
    assert mails[0].message["Subject"] == "Grüße"
    assert mails[0].at <= mails[-1].at


def test_is_a_maildir_that_others_read(tmp_path: Path) -> None:
    Mailbox(tmp_path).keep("", ("a@x.test",), RAW)
    (message,) = mailbox.Maildir(tmp_path, create=False)
    assert message["Delivered-To"] == "a@x.test"
    assert message["Return-Path"] == "<>"
    assert message.get_payload() == "Hello\n"


def test_a_mail_that_was_read_elsewhere_is_still_found(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    kept = box.keep("", ("a@x.test",), RAW)
    kept.rename(tmp_path / "cur" / f"{kept.name}:2,S")
    assert [mail.recipients for mail in box.mails()] == [("a@x.test",)]


def test_a_mail_half_written_is_none(tmp_path: Path) -> None:
    box = Mailbox(tmp_path)
    (tmp_path / "tmp" / "1.2.P3Q4.host").write_bytes(b"Return-Pa")
    assert box.mails() == []
    box.clear()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_is_on_disk_before_it_is_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    real_sync, real_rename = os.fsync, Path.rename

    def sync(opened: int) -> None:
        steps.append("sync")
        real_sync(opened)

    def rename(path: Path, target: Path) -> Path:
        steps.append("rename")
        return real_rename(path, target)

    box = Mailbox(tmp_path)
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    box.keep("", ("a@x.test",), RAW)
    assert steps == ["sync", "rename", "sync"]


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"no header at all", b"Delivered-To: fake@x.test\r\n\r\n", b"\xff\x00"]
)
def test_keeps_bytes_as_they_are(tmp_path: Path, raw: bytes) -> None:
    box = Mailbox(tmp_path)
    box.keep("", ("a@x.test", "gr\u00fc\u00dfe@x.test"), raw)
    (mail,) = box.mails()
    assert mail.raw == raw
    assert mail.recipients == ("a@x.test", "gr\u00fc\u00dfe@x.test")
