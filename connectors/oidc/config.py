"""What we need to be told about the OpenID provider, if people come with its ID tokens."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.http_rules import is_loopback
from schemas.access import Role


class OidcConfig(BaseModel):
    """Whose ID tokens are taken, and what their holders may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str | None = Field(
        None,
        description="The provider's issuer, letter for letter; without it no ID token is taken.",
        examples=["https://login.example.com"],
    )
    audience: str = Field("", description="The audience (client id) that tokens must be meant for.")
    keys_url: str | None = Field(
        None,
        description="Where its keys are (JWKS); else where its discovery says, on the issuer's host.",
    )
    role_claim: str = Field("groups", min_length=1, description="The claim that says what somebody may do.")
    roles: dict[str, Role] = Field(
        default_factory=dict, description="Which value of that claim gives which role; others give none."
    )
    ca_file: str | None = Field(
        None, description="Certificate authorities to trust, as a PEM file; else the machine's."
    )
    timeout_seconds: float = Field(5.0, gt=0, le=30, description="How long one question may take.")
    keys_kept_seconds: int = Field(
        600, ge=10, le=86_400, description="How long its keys are taken without asking again."
    )

    @model_validator(mode="after")
    def _can_be_trusted(self) -> Self:
        if self.issuer is None:
            return self
        for name, url in (("issuer", self.issuer), ("keys_url", self.keys_url or self.issuer)):
            parts = urlsplit(url)
            host = parts.hostname or ""
            if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
                raise ValueError(f"{name}: expected https://HOST[:PORT][/PATH]")
            if parts.username is not None:
                raise ValueError(f"{name}: a login stands in it")
            if parts.scheme == "http" and not is_loopback(host):
                raise ValueError(f"{name}: keys may come from another machine over https only")
        if not self.audience:
            raise ValueError("audience: name the audience that tokens are meant for")
        if not self.roles:
            raise ValueError("roles: nobody could do anything; say which claim gives which role")
        return self
