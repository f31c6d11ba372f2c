"""Secrets in a folder, a sealed file each, for the processes of one machine or of one shared file system."""

import asyncio
import base64
import fcntl
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from connectors.secret_store import StaleSecretError, Stored
from connectors.secrets.key_ring import Sealed
from connectors.secrets.keys import Keys
from connectors.whole_file import write_whole
from schemas.errors import BrokenInvariantError, UnavailableError, UnreadableError

__all__ = ["FileSecretStore"]

_REF = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_FIRST_VERSIONS = 2**40
_LOOKS_S = 0.05
_MOST_LOOKS = 600


class FileSecretStore:
    """Keeps each secret in `REF.sealed`, readable by its owner only.

    Locks are those of the file system (`flock`): they end with their process. Keys are read while the lock
    is held, so that none is sealed by a key that was put away meanwhile.
    """

    def __init__(
        self, folder: Path, keys: Keys, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._pause = pause

    async def read(self, ref: str) -> Stored | None:
        """Give a secret."""
        return await asyncio.to_thread(self._read, self._path(ref))

    async def write(self, ref: str, text: str, *, after: int) -> int:
        """Write a secret in place of version `after`."""
        return await asyncio.to_thread(self._write, self._path(ref), text, after)

    async def forget(self, ref: str) -> None:
        """Remove a secret."""
        await asyncio.to_thread(self._path(ref).unlink, missing_ok=True)

    @asynccontextmanager
    async def alone(self, ref: str) -> AsyncIterator[None]:
        """Hold a secret alone."""
        lock = self._path(ref).with_suffix(".alone")
        handle = await asyncio.to_thread(_opened, lock)
        try:
            # Looked at again and again rather than waited for: a thread that waits cannot be called back.
            for _ in range(_MOST_LOOKS):
                if _taken(handle):
                    break
                await self._pause(_LOOKS_S)
            else:
                raise UnavailableError("another process holds this connection's secret", on=str(lock))
            yield
        finally:
            os.close(handle)

    async def reseal(self) -> int:
        """Seal every secret by the newest key."""
        return await asyncio.to_thread(self._reseal)

    def is_empty(self) -> bool:
        """Whether nothing is kept yet, and so no key is missed."""
        return next(self._folder.glob("*.sealed"), None) is None

    def _path(self, ref: str) -> Path:
        if not _REF.fullmatch(ref):
            raise BrokenInvariantError("no reference of a secret", on=ref[:100])
        return self._folder / f"{ref}.sealed"

    def _read(self, path: Path) -> Stored | None:
        found = _loaded(path)
        if found is None:
            return None
        sealed, version = found
        return Stored(self._keys.ring().open(sealed, bound_to=_bound(path, version), on=str(path)), version)

    def _write(self, path: Path, text: str, after: int) -> int:
        with self._locked():
            found = _loaded(path)
            version = 0 if found is None else found[1]
            if version != after:
                raise StaleSecretError("the secret was changed meanwhile", on=str(path))
            # Begun anywhere, so that a version of a secret that was forgotten is none of the next one's.
            version = version + 1 if version else 1 + secrets.randbelow(_FIRST_VERSIONS)
            self._put(path, text, version)
            return version

    def _reseal(self) -> int:
        with self._locked():
            newest, count = self._keys.ring().newest, 0
            for path in sorted(self._folder.glob("*.sealed")):
                found = _loaded(path)
                if found is None or found[0].key_id == newest:
                    continue
                stored = self._read(path)
                if stored is not None:
                    self._put(path, stored.text, stored.version)
                    count += 1
            return count

    def _put(self, path: Path, text: str, version: int) -> None:
        sealed = self._keys.ring().seal(text, bound_to=_bound(path, version))
        body = {
            "version": version,
            "key": sealed.key_id,
            "nonce": base64.b64encode(sealed.nonce).decode(),
            "sealed": base64.b64encode(sealed.ciphertext).decode(),
        }
        write_whole(path, json.dumps(body).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = _opened(self._folder / ".lock")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(f"the lock cannot be opened: {error.strerror}", on=str(path)) from error


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _loaded(path: Path) -> tuple[Sealed, int] | None:
    try:
        body = json.loads(path.read_bytes())
        sealed = Sealed(str(body["key"]), base64.b64decode(body["nonce"]), base64.b64decode(body["sealed"]))
        return sealed, int(body["version"])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnavailableError(f"the secret cannot be read: {error.strerror}", on=str(path)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableError("the file holds no sealed secret", on=str(path)) from error


def _bound(path: Path, version: int) -> str:
    return f"{path.stem}:{version}"
