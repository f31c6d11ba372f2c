"""The stand-in as a process: what it answered survives `kill -9`."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from connectors.accounts.config import HttpAccountsConfig
from connectors.accounts.http import HttpAccountSink
from schemas.account import Account
from schemas.errors import UnavailableError
from tests.fixtures.accounts import an_account


def _start(*options: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "streams", "standin", "accounts-api", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own command
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["url"]


async def _put_all(url: str, accounts: list[Account]) -> int:
    """Put every account, trying again until each is held; count those that were created."""
    sink = HttpAccountSink(HttpAccountsConfig(url=url, timeout_seconds=0.3))

    async def put(account: Account) -> bool:
        for _ in range(10):
            try:
                return (await sink.upsert(account, idempotency_key=account.key)).created
            except UnavailableError:
                continue
        pytest.fail("never held")

    created = sum(await asyncio.gather(*map(put, accounts)))
    await sink.close()
    return created


async def _stats(url: str) -> dict[str, dict[str, int]]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/stats") as reply:
        found: dict[str, dict[str, int]] = await reply.json()
        return found


def test_once_each_through_faults_and_kills(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "new" / "accounts.db"), "--faults", "3")
    first, url = _start(*options)
    with first:
        assert asyncio.run(_put_all(url, [an_account(number) for number in range(30)])) == 30
        first.kill()
    second, url = _start("--port", url.rpartition(":")[2], *options)
    with second:
        # The first half comes again, as after a crash of ours; every one of 60 says that it was created.
        assert asyncio.run(_put_all(url, [an_account(number) for number in range(60)])) == 60
        stats = asyncio.run(_stats(url))
        second.terminate()
        assert second.wait(10) == 0
    assert set(stats["accounts"].values()) == {1}
    assert len(stats["accounts"]) == len(stats["done"]) == 60
    assert sum(stats["puts"].values()) > 60


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    first, url = _start("--data", str(tmp_path / "accounts.db"))
    with first:
        again = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", "streams", "standin", "accounts-api", "--port", url.rpartition(":")[2]],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        first.terminate()
        assert first.wait(10) == 0
    assert again.returncode == 69
    assert "Choose another port" in again.stderr
