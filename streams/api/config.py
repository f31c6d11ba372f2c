"""What the HTTP API needs to be told."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, EmailStr, Field, SecretStr, field_validator

from connectors.oidc.config import OidcConfig
from schemas.access import Role

_HEX = frozenset("0123456789abcdef")
_DIGITS = 64


class TokenConfig(BaseModel):
    """One API token: whom it stands for, and what that one may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor: EmailStr = Field(description="Who is named in what is done with the token, by mail address.")
    roles: Annotated[tuple[Role, ...], Field(min_length=1)] = Field(
        (Role.VIEWER,), description="What it may do: viewer, operator, approver or admin; several add up."
    )
    sha256: SecretStr = Field(
        description="SHA-256 of the token, in hexadecimal. Nobody here knows the token itself; draw it, "
        "as with `openssl rand -hex 32`."
    )

    @field_validator("sha256")
    @classmethod
    def _is_a_digest(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip().lower()
        if len(text) != _DIGITS or not set(text) <= _HEX:
            raise ValueError("expected 64 hexadecimal digits, as sha256sum prints them")
        return SecretStr(text)


class ApiConfig(BaseModel):
    """Where the API is served, to whom, and within which bounds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Where it is served. TLS belongs in front of it.")
    port: int = Field(8090, ge=1, le=65535, description="Its port.")
    tokens: dict[str, TokenConfig] = Field(
        default_factory=dict, description="API tokens, each under a name of yours."
    )
    oidc: OidcConfig = Field(default_factory=OidcConfig)
