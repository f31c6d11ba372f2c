"""Whose an ID token is (OpenID Connect Core 1.0, 3.1.3.7), and what its holder may do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt

from connectors.oidc.config import OidcConfig
from connectors.oidc.keys import ALGORITHM_OF, Keys
from connectors.ports import Clock
from schemas.access import Role

_LEEWAY = timedelta(seconds=30)
_NEEDED = ["iss", "aud", "exp", "iat", "email"]
_LAST = 253_402_300_800  # the year 10000
_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,253}")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token names, by mail address, and what they may do."""

    email: str
    roles: frozenset[Role]


class IdTokens:
    """Reads the ID tokens of one provider."""

    def __init__(self, config: OidcConfig, keys: Keys, clock: Clock) -> None:
        self._config = config
        self._keys = keys
        self._clock = clock

    async def holder(self, token: str) -> Holder | None:
        """Give whose it is; None unless everything about it holds. Raises `UnavailableError`."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return None
        key_id = header.get("kid")
        if header.get("alg") not in ALGORITHM_OF.values() or not isinstance(key_id, str):
            return None
        key = await self._keys.get(key_id)
        if key is None or key.algorithm_name != header["alg"]:
            return None
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._config.issuer,
                audience=self._config.audience,
                # The moments are looked at below, by the clock that we are given.
                options={"require": _NEEDED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.PyJWTError:
            return None
        return self._named(claims) if self._in_time(claims) else None

    def _in_time(self, claims: Mapping[str, Any]) -> bool:
        now = self._clock.now().timestamp()
        leeway = _LEEWAY.total_seconds()
        moments = [claims["exp"], claims["iat"], claims.get("nbf", claims["iat"])]
        if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in moments):
            return False
        if not all(0 <= each < _LAST for each in moments):  # else no number to reckon with, such as infinity
            return False
        return bool(now < moments[0] + leeway and max(moments[1:]) <= now + leeway)

    def _named(self, claims: Mapping[str, Any]) -> Holder | None:
        email = claims["email"]
        # A provider that lets people name any address says so by this claim.
        if not isinstance(email, str) or claims.get("email_verified", True) is not True:
            return None
        if not _EMAIL.fullmatch(email):  # it is written into logs, histories and audits
            return None
        told = claims.get(self._config.role_claim, [])
        values = [told] if isinstance(told, str) else told if isinstance(told, list) else []
        roles = {
            self._config.roles[value]
            for value in values
            if isinstance(value, str) and value in self._config.roles
        }
        return Holder(email, frozenset(roles))
