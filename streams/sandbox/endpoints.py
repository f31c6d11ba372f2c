"""Where the parts of a running sandbox are, as dealwire's own settings say it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Endpoints"]

_PREFIX = "DEALWIRE_"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the parts listen."""

    brokers: int
    bootstrap_servers: str
    registry_url: str
    smtp_host: str
    smtp_port: int

    def settings(self) -> Mapping[str, Mapping[str, str | int]]:
        """Return what dealwire must be told to use this sandbox, by section and key."""
        return {
            "kafka": {
                "bootstrap_servers": self.bootstrap_servers,
                "partitions": 6,
                "replication_factor": self.brokers,
                "min_insync_replicas": 1 if self.brokers == 1 else 2,
            },
            "registry": {"url": self.registry_url},
            "email": {"host": self.smtp_host, "port": self.smtp_port, "tls": "none"},
        }

    def environment(self) -> dict[str, str]:
        """Return the same as environment variables, for a process that is started on this sandbox."""
        return {
            f"{_PREFIX}{section}__{key}".upper(): str(value)
            for section, values in self.settings().items()
            for key, value in values.items()
        }

    def toml(self) -> str:
        """Return the same as a settings file."""
        lines = ["# Written by `dealwire sandbox up`. Use it so: export DEALWIRE_CONFIG=<this file>"]
        for section, values in self.settings().items():
            # A JSON string or number is a TOML one too.
            lines += [f"\n[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
        return "\n".join(lines) + "\n"
