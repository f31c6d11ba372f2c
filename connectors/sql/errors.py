"""What a database's failure means: somebody must change something, or trying again may help."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from schemas.errors import RefusedError, UnavailableError

__all__ = ["sorted_sql_errors"]

# Classes of SQLSTATE (PostgreSQL, Appendix A): data, constraints, login, catalogue, syntax or access rule.
_NEVER_HEALS = {"22", "23", "28", "3D", "3F", "42", "0A"}
# SQLite result codes that stay as they are until somebody changes the file, its rights or our data.
_SQLITE_NEVER_HEALS = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOTADB,
}
_SHOWN_CHARS = 200


@contextmanager
def sorted_sql_errors(on: str) -> Iterator[None]:
    """Turn failures of the driver into `RefusedError` or `UnavailableError`.

    None of the latter has an unknown outcome that matters: an upsert may simply be done again.
    """
    try:
        yield
    except DBAPIError as error:
        what = f"the database says: {_first_line(error)}"
        if not error.connection_invalidated and _never_heals(error):
            raise RefusedError(what, on=on, todo="Look at the table, its rights and the value.") from error
        raise UnavailableError(what, on=on) from error
    except (PoolTimeoutError, TimeoutError) as error:
        raise UnavailableError("the database does not answer in time", on=on) from error
    except OSError as error:  # asyncpg lets these through when it cannot connect
        raise UnavailableError(f"no connection to the database: {error.strerror or error}", on=on) from error


def _never_heals(error: DBAPIError) -> bool:
    driver_error = error.orig
    if isinstance(driver_error, sqlite3.Error):
        # The low byte is the primary result code (sqlite.org/rescode.html).
        return getattr(driver_error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_NEVER_HEALS
    return str(getattr(driver_error, "sqlstate", None) or "")[:2] in _NEVER_HEALS


def _first_line(error: DBAPIError) -> str:
    # Further lines (DETAIL) repeat values of the row.
    line = next(iter(str(error.orig).splitlines()), "")
    return line.rpartition("'>: ")[2][:_SHOWN_CHARS]
