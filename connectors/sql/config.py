"""What we need to be told about a SQL database, whatever it holds."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _known_and_without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is not None:
        raise ValueError("a password stands in the URL; leave it out and set `password`")
    if parts.scheme not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise ValueError("expected sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/DATABASE")
    return url


DatabaseUrl = Annotated[str, AfterValidator(_known_and_without_password)]
"""SQLAlchemy's URL of a database we know how to use, without a password in it."""


class SqlConfig(BaseModel):
    """How to reach a database. What it is the database of adds the `url`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: DatabaseUrl
    password: SecretStr | None = Field(None, description="The password of the URL's user.")
    pool_size: int = Field(4, ge=1, le=100, description="Connections at the most, per worker (PostgreSQL).")
    timeout_seconds: float = Field(10.0, gt=0, le=20, description="How long one statement or lock may take.")
