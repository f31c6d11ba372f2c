"""Runs a simulated org until it is told to stop, and says in one line of JSON how to reach it."""

import asyncio
import gc
import json
import os
import signal
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from connectors.salesforce.simulator.clock import LiveClock
from connectors.salesforce.simulator.connected_app import make_key
from connectors.salesforce.simulator.fault_script import play, read_script
from connectors.salesforce.simulator.limits import Edition
from connectors.salesforce.simulator.objects import OBJECTS
from connectors.salesforce.simulator.objects.currencies import with_currencies
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.outbound.control import FIELDS
from connectors.salesforce.simulator.pubsub.tls import make_certificate
from connectors.salesforce.simulator.seed import plant
from connectors.salesforce.simulator.server import OrgServer

_PARENT_CHECK_S = 0.5
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What kind of org, and where. `control_port` None is no control port, 0 a free one; so `pubsub_port`."""

    seed: int
    deals: int
    edition: Edition
    multi_currency: bool
    lifetime: timedelta
    host: str
    port: int
    public_url: str | None
    control_port: int | None
    pubsub_port: int | None
    pubsub_tls: bool
    data: Path | None
    parent_pid: int | None
    faults: Path | None = None
    outbound: str | None = None
    """Where Outbound Messages about stages are posted to."""


async def serve(serving: Serving) -> None:
    """Serve until SIGTERM, SIGINT, or the end of the parent."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        folder = serving.data or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="dealwire-org-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        org = _planted(serving)
        steps = [] if serving.faults is None else read_script(serving.faults)
        if serving.outbound is not None:
            org.outbound.define("Stage", serving.outbound, FIELDS)
        server = OrgServer(org)
        stack.push_async_callback(server.stop)
        await server.start(serving.host, serving.port, serving.public_url)
        announced = _announcement(org, folder)
        if serving.pubsub_port is not None:
            announced |= await _start_pubsub(server, serving, folder)
        if serving.control_port is not None:
            control = await server.start_control(port=serving.control_port)
            announced["control_url"] = f"http://127.0.0.1:{control}"
        line = json.dumps(announced)
        if serving.data is not None:
            _write_private(folder / "org.json", line.encode())
        print(line, flush=True)  # noqa: T201 - the line is what the command gives
        _log.info("serving", org=org.org_id, url=org.instance_url, opportunities=org.count("Opportunity"))
        playing = asyncio.create_task(play(steps, server.cometd))
        stack.callback(playing.cancel)
        if serving.parent_pid is None:
            await stop.wait()
        else:
            await _stopped_or_orphaned(stop, serving.parent_pid)
        _log.info("stopping", org=org.org_id)


async def _start_pubsub(server: OrgServer, serving: Serving, folder: Path) -> dict[str, str]:
    certificate = make_certificate(serving.host) if serving.pubsub_tls else None
    port = await server.start_pubsub(serving.host, serving.pubsub_port or 0, certificate)
    reached = {"pubsub_endpoint": f"localhost:{port}"}
    if certificate is not None:
        file = folder / "pubsub-ca.pem"
        _write_private(file, certificate.authority_pem)
        reached["pubsub_ca_file"] = str(file.absolute())
    return reached


def _planted(serving: Serving) -> Org:
    org = Org(
        seed=serving.seed,
        clock=LiveClock(),
        edition=serving.edition,
        session_timeout=serving.lifetime,
        objects=with_currencies(OBJECTS) if serving.multi_currency else OBJECTS,
    )
    # Nothing that is planted ever goes; looking through it for garbage would cost more than making it.
    gc.disable()
    plant(org, serving.deals)
    gc.freeze()
    gc.enable()
    return org


def _announcement(org: Org, folder: Path) -> dict[str, str]:
    private, org.app.public_key_pem = make_key()
    key_file = folder / "jwt-key.pem"
    _write_private(key_file, private)
    credential = next(iter(org.credentials.values()))
    return {
        "login_url": org.login_url,
        "instance_url": org.instance_url,
        "org_id": org.org_id,
        "api_version": org.api_version,
        "client_id": org.app.client_id,
        "client_secret": org.app.client_secret,
        "username": credential.username,
        "password": credential.password + credential.security_token,
        "jwt_key_file": str(key_file.absolute()),
    }


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


async def _stopped_or_orphaned(stop: asyncio.Event, parent_pid: int) -> None:
    while not stop.is_set() and _lives(parent_pid):
        try:
            async with asyncio.timeout(_PARENT_CHECK_S):
                await stop.wait()
        except TimeoutError:
            continue


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Say whether a process has ended without having been waited for. Only Linux can tell."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state == "Z"
