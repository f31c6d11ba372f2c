"""`dealwire org` as a person types it: serve, reach it by what it printed, move deals, stop."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

DEALWIRE = [sys.executable, "-m", "streams"]
TIMEOUT = 30
PRINTED = {
    "login_url",
    "instance_url",
    "org_id",
    "api_version",
    "client_id",
    "client_secret",
    "username",
    "password",
    "jwt_key_file",
}


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [*DEALWIRE, "org", "serve", "--deals", "30", *options]
    # The command is our own.
    with subprocess.Popen(  # noqa: S603 - see above
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*DEALWIRE, "org", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT)  # noqa: S603 - our own


def token(org: dict[str, Any], **form: str) -> dict[str, Any]:
    reply = requests.post(f"{org['login_url']}/services/oauth2/token", data=form, timeout=TIMEOUT)
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def query(org: dict[str, Any], soql: str) -> list[dict[str, Any]]:
    app = {"client_id": org["client_id"], "client_secret": org["client_secret"]}
    access = token(org, grant_type="client_credentials", **app)
    reply = requests.get(
        f"{access['instance_url']}/services/data/v{org['api_version']}/query",
        params={"q": soql},
        headers={"Authorization": f"Bearer {access['access_token']}"},
        timeout=TIMEOUT,
    )
    records: list[dict[str, Any]] = reply.json()["records"]
    return records


def test_what_is_printed_is_enough_to_log_in_by_every_way(tmp_path: Path) -> None:
    with serving("--data", str(tmp_path)) as (_, org):
        assert set(org) == PRINTED
        assert json.loads((tmp_path / "org.json").read_text("utf-8")) == org
        for file in ("org.json", Path(org["jwt_key_file"]).name):
            assert (tmp_path / file).stat().st_mode & 0o777 == 0o600
        app = {"client_id": org["client_id"], "client_secret": org["client_secret"]}
        token(org, grant_type="client_credentials", **app)
        token(org, grant_type="password", username=org["username"], password=org["password"], **app)
        now = token(org, grant_type="client_credentials", **app)["issued_at"]
        claims = {
            "iss": org["client_id"],
            "sub": org["username"],
            "aud": org["login_url"],
            "exp": int(now) // 1_000 + 120,
        }
        assertion = jwt.encode(claims, Path(org["jwt_key_file"]).read_bytes(), algorithm="RS256")
        token(org, grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=assertion)
        assert len(query(org, "SELECT Id FROM Opportunity")) == 30


def test_deals_are_moved_over_rest(tmp_path: Path) -> None:
    with serving("--data", str(tmp_path)) as (_, org):
        before = query(org, "SELECT Id FROM Opportunity WHERE StageName = 'Contract Sent'")

        def move(*arguments: str) -> list[dict[str, Any]]:
            ended = run("move", *arguments, "--org", str(tmp_path / "org.json"))
            assert ended.returncode == 0, ended.stderr
            return [json.loads(line) for line in ended.stdout.splitlines()]

        (one,) = move(query(org, "SELECT Id FROM Opportunity LIMIT 1")[0]["Id"], "Closed Lost")
        assert one["stage"] == "Closed Lost"
        moved = {line["opportunity"] for line in move("Contract Sent", "--every", "1ms", "--count", "5")}
        assert len(moved) == 5
        after = query(org, "SELECT Id FROM Opportunity WHERE StageName = 'Contract Sent'")
        assert {row["Id"] for row in after} == moved | ({row["Id"] for row in before} - {one["opportunity"]})


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("a", "b", "c"), 64, "at most an opportunity and a stage"),
        (("Closed Won", "--every", "soon"), 64, "is no duration"),
        (("Closed Won",), 78, "dealwire org serve"),
    ],
)
def test_what_move_cannot_do_it_says(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    ended = run("move", *arguments, "--org", str(tmp_path / "org.json"))
    assert (ended.returncode, ended.stdout) == (code, "")
    assert says in " ".join(ended.stderr.split())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_leaves_no_key_behind(number: int) -> None:
    with serving() as (process, org):
        assert Path(org["jwt_key_file"]).exists()
        process.send_signal(number)
        assert process.wait(TIMEOUT) == 0
        assert not Path(org["jwt_key_file"]).exists()


def test_it_ends_with_the_parent_it_was_given() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent,
        serving("--parent-pid", str(parent.pid)) as (process, _),
    ):
        parent.kill()
        assert process.wait(TIMEOUT) == 0


def test_the_control_port_is_off_unless_asked_for() -> None:
    with serving("--control-port", "0") as (_, org):
        assert set(org) == PRINTED | {"control_url"}
        state = requests.get(f"{org['control_url']}/state", timeout=TIMEOUT).json()
        assert state["opportunities"] == 30
