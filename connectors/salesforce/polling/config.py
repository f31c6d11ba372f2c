"""What polling needs to be told."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class PollConfig(BaseModel):
    """How often to ask an org what changed, and how far back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(
        0.05, gt=0, le=1, description="Share of the org's API calls of 24 hours that polling may use."
    )
    shortest_seconds: float = Field(
        15.0, ge=0.05, le=3600, description="Between two polls at the least, where the share allows it."
    )
    longest_seconds: float = Field(
        60.0, ge=0.05, le=3600, description="Between two polls while nothing changes."
    )
    overlap_seconds: int = Field(
        300,
        ge=10,
        le=3600,
        description="How far each poll looks back; what takes longer to commit in the org may be missed.",
    )
    look_back_hours: int = Field(
        72, ge=1, le=336, description="How far back to read where no position is known any more."
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.shortest_seconds > self.longest_seconds:
            raise ValueError("shortest_seconds is more than longest_seconds")
        return self
