"""Refresh tokens that are good once: kept before used, refreshed by one at a time, never tried in a storm."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.salesforce.auth import TokenManager
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.refresh_login import RefreshLogin
from connectors.salesforce.simulator.org import Org
from connectors.secret_store import StaleSecretError, Stored
from connectors.secrets.files import FileSecretStore
from connectors.secrets.keys import Keys
from connectors.secrets.memory import MemorySecretStore
from schemas.errors import ConfigurationError, RefusedError, UnavailableError, UnreadableError
from tests.fixtures.salesforce_client import HandClock, a_config
from tests.fixtures.served_org import serving

SCOPE = "api refresh_token"


class Bench:
    """An org that rotates refresh tokens, and a connection to it."""

    def __init__(self, org: Org, url: str, store: MemorySecretStore) -> None:
        self.org, self.store = org, store
        self.clock = HandClock(org.clock.now())
        self.config = config_of(org, url)

    def login(self) -> RefreshLogin:
        return RefreshLogin(self.config, self.store, "acme", self.clock)

    async def held(self) -> Credentials:
        stored = await self.store.read("acme")
        assert stored is not None
        return Credentials.parse(stored.text, on="acme")

    def works(self, access_token: str) -> bool:
        return self.org.sessions.lookup(access_token) is not None


def config_of(org: Org, url: str) -> SalesforceConfig:
    return a_config(url, flow="refresh_token", connection="acme", client_id=org.app.client_id)


def a_grant(org: Org) -> Credentials:
    token = org.sessions.issue_refresh_token(org.integration_user_id, org.app.client_id, SCOPE).token
    return Credentials(client_secret=org.app.client_secret, refresh_token=token)


@asynccontextmanager
async def bench_of(store: MemorySecretStore | None = None, *, rotates: bool = True) -> AsyncIterator[Bench]:
    org = Org(seed=1)
    org.app.rotate_refresh_tokens = rotates
    async with serving(org) as url:
        bench = Bench(org, url, store or MemorySecretStore())
        await bench.store.write("acme", a_grant(org).text(), after=0)
        yield bench


@pytest.mark.parametrize("rotates", [True, False])
async def test_logs_in_again_and_again(rotates: bool) -> None:
    async with bench_of(rotates=rotates) as bench:
        login, first = bench.login(), await bench.held()
        given = []
        for _ in range(3):
            token = await login()
            assert bench.works(token.access_token)
            assert token.org_id == bench.org.org_id
            given.append(token.access_token)
            bench.clock.move(hours=2)
        assert len(set(given)) == 3
        assert ((await bench.held()).refresh_token != first.refresh_token) is rotates


async def test_two_processes_that_come_at_once_refresh_once() -> None:
    async with bench_of() as bench:
        tokens = await asyncio.gather(*(bench.login()() for _ in range(5)))
        assert len({each.access_token for each in tokens}) == 1
        # One of them finds its token dead: it refreshes, since the newest stored one is what it has.
        again = bench.login()
        stale = await again()
        assert (await again()).access_token != stale.access_token


async def test_a_token_of_another_process_is_not_taken_when_it_is_old() -> None:
    async with bench_of() as bench:
        old = await bench.login()()
        bench.clock.move(minutes=2)
        assert (await bench.login()()).access_token != old.access_token


class Breaks(MemorySecretStore):
    """A store whose writes fail for a while."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.broken = False

    async def write(self, ref: str, text: str, *, after: int) -> int:
        if self.broken:
            raise self.error
        return await super().write(ref, text, after=after)


async def test_a_token_that_was_not_saved_is_not_used_and_not_lost() -> None:
    store = Breaks(UnavailableError("disk full"))
    async with bench_of(store) as bench:
        login = bench.login()
        store.broken = True
        for _ in range(2):
            with pytest.raises(UnavailableError, match="could not be saved"):
                await login()
        store.broken = False
        token = await login()
        assert bench.works(token.access_token)
        # What is stored now is the token that holds: the next process can go on.
        bench.clock.move(hours=1)
        assert bench.works((await bench.login()()).access_token)


