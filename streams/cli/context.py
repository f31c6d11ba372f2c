"""The settings, as every command reads them."""

from streams.cli.options import OPTIONS
from streams.configuration import Loaded, load
from streams.logs import configure
from streams.settings import Settings


def loaded() -> Loaded:
    """Read the settings that this command was pointed at, with their origins."""
    return load(OPTIONS.config)


def settings() -> Settings:
    """Read the settings and set up logging as they say."""
    read = loaded().settings
    configure(read.logs.level, read.logs.form)
    return read
