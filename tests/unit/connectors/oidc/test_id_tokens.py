"""ID tokens: the one that holds, every one that does not, and the keys behind them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pydantic import ValidationError

from connectors.oidc.config import OidcConfig
from connectors.oidc.keys import Keys
from connectors.oidc.tokens import IdTokens
from schemas.access import Role
from schemas.errors import UnavailableError

ISSUER = "https://login.example.com"
NOW = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


class MovedClock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


class Provider:
    """Answers as an OpenID provider does, and counts how often it is asked."""

    def __init__(self) -> None:
        self.keys: list[Any] = [public("r", RSA), public("e", CURVE)]
        self.issuer: Any = ISSUER
        self.keys_url: Any = f"{ISSUER}/keys"
        self.asked: list[str] = []
        self.away = False

    async def __call__(self, url: str) -> Mapping[str, Any]:
        self.asked.append(url)
        if self.away:
            raise UnavailableError("away")
        if url.endswith("openid-configuration"):
            return {"issuer": self.issuer, "jwks_uri": self.keys_url}
        return {"keys": self.keys}


def public(key_id: str, key: Any, **more: Any) -> dict[str, Any]:
    made = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**json.loads(made.to_jwk(key.public_key())), "kid": key_id, "use": "sig", **more}


def config(**others: Any) -> OidcConfig:
    given = {"issuer": ISSUER, "audience": "dealwire", "roles": {"ops": Role.OPERATOR, "cs": Role.APPROVER}}
    return OidcConfig.model_validate({**given, **others})


def token(key: Any = RSA, algorithm: str = "RS256", key_id: str | None = "r", **claims: Any) -> str:
    told = {
        "iss": ISSUER,
        "aud": "dealwire",
        "iat": int(NOW.timestamp()) - 10,
        "exp": int(NOW.timestamp()) + 300,
        "email": "ann@example.com",
        "groups": ["ops", "golf"],
        **claims,
    }
    held = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(held, key, algorithm, headers={} if key_id is None else {"kid": key_id})


class Desk:
    def __init__(self, **others: Any) -> None:
        self.clock, self.provider = MovedClock(), Provider()
        made = config(**others)
        self.tokens = IdTokens(made, Keys(made, self.clock, self.provider), self.clock)


@pytest.mark.parametrize(
    ("made", "roles"),
    [
        (token(), {Role.OPERATOR}),
        (token(CURVE, "ES256", "e"), {Role.OPERATOR}),
        (token(groups="cs"), {Role.APPROVER}),
        (token(groups=["cs", "ops"]), {Role.APPROVER, Role.OPERATOR}),
        (token(groups=["admin"]), set()),
        (token(groups=None), set()),
        (token(groups=[{}, 1, None]), set()),
        (token(groups={"ops": 1}), set()),
        (token(aud=["other", "dealwire"]), {Role.OPERATOR}),
        (token(email_verified=True), {Role.OPERATOR}),
        (token(exp=int(NOW.timestamp()) - 29), {Role.OPERATOR}),
    ],
)
async def test_a_token_that_holds(made: str, roles: set[Role]) -> None:
    holder = await Desk().tokens.holder(made)
    assert holder is not None
    assert (holder.email, set(holder.roles)) == ("ann@example.com", roles)


def with_algorithm(made: str, algorithm: str) -> str:
    _, body, signature = made.split(".")
    header = jwt.utils.base64url_encode(json.dumps({"alg": algorithm, "kid": "r"}).encode()).decode()
    return f"{header}.{body}.{signature}"


SECRET = "x" * 64
PAST = int(NOW.timestamp())


@pytest.mark.parametrize(
    "made",
    [
        "",
        "a.b.c",
        "..",
        "\0",
        token(OTHER),
        token(key_id=None),
        token(key_id="e"),
        token(key_id="r\0"),
        token(iss="https://evil.example.com"),
        token(iss=f"{ISSUER}/"),
        token(iss=None),
        token(aud="other"),
        token(aud=None),
        token(exp=PAST - 31),
        token(exp=None),
        token(exp="soon"),
        token(iat=PAST + 31),
        token(iat=None),
        token(nbf=PAST + 31),
        token(email=None),
        token(email=7),
        token(email="ann"),
        token(email="@"),
        token(email="ann@example.com\nX-Role: admin"),
        token(email="ann\0@example.com"),
        token(email=f"{'a' * 65}@example.com"),
        token(exp=float("inf")),
        token(exp=10**400),
        token(exp=float("nan")),
        token(nbf=-(10**400)),
        token(email_verified=False),
        token(email_verified="true"),
        token(SECRET, "HS256"),
        jwt.encode({"iss": ISSUER}, "", "none", headers={"kid": "r"}),
        with_algorithm(token(), "none"),
        with_algorithm(token(), "ES256"),
        with_algorithm(token(), "RS512"),
        with_algorithm(token(), "HS256"),
        token()[:-4],
        token() + "x",
    ],
)
async def test_a_token_that_does_not(made: str) -> None:
    assert await Desk().tokens.holder(made) is None


async def test_an_expired_token_by_the_clock_that_is_given() -> None:
    desk = Desk()
    desk.clock.moment += timedelta(seconds=331)
    assert await desk.tokens.holder(token()) is None


async def test_keys_are_asked_for_once_and_again_when_they_are_old() -> None:
    desk = Desk()
    for _ in range(3):
        assert await desk.tokens.holder(token()) is not None
    assert desk.provider.asked == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"]
    desk.clock.moment += timedelta(seconds=601)
    await desk.tokens.holder(token())
    assert len(desk.provider.asked) == 4


async def test_a_new_key_is_found_and_a_withdrawn_one_forgotten_but_strangers_cannot_make_us_ask() -> None:
    desk = Desk()
    assert await desk.tokens.holder(token()) is not None
    desk.provider.keys = [public("new", OTHER)]
    for number in range(20):
        assert await desk.tokens.holder(token(key_id=f"made-up-{number}")) is None
    assert len(desk.provider.asked) == 2
    desk.clock.moment += timedelta(seconds=31)
    assert await desk.tokens.holder(token(OTHER, key_id="new")) is not None
    assert await desk.tokens.holder(token()) is None


async def test_a_provider_that_is_away_is_no_reason_to_trust_or_to_refuse() -> None:
    desk = Desk()
    desk.provider.away = True
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await desk.tokens.holder(token())
    assert len(desk.provider.asked) == 1
    desk.provider.away = False
    desk.clock.moment += timedelta(seconds=31)
    assert await desk.tokens.holder(token()) is not None


@pytest.mark.parametrize("url", ["https://evil.example.com/keys", "http://login.example.com/keys", 7, None])
async def test_discovery_cannot_lead_elsewhere(url: Any) -> None:
    desk = Desk()
    desk.provider.keys_url = url
    with pytest.raises(UnavailableError, match="not on its own host"):
        await desk.tokens.holder(token())


@pytest.mark.parametrize("issuer", [None, 7, f"{ISSUER}/", "https://evil.example.com"])
async def test_discovery_speaks_of_the_issuer_itself(issuer: Any) -> None:
    desk = Desk()
    desk.provider.issuer = issuer
    with pytest.raises(UnavailableError, match="calls itself otherwise"):
        await desk.tokens.holder(token())


@pytest.mark.parametrize("keys", [None, "r", 7, {"r": public("r", RSA)}])
async def test_what_is_no_list_of_keys_takes_no_keys_away(keys: Any) -> None:
    desk = Desk()
    assert await desk.tokens.holder(token()) is not None
    desk.provider.keys = keys
    desk.clock.moment += timedelta(seconds=31)
    with pytest.raises(UnavailableError, match="no list of keys"):
        await desk.tokens.holder(token(key_id="new"))
    assert await desk.tokens.holder(token()) is not None


@pytest.mark.filterwarnings("ignore:The RSA key")
@pytest.mark.parametrize(
    "keys",
    [
        [],
        [7],
        [public("r", RSA, use="enc")],
        [public("r", RSA, alg="RS512")],
        [{**public("r", RSA), "kid": 7}],
        [{**public("r", RSA), "n": "?"}],
        [public("r", rsa.generate_private_key(public_exponent=65537, key_size=1024))],  # noqa: S505 - so it must not be taken
        [{"kty": "oct", "kid": "r", "k": "c2VjcmV0"}],
        [public("r", ec.generate_private_key(ec.SECP384R1()))],
    ],
)
async def test_keys_that_are_of_no_use(keys: Any) -> None:
    desk = Desk()
    desk.provider.keys = keys
    assert await desk.tokens.holder(token()) is None


@pytest.mark.parametrize(
    "others",
    [
        {"issuer": "login.example.com"},
        {"issuer": "http://login.example.com"},
        {"issuer": "https://me:pw@login.example.com"},
        {"issuer": "https://login.example.com/?a"},
        {"keys_url": "http://keys.example.com"},
        {"keys_url": "file:///etc/passwd"},
        {"audience": ""},
        {"roles": {}},
        {"roles": {"ops": "root"}},
    ],
)
def test_settings_that_nobody_should_trust(others: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**others)
