"""docker-compose.yml and the Dockerfile against the program: what they name must exist, and fit together."""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from connectors.salesforce.simulator.org import Org
from schemas.access import Role
from streams.cli.tree import app
from streams.configuration import load

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef" * 4  # has the form of a digest, too

# Where the images that are not ours listen if nothing tells them otherwise, by their own documentation.
PORTS_OF_OTHERS = {"postgres": {5432}}

Service = dict[str, Any]


def _compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text()
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    text = re.sub(r"\$\{\w+:\?[^}]*\}", SECRET, text)
    loaded: dict[str, Any] = YAML(typ="safe").load(text)
    return loaded


COMPOSE = _compose()
SERVICES: Mapping[str, Service] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
OTHERS = {name: service for name, service in SERVICES.items() if "build" not in service}
JOBS = {name for name, service in SERVICES.items() if service["restart"] == "no"}


def _settings_file(folder: Path) -> Path:
    """The settings that every service of ours is given, with the secrets in files of this test."""
    text = COMPOSE["configs"]["dealwire"]["content"]
    for secret in COMPOSE["secrets"]:
        (folder / secret).write_text(f"{SECRET}\n")
    text = text.replace("/run/secrets/", f"{folder}/")
    file = folder / "dealwire.toml"
    file.write_text(text)
    return file


def test_has_the_parts_of_a_production() -> None:
    assert set(SERVICES) >= {
        "kafka",
        "registry",
        "postgres",
        "mailpit",
        "org",
        "topics",
        "subscriber",
        "worker",
        "history",
        "api",
    }
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    assert "deploy" not in SERVICES["subscriber"]


@pytest.mark.parametrize("name", SERVICES)
def test_gives_no_rights_that_are_not_needed(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert any(mount.startswith("/tmp") for mount in service["tmpfs"])  # noqa: S108  # in a container


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    assert re.search(r":v?\d+\.\d+", SERVICES[name]["image"]), SERVICES[name]["image"]


@pytest.mark.parametrize("name", SERVICES)
def test_publishes_to_this_machine_only(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_is_the_broker_that_the_sandbox_runs() -> None:
    assert SERVICES["kafka"]["image"] == "apache/kafka:4.3.1"
    assert SERVICES["registry"]["image"] == "apicurio/apicurio-registry:3.3.3"
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert SERVICES["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"] == str(4 * 1024 * 1024)


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_ours(name: str) -> None:
    command: Any = app
    words = list(OURS[name]["command"])
    while hasattr(command, "list_commands"):
        command = command.get_command(None, words.pop(0))
        assert command is not None, OURS[name]["command"]
    command.make_context(name, words)  # parses options and values; runs nothing


def test_the_settings_are_known_and_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [variable for variable in os.environ if variable.startswith("DEALWIRE_")]:
        monkeypatch.delenv(name)
    for service in OURS.values():
        for name, value in service["environment"].items():
            monkeypatch.setenv(name, value)
    settings = load(_settings_file(tmp_path)).settings
    assert settings.worker.health_port == 8080
    assert settings.accounts.sql.password is not None
    assert settings.accounts.sql.password.get_secret_value() == SECRET
    (token,) = settings.api.tokens.values()
    assert token.sha256.get_secret_value() == SECRET
    assert token.roles == (Role.ADMIN,)
    assert SERVICES["api"]["ports"] == [f"127.0.0.1:{settings.api.port}:{settings.api.port}"]
    assert settings.history.password == settings.accounts.sql.password
    assert "local" in settings.orgs
    assert settings.kafka.replication_factor == 1  # there is one broker
    assert str(settings.worker.data_dir).startswith(SERVICES["worker"]["volumes"][0])


def test_logs_in_with_what_the_simulated_org_makes_up() -> None:
    words = SERVICES["org"]["command"]
    org = Org(seed=int(words[words.index("--seed") + 1]))
    told = SERVICES["subscriber"]["environment"]
    assert told["DEALWIRE_ORGS__LOCAL__CLIENT_ID"] == org.app.client_id
    assert told["DEALWIRE_ORGS__LOCAL__CLIENT_SECRET"] == org.app.client_secret
    public_url = words[words.index("--public-url") + 1]
    settings = tomllib.loads(COMPOSE["configs"]["dealwire"]["content"])
    assert settings["orgs"]["local"]["login_url"] == public_url
    assert urlsplit(public_url).netloc == f"org:{words[words.index('--port') + 1]}"


def _listening(name: str) -> set[int]:
    """The ports on which a service listens, from its own command, settings or image."""
    service = SERVICES[name]
    environment: dict[str, str] = service.get("environment", {})
    if name in OTHERS:
        told = " ".join(
            value for key, value in environment.items() if re.search("LISTENERS|PORT|BIND_ADDR", key)
        )
        return {int(port) for port in re.findall(r"(?:^|:|\s)(\d{4,5})\b", told)} | PORTS_OF_OTHERS.get(
            name, set()
        )
    words = service["command"]
    told_port = {int(words[words.index("--port") + 1])} if "--port" in words else set()
    if words == ["api"]:
        return {int(environment["DEALWIRE_API__PORT"])}
    return told_port | {int(environment["DEALWIRE_WORKER__HEALTH_PORT"])}


def _named_in(text: str) -> Iterator[tuple[str, int]]:
    """Every `service:port` in a text."""
    for name, port in re.findall(r"(?:^|[/@\s\",])([a-z]+):(\d{2,5})\b", text):
        yield name, int(port)


def test_every_address_is_that_of_a_service() -> None:
    settings = tomllib.loads(COMPOSE["configs"]["dealwire"]["content"])
    texts = [json.dumps(settings), f'"{settings["email"]["host"]}:{settings["email"]["port"]}"']
    texts += [
        str(value) for service in SERVICES.values() for value in service.get("environment", {}).values()
    ]
    named = {address for text in texts for address in _named_in(text)}
    assert len(named) >= 5
    for name, port in named:
        assert name in SERVICES, name
        assert port in _listening(name), (name, port)


def test_the_registry_is_asked_where_it_answers() -> None:
    settings = tomllib.loads(COMPOSE["configs"]["dealwire"]["content"])
    assert urlsplit(settings["registry"]["url"]).path == "/apis/ccompat/v7"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - JOBS))
