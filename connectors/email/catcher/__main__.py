"""Run the mail catcher as a process: python -m connectors.email.catcher FOLDER [--port PORT] [--faults FILE].

When it listens it prints one line of JSON with its address. SIGTERM ends it. The file of faults is a JSON
list of rules (`faults.Fault`); it is read again whenever it has changed: a script can change them under way.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from connectors.email.catcher.faults import Fault, Faults
from connectors.email.catcher.mailbox import Mailbox
from connectors.email.catcher.server import MailCatcher

_log = structlog.get_logger(__name__)
_RULES = TypeAdapter(list[Fault])
_LOOK_EVERY_S = 0.1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m connectors.email.catcher", description=__doc__)
    parser.add_argument("folder", type=Path, help="the Maildir; made if it is not there")
    parser.add_argument(
        "--port", type=int, default=0, help="where to listen on loopback; 0 takes a free port"
    )
    parser.add_argument("--faults", type=Path, help="a JSON list of rules; read again when it changes")
    parser.add_argument(
        "--max-bytes", type=int, default=10 * 1024 * 1024, help="refuse larger mails with 552"
    )
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    catcher = MailCatcher(Mailbox(arguments.folder), max_bytes=arguments.max_bytes)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    seen = _follow(arguments.faults, catcher, 0)
    port = await catcher.start(arguments.port)
    print(json.dumps({"smtp_host": "127.0.0.1", "smtp_port": port}), flush=True)  # noqa: T201  # its answer
    while not ended.is_set():
        seen = _follow(arguments.faults, catcher, seen)
        try:
            await asyncio.wait_for(ended.wait(), _LOOK_EVERY_S)
        except TimeoutError:
            continue
    await catcher.stop()


def _follow(file: Path | None, catcher: MailCatcher, seen: int) -> int:
    """Take the rules over if the file has changed since `seen`; return the time of its last change."""
    if file is None or not file.exists():
        return seen
    changed = file.stat().st_mtime_ns
    if changed != seen:
        try:
            catcher.faults = Faults(_RULES.validate_json(file.read_bytes()))
        except ValidationError as error:
            _log.warning("faults kept as they were", file=str(file), problem=str(error))
    return changed


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs every command, addresses and all
    asyncio.run(_serve(_arguments()))
