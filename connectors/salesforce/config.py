"""What we need to be told about one Salesforce org."""

import re
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.salesforce.outbound.config import OutboundConfig
from connectors.salesforce.polling.config import PollConfig

PRODUCTION_AUDIENCE = "https://login.salesforce.com"
SANDBOX_AUDIENCE = "https://test.salesforce.com"
_HOST = re.compile(r"[a-z0-9.:_-]+")


class SalesforceConfig(BaseModel):
    """How to reach one org: where to log in, as whom, and what to subscribe to."""

    # What is wrong is told without its value, which may hold the secret.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    connection: str = Field(
        "",
        description="The name given to `dealwire connect`, in place of the keys down to jwt_key_file.",
        examples=["acme"],
    )
    login_url: str = Field(
        "",
        description="Where to log in: your My Domain; `jwt` may use the login host too.",
        examples=["https://acme.my.salesforce.com"],
    )
    flow: Literal["client_credentials", "jwt", "refresh_token"] = Field(
        "client_credentials", description="How to log in (OAuth 2.0); `refresh_token` by a connection only."
    )
    client_id: str = Field("", description="The app's consumer key.")
    client_secret: SecretStr | None = Field(
        None, description="Its consumer secret, for client_credentials; asked for at the first login."
    )
    username: str | None = Field(None, description="Whom to be, for jwt.", examples=["svc@acme.example"])
    jwt_key_file: Path | None = Field(
        None, description="The private key whose certificate the app holds, as a PEM file, for jwt."
    )
    api_version: str = Field(
        "66.0", pattern=r"^[1-9]\d\.0$", description="The API's version, for REST and Streaming."
    )
    source: Literal["cometd", "poll", "outbound"] = Field(
        "cometd",
        description="How to hear of changes: `cometd` hears change events, `poll` asks (no change events), "
        "`outbound` is knocked for by Outbound Messages.",
    )
    poll: PollConfig = Field(default_factory=PollConfig)
    outbound: OutboundConfig = Field(default_factory=OutboundConfig)
    channels: tuple[str, ...] = Field(
        ("/data/ChangeEvents",),
        min_length=1,
        description="What to subscribe to; each channel has a position of its own. `poll` keeps one, "
        "under the first name.",
        examples=['["/data/Onboarding__chn"]'],
    )
    allowed_hosts: tuple[str, ...] = Field(
        ("*.salesforce.com",),
        description="Hosts that may be called besides login_url's; `*` stands for any name.",
    )
    connect_timeout_seconds: float = Field(
        5.0, gt=0, le=20, description="How long a connection may take to be made."
    )
    timeout_seconds: float = Field(15.0, gt=0, le=20, description="How long one request may take.")
    max_concurrent_calls: int = Field(
        4, ge=1, le=20, description="REST calls at the same time; Salesforce allows 25 long ones for all."
    )

    @field_validator("channels")
    @classmethod
    def _are_change_channels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [name for name in value if not name.startswith("/data/")]:
            raise ValueError(f"{wrong[0]!r} is no channel of change events; they begin with /data/")
        return value

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.connection and not self.login_url:
            return self
        if self.flow == "refresh_token" and not self.connection:
            raise ValueError("refresh_token needs a connection: type dealwire connect")
        if not self.login_url or not self.client_id:
            raise ValueError("an org needs login_url and client_id, or connection")
        parts = urlsplit(self.login_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("login_url: expected https://HOST")
        if parts.username is not None:
            raise ValueError("login_url: a login stands in it; set client_id and client_secret")
        if parts.scheme == "http" and not is_internal(parts.hostname):
            raise ValueError("login_url: credentials may leave this machine over https only")
        if self.flow == "jwt" and (self.username is None or self.jwt_key_file is None):
            raise ValueError("jwt needs username and jwt_key_file")
        return self

    @property
    def audience(self) -> str:
        """Whom a JWT assertion is for: the login host of production, or of sandboxes."""
        host = urlsplit(self.login_url).hostname or ""
        sandbox = host == "test.salesforce.com" or ".sandbox." in host
        return SANDBOX_AUDIENCE if sandbox else PRODUCTION_AUDIENCE

    def may_call(self, url: str) -> bool:
        """Whether a token may be sent to this URL."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_internal(host))
        known = host == urlsplit(self.login_url).hostname or any(
            fnmatchcase(host, pattern.lower()) for pattern in self.allowed_hosts
        )
        # A backslash ends the host for some who read URLs, and not for others.
        plain = _HOST.fullmatch(host) is not None
        return secure and known and plain and parts.username is None


def is_internal(host: str) -> bool:
    """Whether a host is this machine, or a name without a dot, which no public DNS knows."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return "." not in host
