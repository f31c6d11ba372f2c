"""Every secret store keeps the same promises: the twin, and sealed files."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.secret_store import SecretStore, StaleSecretError
from connectors.secrets.files import FileSecretStore
from connectors.secrets.keys import Keys
from connectors.secrets.memory import MemorySecretStore
from schemas.errors import BrokenInvariantError

Opens = Callable[[], SecretStore]


@pytest.fixture(params=["memory", "files"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Opens:
    """Open the same place again and again, as one process after another does."""
    if request.param == "memory":
        memory = MemorySecretStore()
        return lambda: memory
    keys = Keys(None, tmp_path / "keys")
    keys.make_first()
    return lambda: FileSecretStore(tmp_path / "secrets", keys)


async def test_what_was_written_is_read_by_the_next_process(opens: Opens) -> None:
    version = await opens().write("acme", "SECRET ä\n", after=0)
    stored = await opens().read("acme")
    assert stored is not None
    assert (stored.text, stored.version) == ("SECRET ä\n", version)
    assert await opens().read("other") is None


async def test_only_who_read_the_last_version_writes_the_next(opens: Opens) -> None:
    store = opens()
    first = await store.write("acme", "one", after=0)
    second = await store.write("acme", "two", after=first)
    for stale in (0, first, second + 1):
        with pytest.raises(StaleSecretError):
            await store.write("acme", "lost", after=stale)
    stored = await store.read("acme")
    assert stored is not None
    assert (stored.text, stored.version) == ("two", second)


async def test_of_fifty_writers_of_one_version_one_wins(opens: Opens) -> None:
    store = opens()
    version = await store.write("acme", "start", after=0)
    ended = await asyncio.gather(
        *(opens().write("acme", f"by {number}", after=version) for number in range(50)),
        return_exceptions=True,
    )
    assert [each for each in ended if isinstance(each, int)] == [version + 1]
    assert sum(isinstance(each, StaleSecretError) for each in ended) == 49


async def test_what_is_forgotten_is_gone_and_its_writer_is_late(opens: Opens) -> None:
    store = opens()
    version = await store.write("acme", "one", after=0)
    await store.forget("acme")
    await store.forget("acme")
    assert await store.read("acme") is None
    with pytest.raises(StaleSecretError):
        await store.write("acme", "two", after=version)
    again = await store.write("acme", "other grant", after=0)
    assert again != version


async def test_one_holder_at_a_time_and_others_are_not_kept(opens: Opens) -> None:
    held, most, other = 0, 0, 0

    async def hold() -> None:
        nonlocal held, most
        async with opens().alone("acme"):
            held += 1
            most = max(most, held)
            await asyncio.sleep(0)
            held -= 1

    async with opens().alone("globex"):
        other += 1
        await asyncio.gather(*(hold() for _ in range(5)))
    assert (most, held, other) == (1, 0, 1)


async def test_who_fails_lets_go(opens: Opens) -> None:
    with pytest.raises(ZeroDivisionError):
        async with opens().alone("acme"):
            raise ZeroDivisionError
    async with asyncio.timeout(5), opens().alone("acme"):
        await opens().write("acme", "one", after=0)


async def test_a_secret_is_not_shown(opens: Opens) -> None:
    await opens().write("acme", "SECRET", after=0)
    assert "SECRET" not in repr(await opens().read("acme"))
    assert "SECRET" not in repr(opens())


@pytest.mark.parametrize("ref", ["", "../keys", "a/b", "A", ".hidden", "a" * 101, "a\n", "a\0"])
async def test_a_reference_leads_nowhere_else(tmp_path: Path, ref: str) -> None:
    store = FileSecretStore(tmp_path, Keys(None, tmp_path / "keys"))
    with pytest.raises(BrokenInvariantError):
        await store.read(ref)
