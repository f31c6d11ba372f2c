"""What an opportunity's stage did."""

from typing import ClassVar

from schemas.base import Moment, Record

STAGE_ENTERED = "stage.entered"
STAGE_RENAMED = "stage.renamed"
OPPORTUNITY_DELETED = "opportunity.deleted"
OPPORTUNITY_UNDELETED = "opportunity.undeleted"


class StageEntry(Record):
    """The fact that an opportunity entered a stage (or was deleted, or its stage was renamed: see `kind`).

    Identity is org, opportunity, stage and the second of entry; the way it was heard plays no part. Two
    entries of the same stage within five seconds with no other stage between are one entry.
    """

    ce_type: ClassVar[str] = "dealwire.opportunity.stage"

    kind: str = STAGE_ENTERED
    opportunity_id: str = ""
    stage: str = ""
    entered_at: Moment | None = None
    previous_stage: str | None = None
    """None when it was not heard here; `EnrichedDeal.previous_stage` then has it from the org's history."""
    created_in_stage: bool = False
    late: bool = False
    """A later entry of this opportunity was published before this one."""
    change_id: str = ""
