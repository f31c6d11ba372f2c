"""Every error of the product under one base, and the exit code each ends a command with.

    DealwireError
    ├── ConfigurationError        a setting, file or definition is wrong; nothing was done      78
    │   └── DefinitionError       a workflow, mapping, template or queue does not hold          65
    ├── UsageError                the command was asked something it cannot do                  64
    ├── UnavailableError          another system does not answer; trying again may help        69
    │   └── OversizedError        its answer was larger than it may be and was cut off            69
    ├── RefusedError              another system said no; trying again does not help            77
    ├── DecodeError               bytes that are not the record they should be                  65
    │   ├── WrongMagicError, UnknownSchemaError, TruncatedError, UnreadableError
    ├── StepError                 a step cannot be carried out with this deal; its run waits     65
    ├── GapError                  events are known to be missing from a subscription            75
    └── BrokenInvariantError      a promise of ours does not hold; a bug                        70

The numbers are those of BSD's sysexits.
"""

from datetime import timedelta
from enum import IntEnum

__all__ = [
    "BrokenInvariantError",
    "ConfigurationError",
    "DealwireError",
    "DecodeError",
    "DefinitionError",
    "ExitCode",
    "GapError",
    "OversizedError",
    "RefusedError",
    "StepError",
    "TruncatedError",
    "UnavailableError",
    "UnknownSchemaError",
    "UnreadableError",
    "UsageError",
    "WrongMagicError",
]


class ExitCode(IntEnum):
    """How a command ended, by name."""

    OK = 0
    INCOMPLETE = 1
    USAGE = 64
    DATA = 65
    UNAVAILABLE = 69
    SOFTWARE = 70
    TEMPORARY = 75
    REFUSED = 77
    CONFIGURATION = 78


class DealwireError(Exception):
    """What happened, on what, and what to do about it.

    `what` is a sentence about the failure, `on` names the thing it happened to (a topic and offset, a file
    and line, a setting), `todo` tells the reader the next step. None of them may carry a secret.
    """

    exit_code = ExitCode.SOFTWARE

    def __init__(self, what: str, *, on: str = "", todo: str = "") -> None:
        super().__init__(what, on, todo)
        self.what = what
        self.on = on
        self.todo = todo

    def __str__(self) -> str:
        place = f" ({self.on})" if self.on else ""
        advice = f". {self.todo}" if self.todo else ""
        return f"{self.what}{place}{advice}"


class ConfigurationError(DealwireError):
    """A setting, file or definition is wrong. Nothing was done."""

    exit_code = ExitCode.CONFIGURATION


class DefinitionError(ConfigurationError):
    """A workflow, mapping, template or queue does not hold.

    `line` and `column` count from 1; 0 is unknown.
    """

    exit_code = ExitCode.DATA

    def __init__(self, what: str, *, on: str = "", todo: str = "", line: int = 0, column: int = 0) -> None:
        place = f"{on}:{line}:{column}" if line else on
        super().__init__(what, on=place, todo=todo)
        self.line = line
        self.column = column


class UsageError(DealwireError):
    """The command was asked something it cannot do."""

    exit_code = ExitCode.USAGE


class UnavailableError(DealwireError):
    """Another system does not answer, is busy, or answered nonsense. Trying again may help.

    `retry_after` is what the other system asked for, where it did. `unknown_outcome` says that the request
    may have taken effect all the same: ask before trying again.
    """

    exit_code = ExitCode.UNAVAILABLE

    def __init__(
        self,
        what: str,
        *,
        on: str = "",
        todo: str = "",
        retry_after: timedelta | None = None,
        unknown_outcome: bool = False,
    ) -> None:
        super().__init__(what, on=on, todo=todo)
        self.retry_after = retry_after
        self.unknown_outcome = unknown_outcome


class OversizedError(UnavailableError):
    """Another system's answer is larger than it may be. It was cut off and the connection closed."""


class RefusedError(DealwireError):
    """Another system said no, and will say no again until somebody changes something."""

    exit_code = ExitCode.REFUSED


class DecodeError(DealwireError):
    """Bytes that are not the record they should be. The record is set aside whole."""

    exit_code = ExitCode.DATA


class WrongMagicError(DecodeError):
    """The first byte is not the 0 of the Confluent wire format."""

    def __init__(self, found: bytes, *, on: str = "") -> None:
        shown = f"0x{found.hex()}" if found else "nothing"
        super().__init__(
            f"expected the magic byte 0x00 of the Confluent wire format, found {shown}",
            on=on,
            todo="Find the producer that writes to this topic without our codec.",
        )
        self.found = found


class UnknownSchemaError(DecodeError):
    """The registry does not know this schema id."""

    def __init__(self, schema_id: int, *, on: str = "") -> None:
        super().__init__(
            f"schema id {schema_id} is not known to the registry",
            on=on,
            todo="Check that producer and consumer use the same registry; then redrive the record.",
        )
        self.schema_id = schema_id


class TruncatedError(DecodeError):
    """The bytes end before the record does."""

    def __init__(self, length: int, *, on: str = "") -> None:
        super().__init__(f"the record ends early, after {length} bytes", on=on)
        self.length = length


class UnreadableError(DecodeError):
    """The bytes have the right envelope but do not hold the record that the schema promises."""


class StepError(DealwireError):
    """A step cannot be carried out with what this deal has. Its run waits until somebody mends it."""

    exit_code = ExitCode.DATA


class GapError(DealwireError):
    """Events are known to be missing between two positions of a subscription."""

    exit_code = ExitCode.TEMPORARY


class BrokenInvariantError(DealwireError):
    """A promise of ours does not hold. This is a bug; the message says which promise."""

    exit_code = ExitCode.SOFTWARE
