"""Asking a queue for a customer success manager."""

from typing import ClassVar

from schemas.base import Record


class AssignCsm(Record):
    """Asks for the next person of `queue`. `id` is the effect id; asked again, the same person answers."""

    ce_type: ClassVar[str] = "dealwire.assignment.assign"

    queue: str = ""
    opportunity_id: str = ""
    run_id: str = ""
    step_id: str = ""
    attempt: int = 1
