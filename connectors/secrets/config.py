"""Where connections and their secrets are kept."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class ConnectionsConfig(BaseModel):
    """Where the connections that `dealwire connect` makes are kept, and the keys that seal their tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    folder: Path = Field(
        Path(".dealwire/connections"),
        description="The folder of connections; every process of the deployment needs it.",
    )
    keys: SecretStr | None = Field(
        None,
        description="The keys that seal tokens, `id:key`, the newest first; else they stand in keys_file.",
    )
    keys_file: Path = Field(
        Path("~/.config/dealwire/connections.keys"),
        description="The file of these keys, made by the first `dealwire connect`. Keep it out of backups "
        "of the folder.",
    )
