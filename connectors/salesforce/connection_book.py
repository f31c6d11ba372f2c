"""The connections of a deployment: a file each, in the folder that also holds their sealed secrets."""

from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from connectors.salesforce.connection import Connection, checked_name
from connectors.whole_file import write_whole
from schemas.errors import ConfigurationError, UnavailableError, UsageError

__all__ = ["ConnectionBook"]


class ConnectionBook:
    """Reads and writes connections by name. Quick, local calls: nothing waits for a network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """Give the names of all connections."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.json")))

    def get(self, name: str) -> Connection:
        """Give a connection. Raises `UsageError` if there is none, `ConfigurationError` if it is none."""
        path = self._folder / f"{checked_name(name)}.json"
        try:
            return Connection.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            near = get_close_matches(name, self.names(), n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(
                f"there is no connection {name}",
                on=str(self._folder),
                todo=f"{hint}Make it: dealwire connect {name}",
            ) from None
        except OSError as error:
            raise UnavailableError(f"a connection cannot be read: {error.strerror}", on=str(path)) from error
        except ValidationError as error:
            raise ConfigurationError(
                f"the file holds no connection: {error.error_count()} fields are wrong",
                on=str(path),
                todo=f"Make it again: dealwire connect {name}",
            ) from None

    def put(self, connection: Connection) -> None:
        """Write a connection, in place of the one of that name."""
        write_whole(self._folder / f"{connection.name}.json", connection.model_dump_json(indent=2).encode())

    def forget(self, name: str) -> None:
        """Remove a connection."""
        (self._folder / f"{checked_name(name)}.json").unlink(missing_ok=True)
