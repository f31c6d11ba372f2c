"""Where secrets are kept that are given to us while we run; a connection holds only a reference to them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from schemas.errors import UnavailableError

__all__ = ["SecretStore", "StaleSecretError", "Stored"]


class StaleSecretError(UnavailableError):
    """A secret was written by somebody else since it was read: read it again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A secret as it was read. It is not shown in logs or errors."""

    text: str = field(repr=False)
    version: int


class SecretStore(Protocol):
    """Keeps texts by reference: lower-case letters, digits, `.`, `_` and `-`, 100 at the most.

    A write that has returned is durable. All methods raise `ConfigurationError` where there is no key, or
    not the one that a secret was sealed by, and `UnavailableError` where the place does not answer.
    """

    async def read(self, ref: str) -> Stored | None:
        """Give a secret; None if there is none."""
        ...

    async def write(self, ref: str, text: str, *, after: int) -> int:
        """Write a secret in place of version `after` (0: there is none), and give its version.

        Raises `StaleSecretError` if another version is there, and writes nothing.
        """
        ...

    async def forget(self, ref: str) -> None:
        """Remove a secret, if it is there."""
        ...

    def alone(self, ref: str) -> AbstractAsyncContextManager[None]:
        """Hold a secret alone, among all tasks and processes that do; it ends with the process that holds it.

        Raises `UnavailableError` if another holder does not let go within half a minute.
        """
        ...

    async def reseal(self) -> int:
        """Seal every secret by the newest key, and say how many were not."""
        ...
