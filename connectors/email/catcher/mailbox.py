"""The mails that were caught: a Maildir, in which a mail that was acknowledged survives a power cut."""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import format_datetime
from itertools import count
from pathlib import Path

__all__ = ["CaughtMail", "Mailbox"]


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail: when it came, from whom to whom by the envelope, and the message as it was sent."""

    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed, with the line ends of this system."""
        return message_from_bytes(self.raw.replace(b"\r\n", b"\n"), policy=modern)


class Mailbox:
    """A Maildir folder, as any mail reader opens it. Several processes may use one at once.

    The envelope stands before the message in three header lines, as a delivering server writes them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._serial = count()
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def keep(self, sender: str, recipients: Sequence[str], raw: bytes) -> Path:
        """Write one mail; when this returns, it is on disk under its final name."""
        now = datetime.now(UTC)
        # https://cr.yp.to/proto/maildir.html: seconds, then what is unique on this host, then the host.
        name = f"{now.timestamp():.6f}.P{os.getpid()}Q{next(self._serial)}.{socket.gethostname()}"
        head = "".join(
            (
                f"Return-Path: <{sender}>\r\n",
                *(f"Delivered-To: {recipient}\r\n" for recipient in recipients),
                f"Received: by dealwire; {format_datetime(now)}\r\n",
            )
        )
        written = self.folder / "tmp" / name
        with written.open("xb") as file:
            file.write(head.encode("utf-8", "surrogateescape") + raw)
            file.flush()
            os.fsync(file.fileno())
        kept = written.rename(self.folder / "new" / name)
        _sync_folder(kept.parent)
        return kept

    def mails(self) -> list[CaughtMail]:
        """Read every mail, the oldest first."""
        found = [path for name in ("new", "cur") for path in (self.folder / name).iterdir()]
        return [_read(path) for path in sorted(found, key=lambda path: _order(path.name))]

    def clear(self) -> None:
        """Throw every mail away."""
        for name in ("tmp", "new", "cur"):
            for path in (self.folder / name).iterdir():
                path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk, as `fsync` of a file does not."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _order(name: str) -> tuple[float, int]:
    seconds, fraction, unique, *_ = name.split(".")
    return float(f"{seconds}.{fraction}"), int(unique.partition("Q")[2])


def _read(path: Path) -> CaughtMail:
    sender, recipients, rest = "", [], path.read_bytes()
    while True:
        line, _, rest = rest.partition(b"\r\n")
        name, _, value = line.decode("utf-8", "surrogateescape").partition(": ")
        if name == "Return-Path":
            sender = value[1:-1]
        elif name == "Delivered-To":
            recipients.append(value)
        else:
            break
    at = datetime.fromtimestamp(_order(path.name)[0], tz=UTC)
    return CaughtMail(at, sender, tuple(recipients), rest)
