"""Where the keys stand: in a variable, or in a file of their own that only we may read."""

from pathlib import Path

from pydantic import SecretStr

from connectors.secrets.key_ring import KeyRing
from connectors.whole_file import write_whole
from schemas.errors import ConfigurationError

__all__ = ["Keys"]

_LARGEST = 64 * 1024


class Keys:
    """The key ring, read anew each time: a running process opens what a new key has sealed."""

    def __init__(self, given: SecretStr | None, file: Path) -> None:
        self._given = given
        self.file = file.expanduser()

    @property
    def fixed(self) -> bool:
        """Whether the keys are given to us, so that we cannot change them."""
        return self._given is not None

    def ring(self) -> KeyRing:
        """Read the keys. Raises `ConfigurationError`."""
        if self._given is not None:
            return KeyRing.parse(self._given.get_secret_value(), on="connections.keys")
        try:
            with self.file.open(encoding="utf-8") as handle:
                text = handle.read(_LARGEST)
        except FileNotFoundError:
            raise ConfigurationError(
                "there is no key for secrets",
                on=str(self.file),
                todo="Set connections.keys_file to the file that was made when the org was connected.",
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"the keys for secrets cannot be read: {type(error).__name__}", on=str(self.file)
            ) from None
        return KeyRing.parse(text, on=str(self.file))

    def make_first(self) -> bool:
        """Make a key file where there is none; say whether one was made."""
        if self.fixed or self.file.exists():
            return False
        self.replace(KeyRing({}).with_new())
        return True

    def replace(self, ring: KeyRing) -> None:
        """Write the key file anew, whole or not at all."""
        write_whole(self.file, ring.text().encode())
