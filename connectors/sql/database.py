"""Opens a database: SQLite through aiosqlite, PostgreSQL through asyncpg."""

import json
import sqlite3
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from connectors.sql.config import SqlConfig
from schemas.errors import ConfigurationError

__all__ = ["Database"]


class Database:
    """An engine for a database, and the name that errors give it. Connects when it is first asked.

    `durable` says that what was committed survives a power cut on SQLite too. Without it the last
    transactions may be gone then, whole ones only. Raises `ConfigurationError` when the driver is missing.
    """

    def __init__(self, config: SqlConfig, *, durable: bool = True) -> None:
        url = make_url(config.url)
        if config.password is not None:
            url = url.set(password=config.password.get_secret_value())
        self.on = f"{url.get_backend_name()} {url.host or ''}/{url.database or ''}"
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.file = Path(url.database) if self.is_sqlite and url.database else None
        self.engine = _engine(url, config, durable=durable)

    def make_folder(self) -> None:
        """Make the folder of SQLite's file, if there is to be one."""
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)


def _engine(url: URL, config: SqlConfig, *, durable: bool) -> AsyncEngine:
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": partial(json.dumps, ensure_ascii=False),
        "connect_args": {"timeout": config.timeout_seconds},  # SQLite: how long to wait for a lock
    }
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, **options)
        event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, durable=durable))
        return engine
    if find_spec("asyncpg") is None:
        raise ConfigurationError(
            "PostgreSQL needs the driver asyncpg", todo="Type: pip install 'dealwire[postgres]'"
        )
    options["connect_args"]["command_timeout"] = config.timeout_seconds
    return create_async_engine(
        url,
        pool_size=config.pool_size,
        max_overflow=0,
        pool_timeout=config.timeout_seconds,
        pool_pre_ping=True,
        **options,
    )


def _prepare_sqlite(connection: Any, _record: object, *, durable: bool) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        # Of two that make a new file at once, SQLite refuses one without waiting. The mode is the file's: it
        # is what the other one makes it, or what the next connection does.
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise
    cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    cursor.close()
