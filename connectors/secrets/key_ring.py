"""The keys by which secrets are sealed: AES-256 in GCM, each key by its id, the newest first.

A sealed text is bound to its reference and version: put in another's place, it does not open.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import ConfigurationError

__all__ = ["KeyRing", "Sealed"]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ENTRY = re.compile(r"([a-z0-9-]{1,40}):([A-Za-z0-9_-]{43}=?)")
_FORM = "Expected id:key, the key 32 bytes in base64url; several on lines of their own, the newest first."


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it lies on disk."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by id; the first seals, all open."""

    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str, *, on: str) -> "KeyRing":
        """Read keys. Raises `ConfigurationError` without showing them; `on` says where they stand."""
        keys: dict[str, bytes] = {}
        for entry in text.replace(",", "\n").split():
            match = _ENTRY.fullmatch(entry)
            if match is None or match[1] in keys:
                raise ConfigurationError("the keys for secrets cannot be read", on=on, todo=_FORM)
            keys[match[1]] = _decoded(match[2], on)
        if not keys:
            raise ConfigurationError("there is no key for secrets", on=on, todo=_FORM)
        return cls(keys)

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return next(iter(self.keys))

    def text(self) -> str:
        """Write the keys as `parse` reads them."""
        return "".join(
            f"{key_id}:{base64.urlsafe_b64encode(key).decode().rstrip('=')}\n"
            for key_id, key in self.keys.items()
        )

    def with_new(self) -> "KeyRing":
        """Give a ring with a new key before these."""
        return KeyRing({f"k{secrets.token_hex(4)}": os.urandom(_KEY_BYTES), **self.keys})

    def newest_only(self) -> "KeyRing":
        """Give a ring with the key that seals alone."""
        return KeyRing({self.newest: self.keys[self.newest]})

    def seal(self, text: str, *, bound_to: str) -> Sealed:
        """Seal a text by the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.keys[self.newest]).encrypt(nonce, text.encode(), bound_to.encode())
        return Sealed(self.newest, nonce, sealed)

    def open(self, sealed: Sealed, *, bound_to: str, on: str) -> str:
        """Open a text. Raises `ConfigurationError` without its key, or if it is not what was sealed."""
        key = self.keys.get(sealed.key_id)
        if key is None:
            raise ConfigurationError(
                f"the key {sealed.key_id} that this secret was sealed by is not among our keys",
                on=on,
                todo="Give the key back, see connections.keys_file, or connect again.",
            )
        try:
            return AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, bound_to.encode()).decode()
        except (InvalidTag, ValueError):
            raise ConfigurationError(
                "the secret is not as it was sealed: it was changed, or its key was",
                on=on,
                todo="Connect again.",
            ) from None


def _decoded(text: str, on: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text.rstrip("=") + "=")
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigurationError("the keys for secrets cannot be read", on=on, todo=_FORM)
    return key
