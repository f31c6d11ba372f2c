"""What we need to be told about the Kafka cluster and its schema registry."""

import logging
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class KafkaConfig(BaseModel):
    """How to reach the cluster, and which names we may use on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: str = Field(
        "127.0.0.1:9092", description="Brokers to ask first.", examples=["kafka-1:9092,kafka-2:9092"]
    )
    topic_prefix: str = Field(
        "", description="Stands before every topic name, for a shared cluster.", examples=["crm."]
    )
    group_prefix: str = Field(
        "dealwire-", description="Stands before every consumer group and changelog name."
    )
    client_id: str = Field("dealwire", description="How the brokers' logs and quotas know us.")
    partitions: int = Field(
        24, ge=1, le=1000, description="Partitions of every keyed topic; chosen once, then scale by workers."
    )
    replication_factor: int = Field(3, ge=1, le=7, description="Copies of each partition.")
    min_insync_replicas: int = Field(
        2, ge=1, le=7, description="Copies that must have a record before it counts."
    )
    publish_topics: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")], ...] = Field(
        (), description="Names that workflows may publish under; their topics are `published.NAME`."
    )
    session_timeout_ms: int = Field(
        30_000, ge=6_000, le=300_000, description="How long a silent worker keeps its partitions."
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How clients speak to the brokers."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="How clients log in, with a SASL protocol."
    )
    sasl_username: str | None = Field(None, description="The login, with a SASL protocol.")
    sasl_password: SecretStr | None = Field(None, description="Its password.")
    ssl_ca_file: str | None = Field(None, description="Certificate authorities to trust, as a PEM file.")

    def topic(self, name: str) -> str:
        """Give a topic's name on this cluster."""
        return f"{self.topic_prefix}{name}"

    def group(self, name: str) -> str:
        """Give a consumer group's (or Faust app's) name on this cluster."""
        return f"{self.group_prefix}{name}"

    def changelog(self, app: str, table: str) -> str:
        """Give the name Faust gives to the changelog topic of an app's table."""
        return f"{self.group(app)}-{table}-changelog"

    def librdkafka(self) -> dict[str, Any]:
        """Give the settings every confluent-kafka client starts from. Holds the password: never log it."""
        settings: dict[str, Any] = {
            "logger": logging.getLogger("librdkafka"),  # else it writes to standard error past our log
            "bootstrap.servers": self.bootstrap_servers,
            "client.id": self.client_id,
            "security.protocol": self.security_protocol,
        }
        if self.sasl_mechanism is not None:
            settings["sasl.mechanism"] = self.sasl_mechanism
        if self.sasl_username is not None:
            settings["sasl.username"] = self.sasl_username
        if self.sasl_password is not None:
            settings["sasl.password"] = self.sasl_password.get_secret_value()
        if self.ssl_ca_file is not None:
            settings["ssl.ca.location"] = self.ssl_ca_file
        return settings


class RegistryConfig(BaseModel):
    """How to reach the schema registry (any that speaks Confluent's API)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        "http://127.0.0.1:8081",
        description="Base URL of the registry's Confluent-compatible API.",
        examples=["http://127.0.0.1:8081/apis/ccompat/v7"],
    )
    username: str | None = Field(None, description="Login, where the registry asks for one.")
    password: SecretStr | None = Field(None, description="Its password.")
    timeout_seconds: float = Field(10.0, gt=0, le=120, description="How long one request may take.")
