"""What we need to be told about the language model, if one is to write briefs at all."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.http_rules import is_loopback

_BYTES_A_TOKEN = 3
_RULES_TOKENS = 600


class WriterConfig(BaseModel):
    """How to reach the model, and what it may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = Field(
        None,
        description="Base URL of an OpenAI-compatible endpoint; `/chat/completions` follows it. Without it "
        "no model is asked and nothing leaves.",
        examples=["https://models.example.com/v1"],
    )
    allowed_hosts: tuple[str, ...] = Field(
        ("127.0.0.1", "::1", "localhost"),
        description="Hosts that may be called at all; the URL's must be one of them.",
        examples=['["models.example.com"]'],
    )
    model: str = Field("", description="The model's name, as the endpoint knows it.")
    api_key: SecretStr | None = Field(None, description="Sent as `Authorization: Bearer`.")
    ca_file: str | None = Field(
        None, description="Certificate authorities to trust, as a PEM file; else the machine's."
    )
    answer_form: Literal["json_schema", "json_object", "none"] = Field(
        "json_schema", description="The `response_format` that the endpoint understands."
    )
    timeout_seconds: float = Field(15.0, gt=0, le=19, description="How long one answer may take in all.")
    max_connections: int = Field(4, ge=1, le=50, description="Calls at the same time, per worker.")
    max_answer_tokens: int = Field(2_000, ge=200, le=16_000, description="Asked for in one call at the most.")
    max_tokens_per_call: int = Field(
        10_000, ge=2_000, le=200_000, description="Prompt and answer together; longer notes are cut to fit."
    )
    max_tokens_per_day: int = Field(
        500_000, ge=0, description="Per worker and day (UTC); beyond it, briefs are written by rules."
    )

    @model_validator(mode="after")
    def _goes_where_it_may(self) -> Self:
        if self.max_tokens_per_call < self.max_answer_tokens + 2 * _RULES_TOKENS:
            raise ValueError("max_tokens_per_call: leaves no room for a prompt beside max_answer_tokens")
        if self.url is None:
            return self
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise ValueError("url: expected http(s)://HOST[:PORT][/PATH]")
        if parts.username is not None:
            raise ValueError("url: a login stands in it; set `api_key`")
        if host not in self.allowed_hosts:
            raise ValueError(f"url: its host {host} is not one of allowed_hosts")
        if parts.scheme == "http" and not is_loopback(host):
            raise ValueError("url: notes may leave this machine over https only")
        if not self.model:
            raise ValueError("model: name the model that the endpoint is to use")
        return self

    @property
    def prompt_bytes(self) -> int:
        """How long a prompt's texts may be, so that it stays within its tokens in any script."""
        return (self.max_tokens_per_call - self.max_answer_tokens - _RULES_TOKENS) * _BYTES_A_TOKEN

    def estimate(self, prompt_bytes: int) -> int:
        """Give the tokens that a call may cost at the most, cautiously."""
        return prompt_bytes // _BYTES_A_TOKEN + self.max_answer_tokens
