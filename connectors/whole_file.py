"""Writes a file that only we may read, whole or not at all, so that it is there after a power cut."""

import os
import secrets
from pathlib import Path

from schemas.errors import UnavailableError

__all__ = ["write_whole"]


def write_whole(path: Path, content: bytes) -> None:
    """Write. Raises `UnavailableError` where the place does not take it; the old file is then untouched."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise UnavailableError(
            f"the file cannot be written: {error.strerror}",
            on=str(path),
            todo="Look at the folder's owner and at the disk's free space.",
        ) from error
