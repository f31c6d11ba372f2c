"""Where fetched files live between runs, and the lock that lets two first runs happen at once."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import ConfigurationError

__all__ = ["cache_dir", "locked"]


def cache_dir() -> Path:
    """Return the user's cache for dealwire: `DEALWIRE_CACHE`, else the platform's cache folder."""
    if chosen := os.environ.get("DEALWIRE_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "dealwire"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dealwire"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; a second process waits. The lock ends with the process that holds it.

    Raises:
        ConfigurationError: the folder cannot be written.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / ".lock").open("w")
    except OSError as error:
        raise ConfigurationError(
            f"the cache cannot be written: {error.strerror}",
            on=str(folder),
            todo="Set DEALWIRE_CACHE to a folder of yours.",
        ) from error
    with opened as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
