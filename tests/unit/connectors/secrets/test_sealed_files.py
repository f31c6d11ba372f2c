"""What lies on disk opens with its key, in its place, unchanged; and keys can be changed."""

import json
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.secrets.files import FileSecretStore
from connectors.secrets.key_ring import KeyRing
from connectors.secrets.keys import Keys
from schemas.errors import ConfigurationError, UnavailableError, UnreadableError


class Place:
    """A folder of secrets and its key file."""

    def __init__(self, path: Path) -> None:
        self.folder = path / "secrets"
        self.keys = Keys(None, path / "keys")
        self.keys.make_first()
        self.store = FileSecretStore(self.folder, self.keys)

    def file(self, ref: str) -> Path:
        return self.folder / f"{ref}.sealed"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_nothing_on_disk_shows_the_secret_and_nobody_else_may_read_it(place: Place) -> None:
    await place.store.write("acme", "REFRESH-TOKEN", after=0)
    for file in place.folder.iterdir():
        assert b"REFRESH" not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.keys.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700


async def test_a_sealed_text_opens_in_its_own_place_and_version_only(place: Place) -> None:
    await place.store.write("acme", "one", after=0)
    place.file("globex").write_bytes(place.file("acme").read_bytes())
    with pytest.raises(ConfigurationError, match="not as it was sealed"):
        await place.store.read("globex")
    body = json.loads(place.file("acme").read_bytes())
    place.file("acme").write_text(json.dumps(body | {"version": body["version"] + 1}))
    with pytest.raises(ConfigurationError, match="not as it was sealed"):
        await place.store.read("acme")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"key": 1}', b"\xff"])
async def test_a_file_that_holds_nothing_sealed(place: Place, content: bytes) -> None:
    await place.store.write("acme", "one", after=0)
    place.file("acme").write_bytes(content)
    with pytest.raises(UnreadableError):
        await place.store.read("acme")


async def test_keys_are_changed_while_a_process_runs(place: Place) -> None:
    version = await place.store.write("acme", "one", after=0)
    running = FileSecretStore(place.folder, place.keys)
    old = place.keys.ring()
    place.keys.replace(old.with_new())
    assert await place.store.reseal() == 1
    assert await place.store.reseal() == 0
    place.keys.replace(place.keys.ring().newest_only())
    stored = await running.read("acme")
    assert stored is not None
    assert (stored.text, stored.version) == ("one", version)
    place.keys.replace(old)
    with pytest.raises(ConfigurationError, match="not among our keys"):
        await running.read("acme")


async def test_without_a_key_nothing_is_written(place: Place) -> None:
    place.keys.file.unlink()
    with pytest.raises(ConfigurationError, match="no key"):
        await place.store.write("acme", "one", after=0)
    assert place.store.is_empty()


async def test_a_holder_that_never_lets_go_is_waited_for_a_bounded_time(place: Place) -> None:
    pauses = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async with place.store.alone("acme"):
        with pytest.raises(UnavailableError, match="another process"):
            async with FileSecretStore(place.folder, place.keys, pause=pause).alone("acme"):
                pytest.fail("two hold it")
    assert sum(pauses) == pytest.approx(30)


async def test_a_folder_that_takes_no_files(place: Place) -> None:
    place.folder.write_text("a file stands in the folder's place")
    with pytest.raises(UnavailableError):
        await place.store.write("other", "one", after=0)


def test_a_first_key_is_made_once(place: Place) -> None:
    text = place.keys.file.read_text()
    assert not place.keys.make_first()
    assert place.keys.file.read_text() == text
    given = Keys(SecretStr(text), place.keys.file.with_name("none"))
    assert not given.make_first()
    assert given.ring() == place.keys.ring()


@pytest.mark.parametrize(
    "text",
    ["", "k1", "k1:", f"k1:{'A' * 42}", f"K1:{'A' * 43}", f"k1:{'A' * 43},k1:{'B' * 42}A", f"k1:{'ä' * 43}"],
)
def test_keys_that_are_none_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        KeyRing.parse(text, on="here")
    assert "AAAA" not in str(wrong.value)


def test_a_ring_reads_what_it_wrote_and_does_not_show_it() -> None:
    ring = KeyRing({}).with_new().with_new()
    assert KeyRing.parse(ring.text(), on="here") == ring
    assert KeyRing.parse(ring.text().replace("\n", ","), on="here").newest == ring.newest
    assert ring.text().split(":")[1][:10] not in repr(ring)
