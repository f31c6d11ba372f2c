"""A connection: how an org was connected, without anything secret. Settings name it."""

import re
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from connectors.salesforce.config import SalesforceConfig
from schemas.errors import ConfigurationError, UsageError

__all__ = ["Connection", "checked_name"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")


class Connection(BaseModel):
    """The public parts. `secret_ref` says where the secret ones are; `scope` is what was granted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    org_id: str
    org_name: str = ""
    edition: str = ""
    is_sandbox: bool = False
    login_url: str
    instance_url: str
    flow: Literal["refresh_token", "client_credentials", "jwt"]
    client_id: str
    username: str = ""
    jwt_key_file: str = ""
    api_version: str
    scope: str = ""
    status: Literal["connected", "disabled"] = "connected"
    secret_ref: str
    connected_at: datetime

    def applied(self, config: SalesforceConfig) -> SalesforceConfig:
        """Give the settings of an org with what this connection knows in their gaps.

        Raises `ConfigurationError` for a connection that was disabled.
        """
        if self.status == "disabled":
            raise ConfigurationError(
                f"the connection {self.name} is disabled",
                on=f"org {self.org_id}",
                todo=f"Type: dealwire connections disable {self.name} --off",
            )
        known: dict[str, object] = {
            "connection": self.name,
            "login_url": self.login_url,
            "flow": self.flow,
            "client_id": self.client_id,
            "username": self.username or None,
            "jwt_key_file": Path(self.jwt_key_file) if self.jwt_key_file else None,
        }
        if "api_version" not in config.model_fields_set:
            known["api_version"] = self.api_version
        return SalesforceConfig.model_validate({**dict(config), **known})


def checked_name(name: str) -> str:
    """Give a name if it can be one. Raises `UsageError`."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r:.60} cannot be the name of a connection",
            todo="Take lower-case letters, digits, _ and -, as in: acme-sandbox",
        )
    return name
