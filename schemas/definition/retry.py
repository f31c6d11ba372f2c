"""How often and how long a failure that may heal is tried again."""

from pydantic import Field

from schemas.base import Part
from schemas.definition.durations import Duration


class Retry(Part):
    """At most so many `attempts`; the pause doubles from `first` to `longest`, give or take a fifth."""

    attempts: int = Field(default=8, ge=1, le=50)
    first: Duration = "2s"
    longest: Duration = "15m"
