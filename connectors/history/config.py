"""What we need to be told about the database that holds the history of runs."""

from pydantic import Field

from connectors.sql.config import DatabaseUrl, SqlConfig


class HistoryConfig(SqlConfig):
    """How to reach the history's database, and how long it keeps what."""

    url: DatabaseUrl = Field(
        "sqlite+aiosqlite:///.dealwire/history.db",
        description="SQLAlchemy's URL of the database, without the password.",
        examples=["postgresql+asyncpg://dealwire@db.internal:5432/history"],
    )
    retention_days: int = Field(
        90, ge=1, le=3650, description="How many days after its end a run is kept; an open one stays."
    )
