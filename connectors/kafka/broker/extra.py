"""The modules of the optional extra `dealwire[sandbox]`, or a sentence that says how to get them."""

import importlib
from types import ModuleType

from schemas.errors import ConfigurationError

__all__ = ["sandbox_module"]


def sandbox_module(name: str) -> ModuleType:
    """Import a module that only the extra `sandbox` installs.

    Raises:
        ConfigurationError: it is not installed; the error says what to type.

    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "the sandbox is not installed",
            on=f"Python module {error.name}",
            todo="Type: pip install 'dealwire[sandbox]'",
        ) from error
