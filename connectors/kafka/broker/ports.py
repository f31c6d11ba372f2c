"""Free ports on loopback."""

import random
import socket
from contextlib import closing

from schemas.errors import UnavailableError

__all__ = ["LOOPBACK", "free_ports", "is_free"]

LOOPBACK = "127.0.0.1"

# Below the range from which systems take the local ports of outgoing connections (Linux from 32768, macOS and
# Windows from 49152): a broker that is killed and restarted finds its port still free.
_FIRST, _LAST = 20_000, 32_000
_TRIES = 1_000


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of loopback now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return `count` different ports of loopback on which nothing listens now.

    Raises:
        UnavailableError: none was found.

    """
    chosen: set[int] = set()
    chance = random.SystemRandom()
    for _ in range(_TRIES):
        port = chance.randint(_FIRST, _LAST)
        if port not in chosen and is_free(port):
            chosen.add(port)
            if len(chosen) == count:
                return list(chosen)
    raise UnavailableError("no free port found", on=f"{LOOPBACK}:{_FIRST}-{_LAST}")
