"""Everything dealwire can be told: each setting once, with its type, default and a sentence.

`streams/configuration.py` reads them; `docs/configuration.md` is written from them.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.accounts.config import AccountsConfig
from connectors.email.config import EmailConfig
from connectors.history.config import HistoryConfig
from connectors.kafka.config import KafkaConfig, RegistryConfig
from connectors.salesforce.config import SalesforceConfig
from connectors.secrets.config import ConnectionsConfig
from connectors.writer.config import WriterConfig
from streams.api.config import ApiConfig
from streams.links import LinkConfig

PREFIX = "DEALWIRE_"


class EnrichConfig(BaseModel):
    """How lookups are put together into calls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_batch: int = Field(100, ge=1, le=200, description="Opportunities in one call at the most.")
    linger_seconds: float = Field(
        0.15,
        ge=0,
        le=10,
        description="How long a lookup waits for others to share its call; five times that while many come.",
    )


class WorkerConfig(BaseModel):
    """How a worker runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    health_host: str = Field("127.0.0.1", description="Where /live, /ready and /metrics are served.")
    health_port: int = Field(0, ge=0, le=65535, description="Their port; 0 turns them off.")
    data_dir: Path = Field(Path(".dealwire/worker"), description="Where a worker keeps what it can rebuild.")
    breaker_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of an agent's last records that may fail; at more the worker ends instead of "
        "setting all aside. 0 turns it off.",
    )
    breaker_window: int = Field(100, ge=1, le=100_000, description="How many last records that looks at.")
    breaker_least: int = Field(20, ge=1, le=100_000, description="With fewer records nothing is concluded.")


class LogConfig(BaseModel):
    """What is logged, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least that is logged."
    )
    form: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto` is console on a terminal, JSON elsewhere."
    )


class Settings(BaseSettings):
    """Everything dealwire can be told."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    kafka: KafkaConfig = Field(default_factory=KafkaConfig)
    registry: RegistryConfig = Field(default_factory=RegistryConfig)
    orgs: dict[str, SalesforceConfig] = Field(
        default_factory=dict, description="The Salesforce orgs, each under a name of yours."
    )
    connections: ConnectionsConfig = Field(default_factory=ConnectionsConfig)
    accounts: AccountsConfig = Field(default_factory=AccountsConfig)
    email: EmailConfig = Field(default_factory=EmailConfig)
    history: HistoryConfig = Field(default_factory=HistoryConfig)
    writer: WriterConfig = Field(default_factory=WriterConfig)
    api: ApiConfig = Field(default_factory=ApiConfig)
    links: LinkConfig = Field(default_factory=LinkConfig)
    enrich: EnrichConfig = Field(default_factory=EnrichConfig)
    worker: WorkerConfig = Field(default_factory=WorkerConfig)
    logs: LogConfig = Field(default_factory=LogConfig)
