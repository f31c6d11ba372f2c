"""What a resource answers, and how it says no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ApiError", "Reply", "not_found"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: a JSON value, or bytes under another content type; `None` is an empty body."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"


class ApiError(Exception):
    """A request is refused: an HTTP status and Salesforce's array of one error."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] | None = None) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)

    def reply(self) -> Reply:
        """Give the documented body: `[{"message", "errorCode"[, "fields"]}]`."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = self.fields
        return Reply([error], self.status)


def not_found() -> ApiError:
    """Give the refusal for what is not there, or not for this user."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")
