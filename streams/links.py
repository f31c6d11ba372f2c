"""Links to tasks in mails: the settings, and how a mail gets them on its way out."""

from datetime import timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from processors.task_links import Link, sign, with_links
from schemas.email import SendEmail

_SHORTEST_KEY = 32


class LinkConfig(BaseModel):
    """Where tasks are answered from a mail, and what signs the way there; no key, no links."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        "",
        pattern=r"^$|^https://[^/?#]+(/[^?#]*)?$|^http://(127\.0\.0\.1|localhost)(:\d+)?$",
        description="Where people reach `dealwire api`, as https://dealwire.example.com; TLS is yours.",
    )
    key: SecretStr | None = Field(
        None, description="What signs links, 32 characters or more; draw it, as with `openssl rand -hex 32`."
    )
    former_key: SecretStr | None = Field(
        None, description="The key before this one: its links hold on until they end."
    )
    days: int = Field(14, ge=1, le=90, description="How long a link can be used.")

    @field_validator("key", "former_key")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _SHORTEST_KEY:
            raise ValueError(f"expected {_SHORTEST_KEY} characters or more")
        return value

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.url) != (self.key is not None):
            raise ValueError("links need both `url` and `key`")
        return self

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The key that signs, then the one before it."""
        given = (self.key, self.former_key) if self.key is not None else ()
        return tuple(each.get_secret_value().encode() for each in given if each is not None)


def linked(mail: SendEmail, config: LinkConfig) -> SendEmail:
    """Give a mail with links in place of its marks.

    A link is for the one person whom the mail goes to. Where there is none, or are several, or no key, the
    command stands there that shows the task.
    """

    def link_to(task_id: str) -> str:
        if not config.keys or mail.at is None or len(mail.to) != 1 or mail.cc:
            return _command(task_id)
        link = Link(task_id, mail.to[0], mail.at + timedelta(days=config.days))
        return f"{config.url.rstrip('/')}/tasks/{sign(link, config.keys[0])}"

    return mail.model_copy(
        update={
            "subject": with_links(mail.subject, _command),  # subjects are shown to bystanders
            "text": with_links(mail.text, link_to),
            "html": with_links(mail.html, link_to) if mail.html is not None else None,
        }
    )


def _command(task_id: str) -> str:
    return f"dealwire tasks show {task_id}"
