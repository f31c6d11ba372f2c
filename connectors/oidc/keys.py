"""The keys with which an OpenID provider signs (RFC 7517), fetched when needed and kept for a while."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import jwt
import orjson

from connectors.http_rules import read_whole, tls
from connectors.oidc.config import OidcConfig
from connectors.ports import Clock
from schemas.errors import UnavailableError

ALGORITHM_OF = {"RSA": "RS256", "EC": "ES256"}
"""What is taken of each type of key. A token cannot choose: `none` and shared secrets are never tried."""
_PLAIN = {"Accept": "application/json", "Accept-Encoding": "identity"}
_MOST_BYTES = 256 * 1024
_MOST_KEYS = 100
_PAUSE = timedelta(seconds=30)
_LEAST_RSA_BITS = 2048


class Fetching(Protocol):
    """Asks for a JSON document."""

    async def __call__(self, url: str) -> Mapping[str, Any]:
        """Give the document at a URL. Raises `UnavailableError`."""
        ...


class Keys:
    """The provider's keys by id.

    A key id that is not known makes it ask again, but not more often than twice a minute: strangers choose
    the ids. A provider that does not answer makes keys that are too old unusable.
    """

    def __init__(self, config: OidcConfig, clock: Clock, fetch: Fetching | None = None) -> None:
        self._config = config
        self._clock = clock
        self._fetch = fetch or (lambda url: fetched(config, url))
        self._kept: dict[str, jwt.PyJWK] = {}
        self._fresh_until: datetime | None = None
        self._asked: datetime | None = None
        self._one = asyncio.Lock()

    async def get(self, key_id: str) -> jwt.PyJWK | None:
        """Give a key by its id; None for one that there is not. Raises `UnavailableError`."""
        if self._fresh(self._clock.now()) and key_id in self._kept:
            return self._kept[key_id]  # at once: not behind a question that somebody's made-up id asks
        async with self._one:
            now = self._clock.now()
            paused = self._asked is not None and now - self._asked < _PAUSE
            if self._fresh(now) and (key_id in self._kept or paused):
                return self._kept.get(key_id)
            if paused:
                raise UnavailableError("the keys of the OpenID provider cannot be had", on="[api.oidc]")
            self._asked = now
            self._kept = _usable(await self._fetch(await self._url()))
            self._fresh_until = now + timedelta(seconds=self._config.keys_kept_seconds)
            return self._kept.get(key_id)

    def _fresh(self, now: datetime) -> bool:
        return self._fresh_until is not None and now < self._fresh_until

    async def _url(self) -> str:
        if self._config.keys_url is not None:
            return self._config.keys_url
        issuer = self._config.issuer or ""
        found = await self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:  # OpenID Connect Discovery 1.0, 4.3
            raise UnavailableError(
                "the OpenID provider calls itself otherwise than the settings do",
                on=issuer,
                todo="Set [api.oidc] issuer letter for letter as its discovery document has it.",
            )
        url = found.get("jwks_uri")
        # Only there: the document must not lead us to wherever it likes.
        if not isinstance(url, str) or urlsplit(url)[:2] != urlsplit(issuer)[:2]:
            raise UnavailableError(
                "the provider's keys are not on its own host", on=issuer, todo="Set [api.oidc] keys_url."
            )
        return url


async def fetched(config: OidcConfig, url: str) -> Mapping[str, Any]:
    """Give a JSON object from the provider: bounded in time and size, and never from elsewhere."""
    timeout = aiohttp.ClientTimeout(total=config.timeout_seconds)
    context = tls(config.ca_file, setting="[api.oidc] ca_file")
    try:
        async with (
            # As it is sent: what is packed could unpack to any size.
            aiohttp.ClientSession(timeout=timeout, trust_env=False, auto_decompress=False) as session,
            session.get(url, allow_redirects=False, ssl=context, headers=_PLAIN) as response,
        ):
            if response.status != 200:  # noqa: PLR2004 - RFC 9110
                raise UnavailableError(f"the OpenID provider answers {response.status}", on=url)
            document = orjson.loads(await read_whole(response, most=_MOST_BYTES))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise UnavailableError(
            f"the OpenID provider does not answer as it should: {type(error).__name__}", on=url
        ) from error
    if not isinstance(document, dict):
        raise UnavailableError("the OpenID provider gave no JSON object", on=url)
    return document


def _usable(document: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise UnavailableError("the OpenID provider gave no list of keys", on="[api.oidc]")
    keys = {}
    for each in listed[:_MOST_KEYS]:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig":
            continue
        kind, key_id = each.get("kty"), each.get("kid")
        if kind not in ALGORITHM_OF or not isinstance(key_id, str) or "d" in each:
            continue
        if each.get("alg", ALGORITHM_OF[kind]) != ALGORITHM_OF[kind]:
            continue
        try:
            key = jwt.PyJWK(each, algorithm=ALGORITHM_OF[kind])
        except jwt.PyJWTError:
            continue  # of another curve, say; whoever signs with it is nobody here
        if kind != "RSA" or key.key.key_size >= _LEAST_RSA_BITS:
            keys[key_id] = key
    return keys
