"""Starts, kills and stops every process of a deployment on this machine, each under its own name."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from connectors.kafka.broker.ports import LOOPBACK, free_ports
from connectors.kafka.broker.process import Child
from connectors.kafka.broker.progress import OnProgress, Progress, silent
from schemas.errors import UnavailableError
from streams.configuration import load
from streams.sandbox.sandbox import Sandbox
from streams.settings import Settings

ORG = "local"
"""The name the org goes by in the settings."""

_READY_WITHIN_S = 90.0
_ROLES: Mapping[str, str] = {"worker": "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a deployment is made of. `workers` names each worker process and its roles."""

    deals: int = 200
    seed: int = 7
    brokers: int = 1
    accounts_api: bool = False
    history: bool = False
    """Whether the history of runs is kept in SQL."""
    workers: Mapping[str, str] = field(default_factory=lambda: dict(_ROLES))
    outbound_port: int = 0
    """Where the subscriber takes Outbound Messages instead of hearing change events; 0 is not so."""
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Further settings, by section and key, over the usual ones."""


class Deployment:
    """A deployment with its data under `folder`. When this process ends, however it ends, so does all of it.

    `children` holds every process of dealwire by name (`subscriber`, the workers, `history`, `accounts-api`),
    so that a test can kill one and start it again. Raises `UnavailableError` with the end of its log for a
    process that does not get ready.
    """

    def __init__(self, folder: Path, plan: Plan, *, on_progress: OnProgress = silent) -> None:
        self.folder = folder.absolute()
        self.plan = plan
        self._on_progress = on_progress
        self.sandbox = Sandbox(self.folder, brokers=plan.brokers, on_progress=on_progress)
        self.children: dict[str, Child] = {}
        self.org: Mapping[str, Any] = {}
        self._health: dict[str, int] = {}
        self._accounts_url = ""

    @property
    def settings_file(self) -> Path:
        """The settings that all of these processes run with."""
        return self.folder / "dealwire.toml"

    @property
    def settings(self) -> Settings:
        """The same, read."""
        return load(self.settings_file).settings

    @property
    def accounts_file(self) -> Path:
        """The SQLite file in which the sink, or the stand-in behind it, holds the accounts."""
        return self.folder / ("accounts-api.db" if self.plan.accounts_api else "accounts.db")

    def up(self, definitions: Sequence[Path]) -> None:
        """Start everything and give it these definitions; return when all of it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sandbox.up()
        self._start_org()
        if self.plan.accounts_api:
            self._start_accounts_api()
        self._write_settings()
        self.say("topics", "creating")
        self.run("topics", "apply")
        self.say("workflows", "applying")
        self.run("apply", *(argument for path in definitions for argument in ("-f", str(path))))
        for name, roles in self.plan.workers.items():
            self._add(name, "worker", "--roles", roles)
        self._add("subscriber", "subscriber", "--org", ORG)
        if self.plan.history:
            self._add("history", "history", "run")
        started = [name for name in ("subscriber", *self.plan.workers, "history") if name in self.children]
        for name in started:
            self.start(name)
        for name in started:
            self.wait_ready(name)

    def down(self) -> None:
        """Stop everything in good order, the subscriber first. The data stays."""
        for child in reversed(self.children.values()):
            child.ask_to_stop()
        for child in self.children.values():
            child.stop()
        self.sandbox.down()

    def start(self, name: str) -> None:
        """Start one process (again); it may not be ready yet."""
        self.say(name, "starting")
        self.children[name].start()

    def wait_ready(self, name: str) -> None:
        """Wait until one process says that it is ready."""
        self.children[name].wait_ready(lambda: self._is_ready(name), within_s=_READY_WITHIN_S)
        self.say(name, "ready")

    def kill(self, name: str) -> None:
        """`kill -9` one process."""
        self.children[name].kill()

    def mind(self) -> list[str]:
        """Start again whatever has ended by itself, as whoever runs dealwire does; give the names."""
        ended = [name for name, child in self.children.items() if not child.running]
        for name in ended:
            self.start(name)
        return ended

    def run(self, *arguments: str) -> str:
        """Run one command of ours to its end and give what it printed, without what it said beside that."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "streams", "--config", str(self.settings_file), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=_READY_WITHIN_S,
        )
        if done.returncode:
            said = f"{done.stdout}{done.stderr}"
            raise UnavailableError(
                f"dealwire {' '.join(arguments[:2])} ended with {done.returncode}:\n{said}",
                on=str(self.folder),
            )
        return done.stdout

    def say(self, part: str, state: str) -> None:
        """Tell whoever looks on."""
        self._on_progress(Progress(part, state))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.down()

    def _add(self, name: str, *arguments: str) -> None:
        (self._health[name],) = free_ports(1)
        self.children[name] = Child(
            name,
            [sys.executable, "-m", "streams", "--config", str(self.settings_file), *arguments],
            log=self.folder / f"{name}.log",
            env={"DEALWIRE_WORKER__HEALTH_PORT": str(self._health[name]), **self._secrets()},
        )

    def _is_ready(self, name: str) -> bool:
        url = f"http://{LOOPBACK}:{self._health[name]}/ready"
        try:
            with urllib.request.urlopen(url, timeout=2) as reply:
                return bool(reply.status == 200)  # noqa: PLR2004 - HTTP's OK
        except OSError:
            return False

    def _secrets(self) -> dict[str, str]:
        return {f"DEALWIRE_ORGS__{ORG}__CLIENT_SECRET".upper(): str(self.org["client_secret"])}

    def _start_org(self) -> None:
        log = self.folder / "org.log"
        log.unlink(missing_ok=True)
        command = ["org", "serve", "--seed", str(self.plan.seed), "--deals", str(self.plan.deals)]
        if self.plan.outbound_port:
            command += ["--outbound", f"http://{LOOPBACK}:{self.plan.outbound_port}/outbound"]
        child = self.children["org"] = Child("org", [sys.executable, "-m", "streams", *command], log=log)
        self.org = self._start_announced(child)

    def _start_accounts_api(self) -> None:
        log = self.folder / "accounts-api.log"
        log.unlink(missing_ok=True)
        (port,) = free_ports(1)  # chosen here, so that it is the same after a restart
        command = ["standin", "accounts-api", "--data", str(self.accounts_file)]
        command += ["--port", str(port), "--faults", str(self.plan.seed)]
        child = self.children["accounts-api"] = Child(
            "accounts-api", [sys.executable, "-m", "streams", *command], log=log
        )
        self._accounts_url = str(self._start_announced(child)["url"])

    def _start_announced(self, child: Child) -> Mapping[str, Any]:
        """Start a process that prints one line of JSON when it is ready, and give what the line says."""
        self.say(child.name, "starting")
        child.start()
        child.wait_ready(lambda: _announcement(child.log) is not None, within_s=_READY_WITHIN_S)
        self.say(child.name, "ready")
        return _announcement(child.log) or {}

    def _write_settings(self) -> None:
        sections: dict[str, dict[str, object]] = {
            name: dict(values) for name, values in self.sandbox.endpoints.settings().items()
        }
        sections["kafka"]["session_timeout_ms"] = 6000
        sections[f"orgs.{ORG}"] = {
            "login_url": self.org["login_url"],
            "client_id": self.org["client_id"],
        }
        if self.plan.outbound_port:
            sections[f"orgs.{ORG}"]["source"] = "outbound"
            sections[f"orgs.{ORG}.outbound"] = {"port": self.plan.outbound_port}
        sections["accounts.sql"] = {"url": f"sqlite+aiosqlite:///{self.accounts_file}"}
        if self.plan.accounts_api:
            sections["accounts"] = {"sink": "http"}
            sections["accounts.http"] = {"url": self._accounts_url, "timeout_seconds": 3.0}
        sections["history"] = {"url": f"sqlite+aiosqlite:///{self.folder}/history.db"}
        sections["worker"] = {"data_dir": str(self.folder / "worker")}
        for name, values in self.plan.settings.items():
            sections.setdefault(name, {}).update(values)
        text = "".join(
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()) + "\n"
            for name, values in sorted(sections.items())
        )
        self.settings_file.write_text(text, "utf-8")


def _announcement(log: Path) -> Mapping[str, Any] | None:
    for line in log.read_text("utf-8", errors="replace").splitlines() if log.exists() else ():
        if line.startswith("{"):
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if isinstance(said, dict) and {"login_url", "url"} & said.keys():
                return said
    return None
