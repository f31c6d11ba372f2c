"""The connected app by which clients log in, and the users' passwords."""

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ["ConnectedApp", "Credential", "make_key", "opaque"]

_BITS = 2_048


@dataclass(frozen=True, slots=True)
class Credential:
    """How a user logs in with a password, to which the security token is appended."""

    username: str
    user_id: str
    password: str
    security_token: str


@dataclass(slots=True)
class ConnectedApp:
    """One connected app. Its JWT grant is verified with the public key, where it has one."""

    client_id: str
    client_secret: str
    run_as: str
    """The user that the client credentials flow runs as."""
    public_key_pem: bytes | None = None
    preauthorised: set[str] = field(default_factory=set)
    """The users for whom the app may use JWT bearer without having been approved by them."""
    rotate_refresh_tokens: bool = False
    callback_urls: set[str] = field(default_factory=set)
    """Where codes may be sent, letter by letter; anywhere if there are none, which is a choice of ours."""
    approved: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    """Which user has allowed the app which scopes."""


def opaque(*parts: object, length: int = 64) -> str:
    """Give a made-up secret that repeats with its parts."""
    return hashlib.sha512(":".join(map(str, parts)).encode()).hexdigest()[:length]


def make_key() -> tuple[bytes, bytes]:
    """Make an RSA key pair for JWT bearer: private and public half, both PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public