def test_every_service_says_whether_it_is_well(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    words = " ".join(check["test"])
    ports = {int(port) for port in re.findall(r"(?:localhost|127\.0\.0\.1):(\d+)", words)}
    assert ports <= _listening(name)
    if name in OURS:
        (path,) = re.findall(r"http://127\.0\.0\.1:\d+(/[a-z/]*)", words)
        assert path == ("/services/data" if name == "org" else "/ready")
        assert check["test"][:3] == ["CMD", "python", "-c"]
        compile(check["test"][3], "healthcheck", "exec")


def test_waits_for_what_it_needs_in_the_way_it_can() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            finishes = "service_completed_successfully" if needed in JOBS else "service_healthy"
            assert how == {"condition": finishes}, (name, needed)
    assert {"kafka", "registry", "topics", "org"} <= set(SERVICES["subscriber"]["depends_on"])


def test_everything_named_is_declared() -> None:
    for service in SERVICES.values():
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert {config["source"] for config in service.get("configs", [])} <= set(COMPOSE["configs"])
        for volume in service.get("volumes", []):
            source, _, target = volume.partition(":")
            assert not target or source in COMPOSE["volumes"] or (ROOT / source).exists(), volume


# The Dockerfile.

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_image_is_built_from_pinned_parts() -> None:
    bases = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, re.MULTILINE)
    stages = {stage for _, stage in bases}
    outside = {base for base, _ in bases if base not in stages}
    assert len(outside) == 1
    (version,) = re.findall(r"^python:(\d+)\.(\d+)\.\d+-slim-\w+$", outside.pop())
    assert (3, 11) <= tuple(map(int, version)) < (3, 14)
    (uv,) = re.findall(r"^ARG UV_VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert f"UV_VERSION := {uv}\n" in (ROOT / "Makefile").read_text()
    assert {service["build"]["target"] for service in OURS.values()} <= stages
    assert re.findall(r"uv sync (?!--frozen)", DOCKERFILE) == []


def test_the_image_runs_our_command_as_nobody_special() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert int(user) >= 1000
    assert {service["user"].partition(":")[0] for service in OURS.values()} == {user}
    (entry,) = re.findall(r'^ENTRYPOINT \["(\S+)"\]$', DOCKERFILE, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert entry in project["scripts"]
    assert set(re.findall(r"--extra (\w+)", DOCKERFILE)) <= set(project["optional-dependencies"])
    assert {service["image"].rpartition(":")[2] for service in OURS.values()} == {project["version"]}


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert set(packages["packages"]) <= copied
    let_in = (ROOT / ".dockerignore").read_text().splitlines()
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in let_in or f"!{source}/" in let_in, source


def test_a_production_image_has_no_sandbox() -> None:
    product = DOCKERFILE.partition("FROM build AS build-org")[0]
    assert "sandbox" not in product
    assert "AS product" in DOCKERFILE.rpartition("FROM")[2]  # the stage that is built when none is named
