"""Records that a workflow publishes to topics of the platform team's choice."""

from typing import ClassVar

from schemas.base import Moment, Record
from schemas.deal import CustomValue


class Published(Record):
    """What a `publish` step said: typed values by name. `id` is the effect id; drop repeats by it.

    `topic` is the name the workflow knows; the Kafka topic is `published.` and that name.
    """

    ce_type: ClassVar[str] = "dealwire.published"

    topic: str = ""
    opportunity_id: str = ""
    run_id: str = ""
    workflow_id: str = ""
    step_id: str = ""
    at: Moment | None = None
    values: dict[str, CustomValue] = {}