async def test_who_connected_again_meanwhile_wins() -> None:
    store = Breaks(StaleSecretError("changed"))
    async with bench_of(store) as bench:
        login = bench.login()
        store.broken = True
        with pytest.raises(StaleSecretError):
            await login()
        store.broken = False
        stored = await store.read("acme")
        assert stored is not None
        await store.write("acme", a_grant(bench.org).text(), after=stored.version)
        assert bench.works((await login()).access_token)


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"other": "x"}', '{"refresh_token": ""}'])
async def test_a_connection_without_a_token_says_what_to_type(text: str | None) -> None:
    async with bench_of() as bench:
        await bench.store.forget("acme")
        if text is not None:
            await bench.store.write("acme", text, after=0)
        with pytest.raises((ConfigurationError, UnreadableError), match="onnect again"):
            await bench.login()()


async def test_a_dead_grant_is_tried_once_whoever_asks_how_often() -> None:
    async with bench_of() as bench:
        asked = 0
        refused = bench.login()

        async def counted() -> object:
            nonlocal asked
            asked += 1
            return await refused()

        bench.org.sessions.revoke_refresh_token((await bench.held()).refresh_token)
        tokens = TokenManager(bench.config, clock=bench.clock, login=counted)  # type: ignore[arg-type]  # counts
        for _ in range(20):
            with pytest.raises(RefusedError, match="expired access/refresh token") as error:
                await tokens.token()
            assert "dealwire connect" in error.value.todo
            bench.clock.move(hours=1)
        assert asked == 1


async def test_says_nothing_secret() -> None:
    async with bench_of() as bench:
        held = await bench.held()
        assert held.refresh_token not in repr(held)
        assert held.client_secret not in repr(held)
        assert held.refresh_token not in repr(await bench.store.read("acme"))
        await bench.store.forget("acme")
        await bench.store.write("acme", held.text()[:-1], after=0)
        with pytest.raises(UnreadableError) as unreadable:
            await bench.login()()
        assert held.refresh_token not in f"{unreadable.value!r} {unreadable.value}"
        assert unreadable.value.__suppress_context__


_PROCESS = """
import asyncio, os, sys
from pathlib import Path
from connectors.ports import SystemClock
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.refresh_login import RefreshLogin
from connectors.secrets.files import FileSecretStore
from connectors.secrets.keys import Keys

url, client_id, folder, how = sys.argv[1:]

class Store(FileSecretStore):
    async def write(self, ref, text, *, after):
        version = await super().write(ref, text, after=after)
        if how == "dies":
            os.kill(os.getpid(), 9)  # saved, and not used
        return version

config = SalesforceConfig(login_url=url, flow="refresh_token", connection="acme", client_id=client_id)
store = Store(Path(folder), Keys(None, Path(folder) / "keys"))
print(asyncio.run(RefreshLogin(config, store, "acme", SystemClock())()).access_token)
"""


async def run(org: Org, url: str, folder: Path, how: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROCESS,
        url,
        org.app.client_id,
        str(folder),
        how,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode().strip()


async def test_a_process_killed_between_refresh_and_use_leaves_a_grant_that_holds(tmp_path: Path) -> None:
    async with bench_of() as bench:
        org, url = bench.org, bench.config.login_url
        keys = Keys(None, tmp_path / "keys")
        keys.make_first()
        store = FileSecretStore(tmp_path, keys)
        await store.write("acme", a_grant(org).text(), after=0)
        first = Credentials.parse((await _read(store)).text, on="acme").refresh_token
        assert (await run(org, url, tmp_path, "dies"))[0] == -signal.SIGKILL
        assert org.sessions.refresh_token(first) is None
        ended, access_token = await run(org, url, tmp_path, "goes on")
        assert ended == 0
        assert org.sessions.lookup(access_token) is not None


async def test_two_real_processes_refresh_at_once_and_both_have_a_token(tmp_path: Path) -> None:
    async with bench_of() as bench:
        org, url = bench.org, bench.config.login_url
        keys = Keys(None, tmp_path / "keys")
        keys.make_first()
        store = FileSecretStore(tmp_path, keys)
        await store.write("acme", a_grant(org).text(), after=0)
        ended = await asyncio.gather(*(run(org, url, tmp_path, "goes on") for _ in range(4)))
        assert {code for code, _ in ended} == {0}
        assert all(org.sessions.lookup(token) for _, token in ended)
        held = Credentials.parse((await _read(store)).text, on="acme")
        assert org.sessions.refresh_token(held.refresh_token) is not None


async def _read(store: FileSecretStore) -> Stored:
    stored = await store.read("acme")
    assert stored is not None
    return stored
