"""Who asks: found out from the bearer of a request, by an API token or by whoever else vouches for it."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from connectors.oidc.tokens import IdTokens
from schemas.access import Role
from streams.api.config import TokenConfig

_LONGEST = 8192


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, what they may do, and what vouched for them (`token:NAME`, `oidc`)."""

    actor: str
    roles: frozenset[Role]
    by: str


class Vouching(Protocol):
    """Something that knows whose bearer credential it is."""

    async def whose(self, credential: str) -> Person | None:
        """Say whose it is; None if it is nobody's. Raises `UnavailableError` where that cannot be told."""
        ...


class Tokens:
    """Knows the API tokens of the settings, by their digests."""

    def __init__(self, tokens: Mapping[str, TokenConfig]) -> None:
        self._people = {
            config.sha256.get_secret_value(): Person(config.actor, frozenset(config.roles), f"token:{name}")
            for name, config in tokens.items()
        }

    async def whose(self, credential: str) -> Person | None:
        """Compare with every digest, in a time that does not tell how far one agrees."""
        digest = hashlib.sha256(credential.encode()).hexdigest()
        found = None
        for known, person in self._people.items():
            if hmac.compare_digest(known, digest):
                found = person
        return found


class Provider:
    """Knows the ID tokens of an OpenID provider."""

    def __init__(self, tokens: IdTokens) -> None:
        self._tokens = tokens

    async def whose(self, credential: str) -> Person | None:
        """Read an ID token. Raises `UnavailableError` where the provider's keys cannot be had."""
        holder = await self._tokens.holder(credential)
        return Person(holder.email, holder.roles, "oidc") if holder is not None else None


async def identify(header: str | None, vouching: tuple[Vouching, ...]) -> Person | None:
    """Say who sent this `Authorization` header; None where nobody vouches. Raises `UnavailableError`."""
    scheme, _, credential = (header or "").partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential or len(credential) > _LONGEST:
        return None
    for each in vouching:
        if person := await each.whose(credential):
            return person
    return None
