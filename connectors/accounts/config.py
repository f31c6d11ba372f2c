"""What we need to be told about the system that holds the accounts."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.http_rules import is_loopback
from connectors.sql.config import DatabaseUrl, SqlConfig


class SqlAccountsConfig(SqlConfig):
    """How to reach the database."""

    url: DatabaseUrl = Field(
        "sqlite+aiosqlite:///.dealwire/accounts.db",
        description="SQLAlchemy's URL of the database, without the password.",
        examples=["postgresql+asyncpg://dealwire@db.internal:5432/accounts"],
    )


class HttpAccountsConfig(BaseModel):
    """How to reach the accounts service (`docs/contracts/accounts-api.yaml`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        "http://127.0.0.1:8090",
        description="Base URL of the service; `/accounts/{id}` follows it.",
        examples=["https://accounts.example.com/api"],
    )
    allowed_hosts: tuple[str, ...] = Field(
        ("127.0.0.1", "::1", "localhost"),
        description="Hosts that may be called at all; the URL's must be one of them.",
        examples=['["accounts.example.com"]'],
    )
    token: SecretStr | None = Field(None, description="Sent as `Authorization: Bearer`.")
    ca_file: str | None = Field(
        None, description="Certificate authorities to trust, as a PEM file; else the machine's."
    )
    timeout_seconds: float = Field(10.0, gt=0, le=20, description="How long one request may take in all.")
    max_connections: int = Field(16, ge=1, le=200, description="Requests at the same time, per worker.")

    @model_validator(mode="after")
    def _goes_where_it_may(self) -> Self:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise ValueError("url: expected http(s)://HOST[:PORT][/PATH]")
        if parts.username is not None:
            raise ValueError("url: a login stands in it; set `token`")
        if host not in self.allowed_hosts:
            raise ValueError(f"url: its host {host} is not one of allowed_hosts")
        if self.token is not None and parts.scheme == "http" and not is_loopback(host):
            raise ValueError("url: a token may leave this machine over https only")
        return self


class AccountsConfig(BaseModel):
    """Which system holds the accounts, and how to reach it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sink: Literal["sql", "http"] = Field("sql", description="Which of the two below is used.")
    sql: SqlAccountsConfig = Field(default_factory=SqlAccountsConfig)
    http: HttpAccountsConfig = Field(default_factory=HttpAccountsConfig)
