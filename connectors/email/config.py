"""What we need to be told about the mail server."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.email.addresses import parse_address


def _is_an_address(text: str) -> str:
    parse_address(text)
    return text


class EmailConfig(BaseModel):
    """How mail leaves: the server, the login, and whom it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Annotated[str, AfterValidator(_is_an_address)] = Field(
        "dealwire <dealwire@dealwire.example>",
        description="Whom mail comes from; its domain also stands in each Message-ID.",
        examples=["Deal desk <deals@example.com>"],
    )
    host: str = Field("127.0.0.1", min_length=1, description="The mail server.")
    port: int = Field(
        587, ge=1, le=65535, description="Its port; as a rule 587 with `starttls`, 465 with `tls`."
    )
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`starttls` insists on the upgrade, `tls` is encrypted from the first byte."
    )
    ca_file: str | None = Field(
        None, description="Certificate authorities to trust, as a PEM file; else the machine's."
    )
    username: str | None = Field(None, description="The login, where the server asks for one.")
    password: SecretStr | None = Field(None, description="Its password.")
    timeout_seconds: float = Field(15.0, gt=0, le=20, description="How long one attempt may take in all.")
    max_connections: int = Field(2, ge=1, le=20, description="Connections to the server, per worker.")
    connection_age_seconds: float = Field(
        60.0, ge=0, le=3600, description="How long a connection is used for further mails."
    )

    @model_validator(mode="after")
    def _login_is_whole_and_covered(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password: give both or neither")
        if self.password is not None and self.tls == "none":
            raise ValueError("tls: a password is sent over TLS only")
        return self

    @property
    def domain(self) -> str:
        """The sender's domain, for `schemas.ids.message_id`."""
        return parse_address(self.sender).domain
