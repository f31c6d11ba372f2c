"""What the receiver of Outbound Messages needs to be told."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class OutboundConfig(BaseModel):
    """Where one org's Outbound Messages arrive, and from whom they are taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8092, ge=0, le=65535, description="The port to listen on.")
    path: str = Field(
        "/outbound", pattern=r"^/[A-Za-z0-9/_-]*$", description="The path of the endpoint's URL."
    )
    senders: tuple[IPv4Network | IPv6Network, ...] = Field(
        _LOOPBACK,
        description="Networks that may send: those of Salesforce, or of the proxy that stands before.",
        examples=['["13.108.0.0/14"]'],
    )
    certificate_file: Path | None = Field(
        None, description="The server's certificate chain, as PEM, for TLS."
    )
    key_file: Path | None = Field(None, description="Its private key, as PEM.")
    client_ca_file: Path | None = Field(
        None, description="Whose client certificates are asked for, as PEM: mutual TLS."
    )
    largest_body_bytes: int = Field(
        1_048_576, ge=1024, le=16_777_216, description="A larger message is refused before it is read."
    )
    answer_within_seconds: float = Field(
        30.0, gt=0, le=60, description="What Kafka does not have by then is not acknowledged."
    )
    most_at_once: int = Field(
        8, ge=1, le=64, description="Messages in work; more are put off to a later try."
    )

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        if self.client_ca_file is not None and self.certificate_file is None:
            raise ValueError("client_ca_file needs certificate_file and key_file")
        return self
