"""The form a model's answer must have; the JSON Schema that is sent, and the one the answer is read by."""

from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = ["Answer", "Line", "json_schema"]


class Line(BaseModel):
    """One statement and the ids of its sources."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: str
    sources: list[str]


class Answer(BaseModel):
    """A brief as a model writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    goals: list[Line]
    stakeholders: list[Line]
    commitments: list[Line]
    risks: list[Line]
    dates: list[Line]
    open_questions: list[Line]


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of an answer, as `response_format` takes it."""
    return Answer.model_json_schema()
