"""ID tokens at the API's door that do not hold, whoever made them up."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

from tests.fixtures.answering import answering
from tests.fixtures.openid import AT, DISCOVERY, FIRST, FOREIGN, Issuer, an_issuer, refused


@pytest.fixture
async def issuer(capfd: pytest.CaptureFixture[str]) -> AsyncIterator[Issuer]:
    async with an_issuer(capfd) as served:
        yield served


def signed(header: dict[str, Any], body: dict[str, Any], secret: bytes) -> str:
    """Sign as HS256 does, with whatever is given as the secret."""
    parts = b".".join(base64url_encode(json.dumps(each).encode()) for each in (header, body))
    return b".".join((parts, base64url_encode(hmac.digest(secret, parts, hashlib.sha256)))).decode()


def unsigned(issuer: Issuer, algorithm: str) -> str:
    head = base64url_encode(json.dumps({"alg": algorithm, "kid": "first"}).encode()).decode()
    return f"{head}.{issuer.token().split('.')[1]}."


def by_public_key(issuer: Issuer, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    secret = FIRST.public_key().public_bytes(Encoding.PEM, form)
    body = jwt.decode(issuer.token(), options={"verify_signature": False})
    return signed({"alg": "HS256", "kid": "first"}, body, secret)


def nested(_: Issuer) -> str:
    head = base64url_encode(b'{"alg":"RS256","kid":"first","x":' + b"[" * 2900 + b"]" * 2900 + b"}").decode()
    return f"{head}.e30.e30"


FORGED: dict[str, Callable[[Issuer], str]] = {
    "audience": lambda issuer: issuer.token(aud="other"),
    "no audience of several": lambda issuer: issuer.token(aud=["a", "b"]),
    "issuer": lambda issuer: issuer.token(iss="http://127.0.0.1:1"),
    "issuer's case": lambda issuer: issuer.token(iss=issuer.url.upper()),
    "expired": lambda issuer: issuer.token(exp=AT - 31),
    "not yet": lambda issuer: issuer.token(nbf=AT + 31),
    "from the future": lambda issuer: issuer.token(iat=AT + 31),
    "key id": lambda issuer: issuer.token(header={"kid": "second"}),
    "another's key": lambda issuer: issuer.token(FOREIGN),
    "none": lambda issuer: unsigned(issuer, "none"),
    "None": lambda issuer: unsigned(issuer, "None"),
    "empty signature": lambda issuer: unsigned(issuer, "RS256"),
    "public key as secret": by_public_key,
    "public key as secret, PKCS 1": lambda issuer: by_public_key(issuer, PublicFormat.PKCS1),
    "keys of its own": lambda issuer: issuer.token(
        FOREIGN, header={"jwk": json.loads(RSAAlgorithm.to_jwk(FOREIGN.public_key()))}
    ),
    "crit": lambda issuer: issuer.token(header={"crit": ["exp"]}),
    "huge": lambda issuer: issuer.token(more="x" * 10_000),
    "huge key id": lambda issuer: issuer.token(FOREIGN, header={"kid": "x" * 5000}),
    "nested": nested,
    "five parts": lambda issuer: issuer.token() + ".e30.e30",
    "another body": lambda issuer: ".".join(
        (issuer.token().split(".")[0], issuer.token(groups=["x"]).split(".")[1], issuer.token().split(".")[2])
    ),
}


@pytest.mark.parametrize("forged", FORGED)
async def test_a_token_that_does_not_hold(issuer: Issuer, forged: str) -> None:
    token = FORGED[forged](issuer)
    refused(await issuer.ask(token), 401, token)
    assert set(issuer.asked) <= {DISCOVERY, "/keys"}
    assert (await issuer.ask(issuer.token())).status_code == 200


@pytest.mark.parametrize("header", ["jku", "x5u"])
async def test_a_token_cannot_say_where_keys_are(issuer: Issuer, header: str) -> None:
    async def evil(_: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": [json.loads(RSAAlgorithm.to_jwk(FOREIGN.public_key()))]})

    async with answering(evil) as elsewhere:
        token = issuer.token(FOREIGN, header={header: f"{elsewhere.url}/keys"})
        refused(await issuer.ask(token), 401, token)
        assert elsewhere.requests == []
